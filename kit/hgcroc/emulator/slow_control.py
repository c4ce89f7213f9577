"""The program that writes and reads a board's registers, with the values that it remembers having written."""

from __future__ import annotations

from typing import Any

import numpy as np

from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.registers import Tree

__all__ = ["SlowControl"]


class SlowControl:
    """Both dialects' way to the registers.

    The cache holds what was written and what was read from the hardware: what befalls the chips is not in it.
    """

    def __init__(self, board: Hexaboard) -> None:
        self.board = board
        self._cache = board.state.copy()
        self._written = np.zeros(board.table.size, dtype=bool)

    def set(self, tree: Tree, *, read_back: bool = False) -> None:
        """Write a tree, whole or not at all.

        Raises
        ------
        RegisterError, NackError
            As from `Hexaboard.write`.
        """
        with self.board.lock:
            index, value = self.board.write(tree, check=read_back)
            before = self._cache.copy()
            self.board.table.write(self._cache, index, value)
            self._written |= before != self._cache
            self._written[index] = True

    def get(self, tree: Tree, *, from_hardware: bool) -> Tree:
        """Return the leaves of a tree with their values, from the chips or as remembered.

        Raises
        ------
        RegisterError
            For names that the board does not have.
        """
        with self.board.lock:
            index, _ = self.board.table.leaves(_zeroed(tree))
            if from_hardware:
                self._cache[index] = self.board.state[index]
            return self.board.table.tree(index, self._cache[index])

    def reset(self) -> None:
        """Reset the chips, and forget."""
        with self.board.lock:
            self.board.reset()
            self._cache[:] = self.board.table.reset
            self._written[:] = False

    def written_tree(self) -> Tree:
        """Return the leaves that were written since start or reset, with their remembered values."""
        index = np.flatnonzero(self._written)
        return self.board.table.tree(index, self._cache[index])


def _zeroed(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _zeroed(value) for key, value in tree.items()}
    return 0
