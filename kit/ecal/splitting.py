"""Which part of a dataset, training or validation, an event belongs to: windows of one event stay together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kit.ecal.events import AnyArray, FloatArray, IntArray

__all__ = ["event_keys", "order_of", "shares_of"]

GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # 2⁶⁴ over the golden ratio; splitmix64, Steele, Lea & Flood 2014
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def event_keys(numbers: Sequence[AnyArray], seed: int = 0) -> AnyArray:
    """Return a 64-bit number for each window, as good as random, but the same where flavour, run, … are the same.

    Parameters
    ----------
    numbers : sequence of ndarray
        Flavour, run, lumi and number of the event of each window.
    seed : int
        Another one gives other numbers.
    """
    key = np.full(len(numbers[0]), np.uint64(seed))
    with np.errstate(over="ignore"):
        for column in numbers:
            key = _mixed(key + GOLDEN + column.astype(np.int64).view(np.uint64))
    return key


def shares_of(keys: AnyArray, fractions: Sequence[float]) -> IntArray:
    """Return which of the parts, with these fractions of all events, each key belongs to."""
    place: FloatArray = keys.astype(np.float64) / 2.0**64
    edges = np.cumsum(fractions)[:-1]
    return np.searchsorted(edges, place, side="right")


def order_of(number: int, seed: int, part: int) -> IntArray:
    """Return a random order of so many windows: the place that each one goes to."""
    return np.random.default_rng([seed, part]).permutation(number)


def _mixed(key: AnyArray) -> AnyArray:
    key = (key ^ (key >> np.uint64(30))) * FIRST
    key = (key ^ (key >> np.uint64(27))) * SECOND
    mixed: AnyArray = key ^ (key >> np.uint64(31))
    return mixed
