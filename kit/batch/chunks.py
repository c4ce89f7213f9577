"""From points to chunks: how many points a job gets, how long it may take, and what it all costs."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from kit.batch.faults import SubmissionError
from kit.batch.options import FLAVOURS, Options

__all__ = ["UNKNOWN_SECONDS", "Chunk", "compact", "cut", "enough_mb", "flavour_for", "number_of_chunks", "spread"]

UNKNOWN_SECONDS = 60.0  # s; what a point is taken to need while nobody knows
MOST_JOBS = 10_000  # without being asked for by per_job: each costs log, starts and files
CHUNKS_A_WORKER = 4
MEMORY_STEP = 128  # MB; what a request is rounded up to, and the least that may be asked for
MEMORY_ROOM = 1.2  # over the most memory seen
START_SECONDS = 300  # s; transfers and the start of a job


@dataclass(frozen=True)
class Chunk:
    """Points that one process works off; named after the first of them."""

    indexes: Sequence[int]
    memory_mb: int
    label: str = ""

    @property
    def name(self) -> str:
        """Six digits: the index of its first point, or its own number where its points are not known yet."""
        return self.label or f"{self.indexes[0]:06d}"

    @property
    def folder(self) -> str:
        """Its part of the log directory: a thousand chunks share one."""
        return self.name[:-3]


def number_of_chunks(number: int, seconds: float, options: Options, most: int, workers: int = 0) -> int:
    """Return into how many chunks `number` points of `seconds` each go; at most `most`.

    With `workers` of this computer each gets four chunks or more, so that they end together.

    Raises
    ------
    SubmissionError
        If there would be more than 10 000 jobs, and nobody asked for that.
    """
    if options.per_job is not None:
        return math.ceil(number / options.per_job)
    each = max(1, round(options.target_seconds / seconds), math.ceil(number / most))
    chunks = min(number, max(math.ceil(number / each), CHUNKS_A_WORKER * workers))
    if chunks > MOST_JOBS:
        message = (
            f"{number} points of {seconds:.0f} s would be {chunks} jobs, more than {MOST_JOBS}; "
            "let per_job say so, or make target_seconds longer"
        )
        raise SubmissionError(message)
    return chunks


def cut(indexes: Sequence[int], chunks: int, memory_mb: int) -> list[Chunk]:
    """Return `chunks` chunks, whose sizes differ by one at most.

    Chunk i of k has the points ``i*n//k … (i+1)*n//k - 1``.
    """
    number = len(indexes)
    places = [place * number // chunks for place in range(chunks + 1)]
    return [Chunk(indexes[first:last], memory_mb) for first, last in itertools.pairwise(places)]


def enough_mb(used_mb: float) -> int:
    """Return the memory to ask for where so much was used, in MB."""
    return math.ceil(MEMORY_ROOM * used_mb / MEMORY_STEP) * MEMORY_STEP


def flavour_for(seconds: float) -> str:
    """Return the shortest flavour that holds a job of `seconds`, twice over and with its start.

    Raises
    ------
    SubmissionError
        If none is long enough.
    """
    needed = 2 * seconds + START_SECONDS
    for name, limit in FLAVOURS.items():
        if needed <= limit:
            return name
    message = (
        f"a job would take {seconds / 3600:.0f} h and be allowed twice that, more than the longest limit, "
        f"nextweek, {FLAVOURS['nextweek'] // 3600} h; take fewer points a job"
    )
    raise SubmissionError(message)


def compact(indexes: Sequence[int]) -> str:
    """Return indexes as people write them: ``0-99,105``."""
    parts: list[list[int]] = []
    for index in indexes:
        if parts and index == parts[-1][-1] + 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index])
    return ",".join("-".join(map(str, part)) for part in parts)


def spread(text: str) -> Sequence[int]:
    """Return the indexes that `compact` wrote."""
    if not text:
        return []
    ranges = [tuple(map(int, part.split("-"))) for part in text.split(",")]
    if len(ranges) == 1:
        return range(ranges[0][0], ranges[0][-1] + 1)
    return [index for part in ranges for index in range(part[0], part[-1] + 1)]
