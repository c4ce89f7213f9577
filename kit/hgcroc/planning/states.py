"""The registers at every point of a scan, from one base state and the axes: nothing is kept for a point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from kit.hgcroc.planning.axes import LEFT_ALONE
from kit.hgcroc.registers import RegisterTable, register_table
from kit.hgcroc.summaries import ROW_KINDS

__all__ = ["States", "row_registers"]

IntArray = npt.NDArray[np.int64]
# where an unqualified name is looked for; the channel's own registers stand for ch, calib and cm
SEARCH = ("ch", "DigitalHalf", "GlobalAnalog", "MasterTdc", "ReferenceVoltage", "Top")


@dataclass(frozen=True)
class States:
    """All registers at all points.

    Attributes
    ----------
    base : ndarray of int64, shape (size,)
        The state under the axes.
    lengths : tuple of int
        Repeats, then the steps of each axis.
    axes : list of (index, settings)
        For each axis the registers that change, shape (k,), and their values, shape (steps, k).
    differences : ndarray of int64, shape (n, 3)
        Point, register and value where the board was read to be otherwise.
    """

    base: IntArray
    lengths: tuple[int, ...]
    axes: list[tuple[IntArray, IntArray]]
    differences: IntArray = field(default_factory=lambda: np.empty((0, 3), np.int64))

    def steps(self, points: npt.ArrayLike) -> tuple[npt.NDArray[np.intp], ...]:
        """Return the steps of the axes at some points."""
        return np.unravel_index(np.asarray(points), self.lengths)[1:]

    def state(self, point: int) -> IntArray:
        """Return all registers at a point."""
        state = self.base.copy()
        for (index, settings), step in zip(self.axes, self.steps(point), strict=True):
            row = settings[step]
            state[index[row != LEFT_ALONE]] = row[row != LEFT_ALONE]
        found = self.differences[self.differences[:, 0] == point]
        state[found[:, 1]] = found[:, 2]
        return state

    def columns(self, index: IntArray, points: npt.ArrayLike) -> IntArray:
        """Return some registers at some points, shape (points, registers).

        The array is a view of the base state where no axis touches them.
        """
        points = np.asarray(points)
        table: IntArray = np.broadcast_to(self.base[index], (len(points), len(index)))
        for (changed, settings), step in zip(self.axes, self.steps(points), strict=True):
            place = np.full(len(self.base), -1)
            place[changed] = np.arange(len(changed))
            own = np.flatnonzero(place[index] >= 0)
            if len(own):
                kinds, which = np.unique(place[index[own]], return_inverse=True)
                values = settings[np.ix_(step, kinds)][:, which]  # few registers stand behind many rows
                table = table if table.flags.writeable else table.copy()
                table[:, own] = np.where(values != LEFT_ALONE, values, table[:, own])
        return self._with_differences(table, index, points)

    def _with_differences(self, table: IntArray, index: IntArray, points: IntArray) -> IntArray:
        known = np.isin(self.differences[:, 0], points) & np.isin(self.differences[:, 1], index)
        for point, register, value in self.differences[known]:
            table = table if table.flags.writeable else table.copy()
            table[np.ix_(points == point, index == register)] = value
        return table


def row_registers(table: RegisterTable, name: str, search: Sequence[str] = SEARCH) -> IntArray:
    """Return for each row of a measurement the register that a column name means.

    Parameters
    ----------
    table : RegisterTable
        The board.
    name : str
        ``Calib``, or with its block, ``Top.EN_REF_BG``; `ch` stands for ch, calib and cm.
    search : sequence of str
        Blocks in which a name without one is looked for.

    Raises
    ------
    KeyError
        If no block has it.
    """
    return _row_registers(table.board.name, name, tuple(search))


@cache
def _row_registers(board: str, name: str, search: tuple[str, ...]) -> IntArray:
    table = register_table(board)
    block, dot, word = name.rpartition(".")
    blocks = (block,) if dot else search
    found = next((block for block in blocks if block in SEARCH and word in table.names(block)), None)
    if found is None:
        message = f"{name} is no register of a channel, its half or its chip"
        raise KeyError(message)
    rows = []
    for roc in table.rocs:
        for kind, count, _ in ROW_KINDS:
            for number in range(count):
                half = number // (count // 2)
                path = {"ch": (kind, number), "Top": ("Top", 0)}.get(found, (found, half))
                rows.append(table.index_of((roc, *path, word)))
    index = np.array(rows)
    index.flags.writeable = False
    return index
