"""The rows of one process in one subrun, one after the other, as they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kit.mu2e.consumption import Part
from kit.mu2e.interleaving import stream

__all__ = ["Shuffled", "Stream"]

IntArray = npt.NDArray[np.int64]
Rows = tuple[IntArray, IntArray, IntArray]  # tree, entry, and number of the item


class Stream:
    """Items in the order of the ranges that they are in.

    Parameters
    ----------
    takes : sequence of (Part, int, int)
        Ranges of positions.
    """

    def __init__(self, takes: Sequence[tuple[Part, int, int]]) -> None:
        self._takes = list(takes)

    def next(self, wanted: int) -> Rows:
        """Return the rows of the next `wanted` items, which are numbered from 0."""
        found, done = [], 0
        while done < wanted:
            part, start, stop = self._takes[0]
            count = min(wanted - done, part.available([(start, stop)]))
            found.append(self._some(0, count, done))
            done += count
            if self._takes[0][1] == stop or count == 0:
                del self._takes[0]
        return _joined(found)

    def _some(self, take: int, count: int, first: int) -> Rows:
        """Return the rows of the next items of one range, numbered from `first`."""
        part, start, stop = self._takes[take]
        end = part.end(start, count)
        self._takes[take] = part, end, stop
        source, entry, item = part.rows(start, end)
        return source, entry, item + first


class Shuffled(Stream):
    """Items of all ranges in random order: a sample may be sorted in a file, and files among themselves.

    Parameters
    ----------
    takes : sequence of (Part, int, int)
        Ranges of positions in parts whose own order is random.
    seed, place
        Of the ensemble; which subrun and process.
    """

    def __init__(self, takes: Sequence[tuple[Part, int, int]], seed: int, *place: int) -> None:
        super().__init__(takes)
        self._seed, self._place, self._calls = seed, place, 0

    def next(self, wanted: int) -> Rows:
        """Return the rows of the next `wanted` items, which are numbered from 0."""
        random = stream(self._seed, "files", *self._place, self._calls)
        self._calls += 1
        left = [part.available([(start, stop)]) for part, start, stop in self._takes]
        counts = random.multivariate_hypergeometric(left, wanted) if left else np.empty(0, np.int64)
        ends = np.cumsum(counts)
        source, entry, item = _joined(
            [self._some(i, int(n), int(end - n)) for i, (n, end) in enumerate(zip(counts, ends, strict=True))]
        )
        places = random.permutation(wanted)[item]
        order = np.argsort(places, kind="stable")  # rows of an item stay together
        return source[order], entry[order], places[order]


def _joined(found: Sequence[Rows]) -> Rows:
    if not found:
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    source, entry, item = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return source, entry, item
