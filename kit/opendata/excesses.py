"""Where a spectrum rises above its neighbourhood: a quick look for bumps, no statement about them.

A bin is compared with the mean of the bins around it, without itself and its nearest neighbours, on both
sides where there are any. That is what a smooth spectrum would have there, if it were straight over so few
bins.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["largest_excesses", "pulls", "smooth"]

FloatArray = npt.NDArray[np.float64]

NEAR, FAR = 2, 6  # bins: nearer ones may hold a part of the bump, farther ones another slope
FEW = 5.0  # entries that a bin must be expected to have: below, every entry would be an excess


def smooth(counts: npt.ArrayLike, edges: npt.ArrayLike | None = None) -> FloatArray:
    """Return what the neighbours let expect in each bin, shape (n,); NaN where one side has none within the axis.

    The mean of both sides' means, so that a slope does not matter.

    Parameters
    ----------
    counts : array_like, shape (n,)
        A spectrum, or several one behind the other.
    edges : array_like of int, shape (m + 1,), optional
        Where each of m spectra begins, and where the last one ends.
    """
    n = np.asarray(counts, dtype=np.float64)
    total = np.concatenate(([0.0], np.cumsum(n)))
    place = np.arange(len(n))
    ends = np.array([0, len(n)]) if edges is None else np.asarray(edges)
    begin, end = (np.repeat(one, np.diff(ends)) for one in (ends[:-1], ends[1:]))
    below = np.maximum(place - FAR, begin), np.maximum(place - NEAR + 1, begin)
    above = np.minimum(place + NEAR, end), np.minimum(place + FAR + 1, end)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = ((total[right] - total[left]) / (right - left) for left, right in (below, above))
        found: FloatArray = 0.5 * sum(means)
    return found


def pulls(counts: npt.ArrayLike, edges: npt.ArrayLike | None = None) -> FloatArray:
    """Return how many standard deviations each bin lies above its neighbours; NaN where too little is expected.

    `edges` are those of `smooth`.
    """
    n, expected = np.asarray(counts, dtype=np.float64), smooth(counts, edges)
    # the error of the expectation is that of about 2 (FAR - NEAR + 1) bins
    variance = expected * (1 + 1 / (2 * (FAR - NEAR + 1)))
    with np.errstate(invalid="ignore", divide="ignore"):
        found: FloatArray = np.where(expected >= FEW, (n - expected) / np.sqrt(variance), np.nan)
    return found


def largest_excesses(spectra: Sequence[npt.ArrayLike]) -> list[tuple[float, int]]:
    """Return for each spectrum its largest pull and the bin; (0.0, −1) where none can be compared."""
    sizes = [np.size(counts) for counts in spectra]
    if not any(sizes):
        return [(0.0, -1)] * len(sizes)
    edges = np.concatenate(([0], np.cumsum([size for size in sizes if size])))
    found = pulls(np.concatenate([np.asarray(counts) for counts in spectra]), edges)
    found[np.isnan(found)] = -np.inf
    best = np.maximum.reduceat(found, edges[:-1])
    equal = np.flatnonzero(found == np.repeat(best, np.diff(edges)))
    first = equal[np.searchsorted(equal, edges[:-1])] - edges[:-1]
    told = iter(zip(best.tolist(), first.tolist(), strict=True))
    places = (next(told) if size else (-np.inf, -1) for size in sizes)
    return [(0.0, -1) if excess == -np.inf else (excess, place) for excess, place in places]
