"""Straight lines through the points of many channels at once.

Here and in `curve_fits` and `power_fits` the first axis of an array counts the points and the last the channels; a
weight of 0 stands where a point does not belong to a channel. A channel that cannot be fitted has nan; nothing is
raised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Line", "fit_lines"]

FloatArray = npt.NDArray[np.float64]


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
