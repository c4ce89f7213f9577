"""Pieces: ranges of entries of files, the smallest units of work, of resuming and of merging.

A file is known by what copies of it share: the UUID that ROOT has written into it, its size and its number of
entries. Thus the same events are recognised under another path or address.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from kit.files import FormatError

__all__ = ["Piece", "Planned", "plan", "refuse_overlaps", "share"]

Item = TypeVar("Item")


@dataclass(frozen=True)
class Piece:
    """The entries `first` to `last`, that one excluded, of a file; `size` is in bytes."""

    path: str
    uuid: str
    size: int
    entries: int
    first: int
    last: int

    @property
    def identity(self) -> tuple[str, int, int]:
        """What copies of its file have in common."""
        return self.uuid, self.size, self.entries

    @property
    def events(self) -> int:
        """The number of its entries."""
        return self.last - self.first

    @property
    def megabytes(self) -> float:
        """Its share of the file, in MB."""
        return self.size * (self.events / self.entries if self.entries else 1) / 1e6

    @property
    def key(self) -> str:
        """A name for files about this piece; the path does not count in it."""
        return f"{self.uuid}_{self.size}_{self.entries}_{self.first}_{self.last}"


class Planned(Protocol):
    """What planning asks of a source: its identity, and the entries at which ranges begin best."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def uuid(self) -> str: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def entries(self) -> int: ...  # noqa: D102
    @property
    def offsets(self) -> Sequence[int]: ...  # noqa: D102


def plan(sources: Iterable[Planned], chunk_events: int) -> list[Piece]:
    """Return the pieces of all sources, in their order, of about `chunk_events` events each.

    Pieces end where the baskets of all branches end, if there is such a place between half and one and a half
    times `chunk_events`: a basket that is cut is decompressed twice. A file without entries is one piece.

    Raises
    ------
    FormatError
        If a file is named twice, or a copy of it, with both paths.
    """
    pieces = [
        Piece(source.path, source.uuid, source.size, source.entries, first, last)
        for source in sources
        for first, last in itertools.pairwise(_ends(source.offsets, source.entries, chunk_events))
    ]
    refuse_overlaps(pieces)
    return pieces


def _ends(offsets: Sequence[int], entries: int, chunk_events: int) -> list[int]:
    """Return the entries at which pieces begin and end."""
    ends = [0]
    while entries - ends[-1] > chunk_events * 3 // 2:
        wanted = ends[-1] + chunk_events
        after = bisect.bisect_left(offsets, wanted)
        near = [
            place for place in offsets[max(0, after - 1) : after + 1] if abs(place - wanted) <= chunk_events // 2
        ]
        ends.append(min(near, key=lambda place: (abs(place - wanted), place), default=wanted))
    return [*ends, entries]


def refuse_overlaps(pieces: Iterable[Piece]) -> None:
    """Raise a FormatError that names both paths if two pieces have entries of the same file in common."""
    by_file: dict[tuple[str, int, int], list[Piece]] = {}
    for piece in pieces:
        by_file.setdefault(piece.identity, []).append(piece)
    faults = []
    for same in by_file.values():
        same.sort(key=lambda piece: (piece.first, piece.last))
        farthest = same[0]
        for piece in same[1:]:
            if piece.first < farthest.last or piece.first == farthest.first:
                faults.append(_overlap(farthest, piece))
            farthest = max(farthest, piece, key=lambda piece: piece.last)
    if faults:
        raise FormatError("\n  ".join(["the same events would be counted twice:", *dict.fromkeys(faults)]))


def _overlap(one: Piece, other: Piece) -> str:
    what = (
        f"is given twice, as {other.path}" if one.path == other.path else f"holds the same events as {other.path}"
    )
    return f"{one.path} {what}"


def share(items: Sequence[Item], job: int, jobs: int) -> list[Item]:
    """Return what job `job` of `jobs`, counted from 1, has to do: neighbours, and at most one more than others.

    Share files where there are at least as many as jobs: then a job opens its own alone. With fewer files than
    jobs, share pieces: every job then opens all files to plan the same pieces, and knows its own.
    """
    return list(items[(job - 1) * len(items) // jobs : job * len(items) // jobs])
