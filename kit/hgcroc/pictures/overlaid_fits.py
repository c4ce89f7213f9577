"""Fits over the curves of a scan, also of one that is still growing: lines, efficiency curves, time-walk.

They are for the eye: the analyses of `hgcroc.calibration` cut, weigh and doubt more carefully.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from kit.hgcroc.calibration.curve_fits import fit_curves
from kit.hgcroc.calibration.fitting import fit_lines
from kit.hgcroc.calibration.power_fits import fit_powers

__all__ = ["KINDS", "Kind", "Overlay", "kind_for", "overlay"]

FloatArray = npt.NDArray[np.float64]
Kind = Literal["none", "by quantity", "line", "S-curve", "time-walk"]
KINDS: tuple[Kind, ...] = ("none", "by quantity", "line", "S-curve", "time-walk")
STRAIGHT = ("Inv_vref", "Noinv_vref", "trim_inv", "Calib")  # registers that ADC or TOT follow along a line
FINE = 200  # places of a drawn fit
PLATEAU = 0.05  # share of the range at either end in which a line has ended
TURN = 1024  # codes of the TOA's circle
JUMP = 200  # codes between two places: the fit has gone round the circle


@dataclass(frozen=True)
class Overlay:
    """Fits of some rows: `y` has the shape (places, rows), nan where there is none; `words` tell of each."""

    x: FloatArray
    y: FloatArray
    words: tuple[str, ...]


def kind_for(column: str, register: str) -> Kind:
    """Return which fit a column of the summary has against a register, ``none`` for most."""
    quantity, _, word = column.partition("_")
    if word == "efficiency":
        return "S-curve"
    if quantity == "toa" and word in ("median", "mean", "mean_hit") and register == "Calib":
        return "time-walk"
    straight = quantity == "adc" or (quantity == "tot" and register == "Calib")
    return "line" if straight and word in ("median", "mean", "mean_hit") and register in STRAIGHT else "none"


def overlay(kind: Kind, x: FloatArray, y: FloatArray, n: FloatArray, fired: FloatArray) -> Overlay | None:
    """Return the fits of a kind, None for ``none`` and where there are too few points.

    Parameters
    ----------
    kind : str
        One of `KINDS`, without ``by quantity``.
    x : ndarray, shape (points,)
        Values of the axis.
    y : ndarray, shape (points, rows)
        What is drawn: for an S-curve shares, for time-walk codes of the TOA.
    n, fired : ndarray, shape (points, rows)
        Events, and the share of them in which the TOA fired.
    """
    known = np.isfinite(y).all(axis=1)
    if kind == "none" or len(np.unique(x[known])) < 3:
        return None
    order = np.flatnonzero(known)[np.argsort(x[known], kind="stable")]
    x, y, n, fired = x[order], y[order].astype(float), n[order], fired[order]
    places = np.linspace(x[0], x[-1], FINE)
    if kind == "line":
        return _line(x, y, places)
    return _curve(x, y, n, places) if kind == "S-curve" else _walk(x, y, fired, places)


def _line(x: FloatArray, y: FloatArray, places: FloatArray) -> Overlay:
    low, high = y.min(axis=0), y.max(axis=0)
    edge = PLATEAU * (high - low)
    inner = (y > low + edge) & (y < high - edge)
    inner |= inner.sum(axis=0) < 2  # few points: all of them
    found = fit_lines(np.broadcast_to(x[:, None], y.shape), y, inner.astype(float))
    drawn = found.offset + found.slope * places[:, None]
    drawn[(drawn < low) | (drawn > high)] = np.nan
    return Overlay(places, drawn, tuple(f"slope {slope:.4g}" for slope in found.slope))


def _curve(x: FloatArray, y: FloatArray, n: FloatArray, places: FloatArray) -> Overlay:
    found = fit_curves(x[:, None], y * n, n.astype(float))
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = ndtr((places[:, None] - found.middle) / found.width)
    drawn[:, ~found.resolved] = np.nan
    words = [f"half at {m:.4g}, width {abs(w):.3g}" if good else "no slope"
             for m, w, good in zip(found.middle, found.width, found.resolved, strict=True)]  # fmt: skip
    return Overlay(places, drawn, tuple(words))


def _walk(x: FloatArray, y: FloatArray, fired: FloatArray, places: FloatArray) -> Overlay:
    drawn, words = np.full((len(places), y.shape[1]), np.nan), ["too few hits"] * y.shape[1]
    for row in range(y.shape[1]):
        hit = (fired[:, row] > 0.5) & (x > 0)
        if hit.sum() < 6:
            continue
        codes = np.unwrap(y[hit, row], period=TURN)[:, None]
        found = fit_powers(x[hit, None], codes, np.ones_like(codes))
        inside = places >= x[hit][0]
        with np.errstate(invalid="ignore", divide="ignore"):
            fit = found.scale / (places[inside] - found.pole) ** found.power + found.end
        wrapped = fit % TURN
        wrapped[1:][np.abs(np.diff(wrapped)) > JUMP] = np.nan
        drawn[inside, row] = wrapped
        words[row] = f"{found.scale[0]:.3g} / (x − {found.pole[0]:.3g})^{found.power[0]:.3g}"
    return Overlay(places, drawn, tuple(words))
