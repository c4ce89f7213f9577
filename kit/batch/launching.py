"""From a plan to a run: its directory, its first point tried, its rounds written and sent."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kit import files
from kit.batch import checks, condor, first_point, points, sending, sites
from kit.batch.chunks import Chunk, cut
from kit.batch.condor import Cluster
from kit.batch.faults import SubmissionError
from kit.batch.merging import reopen
from kit.batch.options import Options
from kit.batch.planning import Plan, chunks_for
from kit.batch.pool import Pool
from kit.batch.rounds import BatchRun, Round
from kit.batch.status import Status
from kit.batch.writing import ROUND_DAG, Say, Sending, write_round
from kit.directories import RunError, hold, new_directory
from kit.manifest import MANIFEST, now, software
from kit.parameters import NOT_COMPARED

__all__ = ["create", "launch", "next_number", "write_and_send", "write_copy"]

TRIAL = "000"
LONGEST_SWEEP = 1000  # entries of a description; beyond, points.jsonl alone says what they are


def launch(
    plan: Plan, directory: Path | None = None, *, label: str = "sweep", say: Say = print,
    show: Callable[[Status], object] = lambda _status: None,
) -> BatchRun:  # fmt: skip
    """Write the run that a plan describes, try its first point, and send the others.

    Raises
    ------
    SubmissionError
        If the first point fails, or HTCondor refuses; the run can then be resumed.
    """
    plan.site.check_ticket()
    for note in plan.notes:
        say(note)
    batch = create(plan, directory, label)
    say(f"{len(plan.points)} points in {files.shown(batch.directory)}")
    say(f"profile {plan.site.name}: {plan.site.ground}")
    sending_ = Sending(plan.options, plan.site, plan.environment, say, show)
    indexes: Sequence[int] = range(len(plan.points))
    seconds = plan.seconds
    if plan.options.try_first and len(plan.points) > 1 and not plan.site.local and not plan.options.dry_run:
        seconds = _try_first(batch, sending_)
        indexes = range(1, len(plan.points))
    chunks = cut(indexes, chunks_for(len(indexes), seconds, plan.options, plan.site), plan.options.memory_mb)
    write_and_send(batch, chunks, seconds, sending_, try_first=plan.options.try_first)
    return batch


def create(plan: Plan, directory: Path | None, label: str, *, derived: bool = False) -> BatchRun:
    """Write the directory of a run, without rounds: the whole of it, or nothing.

    The points of one that is `derived` are made by its own jobs.
    """
    target = directory or new_directory(plan.notebook.stage, label)
    with _holding(target):
        if any(target.iterdir()):
            raise SubmissionError(_taken(target))
        part = target.with_name(f".{target.name}.part")
        if part.exists():
            shutil.rmtree(part)
        for name in ("rounds", "results"):
            (part / name).mkdir(parents=True)
        if not derived:
            points.write(part / "points.jsonl", plan.points)
        write_copy(part / "notebook.ipynb", plan.notebook.content)
        files.write_json(part / "submission.json", _how(plan) | ({"points": None} if derived else {}))
        files.write_json(part / MANIFEST, _manifest(plan))
        part.rename(target)
    return BatchRun(target)


@contextlib.contextmanager
def _holding(target: Path) -> Iterator[None]:
    """Let nobody else make a run in `target` meanwhile.

    Raises
    ------
    SubmissionError
        If it is no folder, or somebody else makes a run there.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        descriptor = hold(target)
    except FileExistsError:
        raise SubmissionError(_taken(target)) from None
    except RunError:
        message = f"{files.shown(target)} is being made by another submission; wait for it, or choose another"
        raise SubmissionError(message) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _taken(target: Path) -> str:
    return f"{files.shown(target)} is there already; `kit resume` goes on with a run, or choose another"


def write_copy(path: Path, content: dict[str, Any]) -> None:
    """Write the copy of a notebook that runs: without outputs and counts."""
    cells = [
        cell | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})
        for cell in content["cells"]
    ]
    files.write_json(path, content | {"cells": cells})


