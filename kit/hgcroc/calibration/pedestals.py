"""Pedestals and noise of all channels, with the noise that a half has in common split off.

The common mode of an event is the mean of what the bonded channels of a half lie above their pedestals; channels
that are dead or noisy take no part in it, so that they do not spoil the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.averages import mean, median, spread
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.wishes import Wishes
from kit.hgcroc.events import MISSING
from kit.hgcroc.pictures.geometry import NOT_BONDED
from kit.hgcroc.rawdata import BAD_COUNTER

__all__ = ["bonded_rows", "distil_pedestals", "judge_noise", "rows_of_events"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NARROWEST = 0.05  # ADC; a half whose channels are all alike has no robust width of its own
ROBUST = 1.4826  # standard deviation over median deviation of a normal distribution
SHARE_OF_MEDIAN = (0.3, 3.0)  # noise of channels that tell the common mode


def bonded_rows(table: Table) -> BoolArray:
    """Return which rows are channels with a pad; of other boards than LD, all channels."""
    channels = np.asarray(table.kind == 0)
    return channels & ~np.isin(table.channel, NOT_BONDED) if table.board == "ld" else channels


def distil_pedestals(table: Table, wishes: Wishes) -> Distillate:
    """Return pedestal and noise by channel, common mode by half, of triggers without pulses.

    Where single events were kept the common mode is taken off each; else noise is the width of the summary.
    """
    points = np.flatnonzero(np.isnan(table.distance))
    if not len(points) and len(table):
        return _beside_pulses(table, wishes)
    if not len(points):
        return Distillate.of("pedestals", table, {}, no_reasons(len(table.chip)) | np.uint32(Reason.MISSING))
    rows = _of_summary(table, points)
    halves: dict[str, FloatArray] = {}
    if table.events is not None:
        split, halves = _of_events(table, points, rows, wishes)
        rows |= split
    reasons = judge_noise(table, rows["noise"], wishes)
    used = (table.kind == 0) & (reasons == 0)
    own = rows.get("noise_own", rows["noise"])
    rows["noise_left"] = own if wishes.cm_subtract else rows["noise"]
    summary: dict[str, Any] = {
        "pedestal": float(median(rows["pedestal"][used])) if used.any() else None,
        "noise": float(median(rows["noise"][used & bonded_rows(table)])) if used.any() else None,
    }
    if halves:
        summary["common_mode"] = float(median(halves["common_mode"]))
    return Distillate.of("pedestals", table, rows, reasons, halves=halves, summary=summary)


def _beside_pulses(table: Table, wishes: Wishes) -> Distillate:
    """Return pedestal and noise of the channels without injection, from all points of a pulsed scan."""
    nothing = np.where(table.fed, np.nan, 1.0)
    middle, width = (
        mean(table["adc_mean"]) * nothing,
        np.sqrt(mean(table["adc_stdd"].astype(np.float64) ** 2)) * nothing,
    )
    n = np.maximum(np.nansum(table["n"].astype(np.float64), axis=0), 1)
    rows = {
        "pedestal": middle, "pedestal_error": width / np.sqrt(n), "noise": width,
        "noise_error": width / np.sqrt(2 * n), "noise_left": width,
    }  # fmt: skip
    reasons = np.where(table.fed, np.uint32(0), judge_noise(table, width, wishes))
    used = bonded_rows(table) & (reasons == 0) & ~table.fed
    summary = {name: float(median(rows[name][used])) if used.any() else None for name in ("pedestal", "noise")}
    count = int((~table.fed & (table.kind == 0)).sum())
    told = f"pedestals and noise are those of the {count} channels without injection"
    return Distillate.of("pedestals", table, rows, reasons, summary=summary, remarks=(told,))


def _of_summary(table: Table, points: npt.NDArray[np.intp]) -> dict[str, FloatArray]:
    """Return the columns of the last of the points: the board as it is now."""
    last = points[-1]
    mean, width = (table[name][last].astype(np.float64) for name in ("adc_mean", "adc_stdd"))
    n = np.maximum(table["n"][last].astype(np.float64), 1)
    return {
        "pedestal": mean,
        "pedestal_error": width / np.sqrt(n),
        "pedestal_median": table["adc_median"][last].astype(np.float64),
        "noise": width,
        "noise_error": width / np.sqrt(2 * n),
    }


def rows_of_events(events: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
    """Return the ADC of events in the order of the summary's rows, shape (events, rows)."""
    adc, common = events["adc"].astype(np.float32), events["cm"].astype(np.float32)
    count, chips = adc.shape[:2]
    parts = [adc[..., :36].reshape(count, chips, 72), adc[..., 36], common.reshape(count, chips, 4)]
    return np.asarray(np.concatenate(parts, axis=2).reshape(count, -1))


def _of_events(
    table: Table, points: npt.NDArray[np.intp], rows: dict[str, FloatArray], wishes: Wishes
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    assert table.events is not None
    events = table.events(int(points[-1]))
    corrupt = events["corruption"] & np.uint8(0xFF ^ BAD_COUNTER)
    bad = (corrupt if wishes.exclude_corrupt else corrupt & np.uint8(MISSING)) != 0
    bad_rows = bad.reshape(len(bad), -1)[:, table.group]
    values = np.where(bad_rows, np.float32(np.nan), rows_of_events(events))
    with np.errstate(invalid="ignore", divide="ignore"):
        count = (~bad_rows).sum(axis=0)
        away = values - mean(values).astype(np.float32)
        own = np.full(away.shape[1], np.nan)
        common = np.full(2 * table.chips, np.nan)
        for half in range(2 * table.chips):
            mine = table.group == half
            voters = mine & _voters(rows["noise"], mine & bonded_rows(table))
            mode = away[:, voters].mean(axis=1) if voters.any() else np.zeros(len(away), np.float32)
            left = spread(away[:, mine] - mode[:, None])
            # a voter takes a part of its own noise along into the common mode
            own[mine] = left * np.where(voters[mine], np.sqrt(voters.sum() / max(voters.sum() - 1, 1)), 1.0)
            noise_of_mean = np.nansum(own[voters] ** 2) / max(voters.sum(), 1) ** 2
            common[half] = np.sqrt(max(spread(mode) ** 2 - noise_of_mean, 0.0))
        split = {"noise_own": own, "noise_own_error": own / np.sqrt(2 * np.maximum(count, 1))}
    return split, {"common_mode": common}


def _voters(noise: FloatArray, among: BoolArray) -> BoolArray:
    if not among.any():
        return among
    middle = median(noise[among])
    low, high = (share * middle for share in SHARE_OF_MEDIAN)
    return np.asarray(among & (noise > low) & (noise < high))


def judge_noise(table: Table, noise: FloatArray, wishes: Wishes) -> npt.NDArray[np.uint32]:
    """Return which rows are dead, noisy or not measured; the limit of noise follows from the half itself."""
    reasons = no_reasons(len(noise))
    reasons[np.isnan(noise)] |= np.uint32(Reason.MISSING)
    reasons[noise == 0] |= np.uint32(Reason.DEAD)
    limit = np.full(len(noise), wishes.noisy)
    for half in range(2 * table.chips):
        mine = table.group == half
        telling = mine & bonded_rows(table) & (noise > 0)
        if telling.any():
            middle = np.median(noise[telling])
            width = max(ROBUST * float(np.median(np.abs(noise[telling] - middle))), NARROWEST)
            limit[mine] = min(wishes.noisy, middle + wishes.noisy_widths * width)
    with np.errstate(invalid="ignore"):
        reasons[noise > limit] |= np.uint32(Reason.NOISY)
    return reasons
