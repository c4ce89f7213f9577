"""A campaign driven from this computer, a step at a time: look at each stage, submit what can be submitted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from kit import files
from kit.batch import growing, launching, planning, resuming, watching
from kit.batch.campaign import Campaign, Record, Stage
from kit.batch.chaining import points_after
from kit.batch.notebooks import find
from kit.batch.options import Options
from kit.batch.rounds import BatchRun
from kit.batch.status import Status, status_of
from kit.batch.why import about_run
from kit.directories import new_directory
from kit.parameters import NOT_COMPARED

__all__ = ["Progress", "advance", "gate", "look", "note", "set_gate", "with_changes"]


@dataclass(frozen=True)
class Progress:
    """How a stage of a campaign stands.

    Attributes
    ----------
    state : str
        ``complete``, ``running``, ``stopped`` (its gate is closed), ``stale`` (a stage before has changed),
        ``changed`` (it has changed itself), ``waiting``.
    words : str
        The same for people.
    run : str
        Its run; empty where it has none.
    held : bool
        Whether what is left of it is held, and will not go on by itself.
    missing : int
        Points that its gate waits for and no job works on any more.
    """

    name: str
    state: str
    words: str
    run: str
    held: bool = False
    missing: int = 0


def look(campaign: Campaign) -> list[Progress]:
    """Return how each stage stands."""
    found: list[Progress] = []
    for stage in campaign.stages:
        found.append(_progress(campaign, stage, {one.name: one.state for one in found}))
    return found


def _progress(campaign: Campaign, stage: Stage, before: dict[str, str]) -> Progress:
    record = campaign.records.get(stage.name)
    earlier = before[stage.source.stage] if stage.source else "complete"
    if record is None:
        return Progress(stage.name, "waiting", _waiting_words(stage, earlier), "")
    if record.own != stage.own_identity():
        return Progress(stage.name, "changed", "its notebook, values or points have changed since", record.run)
    if stage.source and (earlier in ("changed", "stale") or record.before != campaign.before(stage)):
        words = f"made before {stage.source.stage} changed; --stale makes it anew"
        return Progress(stage.name, "stale", words, record.run)
    directory = files.resolve(record.run)
    if not record.run or not (directory / "points.jsonl").is_file():
        return Progress(stage.name, "waiting", _waiting_words(stage, earlier), record.run)
    status = status_of(directory)
    found = _run_progress(stage, status, gate(campaign, stage, status.run))
    turns = len(record.earlier)
    return replace(found, words=f"{found.words}; runs before it: {turns}") if turns else found


def _run_progress(stage: Stage, status: Status, accept: float) -> Progress:
    watching.watch(status, accept, lambda _status: None, once=True)
    run, words = files.shown(status.run.directory), watching.line(status)
    if status.counts["done"] >= accept * status.total and not status.alive:
        return Progress(stage.name, "complete", words, run)
    if status.stuck:
        return Progress(stage.name, "stopped", f"{words}: {'; '.join(about_run(status))}", run, held=True)
    if status.alive:
        return Progress(stage.name, "running", words, run)
    words = f"{words}: below accept, {accept:.4g}"
    if status.counts["failed"] and not status.counts["missing"]:
        words += f"; once the cause is mended, `kit resume {run} --retry-failed`, then this campaign again"
    return Progress(stage.name, "stopped", words, run, missing=status.counts["missing"])


def gate(campaign: Campaign, stage: Stage, batch: BatchRun) -> float:
    """Return the share of done points from which a stage is complete: the last word, its file's or a command's."""
    if campaign.records[stage.name].accept != stage.options.accept:
        set_gate(campaign, stage, batch, stage.options.accept)
    return float(batch.options["accept"])


def set_gate(campaign: Campaign, stage: Stage, batch: BatchRun, accept: float) -> None:
    """Let a stage be complete from another share of done points on, until its file says another."""
    batch.note(options=batch.options | {"accept": accept})
    campaign.records[stage.name].accept = stage.options.accept
    campaign.save()


def _waiting_words(stage: Stage, earlier: str) -> str:
    return f"waits for {stage.source.stage}" if stage.source and earlier != "complete" else "not begun"


def advance(
    campaign: Campaign, changes: Options, *, stale: bool, resend: bool = True, say: Callable[[str], object],
    show: Callable[[Status], object],
) -> list[Progress]:  # fmt: skip
    """Submit every stage that can be, and return how all stand.

    On this computer a stage is worked off before the next is looked at. Points that were sent and lost, as by a
    kill of the pool of this computer, are sent once more unless `resend` is false.
    """
    for place, stage in enumerate(campaign.stages):
        standing = {one.name: one for one in look(campaign)}
        own = standing[stage.name]
        if own.missing and resend:
            say(f"{stage.name}:")
            resuming.resume(own.run, changes, say=say, show=show)
        ready = stage.source is None or standing[stage.source.stage].state == "complete"
        wanted = own.state in ("waiting", "changed") or (own.state == "stale" and stale)
        if ready and wanted:
            say(f"{stage.name}: {find(stage.notebook).stage}")
            _submit(campaign, stage, changes, say, show)
        if stage.again and look(campaign)[place].state == "complete" and growing.found_nothing(campaign, stage):
            _put_back(campaign, stage, say)
    return look(campaign)


def _put_back(campaign: Campaign, stage: Stage, say: Callable[[str], object]) -> None:
    say(f"{stage.name}: nothing is new")
    growing.put_back(campaign, stage)


def _submit(
    campaign: Campaign, stage: Stage, changes: Options, say: Callable[[str], object],
    show: Callable[[Status], object],
) -> None:  # fmt: skip
    points = points_after(stage, growing.runs_before(campaign, stage))
    if not points and growing.earlier_runs(campaign, stage):
        _put_back(campaign, stage, say)
        return
    options = with_changes(stage.options, changes)
    fixed = stage.fixed | growing.left_before(campaign, stage)
    plan = planning.make_plan(stage.notebook, fixed, points, options)
    directory = _left_empty(campaign, stage) or new_directory(plan.notebook.stage, campaign.name)
    # noted before it is sent: a submission that is cut short is found again
    note(campaign, stage, directory)
    launching.launch(plan, directory, say=say, show=show)


def _left_empty(campaign: Campaign, stage: Stage) -> Path | None:
    """Return the directory of a stage where a submission was cut short before anything was in it."""
    record = campaign.records.get(stage.name)
    directory = files.resolve(record.run) if record and record.run else None
    return directory if directory and directory.is_dir() and not any(directory.iterdir()) else None


def note(campaign: Campaign, stage: Stage, directory: Path) -> None:
    """Keep which run a stage has; those of earlier turns stay, unless it is made anew."""
    own, before = stage.own_identity(), campaign.before(stage)
    earlier = growing.earlier_runs(campaign, stage)
    campaign.records[stage.name] = Record(files.shown(directory), own, before, stage.options.accept, earlier)
    campaign.save()


def with_changes(options: Options, changes: Options) -> Options:
    """Return the options of a stage with those that the command line sets in their place."""
    chosen = changes.model_fields_set - set(NOT_COMPARED)
    return options.with_values(**{name: getattr(changes, name) for name in chosen})
