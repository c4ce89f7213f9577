"""Averages that leave out what is nan, and are nan, without a word, where nothing is left."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["largest", "mean", "median", "spread"]

FloatArray = npt.NDArray[np.float64]


def mean(values: npt.ArrayLike) -> FloatArray:
    """Return the mean along the first axis."""
    array = np.asarray(values, np.float64)
    known = np.isfinite(array)
    count = known.sum(axis=0)
    total = np.where(known, array, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def spread(values: npt.ArrayLike) -> FloatArray:
    """Return the standard deviation along the first axis."""
    array = np.asarray(values, np.float64)
    return np.asarray(np.sqrt(mean((array - mean(array)) ** 2)))


def median(values: npt.ArrayLike) -> FloatArray:
    """Return the median along the first axis."""
    array = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)  # nan comes last
    if not len(array):
        return np.full(array.shape[1:], np.nan)
    count = np.isfinite(array).sum(axis=0)
    low, high = np.maximum((count - 1) // 2, 0), np.minimum(count // 2, len(array) - 1)
    both = [np.take_along_axis(array, place[None], 0)[0] for place in (low, high)]
    return np.asarray(np.where(count > 0, (both[0] + both[1]) / 2, np.nan))


def largest(values: npt.ArrayLike) -> FloatArray:
    """Return the largest absolute value along the first axis."""
    array = np.abs(np.asarray(values, np.float64))
    known = np.isfinite(array)
    return np.asarray(np.where(known.any(axis=0), np.where(known, array, 0.0).max(axis=0, initial=0.0), np.nan))
