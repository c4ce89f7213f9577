"""What distilleries see: columns of all points of a scan, or of several of one board, as arrays.

A column has a row for each point and a column for each row of the board's summary (78 a chip). Registers are those
that the chips had, so that it does not matter which of them a scan stepped through, or in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.marks import Mark
from kit.hgcroc.measurements import Scan
from kit.hgcroc.summaries import ROWS, SUMMARY, row_columns

__all__ = ["CALIB_CHARGE", "REGISTERS", "Table", "joined", "places_of", "pulse_distance", "tabulate"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Events = dict[str, npt.NDArray[Any]]

# fC per count of the 12-bit injection DAC of 1 V, on HGCROCv3's capacitors of 0.5 and 8 pF
CALIB_CHARGE = {"LowRange": 500 / 4096, "HighRange": 8000 / 4096}
REGISTERS = (
    "Calib", "IntCtest", "LowRange", "HighRange", "Inv_vref", "Noinv_vref", "Toa_vref", "Tot_vref",
    "trim_inv", "trim_toa", "trim_tot", "L1Offset", "Top.phase_strobe",
)  # fmt: skip
LATENCY = 12  # BX from the L1A back to the sampled crossing besides L1Offset: pulse at 10, L1A at 32, offset 10
WRONG_LABEL = Mark.TOT_AT_ZERO | Mark.TOA_STEP | Mark.TWIN | Mark.FULL_SCALE  # registers not as they say
CALIBRATION_ROWS, COMMON_MODE_ROWS = 1, 100  # channeltype


@dataclass(frozen=True)
class Table:
    """Points of a board, all with the same rows.

    Attributes
    ----------
    chip, channel, kind, half : ndarray of int, shape (rows,)
        Of each row: chip, channel within its kind, channeltype (0, 1 calibration, 100 common mode), half 0 or 1.
    columns : dict of str to ndarray, shape (points, rows)
        The summary's columns, and registers under their names.
    distance : ndarray of float, shape (points,)
        Crossings from the pulse to the L1A; nan where no pulse was asked for.
    source : ndarray of int, shape (points,)
        Which of `sources`.
    sources : tuple of str
        Procedure and hash of each scan.
    board : str
        Kind of board: ``ld``, ``hd`` or ``char``.
    events : callable or None
        Returns the single events of a point (see `events.EVENTS`); None where they were not kept.
    remarks : tuple of str
        What was left out, and why.
    """

    chip: IntArray
    channel: IntArray
    kind: IntArray
    half: IntArray
    columns: Mapping[str, npt.NDArray[Any]]
    distance: FloatArray
    source: IntArray
    sources: tuple[str, ...]
    board: str = "ld"
    events: Callable[[int], Events] | None = None
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        return self.columns[name]

    @property
    def chips(self) -> int:
        """Number of chips."""
        return len(self.chip) // ROWS

    @property
    def group(self) -> IntArray:
        """Number of the half on the board of each row."""
        return np.asarray(2 * self.chip + self.half)

    @property
    def sensitive(self) -> BoolArray:
        """Which rows have an input: channels and calibration channels."""
        return np.asarray(self.kind != COMMON_MODE_ROWS)

    @property
    def charge(self) -> FloatArray:
        """Injected charge in fC, shape (points, rows)."""
        switches = sum(self[name] * charge for name, charge in CALIB_CHARGE.items())
        pulsed = np.isfinite(self.distance)[:, None] & self.sensitive
        return np.asarray(self["Calib"] * self["IntCtest"] * switches * pulsed, dtype=np.float64)

    @property
    def connected(self) -> BoolArray:
        """Where a switch to an injection capacitor is closed and pulses come, whatever the DAC stands at."""
        closed = (self["LowRange"] + self["HighRange"]) * self["IntCtest"] > 0
        return np.asarray(closed & np.isfinite(self.distance)[:, None] & self.sensitive)

    @property
    def fed(self) -> BoolArray:
        """Which rows are connected at any point."""
        return np.asarray(self.connected.any(axis=0))

    @property
    def bunch(self) -> FloatArray:
        """Sampled crossing after that of the pulse, shape (points, rows); nan without a pulse."""
        return np.asarray(self.distance[:, None] - self["L1Offset"] - LATENCY, dtype=np.float64)

    def steps(self, name: str) -> bool:
        """Tell whether any row of the board sees register `name` change within one scan."""
        values = self[name]
        return any(
            bool((values[self.source == k] != values[self.source == k][:1]).any())
            for k in range(len(self.sources))
        )

    def remarked(self, remarks: Sequence[str]) -> Table:
        """Return the table with more remarks."""
        return replace(self, remarks=(*self.remarks, *remarks))

    def taken(self, points: npt.ArrayLike) -> Table:
        """Return some of the points."""
        chosen = np.arange(len(self))[np.asarray(points)]
        events = self.events
        return Table(
            self.chip, self.channel, self.kind, self.half,
            {name: column[chosen] for name, column in self.columns.items()},
            self.distance[chosen], self.source[chosen], self.sources, self.board,
            None if events is None else lambda point: events(int(chosen[point])), self.remarks,
        )  # fmt: skip


def tabulate(scan: Scan, *, min_events: int = 1) -> Table:
    """Return the table of a scan, without points that contradict their labels; `scan` has to stay open.

    Parameters
    ----------
    scan : Scan
        What was measured.
    min_events : int
        Values of rows with fewer events are nan.
    """
    measured = scan.measured()
    flags = scan.point_column("flags")[measured] if len(measured) else np.empty(0, np.uint32)
    wrong = (flags & np.uint32(WRONG_LABEL)) != 0
    points = measured[~wrong]
    name = f"{scan.about['procedure']}-{scan.about['hash']}"
    remarks = [f"{name}: point {k} is left out, its data contradict its label" for k in measured[wrong]]
    if missing := len(scan) - len(measured):
        remarks.append(f"{name}: {missing} of {len(scan)} points are missing")
    columns: dict[str, npt.NDArray[Any]] = {column: scan.array(column, points) for column in SUMMARY}
    few = columns["n"] < min_events
    if few.any():
        remarks.append(f"{name}: {int(few.any(axis=1).sum())} points have rows with less than {min_events} events")
        columns = {column: _without(values, few) for column, values in columns.items()}
    for register in REGISTERS:
        columns[register.rpartition(".")[2]] = scan.array(register, points)
    row = row_columns(len(scan.table.rocs))
    return Table(
        *places_of(row),
        columns,
        np.array([pulse_distance(scan.settings(int(point))) for point in points], dtype=np.float64),
        np.zeros(len(points), np.int64),
        (name,),
        scan.table.board.name,
        (lambda point: scan.events(int(points[point]))) if scan.has_events else None,
        tuple(remarks),
    )


def places_of(row: Mapping[str, npt.NDArray[np.integer]]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Return chip, channel, kind and half of the rows of `summaries.row_columns`."""
    chip, channel, kind = (np.asarray(row[name], np.int64) for name in ("chip", "channel", "channeltype"))
    return chip, channel, kind, np.where(kind == 0, channel // 36, np.where(kind == 1, channel, channel // 2))


def _without(values: npt.NDArray[Any], missing: BoolArray) -> npt.NDArray[Any]:
    return np.where(missing, np.nan, values.astype(np.float64))


def joined(tables: Sequence[Table]) -> Table:
    """Return the points of several scans of one board, one after the other.

    Raises
    ------
    ValueError
        If they are of different boards.
    """
    if len({table.board for table in tables}) > 1:
        message = f"scans of {' and '.join(sorted({table.board for table in tables}))} boards cannot be joined"
        raise ValueError(message)
    if len(tables) == 1:
        return tables[0]
    first = tables[0]
    starts = np.cumsum([0, *(len(table) for table in tables)])
    sources = np.cumsum([0, *(len(table.sources) for table in tables)])

    def events(point: int) -> Events:
        which = int(np.searchsorted(starts, point, side="right")) - 1
        found = tables[which].events
        if found is None:
            message = f"{tables[which].sources[0]} keeps no single events"
            raise KeyError(message)
        return found(point - int(starts[which]))

    return Table(
        first.chip, first.channel, first.kind, first.half,
        {name: np.concatenate([table[name] for table in tables]) for name in first.columns},
        np.concatenate([table.distance for table in tables]),
        np.concatenate([table.source + start for table, start in zip(tables, sources, strict=False)]),
        tuple(source for table in tables for source in table.sources), first.board,
        events if any(table.events for table in tables) else None,
        tuple(remark for table in tables for remark in table.remarks),
    )  # fmt: skip


def pulse_distance(settings: Mapping[str, Any]) -> float:
    """Return by how many crossings the L1A follows the pulse in settings of either dialect; nan without one."""
    daq = settings.get("daq") or {}
    if "menus" in daq:
        name = str(daq.get("active_menu", ""))
        menu = (daq["menus"] or {}).get(name) or {}
        return float(menu.get("bxL1A", 32) - menu.get("bxCalib", 10)) if name.startswith("calibAndL1A") else np.nan
    generators = [each for each in daq.get("l1a_generator_settings") or [] if isinstance(each, Mapping)]
    pulses = [each for each in generators if each.get("flavor") == "CALPULINT" and each.get("enable") == 1]
    if not pulses:
        return np.nan
    triggers = [each for each in generators if str(each.get("flavor", "")).startswith("L1A")]
    following = [each for each in triggers if each.get("followMode") == pulses[0].get("name")]
    chosen = following or [each for each in triggers if each.get("enable") == 1]
    return float(chosen[0].get("BX", 0) - pulses[0].get("BX", 0)) if chosen else np.nan
