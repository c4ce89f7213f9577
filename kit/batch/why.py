"""Everything about one point on one page, and what is wrong with a run as a whole."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from kit import files, wording
from kit.batch import condor, sending
from kit.batch.condor import Cluster, CondorError
from kit.batch.faults import SubmissionError
from kit.batch.points import Point, read_ids, read_point
from kit.batch.reasons import explain, grouped
from kit.batch.status import ChunkState, Status

__all__ = ["about_point", "about_run", "point_named", "tail", "underway", "waiting_for"]

LONGEST_TEXT = 300  # characters of the pool's own words
TAIL = 15  # lines of what a worker printed
LONG_IDLE = 600.0  # s after which a job's waiting is looked into


def point_named(status: Status, name: str) -> Point:
    """Return the point that an index, or the beginning of an id, names.

    Raises
    ------
    SubmissionError
        If none, or more than one, does.
    """
    ids = read_ids(status.run.points)
    if name.isdecimal() and len(name) < 16 and int(name) < len(ids):
        found = [int(name)]
    else:
        found = [index for index, known in enumerate(ids) if known.startswith(name)]
    if len(found) != 1:
        what = f"{len(found)} points begin" if found else "no point begins"
        message = f"{what} with {name}; should be an id, its beginning, or a number from 0 to {len(ids) - 1}"
        raise SubmissionError(message)
    return read_point(status.run.points, found[0])


def about_point(status: Status, point: Point) -> dict[str, Any]:
    """Return everything about one point: values, attempts, job, error, files."""
    attempts = [line for line in status.results.lines() if line["index"] == point.index]
    chunks = [state for state in [*status.earlier, *status.chunks] if point.index in state.chunk.indexes]
    latest = chunks[-1] if chunks else None
    best = next((line for line in attempts if line["state"] == "done"), attempts[-1] if attempts else None)
    return {
        "id": point.id,
        "index": point.index,
        "parameters": point.parameters,
        "state": best["state"] if best else (latest.state if latest and latest.state != "ended" else "missing"),
        "attempts": [
            {key: line[key] for key in ("round", "chunk", "state", "started", "seconds", "rss_mb", "host", "slot")}
            for line in attempts
        ],
        "error": best["error"] if best else None,
        "job": _about_job(latest) if latest else None,
        "files": [output["name"] for output in best["outputs"]] if best else [],
        "notebook": _notebook(status, point, best),
        "printed": [str(path) for state in chunks for path in state.round.printed(state.chunk) if path.is_file()],
    }


def _about_job(state: ChunkState) -> dict[str, Any]:
    """Return what is known of the job of a chunk, with reasons in words and the tail of what it printed."""
    job = state.job
    about: dict[str, Any] = {"round": state.round.number, "chunk": state.chunk.name, "state": state.state}
    if job is None:
        return about
    about |= {"job": job.state, "starts": job.starts, "holds": job.holds, "slot": job.slot}
    if job.state in ("held", "removed", "failed"):
        reason = explain(job)
        about |= {"reason": reason.words, "advice": reason.advice, "text": reason.text}
    error = next(state.round.printed(state.chunk))
    if error.is_file() and error.stat().st_size:
        about["stderr"] = tail(error)
    return about


def tail(path: Path) -> list[str]:
    """Return the last lines of what was printed."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 65536))
        return stream.read().decode(errors="replace").splitlines()[-TAIL:]


def _notebook(status: Status, point: Point, line: dict[str, Any] | None) -> str | None:
    """Return the executed notebook where it is unpacked."""
    name = status.run.submission["name"]
    path = status.run.directory / "outputs" / point.id / name
    return str(path) if line and path.is_file() else None