def _how(plan: Plan) -> dict[str, Any]:
    """Return how a run is sent, enough to send the same again elsewhere."""
    notebook, versions = plan.notebook, software()
    own = plan.options.model_dump()
    return {
        "notebook": files.shown(notebook.path),
        "stage": notebook.stage,
        "points": len(plan.points),
        "code": plan.code,
        "cells": points.cell_codes(notebook.content),
        "values": plan.fixed,
        "sweep": plan.sweep if len(plan.sweep) <= LONGEST_SWEEP else f"the {len(plan.points)} points themselves",
        "options": {name: own[name] for name in Options.model_fields},
        "environment": plan.environment,
        "takes": [name for name in NOT_COMPARED if name in notebook.values],
        "needs_kit": notebook.own,
        "imports": checks.imports_of(notebook),
        "name": f"{notebook.path.stem}.ipynb",
        "inputs": plan.inputs,
        "software": {
            "kit": versions["kit"],
            "commit": versions["commit"],
            "papermill": importlib.metadata.version("papermill"),
            "python": versions["python"],
        },
        "created": now(),
        "rounds": [],
    }


def _manifest(plan: Plan) -> dict[str, Any]:
    return {
        "stage": plan.notebook.stage,
        "state": "running",
        "parameters": plan.fixed,
        "points": len(plan.points),
        "summary": {},
        "fault": None,
        "notices": plan.notes,
        "started": now(),
        "host": platform.node(),
        "software": software(),
        "inputs": [{"path": path, "bytes": None, "checksum": None} for path in plan.inputs],
        "outputs": [],
    }


def _try_first(batch: BatchRun, sending_: Sending) -> float:
    """Run the first point on this computer, and return its seconds; its result counts."""
    sending_.say("trying the first point here …")
    options = sending_.options.with_values(workers=1)
    round_ = write_round(batch, [Chunk(range(1), options.memory_mb)], 0.0, sending_, TRIAL, sites.local())
    Pool(batch, round_, options).work()
    status = Status(batch)
    status.read()
    first_point.check(status, round_)
    seconds = max(0.1, float(status.results.seconds[0]))
    sending_.say(f"the first point took {seconds:.1f} s and {status.results.rss_mb[0]:.0f} MB")
    return seconds


def write_and_send(
    batch: BatchRun, chunks: Sequence[Chunk], seconds: float, sending_: Sending, *, try_first: bool = False
) -> None:
    """Write the next round and send it; on this computer, work it off."""
    reopen(batch)
    round_ = write_round(batch, chunks, seconds, sending_, next_number(batch), sending_.site)
    batch.note()
    options, site = sending_.options, sending_.site
    if options.dry_run:
        sending_.say(f"{len(chunks)} jobs are written in {files.shown(round_.directory)}; nothing was submitted")
        return
    if not site.local:
        cluster = send_round(round_, sending_)
        sending_.say(
            f"{len(chunks)} jobs submitted as cluster {cluster.number} to {cluster.schedd or 'the schedd'}; "
            f"`kit watch {files.shown(batch.directory)}` follows them"
        )
        return
    work_here(batch, round_, sending_, try_first=try_first)


def next_number(batch: BatchRun) -> str:
    """Return the number of the next round."""
    return f"{max((int(round_.number) for round_ in batch.rounds), default=0) + 1:03d}"


def send_round(round_: Round, sending_: Sending) -> Cluster:
    """Give a round to HTCondor: its jobs, or the DAG of them."""
    options, site = sending_.options, sending_.site
    name = str(files.read_json(round_.directory / "worker.json")["batch_name"])
    if options.dag:
        dag = round_.directory / ROUND_DAG
        command = f"condor_submit_dag {ROUND_DAG}"
        return sending.send(
            [round_], site, name, lambda: condor.submit_dag(dag, name, options.max_running), command, dag
        )
    spool = ["-spool"] if site.spool else []
    command = " ".join(["condor_submit", "-terse", *spool, "job.sub"])
    return sending.send([round_], site, name, lambda: condor.submit(round_.directory / "job.sub", *spool), command)


def work_here(batch: BatchRun, round_: Round, sending_: Sending, *, try_first: bool) -> None:
    """Work off a round on this computer, and show how it comes along."""
    status = Status(batch)
    status.recall()

    def look() -> None:
        status.read()
        sending_.show(status)

    pool = Pool(batch, round_, sending_.options, look, try_first=try_first)
    pool.work()
    look()
    status.save()
    if pool.first_failed:
        first_point.check(status, round_)
