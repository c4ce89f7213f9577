"""Rows of different files, interleaved: every column goes to its place in the new order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.mu2e.columns import Column
from kit.mu2e.reading import Lists, Piece, Reader

__all__ = ["Rows", "gather"]

IntArray = npt.NDArray[np.int64]
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
    flat = [column for column in columns if column.kind == "flat"]
    groups: dict[str, list[Column]] = {}
    for column in columns:
        if column.kind == "jagged":
            groups.setdefault(column.counter, []).append(column)
    nested = [column for column in columns if column.kind == "nested"]
    out: Values = {column.name: np.empty((len(rows), *_shape(column)), _dtype(column)) for column in flat}
    lists: dict[str, list[tuple[IntArray, IntArray, list[npt.NDArray[Any]]]]] = {name: [] for name in groups}
    kept: dict[str, list[Any]] = {column.name: [] for column in nested}
    places: list[IntArray] = []
    for source in _present(rows.source):
        where = np.flatnonzero(rows.source == source)
        if (np.diff(rows.entry[where]) < 0).any():  # tracks of one event need not stand together in a file
            where = where[np.argsort(rows.entry[where], kind="stable")]
        for piece in reader_of(int(source)).pieces(rows.entry[where]):
            to = where[piece.start : piece.stop]
            places.append(to)
            for column in flat:
                out[column.name][to] = piece.values[column.name][piece.which]
            for name, group in groups.items():
                lists[name].append(_taken(to, piece, group))
            for column in nested:
                kept[column.name].append(piece.values[column.name][piece.which])
    for name, group in groups.items():
        out |= _scattered(len(rows), lists[name], group)
    if nested and not places:
        first = next(reader_of(0).pieces(np.zeros(1, np.int64)))
        out |= {column.name: first.values[column.name][:0] for column in nested}
    elif nested:
        out |= _reordered(kept, places)
    return out


def _present(sources: npt.NDArray[np.uint16]) -> IntArray:
    return np.flatnonzero(np.bincount(sources))


def _shape(column: Column) -> tuple[int, ...]:
    size, _, rest = column.type.partition(" * ")
    return (int(size),) if rest else ()


def _dtype(column: Column) -> np.dtype[Any]:
    return np.dtype(column.type.rpartition(" * ")[2])


def _taken(to: IntArray, piece: Piece, group: list[Column]) -> tuple[IntArray, IntArray, list[npt.NDArray[Any]]]:
    """Return rows, lengths and items of the lists that a piece brings; columns of a group share their lengths."""
    offsets = piece.values[group[0].name].offsets
    if isinstance(piece.which, slice):
        begin, end = piece.which.start, piece.which.stop
        items: Any = slice(int(offsets[begin]), int(offsets[end]))
        lengths = np.diff(offsets[begin : end + 1])
    else:
        lengths = offsets[piece.which + 1] - offsets[piece.which]
        items = _runs(offsets[piece.which], lengths)
    return to, lengths, [piece.values[column.name].content[items] for column in group]


def _runs(starts: IntArray, lengths: IntArray) -> IntArray:
    """Return start, start + 1 … for each run, one behind the other."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(ends[-1] if len(ends) else 0)


def _scattered(
    rows: int, parts: list[tuple[IntArray, IntArray, list[npt.NDArray[Any]]]], group: list[Column]
) -> Values:
    """Return the lists of a group in the order of the rows."""
    lengths = np.zeros(rows, np.int64)
    for to, of, _ in parts:
        lengths[to] = of
    offsets = np.append(0, np.cumsum(lengths))
    contents = [np.empty(offsets[-1], _dtype(column)) for column in group]
    for to, of, items in parts:
        at = _runs(offsets[to], of)
        for content, values in zip(contents, items, strict=True):
            content[at] = values
    return {column.name: Lists(offsets, content) for column, content in zip(group, contents, strict=True)}


def _reordered(kept: dict[str, list[Any]], places: list[IntArray]) -> Values:
    import awkward as ak

    order = np.argsort(np.concatenate(places), kind="stable")
    return {name: ak.to_packed(ak.concatenate(parts)[order]) for name, parts in kept.items()}