def about_run(status: Status, largest_mb: int = 0) -> Iterator[str]:
    """Yield in words what keeps a run from being done, most frequent first."""
    for state, words, number, first in status.groups():
        yield f"{number} {state}: {words} (first: point {first})"
    jobs = [(state.chunk.name, state.job) for state in status.chunks if state.job and state.left]
    jobs += [("gate", status.gate)] if status.gate and status.gate.state == "held" else []
    for reason, number, chunk in grouped(jobs, largest_mb):
        text = f"; {reason.text[:LONGEST_TEXT]}" if reason.text else ""
        advice = f" → {reason.advice}" if reason.advice else ""
        yield f"{number} jobs: {reason.words}{advice} (first: chunk {chunk}{text})"
    yield from status.notes


def waiting_for(status: Status) -> str:
    """Return why a job that waits for long finds no machine; empty where none does.

    A pool that does not answer is told, never fatal.
    """
    for state in status.chunks:
        job = state.job
        if job and job.state == "idle" and _age(job.submitted) > LONG_IDLE:
            cluster = sending.cluster_of(state.round)
            return explain_waiting(cluster, state.process) if cluster else ""
    return ""


def underway(status: Status) -> Iterator[str]:
    """Yield how many points wait, or run, and since when: nothing is wrong with them, but they are not done."""
    for state in ("waiting", "running"):
        if number := status.counts[state]:
            jobs = [one.job for one in status.chunks if one.state == state and one.job]
            since = min((job.started if state == "running" else job.submitted for job in jobs), default="")
            yield f"{number} points {state}" + (f" since {since}" if since else "")


def explain_waiting(cluster: Cluster, process: int) -> str:
    """Return the clause of a job's requirements that no machine meets, from the pool's own analysis."""
    try:
        text = condor.analyse(cluster, process)
    except CondorError as fault:
        return str(fault)
    for line in text.splitlines():
        found = re.match(r"\[\d+\]\s+0\s+(.*)$", line.strip())
        if found:
            return f"{_clause(found[1].strip(), text)}: no machine has them"
    return "machines would take it; it waits for its turn"


def _clause(clause: str, analysis: str) -> str:
    """Return a clause such as ``TARGET.Cpus >= RequestCpus`` in words, with the number that the job asks for."""
    found = re.search(r">= Request(\w+)", clause)
    asked = found and re.search(rf"Request{found[1]} = (?:ifThenElse\(isUndefined\(NumHolds\),)?(\d+)", analysis)
    if not found or not asked:
        return clause
    unit = {"Cpus": "CPUs", "Memory": "MB of memory", "Disk": "KB of disk"}.get(found[1], found[1])
    return f"{asked[1]} {unit}"


def _age(moment: str) -> float:
    try:
        return time.time() - datetime.fromisoformat(moment).astimezone().timestamp()
    except ValueError:
        return 0.0


def told(about: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a page about a point."""
    yield f"point {about['index']} ({about['id']}): {about['state']}"
    for name, value in about["parameters"].items():
        yield f"  {name} = {wording.literal(value)}"
    for attempt in about["attempts"]:
        where = f"on {attempt['host']} ({attempt['slot']}), {attempt['started']}"
        used = f"{attempt['seconds']} s, {attempt['rss_mb']} MB"
        yield f"  round {attempt['round']}, chunk {attempt['chunk']}: {attempt['state']} after {used}, {where}"
    if error := about["error"]:
        yield f"  cell {error['cell']}: {error['name']}: {error['value']}"
        yield from (f"    {text}" for text in error["traceback"])
    job = about["job"] or {}
    if "reason" in job:
        yield f"  job: {job['reason']}" + (f" → {job['advice']}" if job["advice"] else "")
        if job["text"]:
            yield f"    {job['text']}"
    yield from (f"    {text}" for text in job.get("stderr", []))
    if about["files"]:
        yield f"  files: {', '.join(about['files'])}"
    if about["notebook"]:
        yield f"  executed notebook: {files.shown(about['notebook'])}"
    yield from (f"  printed: {files.shown(path)}" for path in about["printed"])
