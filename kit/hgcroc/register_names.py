"""The registers of a board: names and places, ranges, values after reset.

A register has a path (ROC, block, number, name) and an index; a state of the board is one array over the indices.
Within a ROC the blocks follow each other as in `BLOCKS`, within a block the numbers, within a number the names in
ASCII order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import wording
from kit.hgcroc.layout import BLOCKS, CHANNEL_BLOCKS, Board, Register, half_of, register_kinds

__all__ = ["Path", "RegisterError", "RegisterNames", "Tree", "dotted", "frozen", "nearest"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Path = tuple[Any, ...]  # ROC, block, number, name
Tree = dict[Any, Any]


class RegisterError(ValueError):
    """Names or values that the board does not have; `faults` holds each with the path it stands at."""

    def __init__(self, faults: Sequence[tuple[Path, str]]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(f"{dotted(path)}: {text}" for path, text in self.faults))


class RegisterNames:
    """The registers of a board: where each stands, what it is called, which values it can hold.

    Attributes
    ----------
    board : Board
        Which board.
    size : int
        Number of registers.
    maximum, reset : ndarray of int64, shape (size,)
        Highest value (the lowest is 0) and value after reset.
    read_only : ndarray of bool, shape (size,)
        Status registers: writing has no effect, comparing no sense.
    half : ndarray of int64, shape (size,)
        0 or 1; -1 for the registers of Top.
    """

    def __init__(self, board: Board) -> None:
        self.board, self.rocs = board, board.rocs
        kinds = register_kinds()
        rows: list[tuple[Path, Register]] = []
        self._first: dict[tuple[str, str], int] = {}  # ROC and block: index of the first register
        self._names = {
            block: {r.name: k for k, r in enumerate(kinds["channel" if block in CHANNEL_BLOCKS else block])}
            for block in BLOCKS
        }
        for roc in self.rocs:
            for block, count in BLOCKS.items():
                self._first[roc, block] = len(rows)
                kind = kinds["channel" if block in CHANNEL_BLOCKS else block]
                rows += [((roc, block, number, r.name), r) for number in range(count) for r in kind]
        self._paths = [path for path, _ in rows]
        self.size = len(rows)
        self.maximum = frozen([r.maximum for _, r in rows])
        self.reset = frozen([r.reset for _, r in rows])
        self.half = frozen([half_of(path[1], path[2]) for path in self._paths])
        self.read_only: BoolArray = np.array([r.read_only for _, r in rows])

    def index_of(self, path: Iterable[Any]) -> int:
        """Return the index of a register.

        Raises
        ------
        RegisterError
            With the nearest names, if the board has none at this path.
        """
        path = tuple(path)
        if fault := self.fault_of(path):
            raise RegisterError([(path, fault)])
        roc, block, number, name = path
        names = self._names[block]
        return int(self._first[roc, block] + number * len(names) + names[name])

    def path_of(self, index: int) -> Path:
        """Return ROC, block, number and name of a register."""
        return self._paths[index]

    def text_of(self, index: int) -> str:
        """Return the path as text, such as ``roc_s0.ReferenceVoltage.1.Calib``."""
        return dotted(self._paths[index])

    def names(self, block: str) -> list[str]:
        """Return the names of the registers of a block, in the order of their indices."""
        return list(self._names[block])

    def columns(self, roc: str, block: str, number: int) -> slice:
        """Return where the registers of one block stand."""
        first = self._first[roc, block] + number * len(self._names[block])
        return slice(first, first + len(self._names[block]))

    def fault_of(self, path: Path) -> str | None:
        """Return what is wrong with a path or the beginning of one, None for nothing."""
        levels: list[Sequence[Any]] = [self.rocs, list(BLOCKS)]
        if len(path) > 1 and path[1] in BLOCKS:
            levels += [range(BLOCKS[path[1]]), list(self._names[path[1]])]
        for level, word, known in zip(("ROC", "block", "number", "register"), path, levels, strict=False):
            if isinstance(word, bool) or word not in known:
                return f"there is no {level} {word!r}{nearest(word, known)}"
        return None if len(path) <= 4 else f"{dotted(path[:4])} is a register and has nothing below it"

    def value_fault(self, index: int, value: Any, *, check_ranges: bool = True) -> str | None:
        """Return what is wrong with the value of a register, None for nothing."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
            return f"is {wording.short(repr(value))}, should be a whole number from 0 to {self.maximum[index]}"
        if value < 0 or (check_ranges and value > self.maximum[index]):
            return f"is {value}, should be from 0 to {self.maximum[index]}"
        return None

    def rocs_named(self, label: Any) -> tuple[str, ...]:
        """Return the ROC of this name, or all whose names begin with it."""
        if label in self.rocs:
            return (label,)
        return tuple(roc for roc in self.rocs if isinstance(label, str) and label and roc.startswith(label))

    def tree(self, index: npt.ArrayLike, value: npt.ArrayLike) -> Tree:
        """Return a tree with a leaf for each index, sorted by index; the last of several values counts."""
        leaves = dict(zip(np.asarray(index).tolist(), np.asarray(value).tolist(), strict=True))
        tree: Tree = {}
        for (roc, block, number), group in groupby(sorted(leaves), lambda place: self._paths[place][:3]):
            below = {self._paths[place][3]: leaves[place] for place in group}
            tree.setdefault(roc, {}).setdefault(block, {})[number] = below
        return tree

    def describe(self, limits: IntArray | None = None) -> Tree:
        """Return lowest and highest value of every register, as a board's slow control tells them.

        The highest are those of the table, where no `limits` are given.
        """
        ranges = [{"min": 0, "max": int(top)} for top in (self.maximum if limits is None else limits)]
        tree: Tree = {}
        for (roc, block, number, name), ends in zip(self._paths, ranges, strict=True):
            tree.setdefault(roc, {}).setdefault(block, {}).setdefault(number, {})[name] = ends
        return {self.board.described: tree}


def nearest(word: Any, known: Sequence[Any]) -> str:
    """Return what there is instead of a word, to be put behind what is wrong with it."""
    if isinstance(known, range):
        return f", should be from 0 to {len(known) - 1}"
    if near := wording.suggestion(str(word), [str(name) for name in known]):
        return near
    return f", should be one of {', '.join(map(str, known))}" if len(known) < 12 else ""


def dotted(path: Iterable[Any]) -> str:
    """Return a path as text."""
    return ".".join(map(str, path))


def frozen(values: npt.ArrayLike) -> IntArray:
    """Return whole numbers that nobody changes."""
    array = np.asarray(values, dtype=np.int64)
    array.flags.writeable = False
    return array
