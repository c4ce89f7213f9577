"""The loops that only options need, in NumPy, as `twins` has the others: overlaps struck, masses weighed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from kit.opendata.twins import BoolArray, FloatArray, IntArray, masses

__all__ = ["PI", "TURN", "strike", "weigh"]

BLOCK = 1 << 18  # pairs of objects looked at together
PI, TURN = float(np.pi), float(2 * np.pi)


def strike(
    offsets: IntArray,
    pt: FloatArray,
    eta: FloatArray,
    phi: FloatArray,
    kept: BoolArray,
    cones: FloatArray,
    other_offsets: IntArray,
    other_pt: FloatArray,
    other_eta: FloatArray,
    other_phi: FloatArray,
    other_kept: BoolArray,
    share: float,
) -> BoolArray:
    """Drop objects that have one of another type too near.

    Parameters
    ----------
    offsets, pt, eta, phi, kept : ndarray, shapes (n + 1,) and (m,)
        The objects that may be dropped, of n events; momenta in GeV.
    cones : ndarray, shape (m,)
        ΔR within which each of them is dropped; 0 for never.
    other_offsets, other_pt, other_eta, other_phi, other_kept : ndarray, shapes (n + 1,) and (k,)
        Those that they may be too near to.
    share : float
        Only those count whose pT is more than this share of the pT of what would be dropped.

    Returns
    -------
    ndarray of bool, shape (m,)
        What is left of `kept`.
    """
    others = np.diff(other_offsets)
    event = np.repeat(np.arange(len(others)), np.diff(offsets))
    pairs = others[event]  # of each object with all others of its event
    left = kept.copy()
    begin = np.cumsum(pairs) - pairs
    for first, last in _blocks(pairs):
        many = pairs[first:last]
        one = np.repeat(np.arange(first, last), many)
        other = np.arange(len(one)) - (begin[one] - begin[first]) + other_offsets[event[one]]
        # the same operations in the same order as the compiled loop
        across = eta[one] - other_eta[other]
        around = np.abs(phi[one] - other_phi[other]) % TURN
        around = np.where(around > PI, TURN - around, around)
        distance = np.sqrt(across * across + around * around)
        near = (distance < cones[one]) & other_kept[other] & (other_pt[other] / pt[one] > share)
        left[one[near]] = False
    return left


def _blocks(pairs: IntArray) -> Iterator[tuple[int, int]]:
    """Yield ranges of objects that have together not many more than `BLOCK` pairs."""
    edges = np.flatnonzero(np.diff(np.cumsum(pairs) // BLOCK, prepend=0)).tolist()
    yield from itertools.pairwise(dict.fromkeys([0, *edges, len(pairs)]))


def weigh(
    momenta: FloatArray,
    columns: IntArray,
    sizes: IntArray,
    events: IntArray,
    width: float,
    bins: int,
    minimum: FloatArray,
    begins: IntArray,
    weights: FloatArray,
) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    """Count as `count` does, and add weights and their squares.

    Parameters
    ----------
    begins : ndarray, shape (r,)
        Where the events of each pair's final state begin in `weights`, the weight of each accepted event.

    Returns
    -------
    row, bin, count, sum, square : ndarray
        With Σw and Σw² of each bin, added event after event.
    """
    found: list[tuple[Any, ...]] = []
    for row in range(len(columns)):
        mass = masses(momenta, columns[row : row + 1, : sizes[row]], 0, int(events[row]))[0]
        slot = np.minimum(np.floor(mass / width), bins).astype(np.int64) + 1
        slot[mass < minimum[row]] = 0
        here = weights[begins[row] : begins[row] + events[row]]
        slots, place, number = np.unique(slot, return_inverse=True, return_counts=True)
        sums = np.bincount(place, here, len(slots)), np.bincount(place, here * here, len(slots))
        found.append((np.full(len(slots), row), slots - 1, number, *sums))
    if not found:
        none = np.empty(0, np.int64)
        return none, none, none, np.empty(0), np.empty(0)
    row_of, place_of, number_of, sum_of, square_of = (np.concatenate(part) for part in zip(*found, strict=True))
    return row_of, place_of, number_of, sum_of, square_of
