"""When to sample: the phase at which the ADC sees the top of the pulse, and what the times make of the phase."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from kit.hgcroc.calibration.averages import median, spread
from kit.hgcroc.calibration.distillates import LEAVE, Distillate
from kit.hgcroc.calibration.fitting import fit_lines
from kit.hgcroc.calibration.reasons import Reason, no_reasons
from kit.hgcroc.calibration.stillness import silent_rows
from kit.hgcroc.calibration.tabulation import Table
from kit.hgcroc.calibration.wishes import Wishes

__all__ = ["distil_phase", "distil_phase_steps", "unwrapped"]

FloatArray = npt.NDArray[np.float64]

BUNCH_CROSSING = 25.0  # ns; the LHC's 40 MHz
PHASES = 16
PHASE_STEP = BUNCH_CROSSING / PHASES
CIRCLE = 1024  # TOA codes of a crossing
CODES_A_PHASE = CIRCLE / PHASES
FIRED = 0.5
LARGE = 0.5  # of the largest charge: there the time hardly depends on it
FEWEST = 5  # samples around a pulse


def distil_phase(table: Table, _wishes: Wishes) -> Distillate:
    """Return the phase of each ROC that most of its channels want, from pulses sampled over phases and crossings.

    A larger phase samples earlier. The top of a pulse lies at the maximum of the parabola through the highest
    sample and its neighbours.
    """
    injected = table.charge > 0
    time = BUNCH_CROSSING * table.bunch - PHASE_STEP * table["phase_strobe"]
    signal = np.where(injected, table["adc_mean"], np.nan).astype(np.float64)
    order = np.argsort(np.where(injected, time, np.inf), axis=0, kind="stable")
    time, signal = np.take_along_axis(time, order, 0), np.take_along_axis(signal, order, 0)
    enough = np.isfinite(signal).sum(axis=0) >= FEWEST
    top, error = _tops(time, signal)
    reasons = no_reasons(len(table.chip))
    fed = injected.any(axis=0)
    reasons[fed & ~(enough & np.isfinite(top))] |= np.uint32(Reason.NO_FIT)
    good = enough & np.isfinite(top)
    crossing = np.ceil(np.nan_to_num(top) / BUNCH_CROSSING - 1e-9)
    phase = np.rint((BUNCH_CROSSING * crossing - np.nan_to_num(top)) / PHASE_STEP)
    crossing, phase = np.where(phase == PHASES, crossing - 1, crossing) + 0.0, phase % PHASES
    chosen = np.full((table.chips, 1), LEAVE)
    offset = np.full((table.chips, 2), LEAVE)
    remarks = []
    for chip in range(table.chips):
        votes = Counter(
            zip(
                *(a[good & (table.chip == chip) & (table.kind == 0)].astype(int) for a in (crossing, phase)),
                strict=True,
            )
        )
        if not votes:
            remarks.append(f"chip {chip}: no channel shows a pulse")
            continue
        (late, wanted), _ = votes.most_common(1)[0]
        chosen[chip] = wanted
        if late:  # another crossing than the customary one
            now = table["L1Offset"][0][(table.chip == chip) & (table.kind == 1)]
            offset[chip] = now - late
            remarks.append(f"chip {chip}: the pulse is {late:+d} crossings away, L1Offset moves along")
    rows = {
        "top": np.where(good, top, np.nan), "top_error": np.where(good, error, np.nan),
        "phase": np.where(good, phase, np.nan), "crossing": np.where(good, crossing, np.nan),
    }  # fmt: skip
    registers = {("Top", "phase_strobe"): chosen}
    if (offset != LEAVE).any():
        registers["DigitalHalf", "L1Offset"] = offset
    phases = [None if value == LEAVE else int(value) for value in chosen[:, 0]]
    return Distillate.of(
        "phase", table, rows, reasons, registers=registers, curves={"x": time, "y": signal},
        summary={"phase": phases}, remarks=tuple(remarks),
    )  # fmt: skip


def _tops(time: FloatArray, signal: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return when each pulse is highest, and half the uncertainty that the samples' distance leaves."""
    nothing = np.full(signal.shape[1], np.nan)
    if len(signal) < 3:
        return nothing, nothing
    flat = np.where(np.isfinite(signal), signal, -np.inf)
    place = flat.argmax(axis=0)
    inner = (place > 0) & (place < np.isfinite(signal).sum(axis=0) - 1)
    middle = np.clip(place, 1, len(signal) - 2)[None]
    t = [np.take_along_axis(time, middle + k, 0)[0] for k in (-1, 0, 1)]
    y = [np.take_along_axis(signal, middle + k, 0)[0] for k in (-1, 0, 1)]
    with np.errstate(invalid="ignore", divide="ignore"):
        left, right = (y[1] - y[0]) / (t[1] - t[0]), (y[2] - y[1]) / (t[2] - t[1])
        bend = (right - left) / (t[2] - t[0])
        top = (t[0] + t[1]) / 2 - left / (2 * bend)
    good = inner & (bend < 0)
    return np.where(good, top, np.nan), np.where(good, (t[2] - t[0]) / 2 / 12**0.5, np.nan)


def unwrapped(codes: FloatArray) -> FloatArray:
    """Return times without their jumps at the end of a crossing, along the first axis; nan stays."""
    gaps = np.isnan(codes)
    whole = codes.copy()
    for k in range(1, len(whole)):  # a gap repeats what came before it
        whole[k] = np.where(np.isnan(whole[k]), whole[k - 1], whole[k])
    return np.where(gaps, np.nan, np.unwrap(np.nan_to_num(whole), axis=0, period=CIRCLE))


def distil_phase_steps(table: Table, _wishes: Wishes) -> Distillate:
    """Return how many TOA codes a step of the phase is, by channel, from its largest charges."""
    charge = table.charge
    chosen = (table["toa_efficiency"] > FIRED) & (charge >= LARGE * charge.max(axis=0))
    phase = table["phase_strobe"].astype(np.float64)
    off = np.where(chosen, table["toa_mean_hit"] - CODES_A_PHASE * phase, np.nan)
    turn = np.exp(2j * np.pi * off / CIRCLE)
    with np.errstate(invalid="ignore"):
        middle = np.angle(np.nansum(turn, axis=0)) * CIRCLE / (2 * np.pi)
        off = (off - middle + CIRCLE / 2) % CIRCLE - CIRCLE / 2  # small, unless labels are wrong
    line = fit_lines(phase, off, chosen)
    phases = [np.unique(phase[chosen[:, row], row]).size for row in range(len(table.chip))]
    good = np.array(phases) >= 2
    rows = {
        "codes_per_phase": np.where(good, line.slope + CODES_A_PHASE, np.nan),
        "codes_per_phase_error": np.where(good, line.slope_error, np.nan),
        "residual": np.where(good, spread(line.residual), np.nan),
    }  # fmt: skip
    summary = {"codes_per_phase": float(median(rows["codes_per_phase"])) if good.any() else None}
    reasons = no_reasons(len(good))
    reasons[silent_rows(table, "toa")] |= np.uint32(Reason.FLAT_TOA)
    return Distillate.of("phase_steps", table, rows, reasons, curves={"x": phase, "y": off}, summary=summary)
