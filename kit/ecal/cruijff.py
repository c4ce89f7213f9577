"""The Cruijff function: a peak with a width of its own on each side and tails that fall slower than a Gaussian's.

Near the peak it is a Gaussian of width σ, left or right; far away it no longer falls, the sooner the larger α.
Quantiles see the tails, the fit tells the width of the peak without them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kit.ecal.events import FloatArray, IntArray
from kit.ecal.resolution import measure

__all__ = ["Fit", "cruijff", "fit"]

REACH = 6  # of w68 to either side of the median: what lies beyond is not fitted
BINS = 600  # of 0.02 w68, in which values are counted
LEAST = 10  # values to fit five numbers to
WIDEST_TAIL = 0.5  # α; far from the peak the function falls to exp(−1/α) of it
BOUNDS = [(-3.0, 3.0), (-3.0, 1.6), (-3.0, 1.6), (0.0, WIDEST_TAIL), (0.0, WIDEST_TAIL)]
STEP = 1e-3  # of parameters of order one, for second derivatives


@dataclass(frozen=True)
class Fit:
    """A fitted peak, in the unit of the values; errors are NaN where the likelihood does not tell them.

    Attributes
    ----------
    peak, left, right : float
        Where it is, and its widths below and above.
    tail_left, tail_right : float
        α, without unit.
    peak_error, sigma_error : float
        Of `peak` and of `sigma`.
    outside : int
        Values beyond the range that was fitted.
    """

    peak: float
    left: float
    right: float
    tail_left: float
    tail_right: float
    peak_error: float
    sigma_error: float
    outside: int

    @property
    def sigma(self) -> float:
        """The mean of both widths."""
        return (self.left + self.right) / 2

    def at(self, x: FloatArray) -> FloatArray:
        """Return the function, 1 at the peak."""
        return cruijff(x, self.peak, self.left, self.right, self.tail_left, self.tail_right)


def cruijff(
    x: FloatArray, peak: float, left: float, right: float, tail_left: float, tail_right: float
) -> FloatArray:
    """Return exp(−(x − peak)² / (2σ² + α (x − peak)²)), with σ and α of the side; BaBar, PRD 82, 051101 (2010)."""
    return np.exp(-_exponent(x - peak, left, right, tail_left, tail_right))


def _exponent(d: FloatArray, left: float, right: float, tail_left: float, tail_right: float) -> FloatArray:
    sigma, tail = np.where(d < 0, left, right), np.where(d < 0, tail_left, tail_right)
    found: FloatArray = d**2 / (2 * sigma**2 + tail * d**2)
    return found


def fit(values: FloatArray) -> Fit | None:
    """Return the peak of `values` by maximum likelihood; None where they are too few, or all the same."""
    from scipy.optimize import minimize

    middle, _, _, unit = measure(values)
    if len(values) < LEAST or not unit > 0:
        return None
    counts, edges = np.histogram((values - middle) / unit, BINS, (-REACH, REACH))
    x = (edges[1:] + edges[:-1]) / 2

    def loss(numbers: FloatArray) -> tuple[float, FloatArray]:
        return _loss(numbers, x, counts)

    starts = ([0.0, -0.2, -0.2, tail, tail] for tail in (0.05, 0.2))
    how = {"jac": True, "bounds": BOUNDS, "method": "SLSQP", "options": {"ftol": 1e-9}}
    tried = [minimize(loss, start, **how) for start in starts]
    best = min(tried, key=lambda found: float(found.fun)).x
    errors, (left, right) = _errors(loss, best), np.exp(best[1:3])
    return Fit(
        peak=float(middle + unit * best[0]),
        left=float(unit * left),
        right=float(unit * right),
        tail_left=float(best[3]),
        tail_right=float(best[4]),
        peak_error=float(unit * errors[0]),
        sigma_error=float(unit * errors[1]),
        outside=len(values) - int(counts.sum()),
    )


def _loss(numbers: FloatArray, x: FloatArray, counts: IntArray) -> tuple[float, FloatArray]:
    """Return minus the logarithm of the likelihood, and its slopes; of widths the logarithms are the numbers."""
    left, right = np.exp(numbers[1:3])
    d = x - numbers[0]
    below = d < 0
    exponent = _exponent(d, left, right, numbers[3], numbers[4])
    height = np.exp(-exponent)
    excess = counts - counts.sum() * height / height.sum()
    sigma, tail = np.where(below, left, right), np.where(below, numbers[3], numbers[4])
    scale = (2 * sigma**2 + tail * d**2) ** 2
    widths, tails = -4 * (sigma * d) ** 2 / scale * excess, -(d**4) / scale * excess
    sides = [each[side].sum() for each in (widths, tails) for side in (below, ~below)]
    slopes = np.array([-(4 * sigma**2 * d / scale * excess).sum(), *sides])
    return float(counts @ exponent + counts.sum() * np.log(height.sum())), slopes


def _errors(loss: Callable[[FloatArray], tuple[float, FloatArray]], best: FloatArray) -> FloatArray:
    """Return the errors of the peak and of the mean width, from the curvature; one at a bound counts as known."""
    free = [k for k, (low, high) in enumerate(BOUNDS) if low + 2 * STEP < best[k] < high - 2 * STEP]
    steps = STEP * np.eye(len(best))[free]
    curvature = np.array([(loss(best + step)[1] - loss(best - step)[1])[free] / (2 * STEP) for step in steps])
    curvature = (curvature + curvature.T) / 2
    if not {0, 1, 2} <= set(free) or not (np.linalg.eigvalsh(curvature) > 0).all():
        return np.full(2, np.nan)
    covariance = np.linalg.inv(curvature)[:3, :3]
    slopes = np.array([[1.0, 0.0, 0.0], [0.0, *(np.exp(best[1:3]) / 2)]])
    found: FloatArray = np.sqrt(np.diag(slopes @ covariance @ slopes.T))
    return found
