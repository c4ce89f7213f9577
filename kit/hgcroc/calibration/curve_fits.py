"""Efficiency curves through the points of many channels at once, by binomial likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, log_ndtr, ndtr

__all__ = ["Curve", "fit_curves"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

STEPS = 60  # iterations at most; about eight are needed
ENOUGH = 1e-9  # relative change at which a fit has come to rest
APPROACHES = 6  # to the places where the likelihood has fallen by one half
STEEPEST = 1e4  # slope in units of the range of the points: steeper cannot be told
ROOT_TWO_OVER_PI = (2 / np.pi) ** 0.5


@dataclass(frozen=True)
class Curve:
    """Efficiency curves ½ top erfc((middle − x) / (√2 width)), shape (channels,) each.

    Attributes
    ----------
    middle, width : ndarray
        Width is negative where the efficiency falls with x.
    below, above : ndarray
        How far the middle may be lower or higher: where the likelihood has fallen by one standard deviation.
    width_error : ndarray
        Of the width, symmetric.
    resolved : ndarray of bool
        Whether at least two points lie on the slope; else middle is half way between the points around it, the
        width at most their distance.
    deviance : ndarray
        Twice the log likelihood below that of a perfect description.
    points : ndarray of int
        How many took part.
    """

    middle: FloatArray
    width: FloatArray
    below: FloatArray
    above: FloatArray
    width_error: FloatArray
    resolved: BoolArray
    deviance: FloatArray
    points: npt.NDArray[np.int64]


def fit_curves(x: npt.ArrayLike, hits: FloatArray, trials: FloatArray, top: npt.ArrayLike = 1.0) -> Curve:
    """Return efficiency curves of the greatest binomial likelihood.

    With u = a + b x the efficiency is that of the normal distribution, so that the likelihood has one maximum; it
    is found by scoring, all channels at once.

    Parameters
    ----------
    x : array_like, broadcast to shape (points, channels)
        Charge, or a register.
    hits, trials : ndarray, shape (points, channels)
        Events that fired, and events; 0 trials where a point does not belong to a channel.
    top : array_like, broadcast to shape (channels,)
        Efficiency of a very large charge, known from elsewhere; `middle` is where half of it is reached.
    """
    top = np.broadcast_to(np.asarray(top, np.float64), hits.shape[1:])
    x = np.broadcast_to(np.asarray(x, np.float64), hits.shape)
    used = trials > 0
    share = np.divide(hits, trials * top, out=np.zeros(hits.shape), where=used)
    full = 1 - 2 * np.sqrt((1 / top - 1) / np.where(used, trials, 1.0))  # below 1 where a plateau fluctuates
    scale = np.where(used, x, -np.inf).max(axis=0) - np.where(used, x, np.inf).min(axis=0)
    good = np.isfinite(scale) & (scale > 0)
    scale = np.where(good, scale, 1.0)
    middle, rising, low, high = _crossing(x, share, used)
    good &= np.isfinite(middle)
    start = np.where(good, middle, 0.0)
    z = (x - start) / scale  # of order one, the crossing near zero
    inner = (used & (share > 0) & (share < full)).sum(axis=0)
    resolved = good & (inner >= 2)
    a, b = np.zeros(len(good)), np.where(rising, 20.0, -20.0)
    for _ in range(STEPS):
        gradient, curvature = _score(a + b * z, z, hits, trials, top)
        step = _solved(curvature, gradient)
        step *= np.minimum(1.0, 10.0 / np.maximum(np.abs(step).max(axis=0), 1e-300))
        a, b = a + np.where(resolved, step[0], 0), b + np.where(resolved, step[1], 0)
        if not resolved.any() or (np.abs(step[:, resolved]) < ENOUGH * (1 + np.abs(b[resolved]))).all():
            break
    resolved &= (b != 0) & (np.abs(b) < STEEPEST)
    return _told(resolved, good, (a, b, z), (start, scale), (low, high), hits, trials, top)


def _told(
    resolved: BoolArray, good: BoolArray, fit: tuple[FloatArray, ...], frame: tuple[FloatArray, ...],
    around: tuple[FloatArray, ...], hits: FloatArray, trials: FloatArray, top: FloatArray,
) -> Curve:  # fmt: skip
    a, b, z = fit
    start, scale = frame
    low, high = around
    safe = np.where(resolved, b, 1.0)
    _, curvature = _score(a + b * z, z, hits, trials, top)
    variance = _solved(curvature, np.stack([np.zeros_like(a), np.ones_like(a)]))[1]
    with np.errstate(invalid="ignore"):
        width_error = np.where(resolved, np.sqrt(variance) / safe**2 * scale, np.nan)
    below, above = _intervals(-a / safe, safe, z, (hits, trials, top), resolved)
    gap = (high - low) / 12**0.5
    nothing = np.where(good, 1.0, np.nan)
    return Curve(
        middle=np.where(resolved, start - a / safe * scale, (low + high) / 2) * nothing,
        width=np.where(resolved, scale / safe, np.abs(high - low)) * nothing,
        below=np.where(resolved, below * scale, np.abs(gap)) * nothing,
        above=np.where(resolved, above * scale, np.abs(gap)) * nothing,
        width_error=width_error,
        resolved=resolved,
        deviance=np.where(resolved, 2 * (_best(hits, trials) - _likelihood(a + b * z, hits, trials, top)), np.nan),
        points=(trials > 0).sum(axis=0),
    )


def _crossing(
    x: FloatArray, share: FloatArray, used: BoolArray
) -> tuple[FloatArray, BoolArray, FloatArray, FloatArray]:
    """Return where one half is passed, whether upwards, and the points before and after; nan where it is not."""
    order = np.argsort(np.where(used, x, np.inf), axis=0, kind="stable")
    place, value = np.take_along_axis(x, order, 0), np.take_along_axis(share, order, 0)
    there = np.take_along_axis(used, order, 0)
    ends = np.maximum(there.sum(axis=0) - 1, 0)
    rising = np.take_along_axis(value, ends[None], 0)[0] >= value[0]
    high = (value >= 0.5) == rising
    if len(x) < 2:
        nothing = np.full(x.shape[1], np.nan)
        return nothing, rising, nothing, nothing
    passed = ~high[:-1] & high[1:] & there[1:]
    first = np.where(passed.any(axis=0), passed.argmax(axis=0), 0)[None]
    before, after = np.take_along_axis(place, first, 0)[0], np.take_along_axis(place, first + 1, 0)[0]
    low, top = np.take_along_axis(value, first, 0)[0], np.take_along_axis(value, first + 1, 0)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = before + (0.5 - low) / (top - low) * (after - before)
    middle = np.where(passed.any(axis=0), middle, np.nan)
    return middle, np.asarray(rising), before, after


def _hazard(u: FloatArray) -> FloatArray:
    """Return density over distribution of the normal law, also far out."""
    return np.asarray(ROOT_TWO_OVER_PI / erfcx(-u / 2**0.5))


def _score(
    u: FloatArray, z: FloatArray, hits: FloatArray, trials: FloatArray, top: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return gradient, shape (2, channels), and expected curvature, shape (2, 2, channels), of the likelihood."""
    u = np.clip(u, -35, 35)
    up, down = _hazard(u), _hazard(-u)
    if (top < 1).any():
        share = top * ndtr(u)
        down = np.where(top < 1, share * up / np.where(top < 1, 1 - share, 1.0), down)
    push = hits * up - (trials - hits) * down
    weight = trials * up * down
    gradient = np.stack([push.sum(axis=0), (push * z).sum(axis=0)])
    mixed = (weight * z).sum(axis=0)
    curvature = np.stack([np.stack([weight.sum(axis=0), mixed]), np.stack([mixed, (weight * z * z).sum(axis=0)])])
    return gradient, curvature


