"""The discriminators of TOA and TOT: at which charge half of the pulses fire, and the registers that move it."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.averages import median
from kit.hgcroc.calibration.curve_fits import Curve, fit_curves
from kit.hgcroc.calibration.distillates import LEAVE, Distillate, spread_rows
from kit.hgcroc.calibration.fitting import fit_lines
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.stillness import FLAT_POINTS
from kit.hgcroc.calibration.tabulation import CALIB_CHARGE, Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["curve_of", "distil_curves", "distil_threshold", "distil_trim"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Quantity = Literal["toa", "tot"]

TOP_TRIM, TOP_VREF = 63, 1023
HALF = 0.5
ENDING = 4  # points that have to agree on a plateau
AGREE = 4.7  # standard deviations between the highest and the lowest of them: 99 of 100 plateaus
PLATEAU_FROM = 3.5  # widths above the middle
LEAST_PLATEAU, SURE = 0.1, 0.9995
FLAT_REASON = {"toa": Reason.FLAT_TOA, "tot": Reason.FLAT_TOT}


def curve_of(table: Table, quantity: Quantity, x: FloatArray, part: BoolArray) -> Curve:
    """Return the efficiency curves of a discriminator over `x`, from the points of `part`.

    A time of code 0 counts as none: where all hits of a channel come about then, its efficiency ends on a plateau
    below 1, of which its curve reaches half.
    """
    trials = np.where(part & np.isfinite(table["n"]), table["n"], 0).astype(np.float64)
    efficiency = np.nan_to_num(table[f"{quantity}_efficiency"].astype(np.float64))
    hits = np.rint(efficiency * trials)
    top = plateaus(x, efficiency, trials) if quantity == "toa" else np.ones(hits.shape[1])
    found = fit_curves(x, hits, trials, top)
    if (top < 1).any():  # more points lie on a plateau than those at its end
        top = _levels(np.broadcast_to(x, hits.shape), hits, trials, found, top)
        found = fit_curves(x, hits, trials, top)
    return found


def _levels(x: FloatArray, hits: FloatArray, trials: FloatArray, found: Curve, top: FloatArray) -> FloatArray:
    """Return the plateaus of curves from all points that lie on them."""
    with np.errstate(invalid="ignore"):
        up = (trials > 0) & ((x - found.middle) / found.width > PLATEAU_FROM)
    count = np.where(up, trials, 0).sum(axis=0)
    level = np.where(up, hits, 0).sum(axis=0) / np.maximum(count, 1)
    return np.asarray(np.where((top < 1) & (level > LEAST_PLATEAU) & (level < 1), level, top))


def plateaus(x: FloatArray, efficiency: FloatArray, trials: FloatArray) -> FloatArray:
    """Return the efficiency at which curves end: below 1 where the last points agree on it, else 1.

    Parameters
    ----------
    x, efficiency, trials : ndarray, shape (points, channels)
        Points without trials do not belong to a channel.
    """
    used = trials > 0
    share = np.ones(x.shape[1])
    if len(x) < 2 * ENDING:
        return share
    order = np.argsort(np.where(used, x, np.inf), axis=0, kind="stable")
    value, count = np.take_along_axis(efficiency, order, 0), used.sum(axis=0)
    rows = np.arange(ENDING)[:, None] + np.stack([np.zeros_like(count), np.maximum(count - ENDING, 0)])[:, None]
    ends = np.stack([np.take_along_axis(value, end, 0) for end in rows])
    last = np.where(ends[0].mean(axis=0) > ends[1].mean(axis=0), ends[0], ends[1])
    level = last.mean(axis=0)
    width = np.sqrt(level * (1 - level) / np.maximum(np.where(used, trials, np.inf).min(axis=0), 1))
    agree = (last.max(axis=0) - last.min(axis=0)) < AGREE * np.maximum(width, 1e-9)
    begun = np.where(used, efficiency, 1.0).min(axis=0) < level / 2
    flat = (count >= 2 * ENDING) & agree & begun & (level > LEAST_PLATEAU) & (level < SURE)
    return np.asarray(np.where(flat, level, share))


def distil_curves(table: Table, _wishes: Wishes, quantity: Quantity = "toa") -> Distillate:
    """Return the charge at which half of the pulses fire, and the width, by channel (S-curves)."""
    part = table.connected
    found = curve_of(table, quantity, table.charge, part)
    reasons = _reasons(table, quantity, part, found)
    nothing = np.where(part.any(axis=0), 1.0, np.nan)
    rows = {
        "q50": found.middle * nothing,
        "q50_below": found.below * nothing,
        "q50_above": found.above * nothing,
        "sigma": np.where(found.resolved, found.width, np.nan) * nothing,
        "sigma_error": found.width_error * nothing,
        "q50_dac": found.middle * nothing / CALIB_CHARGE["LowRange"],
        "deviance": found.deviance * nothing,
    }
    good = (reasons == 0) & (table.kind == 0) & np.isfinite(rows["q50"])
    summary: dict[str, Any] = {
        "q50": float(np.median(rows["q50"][good])) if good.any() else None,
        "q50_spread": float(np.std(rows["q50"][good])) if good.any() else None,
        "sigma": _told(median(rows["sigma"][good])),
    }
    return Distillate.of(
        f"{quantity}_curves", table, rows, reasons, summary=summary,
        curves=_drawn(table, quantity, table.charge, part),
    )  # fmt: skip


def _told(value: npt.ArrayLike) -> float | None:
    return float(value) if np.isfinite(value) else None  # type: ignore[arg-type]


def _drawn(table: Table, quantity: Quantity, x: FloatArray, part: BoolArray) -> dict[str, npt.NDArray[Any]]:
    return {"x": np.where(part, x, np.nan), "y": np.where(part, table[f"{quantity}_efficiency"], np.nan)}


def _reasons(table: Table, quantity: Quantity, part: BoolArray, found: Curve) -> npt.NDArray[np.uint32]:
    reasons, fed = no_reasons(len(table.chip)), part.any(axis=0) & table.sensitive
    efficiency = np.where(part, table[f"{quantity}_efficiency"], np.nan)
    top = np.where(part, efficiency, -np.inf).max(axis=0, initial=-np.inf)
    low = np.where(part, efficiency, np.inf).min(axis=0, initial=np.inf)
    flat = fed & (part.sum(axis=0) > FLAT_POINTS) & (top == low)
    reasons[flat] |= np.uint32(FLAT_REASON[quantity])
    reasons[fed & ~flat & ~np.isfinite(found.middle)] |= np.uint32(Reason.NO_FIT)
    return reasons


def distil_trim(table: Table, _wishes: Wishes, quantity: Quantity = "toa") -> Distillate:
    """Return the trim of each channel at which half of the pulses of the injected charge fire.

    All channels then have their threshold at that charge.
    """
    name = f"trim_{quantity}"
    trim, part = table[name].astype(np.float64), table.connected & (table.charge > 0)
    found = curve_of(table, quantity, trim, part)
    fed = part.any(axis=0)
    reasons = _reasons(table, quantity, part, found)
    reasons, wanted = _unreached(table, quantity, part, reasons, found)
    value = np.clip(np.rint(wanted), 0, TOP_TRIM)
    with np.errstate(invalid="ignore"):
        charge = np.where(fed, np.where(part, table.charge, 0).sum(axis=0) / part.sum(axis=0), np.nan)
    rows = {
        name: value, f"{name}_exact": wanted, f"{name}_below": np.where(fed, found.below, np.nan),
        f"{name}_above": np.where(fed, found.above, np.nan), "charge": charge,
    }  # fmt: skip
    channels = (table.kind == 0) & fed
    summary: dict[str, Any] = {
        "charge": float(median(charge)) if fed.any() else None,
        "reached": int((channels & (reasons == 0)).sum()), "channels": int(channels.sum()),
    }  # fmt: skip
    return Distillate.of(
        name, table, rows, reasons, registers=spread_rows(value, table.chips, name),
        curves=_drawn(table, quantity, trim, part), summary=summary,
    )  # fmt: skip


def _unreached(
    table: Table, quantity: Quantity, part: BoolArray, reasons: npt.NDArray[np.uint32], found: Curve
) -> tuple[npt.NDArray[np.uint32], FloatArray]:
    """Return reasons and trims where the threshold stays on one side of the charge: the trim at that end."""
    efficiency = np.where(part, table[f"{quantity}_efficiency"], np.nan)
    with np.errstate(invalid="ignore"):
        share = np.where(part, efficiency, 0).sum(axis=0) / np.maximum(part.sum(axis=0), 1)
    # a larger trim raises the threshold: always fired wants the largest, never fired the smallest
    missed = part.any(axis=0) & table.sensitive & ~np.isfinite(found.middle)
    ever = (np.nan_to_num(efficiency) > 0).any(axis=0)
    dead = missed & ~ever
    end = missed & ever
    reasons = reasons.copy()
    reasons[end] = (reasons[end] & ~np.uint32(Reason.NO_FIT | FLAT_REASON[quantity])) | np.uint32(
        Reason.UNREACHABLE
    )
    wanted = np.where(end, np.where(share > HALF, TOP_TRIM, 0), found.middle)
    wanted = np.where(part.any(axis=0) & ~dead, wanted, np.nan)
    with np.errstate(invalid="ignore"):
        outside = (wanted < -HALF) | (wanted > TOP_TRIM + HALF)
    reasons[outside] |= np.uint32(Reason.UNREACHABLE)
    return reasons, wanted


def distil_threshold(table: Table, wishes: Wishes, quantity: Quantity = "toa") -> Distillate:
    """Return Toa_vref or Tot_vref of each half at which half of the pulses of a wanted charge fire.

    From scans of the reference voltage at two charges or more; a scan without pulses counts as charge 0.
    """
    name = f"{quantity.capitalize()}_vref"
    target = wishes.toa_target if quantity == "toa" else wishes.tot_target
    vref, charge = table[name].astype(np.float64), table.charge
    unpulsed = np.isnan(table.distance)[:, None] & table.sensitive
    part = (table.connected & (charge > 0)) | unpulsed
    levels = np.unique(np.round(charge[part], 4)) if part.any() else np.empty(0)
    middles = np.full((len(levels), len(table.chip)), np.nan)
    for number, level in enumerate(levels):
        here = part & (np.abs(charge - level) < 1e-3)
        middles[number] = curve_of(table, quantity, vref, here).middle
    heights = np.full((len(levels), 2 * table.chips), np.nan)
    for half in range(2 * table.chips):
        heights[:, half] = median(middles[:, (table.group == half) & (table.kind == 0)].T)
    line = fit_lines(levels[:, None], heights, np.ones(heights.shape)) if len(levels) else None
    return _threshold_told(table, name, target, (levels, middles, heights), line)


def _threshold_told(
    table: Table, name: str, target: float, curves: tuple[FloatArray, FloatArray, FloatArray], line: Any
) -> Distillate:
    levels, middles, heights = curves
    halves, reasons = 2 * table.chips, no_reasons(len(table.chip))
    solved = np.zeros(halves, bool)
    wanted = slope = np.full(halves, np.nan)
    if line is not None:
        solved = (line.points >= 2) & np.isfinite(line.slope)
        wanted = np.where(solved, line.offset + line.slope * target, np.nan)
        slope = np.where(solved, line.slope, np.nan)
    with np.errstate(invalid="ignore"):
        outside = solved & ((wanted < -HALF) | (wanted > TOP_VREF + HALF))
    value = np.where(solved & ~outside, np.rint(np.nan_to_num(wanted)), LEAVE)
    value = np.clip(value, LEAVE, TOP_VREF).astype(np.int64)
    reasons[~solved[table.group] & table.sensitive] |= np.uint32(Reason.UNSOLVABLE)
    reasons[outside[table.group] & table.sensitive] |= np.uint32(Reason.UNREACHABLE)
    remarks = [
        f"half {half % 2} of chip {half // 2}: {name} would be {wanted[half]:.0f} for {target:g} fC, is not set"
        for half in np.flatnonzero(outside)
    ]
    if len(levels) < 2:
        remarks.append(f"{name} was scanned at {len(levels)} charges, should be at two at least")
    with np.errstate(invalid="ignore", divide="ignore"):
        per_count = 1 / slope
    found = np.where(value == LEAVE, np.nan, value)
    return Distillate.of(
        name.lower(),
        table,
        {f"middle_at_{level:.4g}_fC": middles[k] for k, level in enumerate(levels)},
        reasons,
        halves={name: found, "charge_per_count": per_count},
        registers={("ReferenceVoltage", name): value.reshape(-1, 2)},
        curves={"levels": levels, "heights": heights, "target": np.array(target)},
        summary={name: found.tolist(), "target": target},
        remarks=tuple(remarks),
    )
