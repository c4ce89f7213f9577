"""Calibrations of several analyses in one tree: they have to hold together.

A trim brings channels to a target at the reference voltage at which it was scanned, and at no other. Where the
voltage that an analysis finds is not that of the trim's scan, only one of the two can stand: the one that was
scanned later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.distillates import LEAVE, Distillate
from kit.hgcroc.calibration.tabulation import Table

__all__ = ["NEEDS", "agreed", "in_force"]

IntArray = npt.NDArray[np.int64]

# which voltages the result of an analysis holds for, and who finds those
NEEDS: dict[str, dict[str, str]] = {
    "noinv_vref": {"Inv_vref": "inv_vref"},
    "trim_inv": {"Inv_vref": "inv_vref", "Noinv_vref": "noinv_vref"},
    "trim_toa": {"Toa_vref": "toa_vref"},
    "trim_tot": {"Tot_vref": "tot_vref"},
}
VOLTAGES = "ReferenceVoltage"


def in_force(table: Table, name: str) -> IntArray:
    """Return a reference voltage of all points of a table, shape (chips, 2); `LEAVE` where it was stepped."""
    values = np.full(2 * table.chips, LEAVE, np.int64)
    for half in range(len(values)):
        seen = np.unique(table[name][:, table.group == half])
        if len(seen) == 1:
            values[half] = seen[0]
    return values.reshape(-1, 2)


def agreed(found: Mapping[str, Distillate], tables: Sequence[Table]) -> dict[str, Distillate]:
    """Return distillates whose registers hold together, with a remark where one had to give way.

    Parameters
    ----------
    found : mapping of str to Distillate
        By analysis.
    tables : sequence of Table
        All scans in the order in which they were measured.
    """
    place = {source: k for k, table in enumerate(tables) for source in table.sources}
    made = dict(found)
    for name, needs in NEEDS.items():
        if name not in found or not found[name].registers:
            continue
        mine = place[found[name].sources[-1]]
        for register, finder in needs.items():
            wanted = made[finder].registers.get((VOLTAGES, register)) if finder in made else None
            if wanted is None:
                continue
            there = in_force(tables[mine], register)
            other = (there != LEAVE) & (wanted != LEAVE) & (there != wanted)
            if not other.any():
                continue
            chip, half = (int(k) for k in np.argwhere(other)[0])
            told = (
                f"{name} was scanned at {register} {there[chip, half]} (half {half} of chip {chip}), "
                f"{finder} finds {wanted[chip, half]}"
            )
            if place[found[finder].sources[-1]] < mine:
                kept = {**made[finder].registers, (VOLTAGES, register): np.where(other, there, wanted)}
                made[finder] = _given_way(made[finder], kept, f"{told}: all calibrations together keep the former")
            else:
                made[name] = _given_way(made[name], {}, f"{told} later: {name} has to be scanned again")
                break
    return made


def _given_way(found: Distillate, registers: Mapping[tuple[str, str], IntArray], told: str) -> Distillate:
    return replace(found, registers=dict(registers), remarks=(*found.remarks, told))
