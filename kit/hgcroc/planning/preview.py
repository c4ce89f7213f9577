"""What a plan would do: the points in the order of measurement, what is written before each, and the cost."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.planning.dryrun import Cost, count_writes, dry_run, order_of
from kit.hgcroc.planning.from_parameters import keeps_events
from kit.hgcroc.planning.scan import Plan

__all__ = ["Preview", "Step", "chain_words", "preview_of"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Step:
    """A point: its place in the order, its number, its values, and how many registers are written before it."""

    place: int
    point: int
    values: list[Any]
    writes: int


@dataclass(frozen=True)
class Preview:
    """A plan in its order.

    Attributes
    ----------
    plan : Plan
    order : ndarray of int64, shape (points,)
        The points as they are measured.
    cost : Cost
        Of all of it.
    """

    plan: Plan
    order: IntArray
    cost: Cost

    @property
    def words(self) -> str:
        """The cost in one line."""
        cost = self.cost
        return (
            f"{cost.points} points, {cost.setup} + {cost.writes} register writes, about {_duration(cost.seconds)} "
            f"on an emulated board, {cost.megabytes:.3g} MB"
        )

    def steps(self, first: int, count: int) -> list[Step]:
        """Return some points of the order."""
        initial = self.plan.initial(self.plan.table.reset)
        part = self.order[max(first - 1, 0) : first + count]
        writes = count_writes(self.plan, part, initial)
        if first == 0 and len(self.order):
            writes = np.concatenate([[self.cost.setup], writes])
        chosen = self.order[first : first + count]
        return [
            Step(first + k, int(point), self.plan.values(int(point)), int(writes[k]))
            for k, point in enumerate(chosen)
        ]

    def room(self, folder: Path) -> str:
        """Return what is to be said of the disk, nothing where it has room enough."""
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free / 1e6
        return "" if free > self.cost.megabytes else f"the disk has {free:.3g} MB left, too little for this scan"


def preview_of(p: AcquisitionParameters, plan: Plan) -> Preview:
    """Return a plan in the order that the parameters ask for, with its cost."""
    order = order_of(plan, p.order, p.seed)
    return Preview(plan, order, dry_run(plan, order, events=keeps_events(p, plan)))


def chain_words(previews: Sequence[Preview]) -> str:
    """Return in one line what scans cost that are measured one after the other."""
    costs = [each.cost for each in previews]
    points, seconds, size = (
        sum(getattr(cost, name) for cost in costs) for name in ("points", "seconds", "megabytes")
    )
    return (
        f"{len(costs)} scans, {points} points, about {_duration(seconds)} on an emulated board, {size:.3g} MB; "
        "each with the calibrations that those before it have found"
    )


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
