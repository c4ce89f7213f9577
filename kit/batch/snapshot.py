"""A run at one moment as pictures and panels need it: frozen values, no files."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.chunks import enough_mb
from kit.batch.collecting import unpack
from kit.batch.results import NAMES, NONE
from kit.batch.status import Status
from kit.batch.watching import line
from kit.batch.why import about_run, tail
from kit.batch.worker.orders import points_in

__all__ = ["ChunkSeen", "Failure", "Snapshot", "columns_of", "failures_of", "relative", "snapshot_of"]


@dataclass(frozen=True)
class Failure:
    """A kind of failure: how many points, the first of them, its notebook and its log, its last lines."""

    state: str
    words: str
    points: int
    first: int
    notebook: str
    log: str
    tail: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """The same in one line."""
        return f"{self.points} {self.state}: {self.words} (first: point {self.first})"


@dataclass(frozen=True)
class ChunkSeen:
    """A chunk of the latest round: its state, its points and how many of them are done, or failed; its job."""

    name: str
    state: str
    points: int
    done: int
    failed: int
    starts: int = 0
    slot: str = ""


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    Attributes
    ----------
    words : str
        How it stands, in one line.
    states : list of str
        The state of each point, in their order.
    chunks : list of ChunkSeen
        The chunks of the latest round.
    seconds, rss_mb : list of float
        Of the points that have a line.
    requested_mb : int
        The most memory that a chunk was given.
    columns : dict
        Every number that a point has, for a map: parameters, seconds, memory, numbers of its summary; NaN where a
        point has none.
    """

    run: str
    words: str
    states: list[str]
    chunks: list[ChunkSeen]
    seconds: list[float]
    rss_mb: list[float]
    requested_mb: int
    reasons: list[str]
    alive: bool
    columns: dict[str, list[float]] = field(default_factory=dict)

    @property
    def proposed_mb(self) -> int | None:
        """What the next request for memory could be; None while nobody knows."""
        return enough_mb(max(self.rss_mb)) if self.rss_mb else None


def snapshot_of(status: Status, *, columns: bool = True) -> Snapshot:
    """Return what `status` has read."""
    letters = status.results.letters
    without = {
        index: state.state for state in status.chunks if state.state != "ended" for index in state.chunk.indexes
    }
    lined = [index for index, letter in enumerate(letters) if letter != NONE]
    chunks = []
    for state in status.chunks:
        done = sum(letters[index] == "d" for index in state.chunk.indexes)
        wrong = sum(letters[index] not in ("d", NONE) for index in state.chunk.indexes)
        shown = state.state if state.state != "ended" else ("missing" if state.left else "ended")
        job = (state.job.starts, state.job.slot) if state.job else ()
        chunks.append(ChunkSeen(state.chunk.name, shown, len(state.chunk.indexes), done, wrong, *job))
    return Snapshot(
        run=str(status.run.directory),
        words=line(status),
        states=[NAMES.get(letter, without.get(index, "missing")) for index, letter in enumerate(letters)],
        chunks=chunks,
        seconds=[status.results.seconds[index] for index in lined],
        rss_mb=[status.results.rss_mb[index] for index in lined],
        requested_mb=max((state.chunk.memory_mb for state in status.chunks), default=0),
        reasons=list(about_run(status)),
        alive=status.alive,
        columns=columns_of(status) if columns else {},
    )


def columns_of(status: Status) -> dict[str, list[float]]:
    """Return every number of every point, by its name."""
    number = status.total
    columns: dict[str, list[float]] = {}

    def put(index: int, values: Iterable[tuple[str, Any]]) -> None:
        for name, value in values:
            if isinstance(value, int | float):
                columns.setdefault(name, [math.nan] * number)[index] = float(value)

    for point in points_in(status.run.points):
        put(point.index, point.parameters.items())
    taken = {*columns, "seconds", "rss_mb"}  # as in the table of points
    for told in status.results.lines():
        put(told["index"], [("seconds", told["seconds"]), ("rss_mb", told["rss_mb"])])
        numbers = (told["summary"] or {}).items()
        put(told["index"], [(f"summary_{name}" if name in taken else name, value) for name, value in numbers])
    return columns


def failures_of(status: Status) -> list[Failure]:
    """Return the kinds of failure, with the executed notebook of the first point of each unpacked."""
    groups = list(status.groups())
    wanted = {first for *_, first in groups}
    latest = {line["index"]: line for line in status.results.lines() if line["index"] in wanted} if wanted else {}
    chunks = [*status.earlier, *status.chunks]
    found = []
    for state, words, points, first in groups:
        notebook = _executed(status, latest[first]) if first in latest else ""
        chunk = next((one for one in reversed(chunks) if first in one.chunk.indexes), None)
        log = next((str(path) for path in chunk.round.printed(chunk.chunk) if path.is_file()), "") if chunk else ""
        lines = (latest[first]["error"] or {}).get("traceback", []) if first in latest else []
        last = tuple(lines or (tail(Path(log)) if log else []))
        found.append(Failure(state, words, points, first, notebook, log, last))
    return found


def _executed(status: Status, told: dict[str, Any]) -> str:
    """Return the path of the executed notebook of a point, unpacked where that was not done yet."""
    run, name = status.run, status.run.submission["name"]
    path = run.directory / "outputs" / told["id"] / name
    output = next((output for output in told["outputs"] if output["name"] == name), None)
    tar = run.results / f"r{told['round']}_{told['chunk']}.tar"
    if output is None or not tar.is_file():
        return ""
    if not path.is_file():
        unpack(tar, output, path)
    return str(path)


def relative(path: str, folder: Path) -> str:
    """Return a path as seen from `folder`: what a link in a notebook there has to say."""
    return os.path.relpath(files.resolve(path), folder)
