"""One round in writing: what each job gets, what HTCondor and the workers are told."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kit
from kit.batch import dag, description
from kit.batch.chunks import Chunk, flavour_for
from kit.batch.description import Job
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import BatchRun, Round, RoundFiles
from kit.batch.script import script
from kit.batch.sites import Site
from kit.batch.status import Status
from kit.batch.worker.identity import identity

__all__ = ["ROUND_DAG", "Say", "Sending", "as_dag", "gate_text", "write_round"]

ROUND_DAG = "round.dag"
NODES = "chunk"

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


def write_round(
    batch: BatchRun, chunks: Sequence[Chunk], seconds: float, sending_: Sending, number: str, site: Site
) -> Round:
    """Write one round of a run: slices, description, script, worker."""
    how, options = batch.submission, sending_.options
    lines = batch.points.read_bytes().splitlines(keepends=True)
    carried = _carried(chunks, lines, site, how["inputs"])
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    longest = max(len(chunk.indexes) for chunk in chunks) * seconds
    node = options.dag and not site.local
    log = f"{ROUND_DAG}.nodes.log" if node else f"events.{stamp}.log"
    job = Job(number, _batch_name(batch, stamp), longest, log, bool(carried), node)
    preload = how["imports"] if options.preload == "auto" else options.preload
    worker = {
        "code": how["code"],
        "round": number,
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
        "flavour": None if site.local or options.max_runtime else options.flavour or flavour_for(longest),
        "max_runtime": None if site.local else options.max_runtime,
    }
    text = "" if site.local else description.describe(job, options, site, chunks)
    made = RoundFiles(chunks, lines, worker, text, script(sending_.environment, options.cpus), carried)
    if node:
        made = as_dag(made, batch, job, sending_)
    return made.write(batch.directory / "rounds", number)


def as_dag(made: RoundFiles, batch: BatchRun, job: Job, sending_: Sending) -> RoundFiles:
    """Return a round whose chunks are nodes of a DAG, with a gate behind them."""
    dag.check_place(batch.directory, sending_.site)
    stage = dag.Stage(NODES, "", dag.variables(made.rows))
    gate = gate_text(batch, job, sending_, [chunk.name for chunk in made.chunks])
    further = {"chunk.sub": made.description, "merge.sub": gate, ROUND_DAG: dag.dag_text([stage])}
    (batch.directory / "merged").mkdir(exist_ok=True)
    worker = made.worker | {"prefix": stage.prefix}
    return replace(made, description="", further=further, worker=worker)


def gate_text(batch: BatchRun, job: Job, sending_: Sending, chunks: Sequence[str]) -> str:
    """Return the description of the gate: it merges what earlier rounds have brought and this one will."""
    before = [f"../../results/{path.name}" for path in sorted(batch.results.glob("*.jsonl"))]
    coming = [f"../../results/r{job.number}_{chunk}.jsonl" for chunk in chunks]
    return description.describe_gate(job, sending_.options, sending_.site, [*before, *coming])


def _batch_name(batch: BatchRun, stamp: str) -> str:
    """Return a name that no other round in the queue has."""
    stem = str(batch.submission["name"]).removesuffix(".ipynb")
    return f"{stem}-{identity(str(batch.directory), {'at': stamp})[:6]}"


def _carried(
    chunks: Sequence[Chunk], lines: Sequence[bytes], site: Site, inputs: Sequence[str]
) -> dict[str, list[str]]:
    """Return the input files that each chunk brings along, where jobs cannot see them.

    Raises
    ------
    SubmissionError
        If two of one chunk have the same name, or a name that HTCondor's lists cannot hold.
    """
    unseen = {path for path in inputs if not site.sees(path)}
    if not unseen:
        return {}
    carried = {}
    for chunk in chunks:
        found = dict.fromkeys(
            text
            for index in chunk.indexes
            for text in _texts(json.loads(lines[index])["parameters"])
            if text in unseen
        )
        names = [Path(path).name for path in found]
        if twice := [path for path in found if names.count(Path(path).name) > 1]:
            message = (
                f"{twice[0]} and {twice[1]} have one name and would travel with one job; take one point a job "
                "(per_job 1), or put them where jobs see them"
            )
            raise SubmissionError(message)
        if odd := [path for path in found if "," in path or path != path.strip()]:
            message = f"{odd[0]}: HTCondor's lists cannot hold a name with a comma; rename it"
            raise SubmissionError(message)
        carried[chunk.name] = list(found)
    return carried


def _texts(value: Any) -> list[str]:
    """Return all texts inside a value."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
