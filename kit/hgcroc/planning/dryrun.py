"""What a scan will cost before it is started: register writes, time, disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.hgcroc.planning.axes import LEFT_ALONE, Axis
from kit.hgcroc.planning.orders import LONGEST_TOUR, Order, make_order
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.registers import RegisterTable

__all__ = ["Cost", "count_writes", "dry_run", "order_of"]

IntArray = npt.NDArray[np.int64]

BLOCK = 1 << 22  # numbers of a comparison held at once
# what a point takes besides its registers; measured with 1000 events on the emulated LD board, over its sockets
SECONDS_POINT, SECONDS_EVENT, SECONDS_WRITE = 0.012, 3e-5, 2e-5
ROWS = 78  # of a chip
SUMMARY_BYTES, EVENT_BYTES = 46, 3.0  # of a row and point; of a row and event, compressed


@dataclass(frozen=True)
class Cost:
    """What a scan costs.

    Attributes
    ----------
    points : int
        Measurements.
    setup, writes : int
        Register writes before the first point, from the reset state, and between the points.
    seconds, megabytes : float
        Time of an emulated board and size of the file, about.
    """

    points: int
    setup: int
    writes: int
    seconds: float
    megabytes: float


def dry_run(plan: Plan, order: IntArray, *, events: bool = False, device: IntArray | None = None) -> Cost:
    """Return what a scan costs in an order; `events` tells whether every single event is kept."""
    device = plan.table.reset if device is None else device
    initial = plan.initial(device)
    first = plan.states(initial).state(int(order[0])) if len(order) else initial
    setup = len(plan.table.writes(device, first))
    writes = int(count_writes(plan, order, initial).sum())
    n_events = plan.events() or 1000
    rows = ROWS * len(plan.table.rocs)
    seconds = len(order) * (SECONDS_POINT + n_events * SECONDS_EVENT) + (setup + writes) * SECONDS_WRITE
    size = len(order) * rows * (SUMMARY_BYTES + (n_events * EVENT_BYTES if events else 0))
    return Cost(len(order), setup, writes, seconds, size / 1e6)


def order_of(plan: Plan, kind: Order, seed: int = 1) -> IntArray:
    """Return the points in an order of measurement; see `orders.make_order`."""
    costs: list[IntArray | None] = [np.broadcast_to(np.int64(0), (plan.repeats, plan.repeats))]  # takes no room
    if kind == "minimal":
        initial = plan.initial(plan.table.reset)
        costs += [_costs(axis, plan.table, initial) for axis in plan.spread]
    return make_order(kind, plan.lengths, costs if kind == "minimal" else [None] * len(plan.lengths), seed)


def count_writes(plan: Plan, order: IntArray, initial: IntArray) -> IntArray:
    """Return how many registers the smallest messages between successive points of an order write.

    Returns
    -------
    ndarray of int64, shape (points - 1,)
    """
    axes, digits = plan.spread, plan.digits(order)[1:]
    touched = np.concatenate([np.empty(0, np.int64), *(axis.index for axis in axes)])
    if len(np.unique(touched)) < len(touched):
        return _count_all(plan, order, initial, np.unique(touched))
    counts = np.zeros(max(len(order) - 1, 0), np.int64)
    for axis, digit in zip(axes, digits, strict=True):
        changed = np.flatnonzero(digit[1:] != digit[:-1])
        steps = digit[:-1][changed].astype(np.int64) * len(axis) + digit[1:][changed]
        kinds, which = np.unique(steps, return_inverse=True)  # few kinds of steps, however many points
        counts[changed] += _count_steps(axis, plan.table, initial, kinds // len(axis), kinds % len(axis))[which]
    return counts


def _costs(axis: Axis, table: RegisterTable, initial: IntArray) -> IntArray | None:
    """Return the writes between all pairs of steps of an axis, None for a long one."""
    count = len(axis)
    if count > LONGEST_TOUR:
        return None
    before, after = (grid.ravel() for grid in np.mgrid[0:count, 0:count])
    return _count_steps(axis, table, initial, before, after).reshape(count, count)


def _count_steps(
    axis: Axis, table: RegisterTable, initial: IntArray, before: IntArray, after: IntArray
) -> IntArray:
    """Return the writes from steps `before` to steps `after` of an axis."""
    rows = np.where(axis.settings != LEFT_ALONE, axis.settings, initial[axis.index])
    counts = [
        table.count_writes(axis.index, rows[before[part]], rows[after[part]])
        for part in _parts(len(before), len(axis.index))
    ]
    return np.concatenate([np.empty(0, np.int64), *counts])


def _count_all(plan: Plan, order: IntArray, initial: IntArray, touched: IntArray) -> IntArray:
    """Return the writes where axes share registers: the states themselves are compared."""
    counts = []
    for part in _parts(len(order) - 1, len(touched)):
        points = order[part.start : part.stop + 1]
        states = plan.states(initial).columns(touched, points)
        counts.append(plan.table.count_writes(touched, states[:-1], states[1:]))
    return np.concatenate([np.empty(0, np.int64), *counts])


def _parts(count: int, width: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(width, 1))
    yield from (slice(start, min(start + step, count)) for start in range(0, count, step))
