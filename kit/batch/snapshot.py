"""A run at one moment as pictures and panels need it: frozen values, no files."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.collecting import unpack
from kit.batch.results import NAMES, NONE
from kit.batch.status import Status
from kit.batch.watching import line
from kit.batch.why import about_run

__all__ = ["Failure", "Snapshot", "columns_of", "failures_of", "relative", "snapshot_of"]

STEP = 100  # MB; what a request is rounded up to
ROOM = 1.2  # over the most memory seen


@dataclass(frozen=True)
class Failure:
    """A kind of failure: how many points, the first of them, and where its notebook and its log are."""

    state: str
    words: str
    points: int
    first: int
    notebook: str
    log: str


@dataclass(frozen=True)
class Snapshot:
    """A run at one moment.

    Attributes
    ----------
    words : str
        How it stands, in one line.
    states : list of str
        The state of each point, in their order.
    chunks : list of (str, str, float, float)
        Name and state of each chunk of the latest round, the shares of its points that are done, and that failed.
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
    chunks: list[tuple[str, str, float, float]]
    seconds: list[float]
    rss_mb: list[float]
    requested_mb: int
    reasons: list[str]
    alive: bool
    columns: dict[str, list[float]] = field(default_factory=dict)

    @property
    def proposed_mb(self) -> int | None:
        """What the next request for memory could be; None while nobody knows."""
        return math.ceil(ROOM * max(self.rss_mb) / STEP) * STEP if self.rss_mb else None


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
        number = max(1, len(state.chunk.indexes))
        shown = state.state if state.state != "ended" else ("missing" if state.left else "ended")
        chunks.append((state.chunk.name, shown, done / number, wrong / number))
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

    with status.run.points.open(encoding="utf-8") as stream:
        for index, text in enumerate(stream):
            put(index, json.loads(text)["parameters"].items())
    for told in status.results.lines():
        put(told["index"], [("seconds", told["seconds"]), ("rss_mb", told["rss_mb"]), *told["summary"].items()])
    return columns


def failures_of(status: Status) -> list[Failure]:
    """Return the kinds of failure, with the executed notebook of the first point of each unpacked."""
    found = []
    for state, words, points, first in status.groups():
        told = next((line for line in status.results.lines() if line["index"] == first), None)
        notebook = _executed(status, told) if told else ""
        chunk = next((one for one in [*status.chunks, *status.earlier] if first in one.chunk.indexes), None)
        log = str(next(chunk.round.printed(chunk.chunk))) if chunk else ""
        found.append(Failure(state, words, points, first, notebook, log))
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
