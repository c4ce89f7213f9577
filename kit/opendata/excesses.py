"""Where a spectrum rises above its neighbourhood: a quick look for bumps, no statement about them.

A bin is compared with the mean of the bins around it, without itself and its nearest neighbours, on both
sides where there are any. That is what a smooth spectrum would have there, if it were straight over so few
bins.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["largest_excess", "pulls", "smooth"]

FloatArray = npt.NDArray[np.float64]

NEAR, FAR = 2, 6  # bins: nearer ones may hold a part of the bump, farther ones another slope
FEW = 5.0  # entries that a bin must be expected to have: below, every entry would be an excess


def smooth(counts: npt.ArrayLike) -> FloatArray:
    """Return what the neighbours let expect in each bin, shape (n,); NaN where one side has none within the axis.

    The mean of both sides' means, so that a slope does not matter.
    """
    n = np.asarray(counts, dtype=np.float64)
    total = np.concatenate(([0.0], np.cumsum(n)))
    place = np.arange(len(n))
    below = total[np.maximum(place - NEAR + 1, 0)] - total[np.maximum(place - FAR, 0)]
    above = total[np.minimum(place + FAR + 1, len(n))] - total[np.minimum(place + NEAR, len(n))]
    lower = np.maximum(place - NEAR + 1, 0) - np.maximum(place - FAR, 0)
    upper = np.minimum(place + FAR + 1, len(n)) - np.minimum(place + NEAR, len(n))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = 0.5 * (below / lower + above / upper)
    return found


def pulls(counts: npt.ArrayLike) -> FloatArray:
    """Return how many standard deviations each bin lies above its neighbours; NaN where too little is expected."""
    n, expected = np.asarray(counts, dtype=np.float64), smooth(counts)
    # the error of the expectation is that of about 2 (FAR - NEAR + 1) bins
    variance = expected * (1 + 1 / (2 * (FAR - NEAR + 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = np.where(expected >= FEW, (n - expected) / np.sqrt(variance), np.nan)
    return found


def largest_excess(counts: npt.ArrayLike) -> tuple[float, int]:
    """Return the largest pull and its bin; (0.0, −1) where no bin has a neighbourhood to be compared with."""
    found = pulls(counts)
    if not np.isfinite(found).any():
        return 0.0, -1
    place = int(np.nanargmax(found))
    return float(found[place]), place
