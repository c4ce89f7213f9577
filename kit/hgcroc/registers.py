"""What messages do to the registers of a board: trees become leaves, HalfWise ones spread, few writes suffice.

HalfWise registers are kept as registers and, when written, set the channels of their half.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import wording
from kit.hgcroc.layout import BLOCKS, BOARDS, Board, half_of
from kit.hgcroc.register_names import Path, RegisterError, RegisterNames, Tree, frozen, nearest

__all__ = ["Path", "RegisterError", "RegisterTable", "Tree", "register_table"]

IntArray = npt.NDArray[np.int64]


class RegisterTable(RegisterNames):
    """All registers of a board, and what messages do to them; make it with `register_table`."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
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
        return frozen(spread)

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
                    faults.append(((*spot, name), f"there is no register {name!r}{nearest(name, list(names))}"))
                elif fault := self.value_fault(first + place, leaf, check_ranges=check_ranges):
                    faults.append(((*spot, name), fault))
                else:
                    index.append(first + place)
                    value.append(int(leaf))
        if faults:
            raise RegisterError(list(dict.fromkeys(faults)))
        return np.array(index, dtype=np.int64), np.array(value, dtype=np.int64)

    def _blocks(
        self, tree: Tree, faults: list[tuple[Path, str]]
    ) -> Iterator[tuple[Path, Path, Mapping[Any, Any]]]:
        """Yield where a block stands in the tree, its path in the table and what is below it."""
        for label, roc_tree in _items((), tree, faults):
            rocs = self.rocs_named(label)
            if not rocs:
                faults.append(((label,), f"there is no ROC {label!r}{nearest(label, self.rocs)}"))
                continue
            spot: Path = (label,)
            if isinstance(roc_tree, dict) and list(roc_tree) == ["sc"]:
                spot, roc_tree = (label, "sc"), roc_tree["sc"]
            for block, block_tree in _items(spot, roc_tree, faults):
                if block not in BLOCKS:
                    faults.append(((*spot, block), f"there is no block {block!r}{nearest(block, list(BLOCKS))}"))
                    continue
                for word, below in _items((*spot, block), block_tree, faults):
                    here = (*spot, block, word)
                    numbers = self._numbers(block, word, here, faults)
                    below = dict(_items(here, below, faults))
                    yield from ((here, (roc, block, number), below) for roc in rocs for number in numbers)

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
