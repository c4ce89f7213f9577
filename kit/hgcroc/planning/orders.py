"""In which order the points of a scan are measured.

Points are numbered with the first axis slowest. An order is a permutation of these numbers; what is stored does
not depend on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Order", "make_order", "serpentine", "shortest_tour"]

IntArray = npt.NDArray[np.int64]
Order = Literal["scan", "serpentine", "random", "minimal"]

MOST_PERMUTED = 6  # axes; all their arrangements are looked at
LONGEST_TOUR = 512  # steps; a longer axis keeps its own order, equal steps apart


def make_order(kind: Order, lengths: Sequence[int], costs: Sequence[IntArray | None], seed: int) -> IntArray:
    """Return the points in the order of measurement.

    Parameters
    ----------
    kind : str
        ``scan``, ``serpentine``, ``random`` or ``minimal`` (few register writes).
    lengths : sequence of int
        Steps of each axis, the slowest first.
    costs : sequence of ndarray of int64, shape (steps, steps)
        For ``minimal``: registers to write from one step of an axis to another; None where the axis is too long
        to say, and each step is thought to cost the same.
    seed : int
        For ``random``.
    """
    count = int(np.prod(lengths, dtype=np.int64))
    if kind == "scan":
        return np.arange(count)
    if kind == "random":
        return np.random.default_rng(seed).permutation(count)
    if kind == "serpentine":
        return serpentine(lengths, range(len(lengths)), [np.arange(length) for length in lengths])
    tours = [
        shortest_tour(cost) if cost is not None else np.arange(length)
        for length, cost in zip(lengths, costs, strict=True)
    ]
    paths = [
        float(cost[tour[:-1], tour[1:]].sum()) if cost is not None else float(length - 1)
        for length, cost, tour in zip(lengths, costs, tours, strict=True)
    ]
    return serpentine(lengths, _cheapest_nesting(lengths, paths), tours)


def serpentine(lengths: Sequence[int], nesting: Sequence[int], tours: Sequence[IntArray]) -> IntArray:
    """Return an order in which one axis changes at a time, to the next step of its tour.

    Parameters
    ----------
    lengths : sequence of int
        Steps of each axis.
    nesting : sequence of int
        The axes, the slowest first.
    tours : sequence of ndarray
        The steps of each axis in the order in which they are visited, there and back.
    """
    count = int(np.prod(lengths, dtype=np.int64))
    digits: list[IntArray] = [np.zeros(0, np.int64)] * len(lengths)
    number, below = np.arange(count), 1
    for axis in reversed(nesting):
        place, turn = number // below % lengths[axis], number // (below * lengths[axis]) % 2
        digits[axis] = tours[axis][np.where(turn == 1, lengths[axis] - 1 - place, place)]
        below *= lengths[axis]
    return np.asarray(np.ravel_multi_index(tuple(digits), tuple(lengths))) if lengths else np.arange(count)


def shortest_tour(cost: IntArray) -> IntArray:
    """Return all steps of an axis, from the first on always to the cheapest one that is left."""
    count = len(cost)
    if count > LONGEST_TOUR:
        return np.arange(count)
    left, tour = np.ones(count, bool), [0]
    left[0] = False
    for _ in range(count - 1):
        price = np.where(left, cost[tour[-1]], np.iinfo(np.int64).max)
        tour.append(int(np.argmin(price)))
        left[tour[-1]] = False
    there = np.arange(count)
    greedy = np.array(tour)

    def length(way: IntArray) -> int:
        return int(cost[way[:-1], way[1:]].sum())

    return there if length(there) <= length(greedy) else greedy


def _cheapest_nesting(lengths: Sequence[int], paths: Sequence[float]) -> tuple[int, ...]:
    """Return the axes, slowest first, so that walking each `paths` as often as it must costs least."""

    def price(nesting: tuple[int, ...]) -> float:
        total, walks = 0.0, 1
        for axis in nesting:
            total += walks * paths[axis]
            walks *= lengths[axis]
        return total

    axes = tuple(range(len(lengths)))
    if len(axes) > MOST_PERMUTED:
        return tuple(sorted(axes, key=lambda axis: (-paths[axis] / max(lengths[axis] - 1, 1), axis)))
    return min(itertools.permutations(axes), key=price)
