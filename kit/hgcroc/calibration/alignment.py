"""Pedestals brought to a target: reference voltages by half, trims by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.averages import largest, spread
from kit.hgcroc.calibration.distillates import LEAVE, Distillate, spread_rows
from kit.hgcroc.calibration.fitting import Line, fit_lines
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["best_target", "distil_inv_vref", "distil_noinv_vref", "distil_trim_inv", "falling_part"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

TOP_VREF, TOP_TRIM, TOP_ADC = 1023, 63, 1023
LEAST_SLOPE = 0.01  # ADC counts per register count; below, a register does nothing
UPPER, LOWER = 0.8, 1.1  # of the maximum and of the minimum: the straight part between them
HALF = 0.5  # a register count: what rounding may take


def distil_inv_vref(table: Table, wishes: Wishes) -> Distillate:
    """Return Inv_vref of each half at which the median pedestal of its channels is on target."""
    return _distil_vref(table, "Inv_vref", "Noinv_vref", wishes.target_inv, UPPER)


def distil_noinv_vref(table: Table, wishes: Wishes) -> Distillate:
    """Return Noinv_vref of each half at which the median pedestal of its channels is on target."""
    return _distil_vref(table, "Noinv_vref", "Inv_vref", wishes.target_noinv, 1.0)


def falling_part(pedestal: FloatArray, upper: float) -> BoolArray:
    """Return which points of curves, shape (points, halves), lie on their straight part.

    It begins with the first point after the maximum that is below `upper` times it, and ends where the curve comes
    near its minimum.
    """
    top, bottom = np.nanmax(pedestal, axis=0), np.nanmin(pedestal, axis=0)
    after = np.arange(len(pedestal))[:, None] > np.nanargmax(pedestal, axis=0)
    begun = np.maximum.accumulate(after & (pedestal < upper * top), axis=0)
    return np.asarray(begun & (pedestal > LOWER * bottom) & (pedestal > 1))


def _distil_vref(table: Table, name: str, other: str, target: float, upper: float) -> Distillate:
    register = table[name].astype(np.float64)
    same = (table[other] == np.median(table[other], axis=0)).all(axis=1)  # of a scan over both, one line
    alive = (table.kind == 0) & (largest(table["adc_stdd"]) > 0)
    halves = 2 * table.chips
    x, y = np.full((len(table), halves), np.nan), np.full((len(table), halves), np.nan)
    for half in range(halves):
        mine = alive & (table.group == half)
        if mine.any():
            x[:, half] = register[:, mine][:, 0]
            y[:, half] = np.median(table["adc_mean"][:, mine], axis=1)
    order = np.argsort(x[:, 0], kind="stable")
    order = order[same[order]]
    x, y = x[order], y[order]
    measured = np.isfinite(y).any(axis=0)
    part = np.zeros(y.shape, bool)
    if len(y) and measured.any():
        part[:, measured] = falling_part(y[:, measured], upper)
    line = fit_lines(np.nan_to_num(x), y, part)
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = (target - line.offset) / line.slope
        solved = (line.points >= 2) & (np.abs(line.slope) >= LEAST_SLOPE) & np.isfinite(wanted)
        error = spread(line.residual) / np.abs(line.slope)
    value = np.where(solved, np.clip(np.rint(np.nan_to_num(wanted)), 0, TOP_VREF), LEAVE).astype(np.int64)
    reasons = no_reasons(len(table.chip))
    reasons[~solved[table.group]] |= np.uint32(Reason.UNSOLVABLE)
    clipped = solved & ((wanted < -HALF) | (wanted > TOP_VREF + HALF))
    remarks = [
        f"half {half % 2} of chip {half // 2}: {name} would be {wanted[half]:.0f}"
        for half in np.flatnonzero(clipped)
    ]
    found = np.where(value == LEAVE, np.nan, value)
    results = {
        name: found, f"{name}_error": error, "slope": line.slope, "slope_error": line.slope_error,
        "offset": line.offset, "expected": line.offset + line.slope * found,
    }  # fmt: skip
    return Distillate.of(
        name.lower(), table, {}, reasons, halves=results,
        registers={("ReferenceVoltage", name): value.reshape(-1, 2)},
        curves={"x": x, "y": y, "used": part, "target": np.array(target)},
        summary={name: found.tolist(), "target": target}, remarks=tuple(remarks),
    )  # fmt: skip


def distil_trim_inv(table: Table, wishes: Wishes) -> Distillate:
    """Return trim_inv of each channel at which its pedestal is that of its half: the one that most can reach."""
    trim, pedestal = table["trim_inv"].astype(np.float64), table["adc_mean"].astype(np.float64)
    free = (pedestal > 2) & (pedestal < TOP_ADC - 2) & (table["adc_stdd"] > 0)
    line = fit_lines(trim, pedestal, free)
    with np.errstate(invalid="ignore"):
        solved = (line.points >= 2) & (np.abs(line.slope) >= LEAST_SLOPE)
    ends = np.sort(np.stack([line.offset, line.offset + TOP_TRIM * line.slope]), axis=0)
    target = np.full(2 * table.chips, np.nan)
    for half in range(2 * table.chips):
        mine = solved & (table.group == half) & (table.kind == 0)
        target[half] = best_target(*ends[:, mine]) if wishes.target_trim is None else wishes.target_trim
    aim = target[table.group]
    with np.errstate(invalid="ignore", divide="ignore"):
        wanted = np.where(solved, (aim - line.offset) / line.slope, np.nan)
        unreachable = (wanted < -HALF) | (wanted > TOP_TRIM + HALF)
    trims = np.clip(np.rint(wanted), 0, TOP_TRIM)
    reasons = no_reasons(len(table.chip))
    reasons[~solved] |= np.uint32(Reason.UNSOLVABLE)
    reasons[unreachable] |= np.uint32(Reason.UNREACHABLE)
    rows = {
        "slope": line.slope,
        "slope_error": line.slope_error,
        "offset": line.offset,
        "offset_error": line.offset_error,
        "trim_inv": trims,
        "expected": line.offset + line.slope * trims,
        "target": aim,
    }
    channels = table.kind == 0
    summary: dict[str, Any] = {
        "target": [None if np.isnan(each) else round(float(each), 1) for each in target],
        "reached": int((channels & (reasons == 0)).sum()), "channels": int(channels.sum()),
    }  # fmt: skip
    return Distillate.of(
        "trim_inv",
        table,
        rows,
        reasons,
        halves={"target": target},
        registers=spread_rows(trims, table.chips, "trim_inv"),
        curves=_curves(trim, pedestal, line),
        summary=summary,
    )


def _curves(x: FloatArray, y: FloatArray, line: Line) -> dict[str, npt.NDArray[Any]]:
    return {"x": x, "y": y, "residual": line.residual}


def best_target(low: FloatArray, high: FloatArray) -> float:
    """Return the pedestal in most of the ranges from `low` to `high`; the middle where there are several."""
    if not len(low):
        return float("nan")
    candidates = np.arange(0, TOP_ADC + 1)
    reach = ((candidates[:, None] >= low) & (candidates[:, None] <= high)).sum(axis=1)
    best = np.flatnonzero(reach == reach.max())
    return float(best[len(best) // 2])
