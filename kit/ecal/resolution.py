"""How well the clusters above a score give back the particle's energy, by bins of ET and |η| of the seed.

For each particle r(x) is the energy of its clusters with a score above x, and of its seed, over its true energy.
The *scale* is the median of r in a bin, *w68* half the width of its central 68 %. The threshold with the smallest
w68 is the working point of the bin; the mustache is measured by the same two numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from kit.ecal.events import BoolArray, FloatArray, IntArray

__all__ = [
    "Matched",
    "Scan",
    "Width",
    "WorkingPoints",
    "bins_of",
    "cells_of",
    "choose",
    "measure",
    "ratios",
    "scan",
    "scan_limits",
]

Width = Literal["quantile", "shortest"]
CENTRAL = 0.68269  # share of a normal distribution within one standard deviation
QUANTILES = (0.16, 0.5, 0.84)


@dataclass(frozen=True)
class Matched:
    """Particles with their clusters in the window.

    Attributes
    ----------
    offsets : ndarray of int
        Where the clusters of each particle begin; the first of them is the seed.
    energy, score : ndarray
        Of the clusters, raw, in GeV.
    true, mustache : ndarray
        True energy of each particle, and raw energy of the supercluster of its seed, NaN where there is none; GeV.
    et, abs_eta : ndarray
        Of the seed; ET raw, in GeV.
    spoilt : dict
        Of the clusters, by name: ``pileup``, its energy over that of the particle, and ``noise``, over that of the
        cluster; empty where they were not read.
    """

    offsets: IntArray
    energy: FloatArray
    score: FloatArray
    true: FloatArray
    mustache: FloatArray
    et: FloatArray
    abs_eta: FloatArray
    spoilt: Mapping[str, FloatArray] = field(default_factory=dict)

    @property
    def owners(self) -> IntArray:
        """The particle of each cluster."""
        return np.repeat(np.arange(len(self.true)), np.diff(self.offsets))


@dataclass(frozen=True)
class Scan:
    """Scale and widths in bins; arrays of shape (bins in ET, bins in |η|, tried), NaN where a bin is empty.

    `tried` are the thresholds or limits. The last two have shape (bins in ET, bins in |η|); `mustache` holds
    scale, q16, q84 and w68 along a third axis.
    """

    tried: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray
    w68: FloatArray
    entries: IntArray
    mustache: FloatArray


@dataclass(frozen=True)
class WorkingPoints:
    """Chosen thresholds, which bins were too empty to choose, the gain in width over the mustache in percent."""

    thresholds: FloatArray
    borrowed: BoolArray
    gain: FloatArray


def bins_of(values: FloatArray, edges: FloatArray) -> IntArray:
    """Return the bin of each value, lower edge excluded and upper included; −1 outside."""
    place = np.searchsorted(edges, values, side="left") - 1
    return np.where((place >= 0) & (place < len(edges) - 1), place, -1)


def ratios(particles: Matched, counted: BoolArray) -> FloatArray:
    """Return the energy of the clusters that count, and of the seeds in any case, over that of each particle."""
    counted = counted.copy()
    counted[particles.offsets[:-1]] = True
    return np.bincount(particles.owners, particles.energy * counted, len(particles.true)) / particles.true


def cells_of(particles: Matched, et_edges: FloatArray, eta_edges: FloatArray) -> IntArray:
    """Return the bin of each particle, those of the first bin in ET before those of the second; −1 outside."""
    i, j = bins_of(particles.et, et_edges), bins_of(particles.abs_eta, eta_edges)
    return np.where((i >= 0) & (j >= 0), i * (len(eta_edges) - 1) + j, -1)


def measure(values: FloatArray, width: Width = "quantile") -> tuple[float, float, float, float]:
    """Return scale, lower and upper end of the central 68 %, and half the width; NaN without values."""
    if not len(values):
        return np.nan, np.nan, np.nan, np.nan
    low, middle, high = np.quantile(values, QUANTILES)
    if width == "shortest":
        ordered = np.sort(values)
        held = int(np.ceil(CENTRAL * len(ordered)))
        lengths = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
        first = int(np.argmin(lengths))
        low, high = ordered[first], ordered[first + held - 1]
    return float(middle), float(low), float(high), float((high - low) / 2)


def scan(
    particles: Matched,
    thresholds: FloatArray,
    et_edges: FloatArray,
    eta_edges: FloatArray,
    width: Width = "quantile",
) -> Scan:
    """Return scale and width in every bin, at every threshold: clusters with a score above it count."""
    return _scan(particles, thresholds, lambda x: particles.score > x, et_edges, eta_edges, width)


def scan_limits(
    particles: Matched,
    name: str,
    limits: FloatArray,
    points: Callable[[FloatArray, FloatArray], FloatArray],
    et_edges: FloatArray,
    eta_edges: FloatArray,
    width: Width = "quantile",
) -> Scan:
    """Return scale and width if of the clusters that reach the working point only the less spoilt ones count.

    Parameters
    ----------
    name : str
        By what they are spoilt: ``pileup`` or ``noise``.
    limits : ndarray
        What the share of it must be below; with infinity all that reach the working point count.
    points : callable
        Gives the working point for ET in GeV and |η| of seeds.
    """
    passing = particles.score >= points(particles.et, particles.abs_eta)[particles.owners]
    share = particles.spoilt[name]

    def counted(limit: float) -> BoolArray:
        return passing & (share < limit) if np.isfinite(limit) else passing

    return _scan(particles, limits, counted, et_edges, eta_edges, width)


def _scan(
    particles: Matched,
    tried: FloatArray,
    counted: Callable[[float], BoolArray],
    et_edges: FloatArray,
    eta_edges: FloatArray,
    width: Width,
) -> Scan:
    """Return scale and width in every bin, at each number that tells which clusters count."""
    shape = (len(et_edges) - 1, len(eta_edges) - 1)
    cell = cells_of(particles, et_edges, eta_edges)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(shape[0] * shape[1] + 1))
    made = np.full((4, shape[0] * shape[1], len(tried)), np.nan)
    for t, number in enumerate(tried.tolist()):
        r = ratios(particles, counted(number))[order]
        for c in np.flatnonzero(np.diff(bounds)):
            made[:, c, t] = measure(r[bounds[c] : bounds[c + 1]], width)
    known = (particles.mustache / particles.true)[order]
    mustache = np.full((shape[0] * shape[1], 4), np.nan)
    for c in np.flatnonzero(np.diff(bounds)):
        here = known[bounds[c] : bounds[c + 1]]
        mustache[c] = measure(here[np.isfinite(here)], width)
    scale, low, high, w68 = made.reshape(4, *shape, len(tried))
    return Scan(tried, scale, low, high, w68, np.diff(bounds).reshape(shape), mustache.reshape(*shape, 4))


def choose(
    found: Scan, thresholds: FloatArray, entries_min: int, criterion: Literal["w68", "w68_over_scale"] = "w68"
) -> WorkingPoints:
    """Return in each bin the threshold with the smallest width, the first one if equal.

    Bins with fewer than `entries_min` particles take the choice of the nearest filled bin in ET of the same |η|;
    where a whole |η| is empty, that of the nearest |η|.

    Raises
    ------
    ValueError
        If no bin has enough particles.
    """
    filled = found.entries >= entries_min
    if not filled.any():
        message = (
            f"no bin has {entries_min} particles, the fullest has {found.entries.max()}: entries_min should be"
        )
        message += " smaller, or et_edges and eta_edges wider"
        raise ValueError(message)
    width = found.w68 / found.scale if criterion == "w68_over_scale" else found.w68
    best = np.argmin(np.where(np.isnan(width), np.inf, width), axis=-1)
    rows, columns = np.indices(filled.shape)
    for i, j in zip(*np.nonzero(~filled), strict=True):
        # the distance in |η| counts more than any in ET
        distance = np.abs(rows - i) + np.abs(columns - j) * (filled.shape[0] + 1)
        nearest = np.argmin(np.where(filled, distance, distance.max() + 1))
        best[i, j] = best.flat[nearest]
    with np.errstate(divide="ignore", invalid="ignore"):  # of bins without a particle, which get no gain
        gain = (1 - np.take_along_axis(found.w68, best[..., None], -1)[..., 0] / found.mustache[..., 3]) * 100
    return WorkingPoints(np.asarray(thresholds)[best], ~filled, np.where(filled, gain, np.nan))
