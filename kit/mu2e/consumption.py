"""In which order the entries of a file are consumed: one by one, or by whole events, in their order or at random.

A part is what the ledger counts as one: a tree of a file, or all its trees where whole events are kept together.
Items are its entries, or its events; positions count them in the order of consumption.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.columns import columns_of, id_columns, value_of
from kit.mu2e.interleaving import stream
from kit.mu2e.shelves import Shelf
from kit.mu2e.sources import Source, open_file
from kit.mu2e.weights import entry_weights

__all__ = ["Order", "Part", "Thinning", "Unit", "ids_of", "make_part"]

IntArray = npt.NDArray[np.int64]
Order = Literal["sequential", "random"]
Unit = Literal["entry", "event"]
Ranges = list[tuple[int, int]]
Thinning = tuple[str, float]  # branch with weights, and their largest in all files


@dataclass(frozen=True)
class Part:
    """What is consumed as one.

    Attributes
    ----------
    sources : tuple of int
        Indices of its trees among all sources of the ensemble.
    items : int
        Entries, or events.
    shelf : Shelf
        As the ledger knows it.
    order : ndarray or None
        Item at each position, where it is not the position.
    accepted : ndarray of bool or None
        Whether the item at each position is kept by thinning.
    starts, source, entry : ndarray or None
        Where items are events: row at which each begins, and tree and entry of the rows.
    """

    sources: tuple[int, ...]
    items: int
    shelf: Shelf
    order: IntArray | None = None
    accepted: npt.NDArray[np.bool_] | None = None
    starts: IntArray | None = None
    source: IntArray | None = None
    entry: IntArray | None = None

    def available(self, free: Ranges) -> int:
        """Return how many items there are in free ranges of positions."""
        if self.accepted is None:
            return sum(stop - start for start, stop in free)
        return sum(int(np.count_nonzero(self.accepted[start:stop])) for start, stop in free)

    def take(self, free: Ranges, wanted: int) -> tuple[Ranges, Ranges]:
        """Return the ranges with the first `wanted` items of the free ones, and what is left free."""
        taken: Ranges = []
        left: Ranges = []
        for start, stop in free:
            here = min(self.available([(start, stop)]), wanted)
            end = self.end(start, here)
            if end > start:
                taken.append((start, end))
            if stop > end:
                left.append((end, stop))
            wanted -= here
        return taken, left

    def rows(self, start: int, stop: int) -> tuple[IntArray, IntArray, IntArray]:
        """Return tree, entry and number of the item of each row in a range of positions, in their order."""
        positions = np.arange(start, stop)
        if self.accepted is not None:
            positions = positions[self.accepted[start:stop]]
        items = positions if self.order is None else self.order[positions]
        if self.starts is None or self.source is None or self.entry is None:
            return np.full(len(items), self.sources[0]), items, np.arange(len(items))
        lengths = self.starts[items + 1] - self.starts[items]
        rows = np.repeat(self.starts[items], lengths) + np.arange(lengths.sum()) - np.repeat(
            np.cumsum(lengths) - lengths, lengths
        )  # fmt: skip
        return self.source[rows], self.entry[rows], np.repeat(np.arange(len(items)), lengths)

    def end(self, start: int, wanted: int) -> int:
        """Return the position behind the first `wanted` items from `start` on."""
        if self.accepted is None:
            return start + wanted
        if not wanted:
            return start
        return start + int(np.flatnonzero(self.accepted[start:])[wanted - 1]) + 1


def make_part(
    indices: Sequence[int],
    sources: Sequence[Source],
    unit: Unit,
    order: Order,
    thinning: Thinning = ("", 0.0),
    seed: int = 0,
) -> Part:
    """Return the part that some trees of one file make.

    Parameters
    ----------
    indices, sources
        The trees among all, and the trees.
    unit, order : str
        What an item is, and how items are consumed.
    thinning : (str, float)
        Entries are thinned by the weights in this branch over their largest, with `seed`; empty for none.

    Raises
    ------
    FormatError
        If events are asked for and the trees do not tell them, or weights that are not there.
    """
    first = sources[0]
    items, starts, source, entry = first.entries, None, None, None
    if unit == "event":
        starts, source, entry = _events(indices, sources)
        items = len(starts) - 1
    tree = "+".join(one.tree for one in sources)
    shelf = Shelf(first.identity, tree, first.path, first.bytes, items, unit, order)
    positions = _shuffled(first, items) if order == "random" else None
    accepted = _accepted(first, thinning, seed, positions) if thinning[0] else None
    return Part(tuple(indices), items, shelf, positions, accepted, starts, source, entry)


def _shuffled(source: Source, items: int) -> IntArray:
    """Return a random order that belongs to the file: all ensembles go on in the same one."""
    number = int.from_bytes(hashlib.sha256(f"{source.identity} {source.tree}".encode()).digest()[:8], "big")
    return np.asarray(stream(number, "files").permutation(items))


def _events(indices: Sequence[int], sources: Sequence[Source]) -> tuple[IntArray, IntArray, IntArray]:
    """Return the rows of each event, events in the order in which they first occur."""
    ids, source, entry = [], [], []
    for index, one in zip(indices, sources, strict=True):
        ids.append(ids_of(one))
        source.append(np.full(one.entries, index))
        entry.append(np.arange(one.entries))
    every = np.concatenate(ids)
    _, first, which = np.unique(every, axis=0, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    item = rank[which.reshape(-1)]
    rows = np.argsort(item, kind="stable")
    starts = np.append(0, np.cumsum(np.bincount(item, minlength=len(first))))
    return starts, np.concatenate(source)[rows], np.concatenate(entry)[rows]


def ids_of(source: Source) -> IntArray:
    """Return run, subrun and event of each entry, shape (entries, 3).

    Raises
    ------
    FormatError
        If the tree does not tell them.
    """
    with open_file(source.path) as file:
        tree = file[source.tree]
        columns, _ = columns_of(source, tree, "drop")
        names = id_columns(columns)
        if names is None:
            message = f"{source.path}: {source.tree} has no run, subrun and event"
            raise FormatError(message)
        return np.stack([_values(tree, columns[name]) for name in names], axis=1).astype(np.int64)


def _values(tree: Any, column: Any) -> Any:
    return value_of(column, tree[column.branch].array(library="np"))


def _accepted(source: Source, thinning: Thinning, seed: int, order: IntArray | None) -> npt.NDArray[np.bool_]:
    """Return which positions are kept: each entry by chance, with its weight over the largest."""
    branch, largest = thinning
    weights = entry_weights(source, branch)
    number = int.from_bytes(hashlib.sha256(f"{source.identity} {source.tree}".encode()).digest()[:4], "big")
    kept = stream(seed, "thinning", number).random(len(weights)) * largest < weights
    return np.asarray(kept if order is None else kept[order])
