"""Fits of many channels at once: lines, efficiency curves, falling powers.

Every function takes arrays whose first axis counts the points and whose last counts the channels, and a weight of 0
(or a mask) where a point does not belong to a channel. A channel that cannot be fitted has nan; nothing is raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import erfcx, log_ndtr

__all__ = ["Curve", "Line", "Power", "fit_curves", "fit_lines", "fit_powers"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

STEPS = 60  # iterations at most; efficiency curves need about eight, powers twenty
ENOUGH = 1e-9  # relative change at which a fit has come to rest
STEEPEST = 1e4  # slope of an efficiency curve in units of the range of its points: steeper cannot be told
ROOT_TWO_OVER_PI = (2 / np.pi) ** 0.5


@dataclass(frozen=True)
class Line:
    """Straight lines y = offset + slope x, shape (channels,) each.

    Attributes
    ----------
    slope, offset, slope_error, offset_error : ndarray
        Errors follow from the scatter around the line; nan with two points.
    residual : ndarray, shape (points, channels)
        Measured minus line; nan where a point does not belong.
    points : ndarray of int
        How many.
    """

    slope: FloatArray
    offset: FloatArray
    slope_error: FloatArray
    offset_error: FloatArray
    residual: FloatArray
    points: npt.NDArray[np.int64]


def fit_lines(x: npt.ArrayLike, y: FloatArray, weight: npt.ArrayLike) -> Line:
    """Return the lines of least squares through points, shape (points, channels)."""
    w = np.where(np.isfinite(y), weight, 0.0).astype(np.float64)
    x = np.broadcast_to(np.asarray(x, np.float64), y.shape)
    values, count = np.where(w > 0, y, 0.0), (w > 0).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = w.sum(axis=0)
        middle, height = (w * x).sum(axis=0) / total, (w * values).sum(axis=0) / total
        away = np.where(w > 0, x - middle, 0.0)
        spread = (w * away**2).sum(axis=0)
        spread = np.where(spread > 0, spread, np.nan)
        slope = (w * away * (values - height)).sum(axis=0) / spread
        offset = height - slope * middle
        residual = np.where(w > 0, y - offset - slope * x, np.nan)
        scatter = np.nansum(w * residual**2, axis=0) / np.where(count > 2, count - 2, np.nan)
        errors = np.sqrt(scatter / spread), np.sqrt(scatter * (1 / total + middle**2 / spread))
    return Line(slope, offset, *errors, residual, count)


@dataclass(frozen=True)
class Curve:
    """Efficiency curves ½ erfc((middle − x) / (√2 width)), shape (channels,) each.

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


def fit_curves(x: npt.ArrayLike, hits: FloatArray, trials: FloatArray) -> Curve:
    """Return efficiency curves of the greatest binomial likelihood.

    With u = a + b x the efficiency is that of the normal distribution, so that the likelihood has one maximum; it is
    found by scoring, all channels at once.

    Parameters
    ----------
    x : array_like, broadcast to shape (points, channels)
        Charge, or a register.
    hits, trials : ndarray, shape (points, channels)
        Events that fired, and events; 0 trials where a point does not belong to a channel.
    """
    x = np.broadcast_to(np.asarray(x, np.float64), hits.shape)
    used = trials > 0
    share = np.divide(hits, trials, out=np.zeros(hits.shape), where=used)
    scale = np.where(used, x, -np.inf).max(axis=0) - np.where(used, x, np.inf).min(axis=0)
    good = np.isfinite(scale) & (scale > 0)
    scale = np.where(good, scale, 1.0)
    middle, rising, low, high = _crossing(x, share, used)
    good &= np.isfinite(middle)
    start = np.where(good, middle, 0.0)
    z = (x - start) / scale  # of order one, the crossing near zero
    inner = (used & (share > 0) & (share < 1)).sum(axis=0)
    resolved = good & (inner >= 2)
    a, b = np.zeros(len(good)), np.where(rising, 20.0, -20.0)
    for _ in range(STEPS):
        gradient, curvature = _score(a + b * z, z, hits, trials)
        step = _solved(curvature, gradient)
        step *= np.minimum(1.0, 10.0 / np.maximum(np.abs(step).max(axis=0), 1e-300))
        a, b = a + np.where(resolved, step[0], 0), b + np.where(resolved, step[1], 0)
        if not resolved.any() or (np.abs(step[:, resolved]) < ENOUGH * (1 + np.abs(b[resolved]))).all():
            break
    resolved &= (b != 0) & (np.abs(b) < STEEPEST)
    return _told(resolved, good, (a, b, z), (start, scale), (low, high), hits, trials)


