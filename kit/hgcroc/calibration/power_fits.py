"""Falling powers through the points of many channels at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.fitting import fit_lines

__all__ = ["Power", "fit_powers"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

STEPS = 60  # iterations at most; about twenty are needed
ENOUGH = 1e-9  # relative change at which a fit has come to rest


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