def _solved(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Return the solutions of 2 x 2 systems, 0 where there is none."""
    determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] ** 2
    inverse = np.divide(1.0, determinant, out=np.zeros(determinant.shape), where=determinant > 0)
    first = matrix[1, 1] * right[0] - matrix[0, 1] * right[1]
    second = matrix[0, 0] * right[1] - matrix[0, 1] * right[0]
    return np.asarray(np.stack([first, second]) * inverse)


def _likelihood(u: FloatArray, hits: FloatArray, trials: FloatArray, top: FloatArray) -> FloatArray:
    missed = log_ndtr(-u)
    if (top < 1).any():
        missed = np.where(top < 1, np.log1p(-np.where(top < 1, top, 0.5) * ndtr(u)), missed)
    return np.asarray((hits * (log_ndtr(u) + np.log(top)) + (trials - hits) * missed).sum(axis=0))


def _best(hits: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the likelihood where every point has its own efficiency."""
    misses = trials - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(hits > 0, hits * np.log(hits / trials), 0)
        terms = terms + np.where(misses > 0, misses * np.log(misses / trials), 0)
    return np.asarray(terms.sum(axis=0))


def _intervals(
    middle: FloatArray, slope: FloatArray, z: FloatArray, events: tuple[FloatArray, ...], use: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far the middle may go down and up until the likelihood, free in the width, has fallen by ½."""
    distances = []
    top = _likelihood(slope * (z - middle), *events)
    _, curvature = _score(slope * (z - middle), z - middle, *events)
    guess = np.abs(_solved(curvature, np.stack([np.ones_like(middle), np.zeros_like(middle)]))[0])
    guess = np.where(use, np.sqrt(guess) / np.abs(slope), 0.0)
    for sign in (-1, 1):
        trial, steep = guess, slope
        for _ in range(APPROACHES):  # the fall is nearly quadratic in the distance
            likely, steep = _profile(middle + sign * trial, steep, z, events)
            fallen = np.maximum(top - likely, 1e-12)
            trial = trial * np.clip(np.sqrt(0.5 / fallen), 0.5, 2.0)
        distances.append(trial)
    return distances[0], distances[1]


def _profile(
    middle: FloatArray, slope: FloatArray, z: FloatArray, events: tuple[FloatArray, ...]
) -> tuple[FloatArray, FloatArray]:
    """Return the greatest likelihood for a given middle, over all widths, and the slope where it is."""
    away = z - middle
    for _ in range(2):  # a good slope is known from before
        gradient, curvature = _score(slope * away, away, *events)
        step = np.divide(gradient[1], curvature[1, 1], out=np.zeros_like(slope), where=curvature[1, 1] > 0)
        slope = slope + np.clip(step, -0.5 * np.abs(slope), 0.5 * np.abs(slope))
    return _likelihood(slope * away, *events), slope
