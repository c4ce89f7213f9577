"""Pulse responses as Cadence exports them: CSV, a pair of columns (time, response) for each injected charge.

The injected charge stands somewhere in the header of the pair's second column. Nothing is guessed: a charge that
cannot be read, a cell that is missing, a unit that cannot be right are refused, with column and row.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from kit.files import FormatError
from kit.smartpixels.csv_cells import Cells, LonelyCellError, read_cells
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pixelav import FloatArray, to_float

__all__ = ["ELECTRON_CHARGE", "Pulse", "PulseTable", "read_pulses"]

ELECTRON_CHARGE = 1.60217663e-19  # C; the original's value, not the exact one, for identical digits
CHARGE_UNITS = {"e": 1.0, "fC": 1e-15 / ELECTRON_CHARGE, "C": 1 / ELECTRON_CHARGE}  # e-
RESPONSE_UNITS = {"V/C": 1.0, "V/fC": 1e15, "V/e": 1 / ELECTRON_CHARGE}  # V/C
TOKEN_OF_CHARGE = 6  # the seventh, split at single blanks
PLATEAU_MIN, PLATEAU_MAX = 1.0, 1000.0  # uV/e-; outside, the unit is another one


@dataclass(frozen=True)
class Pulse:
    """The response to one injected charge, between the start and the end of the pulse."""

    column: int  # of the times, from 0
    charge: float  # e-
    times: FloatArray  # s
    values: FloatArray  # V/C, as exported

    @property
    def plateau(self) -> float:
        """Largest response above the first kept value, in uV/e-."""
        return float((self.values - self.values[0]).max()) * ELECTRON_CHARGE * 1e6

    @property
    def length(self) -> float:
        """Time from the first to the last sample, in ns."""
        return float(self.times[-1] - self.times[0]) * 1e9


@dataclass(frozen=True)
class PulseTable:
    """The pulse responses of a file.

    Attributes
    ----------
    pulses : list of Pulse
        In the order of the columns.
    charges : ndarray
        The charges among which a pixel finds its template's, in e-. They are the pulses' own; only as the original
        reads a file with a skipped pulse there is one more.
    notes : list of str
        What was passed over or dropped.
    sha256 : str
        Of the file as stored.
    """

    pulses: list[Pulse]
    charges: FloatArray
    notes: list[str]
    sha256: str

    def rows(self) -> list[tuple[int, float, int, float, float, float]]:
        """Return column, charge (e-), samples, first and last time (ns) and plateau (uV/e-) of each pulse."""
        return [
            (
                pulse.column,
                pulse.charge,
                len(pulse.times),
                float(pulse.times[0]) * 1e9,
                float(pulse.times[-1]) * 1e9,
                pulse.plateau,
            )
            for pulse in self.pulses
        ]


class _PulseError(ValueError):
    """What is wrong with one pair of columns."""


class _SkippedError(_PulseError):
    """What the original passes over without a word."""


def read_pulses(path: str, p: AmplifierParameters, *, compat: bool = False) -> PulseTable:
    """Return the pulse responses in a CSV file.

    Parameters
    ----------
    path : str
        Local file or address, plain or gzipped.
    p : AmplifierParameters
        Where the charge stands, the units, and which part of the times is the response.
    compat : bool
        As the original: a charge that cannot be read is 0, a skipped pulse leaves its charge in the list.

    Raises
    ------
    FormatError
        With column, row and charge of each pulse that cannot be used, unless they are to be dropped.
    """
    cells = read_cells(path, "pulse responses")
    name, header = cells.name, cells.header
    notes = []
    if len(header) % 2:
        notes.append(f"the last column, {len(header) - 1}, has no partner and was passed over")
    pairs = range(len(header) // 2)
    if p.charges and len(p.charges) != len(pairs):
        message = f"{name}: has {len(pairs)} pairs of columns, charges has {len(p.charges)} values"
        raise FormatError(message)
    pulses: list[Pulse] = []
    charges: list[float] = []
    faults: list[str] = []
    for pair in pairs:
        if cells.blank(2 * pair):
            notes.append(f"columns {2 * pair} and {2 * pair + 1} are empty and were passed over")
            continue
        try:
            charge = _charge(header, pair, p, compat=compat)
            if compat:
                charges.append(charge)
                notes += _taken_charge(header, pair, charge, charges)
            pulse = _pulse(pair, charge, cells, p)
            _refuse_double(pulse, pulses, compat=compat)
            pulses.append(pulse)
        except _PulseError as fault:
            taken = p.bad_pulses == "drop" or (compat and isinstance(fault, _SkippedError))
            (notes if taken else faults).append(f"{'dropped: ' if taken else ''}{fault}")
    if faults:
        message = f"{name}: " + "; ".join(_once(faults))
        raise FormatError(message)
    notes = [f"{name}: {note}" for note in notes]
    if not pulses:
        message = f"{name}: has no pulse response, should have pairs of columns, time and response"
        raise FormatError(message)
    if compat:
        return PulseTable(pulses, np.array(charges), notes, cells.sha256)
    return PulseTable(pulses, np.array([pulse.charge for pulse in pulses]), notes, cells.sha256)


def _once(faults: list[str]) -> list[str]:
    """Return faults such that those which differ in numbers alone are told by the first, and counted."""
    alike: dict[str, list[str]] = {}
    for fault in faults:
        alike.setdefault(re.sub(r"\d+", "0", re.sub(r"\d[\d.e+-]*", "0", fault)), []).append(fault)
    told = []
    for first, *others in alike.values():
        told += (
            [first, f"and {len(others)} columns more with the same fault"] if len(others) > 1 else [first, *others]
        )
    return told


def _charge(header: list[str], pair: int, p: AmplifierParameters, *, compat: bool) -> float:
    """Return the injected charge of a pair of columns, in electrons."""
    unit = CHARGE_UNITS[p.charge_unit]
    if p.charges:
        return p.charges[pair] * unit
    words = header[2 * pair + 1]
    if p.charge_pattern:
        found = re.search(p.charge_pattern, words)
        text = found[1] if found else None
        wanted = f"a charge where {p.charge_pattern!r} finds it"
    else:
        tokens = words.split(" ")
        text = tokens[TOKEN_OF_CHARGE] if len(tokens) > TOKEN_OF_CHARGE else None
        wanted = "a charge as its 7th word; charge_pattern or charges can say it otherwise"
    try:
        charge = to_float(text or "")
    except ValueError:
        charge = 0.0
    if 0 < charge < math.inf or compat:
        return charge * unit
    message = f"column {2 * pair + 1}: the header {words[:60]!r} should have {wanted}"
    raise _PulseError(message)


def _taken_charge(header: list[str], pair: int, charge: float, charges: list[float]) -> list[str]:
    """Return notes on a charge that only the original would take; `charges` ends with it."""
    column, taken = 2 * pair + 1, "as the original takes it"
    notes = []
    if not 0 < charge < math.inf:
        notes.append(f"column {column}: no charge in the header {header[column][:60]!r}, {charge:g} e- {taken}")
    if charge in charges[:-1]:
        notes.append(f"column {column}: charge {charge:g} e- again, {taken}")
    return notes


def _pulse(pair: int, charge: float, cells: Cells, p: AmplifierParameters) -> Pulse:
    """Return the response in a pair of columns."""
    where = f"column {2 * pair}, charge {charge:g} e-"
    try:
        times, values = cells.pair(2 * pair)
    except LonelyCellError as fault:
        message = f"column {fault.column}, row {fault.row}, charge {charge:g} e-: {fault.text!r}, "
        message += "should be a number, as beside it"
        raise _SkippedError(message) from None
    if not (np.isfinite(times).all() and np.isfinite(values).all()):
        message = f"{where}: holds nan or inf, should be numbers"
        raise _PulseError(message)
    backwards = np.flatnonzero(np.diff(times) <= 0)
    if len(backwards):
        row = int(backwards[0]) + 1
        message = f"{where}, sample {row}: time {times[row]:g} s does not increase after {times[row - 1]:g} s"
        raise _PulseError(message)
    values = values * _factor(p.response_unit, charge)
    start, end = p.pulse_start * 1e-9, p.pulse_end * 1e-9
    kept = (times > start) & (times < end)
    if kept.sum() < 2:
        between = f"between {p.pulse_start:g} and {p.pulse_end:g} ns"
        message = f"{where}: has {kept.sum()} samples {between}, should have 2 or more"
        raise _PulseError(message)
    times_kept, values_kept = times[kept], values[kept]
    if p.kernel_origin == "pulse_start":
        times_kept = np.concatenate([[start], times_kept])
        values_kept = np.concatenate([[np.interp(start, times, values)], values_kept])
    pulse = Pulse(2 * pair, charge, times_kept, values_kept)
    if pulse.length < p.window * (1 - 1e-9):
        message = f"{where}: the response is {pulse.length:.3f} ns long, the window needs {p.window:g} ns"
        raise _PulseError(message)
    _refuse_unit(pulse, where, p)
    return pulse


def _factor(unit: str, charge: float) -> float:
    """Return what turns a response in `unit` into V/C."""
    if unit == "V":
        return 1 / (charge * ELECTRON_CHARGE) if charge else math.nan
    return RESPONSE_UNITS[unit]


def _refuse_double(pulse: Pulse, before: list[Pulse], *, compat: bool) -> None:
    for other in before:
        if other.charge == pulse.charge and not compat:
            message = (
                f"column {pulse.column}: charge {pulse.charge:g} e- again, it is that of column {other.column}"
            )
            raise _PulseError(message)


def _refuse_unit(pulse: Pulse, where: str, p: AmplifierParameters) -> None:
    """Refuse a plateau that no amplifier has, and say which unit would make it one."""
    if PLATEAU_MIN <= pulse.plateau <= PLATEAU_MAX:
        return
    raw = pulse.plateau / _factor(p.response_unit, pulse.charge)
    likely = [
        unit for unit in (*RESPONSE_UNITS, "V") if PLATEAU_MIN <= raw * _factor(unit, pulse.charge) <= PLATEAU_MAX
    ]
    hint = f"; with response_unit {' or '.join(likely)} it would be" if likely else ""
    wanted = f"{PLATEAU_MIN:g} to {PLATEAU_MAX:g} uV/e-"
    message = f"{where}: the plateau is {pulse.plateau:.4g} uV/e-, should be {wanted}{hint}"
    raise _PulseError(message)
