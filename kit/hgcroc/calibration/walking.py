"""Time-walk: how much later a small charge fires, and how well the time is known once that is taken off."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration import averages
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.linearity import one_phase
from kit.hgcroc.calibration.power_fits import Power, fit_powers
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.sampling import FIRED, unwrapped
from kit.hgcroc.calibration.stillness import silent_rows, stuck_rows
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["corrected", "distil_time_walk"]

FloatArray = npt.NDArray[np.float64]

CODE = 25.0 / 1024 * 1000  # ps
FEWEST = 6  # charges
SURE = 0.99  # efficiency above which the width of the times is that of hits


def distil_time_walk(table: Table, wishes: Wishes) -> Distillate:
    """Return the falling power A / (Q - Q0)^b + T by channel, and the spread of times before and after.

    Times are made continuous from the largest charge downwards; charges below `walk_from` are left out.
    """
    charge = table.charge
    part = (
        one_phase(table)[:, None] & table.connected & (charge > wishes.walk_from)
        & (table["toa_efficiency"] > FIRED) & np.isfinite(table["toa_mean_hit"])
    )  # fmt: skip
    order = np.argsort(np.where(part, -charge, np.inf), axis=0, kind="stable")
    ordered = np.take_along_axis(np.where(part, table["toa_mean_hit"], np.nan).astype(np.float64), order, 0)
    time = np.full(charge.shape, np.nan)
    np.put_along_axis(time, order, unwrapped(ordered), 0)
    found = fit_powers(charge, time, part)
    fed, enough = table.fed, part.sum(axis=0) >= FEWEST
    reasons = no_reasons(len(fed))
    flat = silent_rows(table, "toa") | stuck_rows(table, "toa")
    enough &= ~flat
    reasons[flat] |= np.uint32(Reason.FLAT_TOA)
    reasons[fed & ~enough & ~flat] |= np.uint32(Reason.MISSING)
    reasons[enough & ~np.isfinite(found.power)] |= np.uint32(Reason.NO_FIT)
    before, after, jitter = _resolutions(table, part, time, found)
    keep = np.where(enough, 1.0, np.nan)
    names = ("scale", "pole", "power", "end")
    rows = {name: getattr(found, name) * keep for name in names}
    rows["end"] = rows["end"] % 1024
    rows |= {f"{name}_error": found.errors[k] * keep for k, name in enumerate(names)}
    worst = averages.largest(found.residual)
    rows |= {
        "residual": after * keep,
        "residual_max": worst * keep,
        "before_ps": np.hypot(before, jitter) * CODE * keep,
        "after_ps": np.hypot(after, jitter) * CODE * keep,
        "jitter": jitter * keep,
    }
    good = (reasons == 0) & (table.kind == 0) & enough
    summary = {
        name: float(averages.median(rows[name][good])) if np.isfinite(rows[name][good]).any() else None
        for name in ("power", "before_ps", "after_ps", "residual_max")
    }
    curves = {"x": np.where(part, charge, np.nan), "y": time, "residual": found.residual}
    return Distillate.of("time_walk", table, rows, reasons, curves=curves, summary=summary)


def _resolutions(
    table: Table, part: npt.NDArray[np.bool_], time: FloatArray, found: Power
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the spread of mean times over charges before and after the correction, and that of single events."""
    sure = part & (table["toa_efficiency"] > SURE)
    width = np.where(sure, table["toa_stdd"], np.nan).astype(np.float64)
    jitter = averages.median(width)  # a few points lie across the end of the circle
    after = np.sqrt(averages.mean(found.residual**2))
    return averages.spread(np.where(part, time, np.nan)), after, jitter


def corrected(codes: FloatArray, charge: FloatArray, fit: Power | Distillate) -> FloatArray:
    """Return times of arrival as a very large charge would have them.

    Parameters
    ----------
    codes : ndarray, shape (..., channels)
        Measured, in TOA codes.
    charge : ndarray, shape (..., channels)
        In fC.
    fit : Power or Distillate
        The time-walk of the channels.
    """
    values = fit.rows if isinstance(fit, Distillate) else vars(fit)
    with np.errstate(invalid="ignore", divide="ignore"):
        walk = values["scale"] / (charge - values["pole"]) ** values["power"]
    return np.asarray((codes - walk) % 1024)
