"""Data that contradict their labels: found afterwards, also in scans of others.

A register that was not what its label says shows in the data: TOT fires where no charge was injected, times do not
move with the phase, two points with different settings hold the same events.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from kit.hgcroc.marks import Mark
from kit.hgcroc.measurements import Scan

__all__ = ["full_scale", "times_off_phase", "tot_at_zero", "twins", "validate"]

Array = npt.NDArray[np.integer] | npt.NDArray[np.floating]
Marks = npt.NDArray[np.uint32]

FIRED = 0.5  # efficiency above which a channel counts as fired: noise does not get there
CODES_A_PHASE = 64  # 25 ns / 16 in codes of 25 ns / 1024
NEARLY = 16  # codes that a time may be off: the TDC is not linear
CIRCLE = 1024
PEDESTALS = {"Inv_vref", "Noinv_vref", "trim_inv"}  # registers that move pedestals, perhaps out of the scale
FULL_SCALE = {"adc_median": 1023, "toa_median": 1023, "tot_median": 4088}


def tot_at_zero(calib: Array, efficiency: Array) -> Marks:
    """Mark points at which TOT fires in a channel without charge.

    Parameters
    ----------
    calib : ndarray, shape (points, rows)
        Injection DAC of the half of each row.
    efficiency : ndarray, shape (points, rows)
        Share of the events in which TOT fired.
    """
    with np.errstate(invalid="ignore"):
        found = ((calib == 0) & (efficiency > FIRED)).any(axis=1)
    return _marked(found, Mark.TOT_AT_ZERO)


def times_off_phase(phase: Array, alike: Array, toa: Array, efficiency: Array) -> Marks:
    """Mark points whose times are not 64 codes a phase step away from those of points alike.

    Parameters
    ----------
    phase : ndarray, shape (points,)
        Phase of each point.
    alike : ndarray of int, shape (points,)
        Points with equal numbers differ in the phase alone.
    toa, efficiency : ndarray, shape (points, rows)
        Median time and share of events with one.
    """
    marks = np.zeros(len(phase), np.uint32)
    for number in np.unique(alike):
        points = np.flatnonzero(alike == number)
        points = points[np.argsort(phase[points], kind="stable")]
        for before, after in itertools.pairwise(points):
            fired = (efficiency[before] > FIRED) & (efficiency[after] > FIRED)
            if not fired.any() or phase[before] == phase[after]:
                continue
            moved = toa[after, fired].astype(float) - toa[before, fired]
            off = moved - CODES_A_PHASE * (float(phase[after]) - float(phase[before]))
            off = (off + CIRCLE / 2) % CIRCLE - CIRCLE / 2
            if abs(np.median(off)) > NEARLY:
                marks[after] |= np.uint32(Mark.TOA_STEP)
    return marks


def twins(label: Array, summary: list[Array], *, may_end: bool = False) -> Marks:
    """Mark points of different labels with the same data.

    Parameters
    ----------
    label : ndarray of int, shape (points,)
        Points with equal numbers have the same settings.
    summary : list of ndarray, shape (points, rows)
        Columns that are compared, the widths last; means and widths of real events are never equal by chance.
    may_end : bool
        Whether the ADC may stand at one end of its scale everywhere, as where a scan moves pedestals: points
        without any width are not compared then. Nor are points without data.
    """
    first: dict[bytes, int] = {}
    found = np.zeros(len(label), bool)
    with np.errstate(invalid="ignore"):
        compared = (summary[-1] > 0).any(axis=1) if may_end else np.isfinite(summary[-1]).any(axis=1)
    for point in np.flatnonzero(compared).tolist():
        key = b"".join(np.ascontiguousarray(column[point]).tobytes() for column in summary)
        other = first.setdefault(key, point)
        if label[other] != label[point]:
            found[[other, point]] = True
    return _marked(found, Mark.TWIN)


def full_scale(columns: dict[str, Array]) -> Marks:
    """Mark points at which a quantity is beyond its scale in every channel."""
    found = [(columns[name] >= limit).all(axis=1) for name, limit in FULL_SCALE.items() if name in columns]
    return _marked(np.any(found, axis=0), Mark.FULL_SCALE)


def validate(scan: Scan) -> dict[int, Mark]:
    """Return the marks of all doubtful points of a scan."""
    points = scan.measured()
    if not len(points):
        return {}
    rows = scan.array("channeltype", points[:1])[0] != 100
    columns = {name: scan.array(name, points)[:, rows] for name in ("adc_median", "toa_median", "tot_median")}
    times = scan.array("toa_efficiency", points)[:, rows]
    calib = scan.array("Calib", points)[:, rows]
    steps = np.stack(scan.states.steps(points), axis=1) if scan.labels else np.zeros((len(points), 1), np.int64)
    label = _numbers(steps)
    others = [k for k, name in enumerate(scan.labels) if name != "phase_strobe"]
    phase = scan.array("Top.phase_strobe", points)[:, 0]
    repeat = points // (len(scan) // scan.lengths[0])
    alike = _numbers(np.column_stack([repeat, steps[:, others]]))
    means = [scan.array(name, points)[:, rows] for name in ("adc_mean", "adc_stdd")]
    marks = tot_at_zero(calib, scan.array("tot_efficiency", points)[:, rows])
    marks |= twins(label, means, may_end=bool(PEDESTALS & set(scan.labels))) | full_scale(columns)
    if "phase_strobe" in scan.labels:
        marks |= times_off_phase(phase, alike, columns["toa_median"], times)
    return {int(point): Mark(int(mark)) for point, mark in zip(points, marks, strict=True) if mark}


def _numbers(rows: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
    """Return a number for each row, equal ones for equal rows."""
    return np.asarray(np.unique(rows, axis=0, return_inverse=True)[1].ravel())


def _marked(found: npt.NDArray[np.bool_], mark: Mark) -> Marks:
    return np.where(found, np.uint32(mark), np.uint32(0))
