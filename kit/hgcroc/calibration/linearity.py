"""ADC against injected charge: gain and linearity by channel, and what the others see of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration import averages
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.fitting import Line, fit_lines
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.stillness import FLAT_CHANGE, FLAT_POINTS
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["AdcLine", "adc_lines", "distil_crosstalk", "distil_gain", "one_phase"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

ABOVE_PEDESTAL = 5.0  # standard deviations
BELOW_TOP = 0.9  # of the maximum
FAR_ENOUGH = 250.0  # fC; an injection scan that ends before does not say whether the ADC stays low
SHORT = 0.1  # of the own gain: what a neighbour may not see


@dataclass(frozen=True)
class AdcLine:
    """ADC over charge in its linear range; pedestal in ADC counts, gain in ADC counts per fC, range in fC."""

    line: Line
    pedestal: FloatArray
    top: FloatArray
    used: BoolArray
    last: FloatArray


def one_phase(table: Table) -> BoolArray:
    """Return the points of the phase at which signals are largest, of the only one in most scans."""
    phase = table["phase_strobe"][:, 0]
    values = np.unique(phase)
    if len(values) == 1:
        return np.ones(len(table), bool)
    signal = np.where(table.charge > 0, table["adc_mean"], np.nan)
    with np.errstate(invalid="ignore"):
        heights = [np.nansum(np.nan_to_num(signal[phase == value])) / (phase == value).sum() for value in values]
    return np.asarray(phase == values[int(np.argmax(heights))])


def adc_lines(table: Table) -> AdcLine:
    """Return the lines through all points between the pedestal's noise and 90 % of what a channel reaches."""
    charge, adc = table.charge, table["adc_mean"].astype(np.float64)
    chosen = one_phase(table)[:, None] & np.isfinite(adc)
    empty = chosen & (charge == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        count = empty.sum(axis=0)
        pedestal = np.where(empty, adc, 0).sum(axis=0) / count
        width = np.sqrt(np.where(empty, table["adc_stdd"].astype(np.float64) ** 2, 0).sum(axis=0) / count)
        taken_over = np.nan_to_num(table["tot_efficiency"]) > 0  # past the onset of TOT the ADC grows no more
        injected = chosen & table.connected & (charge > 0)
        top = np.where(injected, adc, -np.inf).max(axis=0, initial=-np.inf)
        used = injected & ~taken_over & (adc > pedestal + ABOVE_PEDESTAL * width) & (adc < BELOW_TOP * top)
    line = fit_lines(charge, adc, used)
    last = np.where(used, charge, 0.0).max(axis=0, initial=0.0)
    return AdcLine(line, pedestal, np.where(np.isfinite(top), top, np.nan), used, last)


def distil_gain(table: Table, wishes: Wishes) -> Distillate:
    """Return gain and non-linearity of every channel that charge was injected into."""
    found = adc_lines(table)
    line, fed = found.line, table.fed
    solved = (line.points >= 3) & (line.slope > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        largest = averages.largest(np.where(found.used, line.residual, np.nan))
        span = line.slope * found.last
    reasons = no_reasons(len(fed))
    reasons[fed & ~solved] |= np.uint32(Reason.NO_FIT)
    reasons |= _flat(table, "adc_mean", Reason.FLAT_ADC)
    far = table.charge.max(axis=0, initial=0.0) >= FAR_ENOUGH
    with np.errstate(invalid="ignore"):
        reasons[fed & far & (found.top < wishes.low_adc)] |= np.uint32(Reason.LOW_ADC)
    keep = np.where(solved, 1.0, np.nan)
    rows = {
        "gain": line.slope * keep, "gain_error": line.slope_error * keep,
        "offset": line.offset * keep, "offset_error": line.offset_error * keep,
        "inl": largest * keep, "inl_percent": 100 * largest / span * keep,
        "adc_max": np.where(fed, found.top, np.nan), "linear_to": found.last * keep,
    }  # fmt: skip
    good = solved & (reasons == 0) & (table.kind == 0)
    summary = {
        "gain": float(np.median(line.slope[good])) if good.any() else None,
        "inl": float(np.median(largest[good])) if good.any() else None,
        "channels": int(good.sum()),
    }
    chosen = one_phase(table)[:, None] & table.connected
    curves = {"x": np.where(chosen, table.charge, np.nan), "y": np.where(chosen, table["adc_mean"], np.nan)}
    curves["residual"] = line.residual
    return Distillate.of("gain", table, rows, reasons, curves=curves, summary=summary)


def _flat(table: Table, column: str, reason: Reason) -> npt.NDArray[np.uint32]:
    """Return which channels never change although charge was injected at many points."""
    part = table.connected & np.isfinite(table[column])
    with np.errstate(invalid="ignore"):
        high = np.where(part, table[column], -np.inf).max(axis=0, initial=-np.inf)
        low = np.where(part, table[column], np.inf).min(axis=0, initial=np.inf)
        found = (part.sum(axis=0) > FLAT_POINTS) & (high - low < FLAT_CHANGE)
    return np.where(found, np.uint32(reason), np.uint32(0))


def distil_crosstalk(table: Table, _wishes: Wishes) -> Distillate:
    """Return by how much every other channel of the half changes for each fC, and channels that share charge.

    Charge goes into one group of channels at a time; the matrix has a line for each group.
    """
    connected, charge = table.connected, table.charge
    chosen = one_phase(table) & connected.any(axis=1)
    patterns, group = np.unique(connected[chosen], axis=0, return_inverse=True)
    shape = (len(patterns), len(table.chip))
    matrix, errors = np.full(shape, np.nan), np.full(shape, np.nan)
    own = adc_lines(table).line.slope
    for number, pattern in enumerate(patterns):
        points = np.flatnonzero(chosen)[group.ravel() == number]
        fed = np.zeros((len(points), len(table.chip)))
        for half in range(2 * table.chips):
            mine = table.group == half
            fed[:, mine] = charge[np.ix_(points, mine)].max(axis=1)[:, None]
        line = fit_lines(fed, table["adc_mean"][points].astype(np.float64), np.ones((len(points), 1)) * ~pattern)
        matrix[number], errors[number] = line.slope, line.slope_error
    matrix[:, ~table.sensitive] = np.nan
    reasons, partner = _shorts(table, patterns, matrix, own)
    clean = np.where(reasons == 0, matrix, np.nan)
    seen, width = averages.median(clean), averages.median(errors)
    typical = float(averages.median(seen))
    summary = {"crosstalk": typical if np.isfinite(typical) else None, "groups": len(patterns)}
    rows = {"crosstalk": seen, "crosstalk_error": width, "shorted_with": partner}
    return Distillate.of(
        "crosstalk", table, rows, reasons, summary=summary,
        curves={"matrix": matrix, "matrix_error": errors, "groups": patterns},
    )  # fmt: skip


def _shorts(
    table: Table, patterns: BoolArray, matrix: FloatArray, own: FloatArray
) -> tuple[npt.NDArray[np.uint32], FloatArray]:
    """Return which channels see a neighbour's charge, and which neighbour."""
    reasons, partner = no_reasons(len(table.chip)), np.full(len(table.chip), np.nan)
    channels = table.kind == 0
    typical = averages.median(own[channels])
    for number, row in zip(*np.nonzero(matrix > SHORT * typical), strict=True):
        near = patterns[number] & channels & (table.chip == table.chip[row])
        near &= np.abs(table.channel - table.channel[row]) == 1
        if channels[row] and near.any():
            reasons[row] |= np.uint32(Reason.SHORTED)
            reasons[near] |= np.uint32(Reason.SHORTED)
            partner[row], partner[near] = table.channel[near][0], table.channel[row]
    return reasons, partner
