"""Rows of different files, interleaved: every column goes to its place in the new order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kit.mu2e.columns import Column
from kit.mu2e.reading import Lists, Piece, Reader

__all__ = ["Rows", "gather"]

IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]
Values = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """Which entry stands in each row.

    Attributes
    ----------
    process : ndarray of uint8, shape (n,)
        Index of the process, in ASCII order of names.
    source : ndarray of uint16, shape (n,)
        Index of file and tree.
    entry : ndarray of int64, shape (n,)
        Entry in that tree.
    event : ndarray of int64, shape (n,)
        New event number, from 1.
    """

    process: npt.NDArray[np.uint8]
    source: npt.NDArray[np.uint16]
    entry: IntArray
    event: IntArray

    def __len__(self) -> int:
        return len(self.process)

    def part(self, start: int, stop: int) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.process[start:stop], self.source[start:stop], self.entry[start:stop], self.event[start:stop]
        )

    @functools.cached_property
    def by_source(self) -> IntArray:
        """The rows in the order of sources, those of each in their own order."""
        return np.argsort(self.source, kind="stable")

    @functools.cached_property
    def runs(self) -> list[tuple[int, int, int]]:
        """Each source that occurs, and where its rows begin and end in `by_source`."""
        counts = np.bincount(self.source)
        ends = np.cumsum(counts)
        return [(int(i), int(ends[i] - counts[i]), int(ends[i])) for i in np.flatnonzero(counts)]


def gather(rows: Rows, columns: Sequence[Column], reader_of: Callable[[int], Reader]) -> Values:
    """Return the columns of all rows, read from their files.

    Parameters
    ----------
    rows : Rows
        For each source entries rise, so that no file is read twice.
    columns : sequence of Column
        What is copied.
    reader_of : callable
        Returns the reader of a source.

    Returns
    -------
    dict
        Arrays by name; `Lists` for jagged, awkward arrays for nested columns.
    """
    read = _read(rows, columns, reader_of)
    place = np.empty(len(rows), np.int64)  # in what was read, of each row
    place[read.order] = np.arange(len(rows))
    out: Values = {name: np.take(read.flat.pop(name), place, axis=0) for name in list(read.flat)}
    for group in read.groups.values():
        out |= _in_order(place, group)
    if read.nested:
        import awkward as ak

        out |= {name: ak.to_packed(ak.concatenate(parts)[place]) for name, parts in read.nested.items()}
    return out


@dataclass
class _Group:
    """Lists that share their lengths, as they were read."""

    columns: list[Column]
    lengths: list[IntArray] = field(default_factory=list)
    items: list[list[AnyArray]] = field(default_factory=list)

    def add(self, piece: Piece) -> None:
        """Add the lists of a piece."""
        lists: list[Lists] = [piece.values[column.name] for column in self.columns]
        offsets, which = lists[0].offsets, piece.which
        if isinstance(which, slice):
            items: Any = slice(int(offsets[which.start]), int(offsets[which.stop]))
            lengths = np.diff(offsets[which.start : which.stop + 1])
        else:
            lengths = offsets[which + 1] - offsets[which]
            items = _runs(offsets[which], lengths)
        self.lengths.append(lengths)
        self.items.append([of.content[items] for of in lists])


class _Read(NamedTuple):
    """All that was read, in the order of the files: `order` holds the row of each."""

    order: IntArray
    flat: dict[str, AnyArray]
    groups: dict[str, _Group]
    nested: dict[str, list[Any]]


def _read(rows: Rows, columns: Sequence[Column], reader_of: Callable[[int], Reader]) -> _Read:
    """Return the columns of all rows in the order of the files."""
    flat = {c.name: np.empty((len(rows), *_shape(c)), _dtype(c)) for c in columns if c.kind == "flat"}
    groups: dict[str, _Group] = {}
    for column in columns:
        if column.kind == "jagged":
            groups.setdefault(column.counter, _Group([])).columns.append(column)
    nested: dict[str, list[Any]] = {column.name: [] for column in columns if column.kind == "nested"}
    order = rows.by_source.copy()
    for source, begin, end in rows.runs:
        entries = rows.entry[order[begin:end]]
        if (np.diff(entries) < 0).any():  # tracks of one event need not stand together in a file
            rising = np.argsort(entries, kind="stable")
            order[begin:end], entries = order[begin:end][rising], entries[rising]
        for piece in reader_of(source).pieces(entries):
            for name, values in flat.items():
                values[begin + piece.start : begin + piece.stop] = piece.values[name][piece.which]
            for group in groups.values():
                group.add(piece)
            for name, parts in nested.items():
                parts.append(piece.values[name][piece.which])
    if nested and not len(rows):
        first = next(reader_of(0).pieces(np.zeros(1, np.int64)))
        nested = {name: [first.values[name][:0]] for name in nested}
    return _Read(order, flat, groups, nested)


def _shape(column: Column) -> tuple[int, ...]:
    size, _, rest = column.type.partition(" * ")
    return (int(size),) if rest else ()


def _dtype(column: Column) -> np.dtype[Any]:
    return np.dtype(column.type.rpartition(" * ")[2])


def _runs(starts: IntArray, lengths: IntArray) -> IntArray:
    """Return start, start + 1 … for each run, one behind the other."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)


def _in_order(place: IntArray, group: _Group) -> Values:
    """Return the lists of a group in the order of the rows."""
    lengths = np.concatenate([*group.lengths, np.empty(0, np.int64)])
    starts = np.cumsum(lengths) - lengths
    lengths, starts = lengths[place], starts[place]
    at, offsets = _runs(starts, lengths), np.append(0, np.cumsum(lengths))
    out: Values = {}
    for number, column in enumerate(group.columns):
        items = np.concatenate([*(parts[number] for parts in group.items), np.empty(0, _dtype(column))])
        out[column.name] = Lists(offsets, np.take(items, at))
    return out
