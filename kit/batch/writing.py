"""One round in writing: what each job gets, what HTCondor and the workers are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import kit
from kit.batch import dag, description
from kit.batch.carrying import carried_by
from kit.batch.chunks import Chunk, flavour_for
from kit.batch.description import Job
from kit.batch.options import Options
from kit.batch.points import raw_lines
from kit.batch.round_files import RoundFiles
from kit.batch.rounds import BatchRun, Round
from kit.batch.script import script
from kit.batch.sites import Site
from kit.batch.status import Status
from kit.batch.worker.identity import identity

__all__ = ["ROUND_DAG", "Place", "Say", "Sending", "as_nodes", "job_for", "worker_for", "write_round"]

ROUND_DAG = "round.dag"

Say = Callable[[str], object]


@dataclass(frozen=True)
class Sending:
    """How rounds are sent and who hears about it.

    Attributes
    ----------
    options, site, environment
        How, where, with which Python.
    say : callable
        Told sentences.
    show : callable
        Told how the run stands, again and again, while this computer works on it.
    """

    options: Options
    site: Site
    environment: dict[str, str]
    say: Say = print
    show: Callable[[Status], object] = lambda _status: None


@dataclass(frozen=True)
class Place:
    """Where the chunks of a round are in a DAG: what their nodes are called, and the DAG; empty for its own."""

    name: str = "chunk"
    dag: str = ""


def write_round(
    batch: BatchRun, chunks: Sequence[Chunk], seconds: float, sending_: Sending, number: str, site: Site,
    place: Place = Place(),
) -> Round:  # fmt: skip
    """Write one round of a run: slices, description, script, worker."""
    options = sending_.options
    lines = list(raw_lines(batch.points, batch.number_of_points))
    carried = carried_by(chunks, lines, site, batch.submission["inputs"])
    longest = max(len(chunk.indexes) for chunk in chunks) * seconds
    node = options.dag and not site.local
    job = job_for(batch, number, longest, place, transfers=bool(carried), node=node)
    worker = worker_for(batch, job, sending_, site)
    text = "" if site.local else description.describe(job, options, site, chunks)
    made = RoundFiles(chunks, lines, worker, text, script(sending_.environment, options.cpus), carried)
    if node:
        made = as_nodes(made, batch, job, sending_, place)
    return made.write(batch.directory / "rounds", number)


def job_for(
    batch: BatchRun,
    number: str,
    longest: float,
    place: Place,
    *,
    transfers: bool,
    node: bool,
    derived: bool = False,
) -> Job:
    """Return what is the same for all jobs of a round; each has a log, and a name in the queue, of its own."""
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    log = f"{place.dag or ROUND_DAG}.nodes.log" if node else f"events.{stamp}.log"
    return Job(number, _batch_name(batch, stamp), longest, log, transfers, node, derived)


def worker_for(batch: BatchRun, job: Job, sending_: Sending, site: Site) -> dict[str, Any]:
    """Return what ``worker.json`` tells all workers of a round, and later looks at it."""
    how, options = batch.submission, sending_.options
    preload = how["imports"] if options.preload == "auto" else options.preload
    timed = not site.local and not options.max_runtime
    return {
        "code": how["code"],
        "round": job.number,
        "name": how["name"],
        "takes": how["takes"],
        "kit": kit.__version__,
        "needs_kit": how["needs_kit"],
        "isolation": options.isolation,
        "preload": [] if preload == "none" else preload,
        "keep_notebooks": options.keep_notebooks,
        "point_timeout": options.point_timeout,
        "guard": options.guard,
        "live_progress": description.live(options, site),
        "log": job.log,
        "batch_name": job.name,
        "flavour": (options.flavour or flavour_for(job.seconds)) if timed else None,
        "max_runtime": None if site.local else options.max_runtime,
    }


def as_nodes(made: RoundFiles, batch: BatchRun, job: Job, sending_: Sending, place: Place) -> RoundFiles:
    """Return a round whose chunks are nodes of a DAG, with a gate behind them."""
    dag.check_place(batch.directory, sending_.site)
    stage = dag.Stage(place.name, "", dag.variables(made.rows))
    names = [chunk.name for chunk in made.chunks]
    before = [f"../../results/{path.name}" for path in sorted(batch.results.glob("*.jsonl"))]
    coming = [f"../../results/r{job.number}_{name}.jsonl" for name in names]
    points = [f"points/points_{name}.jsonl" for name in names] if job.derived else []
    gate = description.describe_gate(job, sending_.options, sending_.site, [*before, *coming, *points])
    further = {"chunk.sub": made.description, "merge.sub": gate}
    if not place.dag:
        further[ROUND_DAG] = dag.dag_text([stage])
    (batch.directory / "merged").mkdir(exist_ok=True)
    return replace(made, description="", further=further, worker=made.worker | {"prefix": stage.prefix})


def _batch_name(batch: BatchRun, stamp: str) -> str:
    """Return a name that no other round in the queue has."""
    stem = str(batch.submission["name"]).removesuffix(".ipynb")
    return f"{stem}-{identity(str(batch.directory), {'at': stamp})[:6]}"
