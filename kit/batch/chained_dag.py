"""A whole campaign as one DAG: fire and forget, with a gate between the stages.

What a later stage works on is not known when the DAG is written: its jobs make their points themselves, from the
results of a fixed set of jobs of the stage before. What is known, since that stage is complete, is planned before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from kit import files
from kit.batch import condor, dag, description, driving, launching, planning, resuming, sending, stopping, watching
from kit.batch.campaign import Campaign, Stage
from kit.batch.chaining import derivation, example, points_after
from kit.batch.chunks import Chunk, cut
from kit.batch.collecting import collect
from kit.batch.faults import SubmissionError
from kit.batch.merging import reopen
from kit.batch.options import Options
from kit.batch.round_files import RoundFiles
from kit.batch.rounds import BatchRun, Round
from kit.batch.script import script
from kit.batch.status import Status, status_of
from kit.batch.worker.derivation import found_in, points_of, write_points
from kit.batch.writing import Place, Say, Sending, as_nodes, job_for, worker_for, write_round
from kit.directories import new_directory

__all__ = ["resume_dag", "rounds_of", "start_dag"]


@dataclass(frozen=True)
class _Nodes:
    """The round of a stage that goes into the DAG, and the results that its jobs will bring."""

    stage: Stage
    batch: BatchRun
    round: Round
    sending: Sending


def start_dag(campaign: Campaign, changes: Options, say: Say, *, stale: bool = False) -> None:
    """Write and submit the DAG of all stages that are not complete, or have changed.

    What was made of a stage before it changed is made anew only where `stale` asks for it.

    Raises
    ------
    SubmissionError
        If a stage cannot be part of a DAG, or HTCondor refuses.
    """
    folder = campaign.directory / "dags" / f"{len(list(campaign.directory.glob('dags/*'))) + 1:03d}"
    path = folder / "campaign.dag"
    nodes: dict[str, _Nodes] = {}
    left: list[str] = []
    for stage in campaign.stages:
        if _is_left(campaign, stage, left, stale=stale):
            left.append(stage.name)
            continue
        own = driving.with_changes(stage.options, changes).with_values(dag=True)
        made = _nodes_of(campaign, stage, own, nodes, path, say)
        if made:
            nodes[stage.name] = made
    if left:
        say(f"{', '.join(left)}: made before an earlier stage changed; --stale makes them anew")
    if not nodes:
        say(f"all {'other ' if left else ''}stages are complete")
        return
    stages = [
        dag.Stage(
            one.stage.name,
            str(one.round.directory),
            dag.variables(one.round.rows),
            one.stage.source.stage if one.stage.source and one.stage.source.stage in nodes else "",
        )
        for one in nodes.values()
    ]
    folder.mkdir(parents=True)
    path.write_text(dag.dag_text(stages), encoding="utf-8")
    first = next(iter(nodes.values()))
    name = str(files.read_json(first.round.directory / "worker.json")["batch_name"])
    cluster = sending.send(
        [one.round for one in nodes.values()], first.sending.site, name,
        lambda: condor.submit_dag(path, name, first.sending.options.max_running),
        f"condor_submit_dag {path.name}", path,
    )  # fmt: skip
    say(f"{', '.join(nodes)} are one DAG, cluster {cluster.number}: {files.shown(path)}")


def _nodes_of(
    campaign: Campaign, stage: Stage, options: Options, nodes: dict[str, _Nodes], path: Path, say: Say
) -> _Nodes | None:
    """Return the round of a stage in the DAG, None where it is complete."""
    place = Place(stage.name, str(path))
    before = nodes.get(stage.source.stage) if stage.source else None
    batch = _current(campaign, stage)
    if before is not None:
        batch = batch or _create(campaign, stage, options, before, say)
        return _derived(stage, batch, options, before, place, say)
    if batch is None:
        source = [status_of(files.resolve(campaign.records[stage.source.stage].run))] if stage.source else []
        plan = planning.make_plan(stage.notebook, stage.fixed, points_after(stage, source), options)
        batch = launching.create(plan, new_directory(plan.notebook.stage, campaign.name), campaign.name)
        driving.note(campaign, stage, batch.directory)
        sending_ = Sending(options, plan.site, plan.environment, say)
        number = planning.chunks_for(len(plan.points), plan.seconds, options, plan.site)
        chunks = cut(range(len(plan.points)), number, options.memory_mb)
        seconds = plan.seconds
    else:
        _know_points(campaign, stage, batch)
        if stage.source:  # its points name files of that run
            collect(status_of(files.resolve(campaign.records[stage.source.stage].run)))
        status = stopping.settled(batch, wait=False, stop_first=False, say=say, show=lambda _status: None)
        accept = driving.gate(campaign, stage, batch)
        if _is_complete(status, accept):
            return None
        options = options.with_values(accept=accept)
        chunks, sending_, seconds = resuming.next_chunks(batch, status, options, say)
    return _Nodes(stage, batch, _write(batch, chunks, seconds, sending_, place), sending_)


def _batch(campaign: Campaign, stage: Stage) -> BatchRun | None:
    record = campaign.records.get(stage.name)
    return BatchRun(files.resolve(record.run)) if record and record.run else None


def _current(campaign: Campaign, stage: Stage) -> BatchRun | None:
    """Return the run of a stage, None where it, or what it was made of, has changed since."""
    record = campaign.records.get(stage.name)
    same = record and (record.own, record.before) == (stage.own_identity(), campaign.before(stage))
    return _batch(campaign, stage) if same else None


def _is_left(campaign: Campaign, stage: Stage, left: Sequence[str], *, stale: bool) -> bool:
    """Tell whether a stage stays as it is: made of what has changed since, and nobody asks for it anew."""
    if stage.source is None or stale:
        return False
    record = campaign.records.get(stage.name)
    own = record is not None and record.own == stage.own_identity()
    return stage.source.stage in left or (own and _current(campaign, stage) is None)


def _is_complete(status: Status, accept: float) -> bool:
    watching.watch(status, accept, lambda _status: None, once=True)
    return status.counts["done"] >= accept * status.total


def _write(batch: BatchRun, chunks: Sequence[Chunk], seconds: float, sending_: Sending, place: Place) -> Round:
    reopen(batch)
    round_ = write_round(batch, chunks, seconds, sending_, launching.next_number(batch), sending_.site, place)
    batch.note()
    return round_


def _create(campaign: Campaign, stage: Stage, options: Options, before: _Nodes, say: Say) -> BatchRun:
    """Make the directory of a stage whose points nobody knows yet."""
    if stage.sweep:
        message = (
            f"stage {stage.name}: in a DAG each or all names the outputs of the stage before, and nothing else"
        )
        raise SubmissionError(message)
    assert stage.source is not None
    plan = planning.make_plan(stage.notebook, stage.fixed, [example(stage)], options)
    values = {name: value for name, value in plan.points[0].parameters.items() if name != stage.source.parameter}
    plan = replace(plan, points=[], fixed=values, inputs=[str(before.batch.directory)])
    batch = launching.create(plan, new_directory(plan.notebook.stage, campaign.name), campaign.name, derived=True)
    driving.note(campaign, stage, batch.directory)
    say(f"{stage.name}: its jobs make their points of what {before.stage.name} leaves")
    return batch


def _derived(stage: Stage, batch: BatchRun, options: Options, before: _Nodes, place: Place, say: Say) -> _Nodes:
    """Write a round whose jobs get the results of a fixed set of jobs of the stage before."""
    site, environment = planning.where(options, batch.directory)
    sending_ = Sending(options, site, environment, say)
    results = [path.stem for path in sorted(before.batch.results.glob("r*.jsonl"))]
    results += [f"r{before.round.number}_{chunk.name}" for chunk in before.round.chunks]
    results = list(dict.fromkeys(results))
    number = 1 if stage.together else min(len(results), stage.chunks or len(results))
    chunks = [Chunk([], options.memory_mb, f"{at:06d}") for at in range(number)]
    carried = {chunk.name: _brought(before.batch, results[at::number]) for at, chunk in enumerate(chunks)}
    reopen(batch)
    round_number = launching.next_number(batch)
    longest = planning.UNKNOWN_SECONDS * len(results) / number
    job = job_for(batch, round_number, longest, place, transfers=True, node=True, derived=True)
    how = derivation(stage, before.batch.directory, batch.submission["values"])
    worker = worker_for(batch, job, sending_, site) | {"derive": asdict(how)}
    text = description.describe(job, options, site, chunks)
    made = RoundFiles(chunks, [], worker, text, script(environment, options.cpus), carried)
    round_ = as_nodes(made, batch, job, sending_, place).write(batch.directory / "rounds", round_number)
    batch.note()
    return _Nodes(stage, batch, round_, sending_)


def _brought(batch: BatchRun, results: Sequence[str]) -> dict[str, str]:
    """Return what a job gets of the stage before: lines and files of some of its jobs, and its points."""
    paths = [f"{batch.results}/{name}.{ending}" for name in results for ending in ("jsonl", "tar")]
    return {description.fit(path): path for path in [*paths, str(batch.points)]}


def _know_points(campaign: Campaign, stage: Stage, batch: BatchRun) -> None:
    """Write the points of a stage whose gate was never reached, now that the stage before is complete.

    Where some of its jobs have run, each point is made as its job made it, of the results that the job was given.
    """
    if batch.points.is_file() or stage.source is None:
        return
    source = _batch(campaign, campaign.stage(stage.source.stage))
    assert source is not None
    how = derivation(stage, source.directory, batch.submission["values"])
    everything = sorted(source.results.glob("r[0-9]*_*.jsonl"))
    groups = [everything]
    if any(batch.results.glob("*.jsonl")):
        groups = _given(batch.rounds[-1])
        groups.append([path for path in everything if not any(path in group for group in groups)])
    points = [
        point
        for group in groups
        for point in points_of(how, batch.submission["code"], found_in(group, how.pattern))
    ]
    with files.whole(batch.points) as part:
        write_points((replace(point, index=index) for index, point in enumerate(points)), part)


def _given(round_: Round) -> list[list[Path]]:
    """Return, for each job of a round, the lines that it was given."""
    rows = dag.variables(round_.rows)
    groups = []
    for columns in rows.values():
        paths = [Path(text) for text in columns["files"].split(", ") if text.endswith(".jsonl")]
        groups.append(sorted(path for path in paths if path.name != "points.jsonl"))
    return groups


def resume_dag(campaign: Campaign, changes: Options, *, wait: bool, stop_first: bool, say: Say) -> None:
    """Plan anew what is missing, from the first stage that is not complete, and submit it as a new DAG."""
    stopping.settle_dag(rounds_of(campaign), wait=wait, stop_first=stop_first, say=say)
    start_dag(campaign, changes, say)


def rounds_of(campaign: Campaign) -> list[Round]:
    """Return all rounds of all stages."""
    batches = [_batch(campaign, stage) for stage in campaign.stages]
    return [round_ for batch in batches if batch for round_ in batch.rounds]
