"""The file of a scan, to look at: while it is measured, or years later.

What was set is not stored with every row: a register at a point is made of one base state and the axes, and of
what was read to be otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from kit import files, wording
from kit.files import FormatError
from kit.hgcroc.marks import Status
from kit.hgcroc.planning.expansion import laid_over
from kit.hgcroc.planning.states import States, row_registers
from kit.hgcroc.registers import RegisterTable, register_table
from kit.hgcroc.scanfile import FORMAT, POINT_COLUMNS, opened
from kit.hgcroc.summaries import SUMMARY

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Scan"]

IntArray = npt.NDArray[np.int64]
ROW_COLUMNS = ("chip", "channel", "channeltype")


class Scan:
    """A scan that has been measured, or is being measured; a context manager.

    Attributes
    ----------
    path : Path
        The file.
    about : dict
        Its attributes: format, version, software, hash, board, procedure, dialect, mode, …
    table : RegisterTable
        The registers of the board.
    lengths : tuple of int
        Repeats, then the steps of each axis.
    """

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path, self._file = path, file
        self.about: dict[str, Any] = dict(file.attrs)
        self.table: RegisterTable = register_table(str(self.about["board"]))
        self.lengths: tuple[int, ...] = tuple(map(int, file["plan"].attrs["lengths"]))

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Open a scan for reading; it may be written meanwhile.

        Raises
        ------
        FileNotFoundError
            If there is none.
        FormatError
            If the file is no scan.
        """
        path = Path(path)
        try:
            file = opened(path)
        except FileNotFoundError:
            message = f"there is no {files.shown(path)}; should be the file of a scan"
            raise FileNotFoundError(message) from None
        except OSError as fault:
            message = f"{files.shown(path)}: {fault}; should be the file of a scan"
            raise FormatError(message) from None
        if file.attrs.get("format") != FORMAT:
            file.close()
            message = f"{files.shown(path)}: is HDF5 without the mark of a scan, should have format = {FORMAT}"
            raise FormatError(message)
        return cls(path, file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def __len__(self) -> int:
        return int(np.prod(self.lengths, dtype=np.int64))

    @property
    def labels(self) -> list[str]:
        """What each axis changes."""
        return [str(axis.attrs["label"]) for axis in self._axes]

    @property
    def _axes(self) -> list[h5py.Group]:
        return [self._file[f"plan/axis_{number}"] for number in range(len(self.lengths) - 1)]

    def axis_values(self, number: int) -> list[Any]:
        """Return what stands in the procedure for each step of an axis."""
        values: list[Any] = json.loads(self._file[f"plan/axis_{number}/values"][()])
        return values

    @property
    def programs(self) -> dict[str, Any]:
        """Settings of the acquisition programs under the axes."""
        settings: dict[str, Any] = json.loads(self._file["plan/programs"][()])
        return settings

    def settings(self, point: int) -> dict[str, Any]:
        """Return the settings of the acquisition programs at a point: sections ``daq`` and ``client``."""
        steps = self._plan.steps(point)
        others = [tree[int(step)] for tree, step in zip(self._others, steps, strict=True) if tree]
        return laid_over([self.programs, *filter(None, others)])

    @cached_property
    def _others(self) -> list[list[dict[str, Any] | None] | None]:
        return [json.loads(axis["others"][()]) for axis in self._axes]

    def point_column(self, name: str) -> npt.NDArray[Any]:
        """Return a column of the points, such as ``status`` or ``flags``, as it is on the disk now."""
        return np.asarray(self._fresh(f"points/{name}")[:])

    def measured(self) -> npt.NDArray[np.intp]:
        """Return the points that have data."""
        status = self.point_column("status")
        return np.flatnonzero((status == Status.GOOD) | (status == Status.FLAGGED))

    @property
    def has_events(self) -> bool:
        """Whether single events are kept."""
        return "events" in self._file

    def _fresh(self, name: str) -> h5py.Dataset:
        dataset = self._file[name]
        if self._file.swmr_mode:
            dataset.refresh()
        return dataset

    @cached_property
    def _plan(self) -> States:
        axes = [(axis["index"][:], axis["settings"][:]) for axis in self._axes]
        return States(self._file["plan/base"][:], self.lengths, axes)

    @property
    def states(self) -> States:
        """The registers at all points, as far as they are known now."""
        plan = self._plan
        return States(plan.base, plan.lengths, plan.axes, self._fresh("points/differences")[:])

    def state(self, point: int) -> dict[Any, Any]:
        """Return all registers at a point, as a tree."""
        return self.table.tree(np.arange(self.table.size), self.states.state(point))

    def register(self, path: Sequence[Any], points: npt.ArrayLike | None = None) -> IntArray:
        """Return one register, such as ``("roc_s0", "Top", 0, "RunL")``, at some points or all."""
        return self.states.columns(np.array([self.table.index_of(path)]), self._points(points))[:, 0]

    def _points(self, points: npt.ArrayLike | None) -> npt.NDArray[np.intp]:
        return np.arange(len(self)) if points is None else np.asarray(points, dtype=np.intp)

    def array(self, column: str, points: npt.ArrayLike | None = None) -> npt.NDArray[Any]:
        """Return a column for some points, or all, shape (points, rows).

        Parameters
        ----------
        column : str
            Of the rows (``chip``), of the summary (``adc_mean``), ``point``, or a register (``Calib``,
            ``Top.phase_strobe``); what is the same at all points or rows is a view.
        points : array_like of int, optional
            Which; all where not given.

        Raises
        ------
        KeyError
            With the nearest name, if there is none.
        """
        wanted = self._points(points)
        if column in SUMMARY:
            stored = self._fresh(f"summary/{column}")
            return np.asarray(stored[:] if points is None else stored[:][wanted])
        shape = (len(wanted), len(self._file["rows/chip"]))
        if column in ROW_COLUMNS:
            return np.broadcast_to(self._file[f"rows/{column}"][:], shape)
        if column == "point":
            return np.broadcast_to(wanted[:, None], shape)
        try:
            index = row_registers(self.table, column)
        except KeyError:
            message = f"there is no column {column}{wording.suggestion(column, self.columns)}"
            raise KeyError(message) from None
        return self.states.columns(index, wanted)

    @property
    def columns(self) -> list[str]:
        """The names of all columns that `array` knows, registers without their block where that is clear."""
        blocks = ("ch", "DigitalHalf", "GlobalAnalog", "MasterTdc", "ReferenceVoltage", "Top")
        registers = dict.fromkeys(name for block in blocks for name in self.table.names(block))
        return [*ROW_COLUMNS, "point", *SUMMARY, *registers]

    @property
    def usual_columns(self) -> list[str]:
        """Rows, point, what the axes change, and the summary."""
        known = set(self.columns)
        own = [self.table.path_of(int(place))[3] for axis in self._axes for place in axis["own"][:]]
        changed = [name for name in own if name in known]
        return list(dict.fromkeys([*ROW_COLUMNS, "point", *changed, *SUMMARY]))

    def frame(self, columns: Iterable[str] | None = None, points: npt.ArrayLike | None = None) -> pd.DataFrame:
        """Return a table with one row for each row of each point: of those with data, where none are given.

        Parameters
        ----------
        columns : iterable of str, optional
            See `array`; rows, point, what the axes change and the summary where not given.
        """
        import pandas as pd

        chosen = self.usual_columns if columns is None else list(columns)
        wanted = self.measured() if points is None else self._points(points)
        return pd.DataFrame({name: self.array(name, wanted).ravel() for name in chosen})

    def events(self, point: int) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays of `events.EVENTS` of a point, as many events as it has.

        Raises
        ------
        KeyError
            If the scan keeps no single events.
        """
        if not self.has_events:
            message = f"{files.shown(self.path)} keeps no single events: it was measured in mode summary"
            raise KeyError(message)
        count = int(self._fresh("points/n_events")[point])
        return {name: self._fresh(f"events/{name}")[point, :count] for name in self._file["events"]}

    def summary(self) -> dict[str, int]:
        """Return how many points stand how."""
        status = self.point_column("status")
        return {word.name.lower(): int((status == word).sum()) for word in Status}

    def point_table(self) -> dict[str, npt.NDArray[Any]]:
        """Return all columns of the points."""
        return {name: self.point_column(name) for name in POINT_COLUMNS}
