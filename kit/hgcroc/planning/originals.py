"""The same scan as the two originals would send it: patches, numbers and names of their files, leaf for leaf."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.hgcroc.planning.axes import LEFT_ALONE
from kit.hgcroc.planning.expansion import diff, leaves_of
from kit.hgcroc.planning.scan import Plan

__all__ = ["Step", "expand", "merged_files"]

IntArray = npt.NDArray[np.int64]
ABSENT = -1  # a register that no file has named so far


@dataclass(frozen=True)
class Step:
    """A point as an original counts, names and sends it."""

    point: int
    values: list[Any]
    number: int
    file: str
    patch: dict[str, Any]

    @property
    def writes(self) -> int:
        """Number of leaves of the patch."""
        return sum(1 for _ in leaves_of(self.patch))


def expand(plan: Plan, dialect: Literal["0.1.2", "1.0.15"]) -> Iterator[Step]:
    """Yield all points in scan order with the patch that an original sends for each.

    1.0.15 sends what differs from the point before (at first: from the initial state), 0.1.2 what differs from
    the power-on file.
    """
    default = _laid(plan, np.full(plan.table.size, ABSENT), ("default",))
    base = _laid(plan, default.copy(), ("init", "override", "calibration"))
    before, settings = (default, {}) if dialect == "0.1.2" else (base, plan.programs)
    digits = max(1, math.ceil(math.log10(max(len(plan), 1))))
    for point in range(len(plan)):
        state = _state(plan, base, point)
        changed = np.flatnonzero((state != ABSENT) & (state != before))
        patch = {"target": plan.table.tree(changed, state[changed])} if len(changed) else {}
        number, file = point + len(plan.axes) - 1, ""
        if dialect == "0.1.2":
            file = f"{plan.procedure.name}{number}-data.hdf5"
        else:
            now = plan.settings(point)
            patch |= diff(settings, now)
            before, settings, number = state, now, point
            file = f"run_{point:0{digits}}_config.yaml"
        yield Step(point, plan.values(point), number, file, patch)


def _laid(plan: Plan, state: IntArray, kinds: Sequence[str]) -> IntArray:
    for layer in plan.layers:
        if layer.kind in kinds:
            state[layer.index] = layer.value
    return state


def _state(plan: Plan, base: IntArray, point: int) -> IntArray:
    """Return the tree of a point, as written: HalfWise registers do not spread in a file."""
    state = base.copy()
    _, *steps = plan.digits(point)
    for axis, step in zip(plan.axes, steps, strict=True):
        row = axis.settings[step]
        state[axis.index[row != LEFT_ALONE]] = row[row != LEFT_ALONE]
    return state


def merged_files(lengths: Sequence[int], number: int = 0) -> dict[str, list[int]]:
    """Return the merged files of 0.1.2 for axes of these lengths, and the numbers of the measurements in each.

    The scan has number 0; part i of a scan with number n has n + 1 + i times the points of a part.
    """
    if not lengths:
        return {}
    below = math.prod(lengths[1:])
    if len(lengths) == 1:
        numbers = [number + place for place in range(lengths[0])]
        return {f"{number}merged.hdf5": numbers}
    parts = [merged_files(lengths[1:], number + 1 + place * below) for place in range(lengths[0])]
    numbers = [entry for part in parts for entry in next(iter(part.values()))]
    files = {f"{number}merged.hdf5": numbers}
    for part in parts:
        files |= part
    return files
