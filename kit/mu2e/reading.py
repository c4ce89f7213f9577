"""Reading entries of a tree in order: whole baskets at a time, and only once.

A window is some whole baskets of all columns; its blocks stay until the entries asked for lie beyond them.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.baskets import flat_values, is_plain, list_values
from kit.mu2e.columns import Column, value_of
from kit.mu2e.sources import Source, open_file

__all__ = ["HELD", "Lists", "Piece", "Reader", "window_edges"]

IntArray = npt.NDArray[np.int64]

HELD = 130_000_000  # bytes that a reader may hold, about, where it is the only one
FEWEST = 20_000  # entries that a window has at least: baskets are unpacked once for each window that cuts them
BLOCK = 25_000  # entries of a window that are let go together: readers of many processes are open at a time


class Lists(NamedTuple):
    """A jagged column: the items of entry i are ``content[offsets[i]:offsets[i + 1]]``."""

    offsets: IntArray
    content: npt.NDArray[Any]


class Piece(NamedTuple):
    """Part of the entries asked for: from `start` to `stop`, they are at `which` of `values`."""

    start: int
    stop: int
    values: dict[str, Any]
    which: slice | IntArray


class Reader:
    """One tree of one file, read from its first entry towards its last.

    Parameters
    ----------
    source : Source
        The tree; its identity must be that of the file.
    columns : sequence of Column
        What is read of it.
    budget : float
        Bytes that it may hold at a time, about.

    Raises
    ------
    FormatError
        If the file is another one than was planned with, or a branch is damaged.
    """

    def __init__(self, source: Source, columns: Sequence[Column], budget: float = HELD) -> None:
        self.source, self.columns = source, columns
        self._stack = contextlib.ExitStack()
        file = self._stack.enter_context(open_file(source.path))
        identity = str(file.file.uuid)
        if identity != source.identity:
            self._stack.close()
            message = (
                f"{source.path} has changed since it was planned with: it was {source.identity}, and is {identity}"
            )
            raise FormatError(message)
        self._tree = file[source.tree]
        size = sum(self._tree[name].uncompressed_bytes for name in {column.branch for column in columns})
        most = int(budget * source.entries / max(size, 1))
        self._edges = window_edges(self._tree.common_entry_offsets(), max(most, FEWEST))
        self._blocks: list[_Block] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and let go of the window."""
        self._blocks = []
        self._stack.close()

    def pieces(self, entries: IntArray) -> Iterator[Piece]:
        """Yield the values of rising `entries`, block by block."""
        at = 0
        while at < len(entries):
            block = self._block_of(int(entries[at]))
            stop = int(np.searchsorted(entries, block.last))
            here = entries[at:stop] - block.first
            begin, end = int(here[0]), int(here[-1]) + 1
            which = slice(begin, end) if end - begin == len(here) else here
            yield Piece(at, stop, block.values, which)
            at = stop

    def _block_of(self, entry: int) -> _Block:
        """Return the block with an entry, and let go of those before it."""
        while self._blocks and self._blocks[0].last <= entry:
            del self._blocks[0]
        if not self._blocks or entry < self._blocks[0].first:
            window = int(np.searchsorted(self._edges, entry, side="right")) - 1
            if not 0 <= window < len(self._edges) - 1:
                message = f"{self.source.path}: {self.source.tree} has no entry {entry}, only {self._edges[-1]}"
                raise FormatError(message)
            self._blocks = []  # before the next ones are read
            self._blocks = self._read(int(self._edges[window]), int(self._edges[window + 1]))
            return self._block_of(entry)
        return self._blocks[0]

    def _read(self, first: int, last: int) -> list[_Block]:
        branches: dict[str, list[Column]] = {}
        for column in self.columns:
            branches.setdefault(column.branch, []).append(column)
        edges = [*range(first, last, BLOCK), last]
        blocks = [_Block(begin, end, {}) for begin, end in itertools.pairwise(edges)]
        offsets: dict[str, IntArray] = {}  # of the lists that share a counter
        for name, columns in branches.items():
            try:
                for column, values in _values(self._tree[name], columns, first, last, offsets):
                    _lay_out(column, values, blocks)
            except Exception as fault:  # noqa: BLE001 - damage shows itself in many ways
                where = f"{self.source.path}: {self.source.tree}: {name}"
                message = f"{where} cannot be read at entries {first} to {last} ({fault})"
                raise FormatError(message) from None
        return blocks


class _Block(NamedTuple):
    """The values of entries from `first` up to and without `last`."""

    first: int
    last: int
    values: dict[str, Any]


def _values(
    branch: Any, columns: Sequence[Column], first: int, last: int, offsets: dict[str, IntArray]
) -> Iterator[tuple[Column, Any]]:
    """Yield what some entries of a branch hold, for each of its columns."""
    import uproot

    if is_plain(branch):
        (column,) = columns
        if column.kind == "flat":
            yield column, flat_values(branch, first, last)
            return
        known = offsets.get(column.counter)
        offsets[column.counter], items = list_values(branch, first, last, known)
        yield column, Lists(offsets[column.counter], items)
        return
    # structures of plain numbers come as one array; classes would come as Python objects
    library = "np" if type(branch.interpretation) is uproot.AsDtype else "ak"
    read = branch.array(library=library, entry_start=first, entry_stop=last, array_cache=None)
    for column in columns:
        yield column, _arrays(column, value_of(column, read))


def _lay_out(column: Column, values: Any, blocks: Sequence[_Block]) -> None:
    """Copy the values of a window into its blocks, in this computer's order of bytes."""
    start = blocks[0].first
    for block in blocks:
        first, last = block.first - start, block.last - start
        block.values[column.name] = _part(column, values, first, last)


def _part(column: Column, values: Any, first: int, last: int) -> Any:
    if column.kind == "nested":
        return values[first:last]
    if column.kind == "flat":
        return values[first:last].astype(values.dtype.newbyteorder("="))
    begin, end = values.offsets[first], values.offsets[last]
    items = values.content[begin:end]
    return Lists(values.offsets[first : last + 1] - begin, items.astype(items.dtype.newbyteorder("=")))


def window_edges(offsets: Sequence[int], most: int) -> IntArray:
    """Return where windows of about `most` entries begin: at ends of baskets, but for baskets that are larger."""
    edges = [0]
    for offset in offsets[1:]:
        gap = offset - edges[-1]
        if gap > most:
            parts = -(-gap // most)
            edges += [edges[-1] + gap * part // parts for part in range(1, parts)]
        if gap >= most // 4 or offset == offsets[-1]:
            edges.append(offset)
    return np.array(edges, np.int64)


def _arrays(column: Column, values: Any) -> Any:
    """Return what was read of a column as plain arrays; nested ones stay as they are."""
    if column.kind == "flat":
        return values if isinstance(values, np.ndarray) else values.to_numpy()
    if column.kind == "nested":
        return values
    layout = values.layout.to_ListOffsetArray64(True)
    content = layout.content.to_packed() if not hasattr(layout.content, "data") else layout.content
    return Lists(np.asarray(layout.offsets), np.asarray(content.data))
