"""Time over threshold: its line, where it begins and how it bends there, and how it joins the ADC."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.averages import median
from kit.hgcroc.calibration.discrimination import curve_of
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.fitting import Line, fit_lines
from kit.hgcroc.calibration.linearity import adc_lines
from kit.hgcroc.calibration.reasons import Reason, no_reasons, of_channels
from kit.hgcroc.calibration.sampling import FIRED
from kit.hgcroc.calibration.stillness import silent_rows, stuck_rows
from kit.hgcroc.calibration.tabulation import CALIB_CHARGE, Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["distil_joining", "distil_tot_line", "tot_line"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

COMPRESSED_FROM, BIN_MIDDLE = 512, 3.5  # codes above come in bins of eight, told by their lower edge
LOWEST = 2.0  # TOT counts; codes do not go below 1
BEND_FROM = 1.0  # TOT counts; a smaller distance from the line tells nothing about its bend


def _counts(table: Table, wishes: Wishes) -> FloatArray:
    values = table["tot_mean_hit"].astype(np.float64)
    shift = np.where(values >= COMPRESSED_FROM, BIN_MIDDLE, 0.0) if wishes.tot_centre else 0.0
    return np.asarray(values + shift)


def tot_line(table: Table, wishes: Wishes) -> tuple[Line, BoolArray, FloatArray]:
    """Return the lines of TOT over charge in fC, the points they were put through, and TOT at all that fired."""
    fired = table.connected & (table["tot_efficiency"] > FIRED)
    counts = np.where(fired, _counts(table, wishes), np.nan)
    used = fired & (table.charge >= wishes.tot_fit_from * CALIB_CHARGE["HighRange"])
    return fit_lines(table.charge, counts, used), used, counts


def distil_tot_line(table: Table, wishes: Wishes) -> Distillate:
    """Return slope and offset of TOT over charge, its onset, and the bend between onset and line, by channel."""
    line, used, counts = tot_line(table, wishes)
    onset = curve_of(table, "tot", table.charge, table.connected)
    fed = table.fed
    charges = np.array([len(np.unique(table.charge[used[:, row], row])) for row in range(len(fed))])
    flat = silent_rows(table, "tot") | stuck_rows(table, "tot")
    solved = (charges >= 2) & (line.slope > 0) & ~flat
    reasons = no_reasons(len(fed))
    reasons[flat] |= np.uint32(Reason.FLAT_TOT)
    reasons[fed & ~solved & ~flat] |= np.uint32(Reason.MISSING)
    reasons, remarks = _of_scan(
        reasons, fed & ~flat & (table.kind == 0), "a line of TOT needs two charges above onset"
    )
    size, reach = _bend(table, line, onset.middle, counts, wishes)
    keep, unit = np.where(solved, 1.0, np.nan), CALIB_CHARGE["HighRange"]
    with np.errstate(invalid="ignore"):
        worst = np.where(used, np.abs(line.residual), 0.0).max(axis=0, initial=0.0)
    rows = {
        "slope": line.slope * keep, "slope_error": line.slope_error * keep,
        "slope_per_dac": line.slope * unit * keep, "slope_per_dac_error": line.slope_error * unit * keep,
        "offset": line.offset * keep, "offset_error": line.offset_error * keep,
        "onset": onset.middle * keep, "onset_below": onset.below * keep, "onset_above": onset.above * keep,
        "bend": size * keep, "bend_reach": reach * keep, "residual_max": worst * keep,
    }  # fmt: skip
    good = solved & (table.kind == 0)
    summary: dict[str, Any] = {
        name: float(median(rows[name][good])) if np.isfinite(rows[name][good]).any() else None
        for name in ("slope_per_dac", "onset", "residual_max")
    }
    curves = {
        "x": np.where(table.connected, table.charge, np.nan),
        "y": counts,
        "residual": counts - line.offset - line.slope * table.charge,
    }
    return Distillate.of("tot_line", table, rows, reasons, curves=curves, summary=summary, remarks=remarks)


def _of_scan(
    reasons: npt.NDArray[np.uint32], among: BoolArray, told: str
) -> tuple[npt.NDArray[np.uint32], tuple[str, ...]]:
    """Return reasons without those that follow from the scan, and in words what it lacks."""
    left = of_channels(reasons, among, Reason.MISSING)
    return left, () if left is reasons else (f"{told}: no channel has them",)


def _bend(
    table: Table, line: Line, onset: FloatArray, counts: FloatArray, wishes: Wishes
) -> tuple[FloatArray, FloatArray]:
    """Return how far TOT stays below its line at onset, and the charge over which that dies away, in fC."""
    with np.errstate(invalid="ignore", divide="ignore"):
        missing = line.offset + line.slope * table.charge - counts
        near = (missing > BEND_FROM) & (table.charge < wishes.tot_fit_from * CALIB_CHARGE["HighRange"])
        near &= (table.charge >= onset) & (counts > LOWEST)
        fall = fit_lines(
            table.charge - onset, np.where(near, np.log(missing), np.nan), np.where(near, missing**2, 0.0)
        )
        good = (fall.points >= 2) & (fall.slope < 0)
        return np.where(good, np.exp(fall.offset), 0.0), np.where(good, -1 / fall.slope, np.nan)


def distil_joining(table: Table, wishes: Wishes) -> Distillate:
    """Return how ADC and TOT join: the charge that each tells around the onset of TOT, against the injected one.

    ``step`` is what the charge jumps by from the last points of the ADC to the first of TOT, ``gap`` the range of
    charges between the end of the ADC's linear range and the onset, where neither tells the charge.
    """
    adc, (line, _, counts) = adc_lines(table), tot_line(table, wishes)
    onset = curve_of(table, "tot", table.charge, table.connected)
    size, reach = _bend(table, line, onset.middle, counts, wishes)
    by_adc, by_tot = _charges(table, adc.line, line, counts, (onset.middle, size, reach))
    near = np.abs(table.charge - onset.middle) < 0.5 * onset.middle
    before = adc.used & near & (table.charge < onset.middle)
    after = np.isfinite(by_tot) & near & (table.charge > onset.middle)
    low, low_error = _mean_off(by_adc, table.charge, before)
    high, high_error = _mean_off(by_tot, table.charge, after)
    fed = table.fed
    solved = np.isfinite(low) & np.isfinite(high)
    reasons = no_reasons(len(fed))
    reasons[fed & ~solved] |= np.uint32(Reason.MISSING)
    channels = fed & (table.kind == 0) & ~silent_rows(table, "tot")
    reasons, remarks = _of_scan(reasons, channels, "ADC and TOT join where both have points around the onset")
    reasons[silent_rows(table, "tot")] = np.uint32(Reason.FLAT_TOT)
    keep = np.where(solved, 1.0, np.nan)
    with np.errstate(invalid="ignore"):
        gap = np.maximum(onset.middle - adc.last, 0.0)
        step = high - low
        rows = {
            "onset": onset.middle * keep,
            "step": step * keep,
            "step_error": np.hypot(low_error, high_error) * keep,
            "step_percent": 100 * step / onset.middle * keep,
            "adc_to": adc.last * keep,
            "gap": gap * keep,
        }
    good = solved & (table.kind == 0)
    summary: dict[str, Any] = {
        name: float(median(rows[name][good])) if good.any() else None for name in ("step", "gap", "onset")
    }
    by_adc = np.where(adc.used, by_adc, np.nan)
    curves = {"x": np.where(table.connected, table.charge, np.nan), "adc": by_adc, "tot": by_tot}
    return Distillate.of("joining", table, rows, reasons, curves=curves, summary=summary, remarks=remarks)


def _charges(
    table: Table, adc: Line, tot: Line, counts: FloatArray, bend: tuple[FloatArray, FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the charge that ADC and TOT tell, in fC; the bend of TOT is taken off by a few steps."""
    onset, size, reach = bend
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        by_adc = (table["adc_mean"] - adc.offset) / adc.slope
        by_tot = (counts - tot.offset) / tot.slope
        straight = by_tot
        for _ in range(30):
            below = np.where(np.isfinite(reach), size * np.exp(-np.maximum(by_tot - onset, 0) / reach), 0.0)
            by_tot = straight + below / tot.slope
    return np.asarray(by_adc), np.asarray(by_tot)


def _mean_off(told: FloatArray, charge: FloatArray, part: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Return the mean difference from the injected charge over some points, and its error."""
    with np.errstate(invalid="ignore", divide="ignore"):
        count = part.sum(axis=0).astype(np.float64)
        off = np.where(part, told - charge, 0.0)
        mean = off.sum(axis=0) / np.where(count > 0, count, np.nan)
        width = np.sqrt(
            np.where(part, (told - charge - mean) ** 2, 0.0).sum(axis=0) / np.where(count > 1, count - 1, np.nan)
        )
    return mean, np.nan_to_num(width / np.sqrt(count))
