"""The registers of a board: names, ranges, values after reset, and what a message does to them.

A register has a path (ROC, block, number, name) and an index; a state of the board is one array over the indices.
Within a ROC the blocks follow each other as in `BLOCKS`, within a block the numbers, within a number the names in
ASCII order. HalfWise registers are kept as registers and, when written, set the channels of their half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import wording
from kit.hgcroc.layout import BLOCKS, BOARDS, CHANNEL_BLOCKS, Board, Register, half_of, register_kinds

__all__ = ["Path", "RegisterError", "RegisterTable", "Tree", "register_table"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Path = tuple[Any, ...]  # ROC, block, number, name
Tree = dict[Any, Any]


class RegisterError(ValueError):
    """Names or values that the board does not have; `faults` holds each with the path it stands at."""

    def __init__(self, faults: Sequence[tuple[Path, str]]) -> None:
        self.faults = list(faults)
        super().__init__("\n".join(f"{_dotted(path)}: {text}" for path, text in self.faults))


class RegisterTable:
    """All registers of a board; make it with `register_table`.

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
        self.maximum = _frozen([r.maximum for _, r in rows])
        self.reset = _frozen([r.reset for _, r in rows])
        self.half = _frozen([half_of(path[1], path[2]) for path in self._paths])
        self.read_only: BoolArray = np.array([r.read_only for _, r in rows])
        self._spread = self._make_spread()

    def _make_spread(self) -> IntArray:
        """Return for each register the HalfWise register that sets it, or -1."""
        spread = np.full(self.size, -1)
        names = len(self._names["ch"])
        for roc in self.rocs:
            source = self._first[roc, "HalfWise"]
            for block in ("ch", "calib", "cm"):
                first, count = self._first[roc, block], BLOCKS[block]
                for number in range(count):
                    start = source + half_of(block, number) * names
                    spread[first + number * names : first + (number + 1) * names] = range(start, start + names)
        return _frozen(spread)

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
        return _dotted(self._paths[index])

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
                return f"there is no {level} {word!r}{_nearest(word, known)}"
        return None if len(path) <= 4 else f"{_dotted(path[:4])} is a register and has nothing below it"

    def leaves(self, tree: Tree, *, check_ranges: bool = True) -> tuple[IntArray, IntArray]:
        """Return indices and values of the leaves of a tree, in its order.

        Parameters
        ----------
        tree : dict
            ``{roc: {block: {number: {name: value}}}}``; also with a level ``sc`` below the ROC, ``all`` in place
            of a number and the beginning of several ROC names.
        check_ranges : bool
            Whether a value above the register's maximum is a fault.

        Raises
        ------
        RegisterError
            With all faults: names that are not known, values that are no whole number or out of range.
        """
        faults: list[tuple[Path, str]] = []
        index: list[int] = []
        value: list[int] = []
        for spot, path, below in self._blocks(tree, faults):
            names, first = self._names[path[1]], self.columns(*path).start
            for name, leaf in below.items():
                place = names.get(name)
                if place is None:
                    faults.append(((*spot, name), f"there is no register {name!r}{_nearest(name, list(names))}"))
                elif fault := self.value_fault(first + place, leaf, check_ranges=check_ranges):
                    faults.append(((*spot, name), fault))
                else:
                    index.append(first + place)
                    value.append(int(leaf))
        if faults:
            raise RegisterError(list(dict.fromkeys(faults)))
        return np.array(index, dtype=np.int64), np.array(value, dtype=np.int64)

    def value_fault(self, index: int, value: Any, *, check_ranges: bool = True) -> str | None:
        """Return what is wrong with the value of a register, None for nothing."""
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
            return f"is {wording.short(repr(value))}, should be a whole number from 0 to {self.maximum[index]}"
        if value < 0 or (check_ranges and value > self.maximum[index]):
            return f"is {value}, should be from 0 to {self.maximum[index]}"
        return None

    def _blocks(
        self, tree: Tree, faults: list[tuple[Path, str]]
    ) -> Iterator[tuple[Path, Path, Mapping[Any, Any]]]:
        """Yield where a block stands in the tree, its path in the table and what is below it."""
        for label, roc_tree in _items((), tree, faults):
            rocs = self.rocs_named(label)
            if not rocs:
                faults.append(((label,), f"there is no ROC {label!r}{_nearest(label, self.rocs)}"))
                continue
            spot: Path = (label,)
            if isinstance(roc_tree, dict) and list(roc_tree) == ["sc"]:
                spot, roc_tree = (label, "sc"), roc_tree["sc"]
            for block, block_tree in _items(spot, roc_tree, faults):
                if block not in BLOCKS:
                    faults.append(((*spot, block), f"there is no block {block!r}{_nearest(block, list(BLOCKS))}"))
                    continue
                for word, below in _items((*spot, block), block_tree, faults):
                    here = (*spot, block, word)
                    numbers = self._numbers(block, word, here, faults)
                    below = dict(_items(here, below, faults))
                    yield from ((here, (roc, block, number), below) for roc in rocs for number in numbers)

    def rocs_named(self, label: Any) -> tuple[str, ...]:
        """Return the ROC of this name, or all whose names begin with it."""
        if label in self.rocs:
            return (label,)
        return tuple(roc for roc in self.rocs if isinstance(label, str) and label and roc.startswith(label))

    @staticmethod
    def _numbers(block: str, word: Any, spot: Path, faults: list[tuple[Path, str]]) -> Sequence[int]:
        known = range(BLOCKS[block])
        if word == "all":
            return known
        number = int(word) if isinstance(word, str) and word.isdecimal() else word
        if isinstance(number, bool) or number not in known:
            faults.append((spot, f"there is no number {word!r}, should be from 0 to {len(known) - 1} or all"))
            return ()
        return (int(number),)

    def tree(self, index: npt.ArrayLike, value: npt.ArrayLike) -> Tree:
        """Return a tree with a leaf for each index, sorted by index; the last of several values counts."""
        leaves = dict(zip(np.asarray(index).tolist(), np.asarray(value).tolist(), strict=True))
        tree: Tree = {}
        for (roc, block, number), group in groupby(sorted(leaves), lambda place: self._paths[place][:3]):
            below = {self._paths[place][3]: leaves[place] for place in group}
            tree.setdefault(roc, {}).setdefault(block, {})[number] = below
        return tree

    def write(self, state: IntArray, index: npt.ArrayLike, value: npt.ArrayLike) -> None:
        """Do to `state`, in place, what one message with these leaves does to the chips."""
        place, number = np.asarray(index, dtype=np.int64), np.asarray(value, dtype=np.int64)
        writable = ~self.read_only[place]
        place, number = place[writable], number[writable]
        targets, values = self.spread(place, number)
        state[targets] = values
        state[place] = number

    def spread(self, index: IntArray, value: IntArray) -> tuple[IntArray, IntArray]:
        """Return the channel registers that the HalfWise ones among `index` set, and their values."""
        source = np.full(self.size, -1)
        source[index] = np.arange(len(index))
        from_half = np.where(self._spread >= 0, source[self._spread], -1)
        targets = np.flatnonzero(from_half >= 0)
        return targets, value[from_half[targets]]

    def writes(self, now: IntArray, wanted: IntArray) -> IntArray:
        """Return the indices of the smallest message that leads from state `now` to state `wanted`, rising.

        A HalfWise register that has to change takes its channels along: those that shall be otherwise are in the
        message as well, the others need not be.
        """
        changed = (now != wanted) & ~self.read_only
        taken = (self._spread >= 0) & changed[self._spread]
        there = np.where(taken, wanted[self._spread], now)
        return np.flatnonzero(np.where(taken, there != wanted, changed))

    def count_writes(self, index: IntArray, now: IntArray, wanted: IntArray) -> IntArray:
        """Return how many registers the smallest message writes, for many pairs of states at once.

        Parameters
        ----------
        index : ndarray of int64, shape (k,)
            Registers that may differ, once each; with a HalfWise one also all that follow it.
        now, wanted : ndarray of int64, shape (n, k)
            Their values.
        """
        changed = (now != wanted) & ~self.read_only[index]
        place = np.full(self.size + 1, -1)
        place[index] = np.arange(len(index))
        source = place[self._spread[index]]  # -1 leads to the last place, which is none
        follow = np.flatnonzero(source >= 0)
        taken = changed[:, source[follow]]
        there = np.where(taken, wanted[:, source[follow]], now[:, follow])
        changed[:, follow] = np.where(taken, there != wanted[:, follow], changed[:, follow])
        return np.asarray(changed.sum(axis=1))

    def describe(self, limits: IntArray | None = None) -> Tree:
        """Return lowest and highest value of every register, as a board's slow control tells them.

        The highest are those of the table, where no `limits` are given.
        """
        ranges = [{"min": 0, "max": int(top)} for top in (self.maximum if limits is None else limits)]
        tree: Tree = {}
        for (roc, block, number, name), ends in zip(self._paths, ranges, strict=True):
            tree.setdefault(roc, {}).setdefault(block, {}).setdefault(number, {})[name] = ends
        return {self.board.described: tree}


@cache
def register_table(board: str = "ld") -> RegisterTable:
    """Return the table of a board, made once: ``ld`` (3 ROCs), ``hd`` (6) or ``char`` (1)."""
    return RegisterTable(BOARDS[board])


def _items(spot: Path, tree: Any, faults: list[tuple[Path, str]]) -> Iterable[tuple[Any, Any]]:
    if isinstance(tree, Mapping):
        return tree.items()
    if tree is not None:  # an empty branch says nothing
        faults.append((spot, f"is {wording.short(repr(tree))}, should be a map"))
    return ()


def _nearest(word: Any, known: Sequence[Any]) -> str:
    if isinstance(known, range):
        return f", should be from 0 to {len(known) - 1}"
    if near := wording.suggestion(str(word), [str(name) for name in known]):
        return near
    return f", should be one of {', '.join(map(str, known))}" if len(known) < 12 else ""


def _dotted(path: Iterable[Any]) -> str:
    return ".".join(map(str, path))


def _frozen(values: npt.ArrayLike) -> IntArray:
    array = np.asarray(values, dtype=np.int64)
    array.flags.writeable = False
    return array
