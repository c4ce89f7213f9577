"""The file of a scan while it is measured: every point is on the disk soon after, and others may read on.

Data are stored by the number of the point, in whatever order they come. A process that is killed leaves the file
readable; before it can be written again it is copied.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import h5py
import numpy as np
import numpy.typing as npt

from kit import files
from kit.files import FormatError
from kit.hgcroc import reserving
from kit.hgcroc.events import EVENTS
from kit.hgcroc.marks import Status
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.scanfile import FORMAT, POINT_COLUMNS, differences, opened
from kit.hgcroc.summaries import SUMMARY

__all__ = ["Recorder", "open_again"]

BUFFERED, SLOWEST = 20, 1.0  # points and seconds that may be lost by a kill
AT_ONCE = 0.25  # s; points that come slower than this are written each by itself


def open_again(path: Path, plan: Plan) -> Recorder:
    """Return the writer of a scan that is not complete.

    Raises
    ------
    FormatError
        If the file is no scan, or one of another hash; with the settings that differ.
    """
    try:
        file = opened(path, writing=True)
    except OSError:
        _copy(path)  # its writer was killed, or could not write: HDF5 does not let anyone write on
        file = opened(path, writing=True)
    if file.attrs.get("format") != FORMAT or file.attrs.get("hash") != plan.hash:
        told = f"{files.shown(path)}: is a scan of hash {file.attrs.get('hash')}, should be {plan.hash}"
        message = "; ".join([told, *differences(file, plan)])
        file.close()
        raise FormatError(message)
    return Recorder(file)


def _copy(path: Path) -> None:
    """Replace a file that its writer has not closed by a copy of all that is in it."""
    try:
        with (
            opened(path) as old,
            files.whole(path) as part,
            h5py.File(part, "w", libver="latest") as new,
            reserving.writing(new, path.stat().st_size),
        ):
            new.attrs.update(old.attrs)
            for name in old:
                old.copy(name, new)
            new.flush()
    except OSError as fault:
        if fault.errno in files.NO_ROOM:
            raise
        message = f"{files.shown(path)}: cannot be read: {fault}; should be the file of a scan"
        raise FormatError(message) from None


class Recorder:
    """The writer of a scan's file; a context manager.

    Parameters
    ----------
    file : h5py.File
        Opened for writing; see `open_again`.
    """

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._waiting: dict[int, tuple[dict[str, Any], Mapping[str, npt.NDArray[Any]]]] = {}
        self._flushed = self._last = 0.0
        # all are open as long as the file: h5py keeps quiet about what it cannot write when it closes one
        self._columns = [(name, file[f"summary/{name}"]) for name in SUMMARY]
        self._points = {name: file[f"points/{name}"] for name in (*POINT_COLUMNS, "differences")}
        self._events = {name: file[f"events/{name}"] for name in EVENTS} if "events" in file else {}
        self._chunks = [  # how many points share a chunk, and its bytes
            (columns[0].chunks[0], sum(map(reserving.chunk_bytes, columns)))
            for columns in (
                [stored for _, stored in self._columns],
                [self._points[name] for name in POINT_COLUMNS],
            )
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def status(self) -> npt.NDArray[np.uint8]:
        """How each point stands on the disk."""
        return np.asarray(self._points["status"][:], dtype=np.uint8)

    def write(
        self,
        point: int,
        columns: Mapping[str, Any],
        summary: Mapping[str, npt.NDArray[Any]],
        events: Mapping[str, npt.NDArray[Any]] | None = None,
        differences: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Take a point; it is on the disk at once if points come slowly, else within a second.

        Parameters
        ----------
        point : int
            Number of the point.
        columns : mapping
            Of `POINT_COLUMNS`.
        summary : mapping
            Of `summaries.SUMMARY`; may be empty where nothing came.
        events : mapping, optional
            Of `events.EVENTS`.
        differences : ndarray of int64, shape (n, 2), optional
            Registers that were read to be otherwise than planned, and their values.
        """
        if events:
            with reserving.writing(self._file, self._room_of(events)):
                self._write_events(point, events)
        if differences is not None and len(differences):
            with reserving.writing(self._file, 2 * self._points["differences"].nbytes):
                self._write_differences(point, differences)
        self._waiting[point] = (dict(columns), summary)
        now = time.monotonic()
        slow, self._last = now - self._last > AT_ONCE, now
        if slow or len(self._waiting) >= BUFFERED or now - self._flushed > SLOWEST:
            self.flush()

    def mark(self, marks: Mapping[int, int]) -> None:
        """Add marks to points that have been written; good ones become flagged."""
        self.flush()
        with reserving.writing(self._file):
            for point, mark in marks.items():
                self._points["flags"][point] |= np.uint32(mark)
                if self._points["status"][point] == Status.GOOD:
                    self._points["status"][point] = Status.FLAGGED
            self._file.flush()

    def flush(self) -> None:
        """Bring all points to the disk: data first, then the word that they are there."""
        points = sorted(self._waiting)
        breaks = [k for k in range(1, len(points)) if points[k] != points[k - 1] + 1]
        with reserving.writing(self._file, self._room(points)):
            for start, stop in zip([0, *breaks], [*breaks, len(points)], strict=True):
                if run := points[start:stop]:
                    self._write_run(run)
            self._file.flush()
        with reserving.writing(self._file, self._room([])):
            for point in points:
                self._points["status"][point] = self._waiting[point][0]["status"]
            self._file.flush()
        self._waiting.clear()
        self._flushed = time.monotonic()

    def _room(self, points: Sequence[int]) -> int:
        """Return the most bytes that points take: HDF5 writes whole chunks, and each in a new place."""
        return sum(len({point // many for point in points}) * size for many, size in self._chunks)

    def _room_of(self, events: Mapping[str, npt.NDArray[Any]]) -> int:
        stored = [(self._events[name], len(values)) for name, values in events.items()]
        return sum(-(-length // dataset.chunks[1]) * reserving.chunk_bytes(dataset) for dataset, length in stored)

    def _write_run(self, run: list[int]) -> None:
        """Write points that follow each other."""
        place = slice(run[0], run[-1] + 1)
        rows = [self._waiting[point] for point in run]
        for name in POINT_COLUMNS:
            if name != "status":
                self._points[name][place] = [columns[name] for columns, _ in rows]
        measured = [k for k, (_, summary) in enumerate(rows) if summary]
        for name, stored in self._columns:
            if len(measured) == len(rows):
                stored[place] = np.stack([summary[name] for _, summary in rows])
            else:
                for k in measured:
                    stored[run[k]] = rows[k][1][name]

    def _write_differences(self, point: int, differences: npt.NDArray[np.int64]) -> None:
        stored = self._points["differences"]
        stored.resize(len(stored) + len(differences), axis=0)
        stored[-len(differences) :] = np.column_stack([np.full(len(differences), point), differences])

    def _write_events(self, point: int, events: Mapping[str, npt.NDArray[Any]]) -> None:
        before = self._events["corruption"][point, 0]
        again = bool((before != EVENTS["corruption"][2]).any())  # an earlier try left events, perhaps more
        for name, (_, _, missing) in EVENTS.items():
            stored, values = self._events[name], events[name]
            if len(values) > stored.shape[1]:
                stored.resize(len(values), axis=1)
            if again:
                stored[point, len(values) :] = missing
            if again or (values != missing).any():  # what is empty everywhere takes no room
                stored[point, : len(values)] = values

    def close(self) -> None:
        """Bring everything to the disk and let others write."""
        if not self._file:  # closed before
            return
        try:
            self.flush()
        finally:
            reserving.close(self._file)
