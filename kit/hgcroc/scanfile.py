"""The file of a scan: its layout, what is known before the first point, and how it is opened.

It is written in HDF5's single-writer, multiple-reader mode from the moment it is opened, so that a kill leaves it
readable. HDF5 refuses who comes while another opens it or, in one process, whoever would write what a thread is
reading; both pass within moments, and are waited for.
"""

from __future__ import annotations

import json
import os
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

import kit
from kit import files
from kit.hgcroc.events import EVENTS
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.summaries import ROWS, SUMMARY, row_columns

__all__ = ["FORMAT", "POINT_COLUMNS", "create", "differences", "opened"]

FORMAT, VERSION = "kit hgcroc scan", 1
POINT_COLUMNS: dict[str, type] = {
    "status": np.uint8,
    "flags": np.uint32,
    "time": np.float64,  # seconds since 1970
    "seconds": np.float32,
    "n_events": np.uint32,
    "n_bad": np.uint32,
    "cut_bytes": np.uint32,
    "writes": np.uint32,
    "tries": np.uint8,
}
PACKED: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
EVENTS_IN_CHUNK = 1000
PASSING = (
    "unable to lock file, errno = 11",
    "already open for read-only",
)  # how HDF5 says that another is in the way
# HDF5 file format 3.0, "Level 0A - Format Signature and Superblock", version 3: signature, version, who has it
# open, end of file
HEAD, SIGNATURE, LATEST = struct.Struct("<8sBxxB8x8xQ"), b"\x89HDF\r\n\x1a\n", 3
PATIENCE, LOOK = 20.0, 0.02  # s to wait for others, and between looks


def opened(path: Path, *, writing: bool = False, patience: float = PATIENCE) -> h5py.File:
    """Open the file of a scan, once nobody is in the way.

    Raises
    ------
    OSError
        If it cannot be opened, also after `patience` seconds; its writer may have been killed. If it is cut.
    """
    _refuse_cut(path)
    end = time.monotonic() + patience
    while True:
        try:
            return _writable(path) if writing else h5py.File(path, "r", libver="latest", swmr=True)
        except OSError as fault:
            if time.monotonic() > end or not any(words in str(fault) for words in PASSING):
                raise
        time.sleep(LOOK)


def _refuse_cut(path: Path) -> None:
    """Refuse a closed file that is shorter than it says: HDF5 would look at its missing part again for hours."""
    with path.open("rb") as stream:
        head = stream.read(HEAD.size)
        size = stream.seek(0, os.SEEK_END)
    if len(head) < HEAD.size:
        return
    signature, version, open_flags, length = HEAD.unpack(head)
    if signature == SIGNATURE and version == LATEST and not open_flags and size < length:
        message = f"is cut: has {size} of {length} bytes"
        raise OSError(message)


def _writable(path: Path) -> h5py.File:
    """Open a file as its one writer at once; `h5py.File` leaves a moment in which a kill makes it unreadable."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
    return h5py.File(h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE, access))


def create(
    path: Path, plan: Plan, device: npt.NDArray[np.int64], about: Mapping[str, Any], *, events: bool = False
) -> None:
    """Write the file of a scan without any points.

    Parameters
    ----------
    path : Path
        Where; it appears when it is whole.
    plan : Plan
        What will be measured.
    device : ndarray of int64, shape (size,)
        The state of the board before anything was written.
    about : mapping
        What else to keep as attributes: texts and numbers.
    events : bool
        Whether single events will be kept.
    """
    with files.whole(path) as part, h5py.File(part, "w", libver="latest") as file:
        file.attrs.update({"format": FORMAT, "version": VERSION, "software": f"kit {kit.__version__}"})
        file.attrs.update(
            {"hash": plan.hash, "board": plan.table.board.name, "mode": "full" if events else "summary"}
        )
        file.attrs.update({"procedure": plan.procedure.name, "dialect": plan.procedure.dialect, **about})
        for name, column in row_columns(len(plan.table.rocs)).items():
            file[f"rows/{name}"] = column
        _write_plan(file.create_group("plan"), plan, device)
        points, rows = len(plan), ROWS * len(plan.table.rocs)
        for name, kind in POINT_COLUMNS.items():
            file.create_dataset(f"points/{name}", (points,), kind, chunks=(min(points, 4096),))
        file.create_dataset("points/differences", (0, 3), np.int64, maxshape=(None, 3), chunks=(256, 3))
        for name, dtype in SUMMARY.items():
            chunk = (min(points, 64), rows)
            file.create_dataset(f"summary/{name}", (points, rows), dtype, chunks=chunk, **PACKED)
        if events:
            _create_events(file, plan)


def _write_plan(group: h5py.Group, plan: Plan, device: npt.NDArray[np.int64]) -> None:
    names = [plan.table.text_of(index).encode() for index in range(plan.table.size)]
    group.create_dataset("names", data=np.array(names), **PACKED)
    group.create_dataset("base", data=plan.initial(device), **PACKED)
    group.create_dataset("device", data=device, **PACKED)
    group.create_dataset("default", data=plan.default, **PACKED)
    group.create_dataset("written", data=plan.written)
    group.attrs["lengths"] = plan.lengths
    group["programs"] = json.dumps(plan.programs)
    for number, (written, axis) in enumerate(zip(plan.axes, plan.spread, strict=True)):
        below = group.create_group(f"axis_{number}")
        below.attrs["label"] = axis.label
        below["values"] = json.dumps(axis.values)
        below["own"] = written.index  # without those that follow HalfWise
        below["index"] = axis.index
        below.create_dataset("settings", data=axis.settings, chunks=True if axis.settings.size else None)
        below["others"] = json.dumps(axis.others)


def _create_events(file: h5py.File, plan: Plan) -> None:
    points, chips, events = len(plan), len(plan.table.rocs), plan.events() or EVENTS_IN_CHUNK
    for name, (kind, shape, missing) in EVENTS.items():
        file.create_dataset(
            f"events/{name}",
            (points, events, chips, *shape),
            kind,
            maxshape=(points, None, chips, *shape),
            chunks=(1, min(events, EVENTS_IN_CHUNK), chips, *shape),
            fillvalue=missing,
            **PACKED,
        )


def differences(file: h5py.File, plan: Plan) -> list[str]:
    """Return in words what of a stored plan is otherwise."""
    told = []
    for name, value in (("procedure", plan.procedure.name), ("board", plan.table.board.name)):
        if file.attrs.get(name) != value:
            told.append(f"{name} is {file.attrs.get(name)}, should be {value}")
    stored = file["plan"]
    if tuple(stored.attrs["lengths"]) != plan.lengths:
        was, now = "x".join(map(str, stored.attrs["lengths"])), "x".join(map(str, plan.lengths))
        return [*told, f"points are {was} (repeats and axes), should be {now}"]
    if stored["programs"][()].decode() != json.dumps(plan.programs):
        told.append("settings of the acquisition programs differ")
    base = plan.initial(stored["device"][:]) if len(stored["device"]) == plan.table.size else None
    if base is not None and len(found := np.flatnonzero(base != stored["base"][:])):
        words = [f"{plan.table.text_of(int(k))} is {stored['base'][k]}, should be {base[k]}" for k in found[:5]]
        told += [*words, *([f"and {len(found) - 5} more registers"] if len(found) > 5 else [])]
    for number, axis in enumerate(plan.axes):
        if stored[f"axis_{number}/values"][()].decode() != json.dumps(axis.values):
            told.append(f"values of axis {number + 1}, {axis.label}, differ")
    return told
