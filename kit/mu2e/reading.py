"""Reading entries of a tree in order: whole baskets at a time, and only once.

A window is some whole baskets of all columns; it stays until the entries asked for lie beyond it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.columns import Column, value_of
from kit.mu2e.primaries import Source, open_file

__all__ = ["Lists", "Piece", "Reader", "window_edges"]

IntArray = npt.NDArray[np.int64]

LEAST, MOST = 50_000, 250_000  # entries of a window, about
FORGET = 25_000  # entries that are used up before the rest is copied, so that they take no more memory


class Lists(NamedTuple):
    """A jagged column: the items of entry i are ``content[offsets[i]:offsets[i + 1]]``."""

    offsets: IntArray
    content: npt.NDArray[Any]


class Piece(NamedTuple):
    """Part of the entries asked for: from `start` to `stop`, they are at `which` of the window's `values`."""

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

    Raises
    ------
    FormatError
        If the file is another one than was planned with, or a branch is damaged.
    """

    def __init__(self, source: Source, columns: Sequence[Column]) -> None:
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
        self._edges = window_edges(self._tree.common_entry_offsets())
        self._first = self._last = 0
        self._values: dict[str, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, and forget the window."""
        self._values = {}
        self._stack.close()

    def pieces(self, entries: IntArray) -> Iterator[Piece]:
        """Yield the values of rising `entries`, window by window."""
        at = 0
        while at < len(entries):
            self._move_to(int(entries[at]))
            stop = int(np.searchsorted(entries, self._last))
            here = entries[at:stop]
            begin, end = int(here[0]) - self._first, int(here[-1]) + 1 - self._first
            which = slice(begin, end) if end - begin == len(here) else here - self._first
            yield Piece(at, stop, self._values, which)
            at = stop
            if end >= FORGET:
                self._forget(end)

    def _forget(self, used: int) -> None:
        """Let go of the first `used` entries of the window: readers of many processes are open at a time."""
        if any(column.kind == "nested" for column in self.columns):
            return
        self._values = {name: _rest(values, used) for name, values in self._values.items()}
        self._first += used

    def _move_to(self, entry: int) -> None:
        if self._first <= entry < self._last:
            return
        window = int(np.searchsorted(self._edges, entry, side="right")) - 1
        if not 0 <= window < len(self._edges) - 1:
            message = f"{self.source.path}: {self.source.tree} has no entry {entry}, only {self._edges[-1]}"
            raise FormatError(message)
        self._values = {}  # before the next ones are read
        self._first, self._last = int(self._edges[window]), int(self._edges[window + 1])
        self._values = self._read(self._first, self._last)

    def _read(self, first: int, last: int) -> dict[str, Any]:
        import uproot

        values: dict[str, Any] = {}
        branches: dict[str, list[Column]] = {}
        for column in self.columns:
            branches.setdefault(column.branch, []).append(column)
        for name, columns in branches.items():
            try:
                branch = self._tree[name]
                # structures of plain numbers come as one array; classes would come as Python objects
                library = "np" if type(branch.interpretation) is uproot.AsDtype else "ak"
                read = branch.array(library=library, entry_start=first, entry_stop=last, array_cache=None)
            except Exception as fault:  # noqa: BLE001 - damage shows itself in many ways
                where = f"{self.source.path}: {self.source.tree}: {name}"
                message = f"{where} cannot be read at entries {first} to {last} ({fault})"
                raise FormatError(message) from None
            for column in columns:
                values[column.name] = _arrays(column, value_of(column, read))
        return values


def window_edges(offsets: Sequence[int]) -> IntArray:
    """Return where windows begin: at ends of baskets, near enough to be held and far enough to be worth it."""
    edges = [0]
    for offset in offsets[1:]:
        gap = offset - edges[-1]
        if gap > MOST:
            parts = -(-gap // MOST)
            edges += [edges[-1] + gap * part // parts for part in range(1, parts)]
        if gap >= LEAST or offset == offsets[-1]:
            edges.append(offset)
    return np.array(edges, np.int64)


def _rest(values: Any, used: int) -> Any:
    """Return a copy of what follows the first `used` entries."""
    if not isinstance(values, Lists):
        return values[used:].copy()
    first = values.offsets[used]
    return Lists(values.offsets[used:] - first, values.content[first:].copy())


def _arrays(column: Column, values: Any) -> Any:
    """Return what was read of a column as plain arrays; nested ones stay as they are."""
    if column.kind == "flat":
        return values if isinstance(values, np.ndarray) else values.to_numpy()
    if column.kind == "nested":
        return values
    layout = values.layout.to_ListOffsetArray64(True)
    content = layout.content.to_packed() if not hasattr(layout.content, "data") else layout.content
    return Lists(np.asarray(layout.offsets), np.asarray(content.data))
