"""The registers that matter to a chip's response, picked from a state of the board as arrays over its channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kit.hgcroc.emulator.truth import CALIBRATION, CHANNELS, COMMON_MODE, TOTAL
from kit.hgcroc.registers import RegisterTable, register_table

__all__ = ["ChipSettings"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ChipSettings:
    """A state of the board, asked by name.

    Attributes
    ----------
    state : ndarray of int64, shape (ROC, registers of a ROC)
    board : str
        ``ld``, ``hd`` or ``char``.
    """

    state: IntArray
    board: str

    @classmethod
    def of(cls, table: RegisterTable, state: IntArray) -> ChipSettings:
        """Return the settings in a state of a whole board."""
        return cls(state.reshape(len(table.rocs), -1), table.board.name)

    @property
    def rocs(self) -> int:
        """Return how many ROCs the board has."""
        return len(self.state)

    def channel(self, name: str) -> IntArray:
        """Return a channel register, shape (ROC, half, 39)."""
        return self.state[:, _channel_places(self.board, name)]

    def half(self, block: str, name: str) -> IntArray:
        """Return a register of the halves, shape (ROC, half)."""
        return self.state[:, _half_places(self.board, block, name)]

    def top(self, name: str) -> IntArray:
        """Return a register of Top, shape (ROC,)."""
        table = register_table(self.board)
        return self.state[:, table.index_of((table.rocs[0], "Top", 0, name))]


@cache
def _channel_places(board: str, name: str) -> IntArray:
    table = register_table(board)
    places = np.empty((2, TOTAL), dtype=np.int64)
    for half in range(2):
        numbers = [("ch", half * CHANNELS + channel) for channel in range(CHANNELS)]
        numbers.insert(CALIBRATION, ("calib", half))
        numbers[COMMON_MODE[0] :] = [("cm", 2 * half), ("cm", 2 * half + 1)]
        places[half] = [table.index_of((table.rocs[0], *number, name)) for number in numbers]
    return places


@cache
def _half_places(board: str, block: str, name: str) -> IntArray:
    table = register_table(board)
    return np.array([table.index_of((table.rocs[0], block, half, name)) for half in range(2)])