def _told(
    resolved: BoolArray, good: BoolArray, fit: tuple[FloatArray, ...], frame: tuple[FloatArray, ...],
    around: tuple[FloatArray, ...], hits: FloatArray, trials: FloatArray,
) -> Curve:  # fmt: skip
    a, b, z = fit
    start, scale = frame
    low, high = around
    safe = np.where(resolved, b, 1.0)
    _, curvature = _score(a + b * z, z, hits, trials)
    variance = _solved(curvature, np.stack([np.zeros_like(a), np.ones_like(a)]))[1]
    with np.errstate(invalid="ignore"):
        width_error = np.where(resolved, np.sqrt(variance) / safe**2 * scale, np.nan)
    below, above = _intervals(-a / safe, safe, z, hits, trials, resolved)
    gap = (high - low) / 12**0.5
    nothing = np.where(good, 1.0, np.nan)
    return Curve(
        middle=np.where(resolved, start - a / safe * scale, (low + high) / 2) * nothing,
        width=np.where(resolved, scale / safe, np.abs(high - low)) * nothing,
        below=np.where(resolved, below * scale, np.abs(gap)) * nothing,
        above=np.where(resolved, above * scale, np.abs(gap)) * nothing,
        width_error=width_error,
        resolved=resolved,
        deviance=np.where(resolved, 2 * (_best(hits, trials) - _likelihood(a + b * z, hits, trials)), np.nan),
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


def _score(u: FloatArray, z: FloatArray, hits: FloatArray, trials: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return gradient, shape (2, channels), and expected curvature, shape (2, 2, channels), of the likelihood."""
    u = np.clip(u, -35, 35)
    up, down = _hazard(u), _hazard(-u)
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


def _likelihood(u: FloatArray, hits: FloatArray, trials: FloatArray) -> FloatArray:
    return np.asarray((hits * log_ndtr(u) + (trials - hits) * log_ndtr(-u)).sum(axis=0))


def _best(hits: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the likelihood where every point has its own efficiency."""
    misses = trials - hits
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(hits > 0, hits * np.log(hits / trials), 0)
        terms = terms + np.where(misses > 0, misses * np.log(misses / trials), 0)
    return np.asarray(terms.sum(axis=0))


def _intervals(
    middle: FloatArray, slope: FloatArray, z: FloatArray, hits: FloatArray, trials: FloatArray, use: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """Return how far the middle may go down and up until the likelihood, free in the width, has fallen by ½."""
    distances = []
    top = _likelihood(slope * (z - middle), hits, trials)
    _, curvature = _score(slope * (z - middle), z - middle, hits, trials)
    guess = np.abs(_solved(curvature, np.stack([np.ones_like(middle), np.zeros_like(middle)]))[0])
    guess = np.where(use, np.sqrt(guess) / np.abs(slope), 0.0)
    for sign in (-1, 1):
        inside, outside = np.zeros_like(middle), 4 * guess
        for _ in range(24):
            trial = (inside + outside) / 2
            fallen = top - _profile(middle + sign * trial, slope, z, hits, trials)
            inside, outside = np.where(fallen < 0.5, trial, inside), np.where(fallen < 0.5, outside, trial)
        distances.append((inside + outside) / 2)
    return distances[0], distances[1]


def _profile(
    middle: FloatArray, slope: FloatArray, z: FloatArray, hits: FloatArray, trials: FloatArray
) -> FloatArray:
    """Return the greatest likelihood for a given middle, over all widths."""
    away = z - middle
    for _ in range(6):
        gradient, curvature = _score(slope * away, away, hits, trials)
        step = np.divide(gradient[1], curvature[1, 1], out=np.zeros_like(slope), where=curvature[1, 1] > 0)
        slope = slope + np.clip(step, -0.5 * np.abs(slope), 0.5 * np.abs(slope))
    return _likelihood(slope * away, hits, trials)


@dataclass(frozen=True)
class Power:
    """Falling powers y = scale / (x − pole)^power + end, shape (channels,) each.

    Attributes
    ----------
    scale, pole, power, end : ndarray
        In units of y and x.
    errors : ndarray, shape (4, channels)
        Of scale, pole, power and end, from the scatter around the curve.
    residual : ndarray, shape (points, channels)
        Measured minus curve, nan where a point does not belong.
    """

    scale: FloatArray
    pole: FloatArray
    power: FloatArray
    end: FloatArray
    errors: FloatArray
    residual: FloatArray


def fit_powers(x: npt.ArrayLike, y: FloatArray, weight: npt.ArrayLike, *, iterations: int = STEPS) -> Power:
    """Return falling powers of least squares through points, shape (points, channels).

    Scale and end follow from a straight line for given pole and power; these start from the best of a grid and are
    improved by damped steps of all four together.
    """
    w = np.where(np.isfinite(y), weight, 0.0).astype(np.float64)
    x = np.broadcast_to(np.asarray(x, np.float64), y.shape)
    enough = (w > 0).sum(axis=0) >= 5
    values = np.where(w > 0, y, 0.0)
    least = np.where(w > 0, x, np.inf).min(axis=0)
    least = np.where(np.isfinite(least) & (least > 0), least, 1.0)
    reduced = np.where(w > 0, x / least, 1.0)  # 1 at the smallest
    fit = _power_start(reduced, values, w)
    loss = _power_loss(fit, reduced, values, w)
    damping = np.full(y.shape[1], 1e-3)
    for _ in range(iterations):
        slopes = _power_slopes(fit, reduced)
        normal = np.einsum("ipc,jpc,pc->cij", slopes, slopes, w)
        right = np.einsum("ipc,pc->ci", slopes, w * (values - _power(fit, reduced)))
        size = np.einsum("cii->ci", normal)
        size = np.where(size > 0, size, 1.0)
        norm = np.sqrt(size[:, :, None] * size[:, None, :])
        system = normal / norm + damping[:, None, None] * np.eye(4)
        step = np.linalg.solve(system, (right / np.sqrt(size))[..., None])[..., 0] / np.sqrt(size)
        trial = fit + step.T
        trial[1] = np.clip(trial[1], -5.0, 0.98)
        trial[2] = np.clip(trial[2], 0.1, 8.0)
        found = _power_loss(trial, reduced, values, w)
        better = found < loss
        rest = (loss - np.where(better, found, loss)) <= ENOUGH * loss
        fit, loss = np.where(better, trial, fit), np.where(better, found, loss)
        damping = np.clip(np.where(better, damping / 5, damping * 5), 1e-12, 1e6)
        if (rest & (better | (damping > 1e3)) | ~enough).all():
            break
    return _power_told(fit, reduced, y, w, least, enough)


def _power(fit: FloatArray, x: FloatArray) -> FloatArray:
    return np.asarray(fit[0] * (x - fit[1]) ** -fit[2] + fit[3])


def _power_loss(fit: FloatArray, x: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    return np.asarray((w * (y - _power(fit, x)) ** 2).sum(axis=0))


def _power_slopes(fit: FloatArray, x: FloatArray) -> FloatArray:
    """Return the derivatives by scale, pole, power and end, shape (4, points, channels)."""
    away = x - fit[1]
    falling = away ** -fit[2]
    return np.stack([falling, fit[0] * fit[2] * falling / away, -fit[0] * falling * np.log(away), np.ones_like(x)])


def _power_start(x: FloatArray, y: FloatArray, w: FloatArray) -> FloatArray:
    best = np.full(x.shape[1], np.inf)
    start = np.stack([np.ones_like(best), np.zeros_like(best), np.ones_like(best), np.zeros_like(best)])
    for pole in (0.0, 0.2, 0.35, 0.5, 0.7, 0.85):
        for power in (0.5, 1.0, 1.5, 2.0, 3.0):
            line = fit_lines((x - pole) ** -power, np.where(w > 0, y, np.nan), w)
            trial = np.stack([line.slope, np.full_like(best, pole), np.full_like(best, power), line.offset])
            loss = np.nansum(w * line.residual**2, axis=0)
            better = np.isfinite(line.slope) & (loss < best)
            start, best = np.where(better, trial, start), np.where(better, loss, best)
    return start


def _power_told(
    fit: FloatArray, x: FloatArray, y: FloatArray, w: FloatArray, least: FloatArray, enough: BoolArray
) -> Power:
    residual = np.where((w > 0) & enough, y - _power(fit, x), np.nan)
    free = np.maximum((w > 0).sum(axis=0) - 4, 1)
    slopes = _power_slopes(fit, x)
    normal = np.einsum("ipc,jpc,pc->cij", slopes, slopes, w)
    size = np.einsum("cii->ci", normal)
    size = np.sqrt(np.where(enough[:, None] & (size > 0), size, 1.0))
    scaled = normal / size[:, :, None] / size[:, None, :] + 1e-13 * np.eye(4)
    diagonal = np.einsum("cii->ci", np.linalg.inv(scaled)) / size**2
    scatter = np.nansum(w * residual**2, axis=0) / free
    errors = np.sqrt(np.abs(diagonal.T) * scatter)
    nothing = np.where(enough, 1.0, np.nan)
    errors[0] = errors[0] * least ** fit[2]
    errors[1] = errors[1] * least
    return Power(
        fit[0] * least ** fit[2] * nothing, fit[1] * least * nothing, fit[2] * nothing, fit[3] * nothing,
        errors * nothing, residual,
    )  # fmt: skip
