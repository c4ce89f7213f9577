"""The table `/data/measurements` of generation 1.0.15: one HDF5 compound type, as PyTables reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from kit import files
from kit.hgcroc import reserving

__all__ = ["EVENT_TYPE", "SUMMARY_TYPES", "type_of", "write_table"]

Columns = Mapping[str, npt.NDArray[Any]]

ROWS_AT_ONCE = 4096  # of a chunk
EVENT_TYPE = np.dtype(np.uint32)
_SHORT, _WIDE, _REAL = np.dtype(np.int16), np.dtype(np.int32), np.dtype(np.float32)
# what the original writes for each column of a summary
SUMMARY_TYPES: dict[str, np.dtype[Any]] = {
    "chip": _WIDE,
    **dict.fromkeys(
        ("channel", "channeltype", "adc_median", "adc_iqr", "tot_median", "tot_iqr", "toa_median"), _SHORT
    ),
    **dict.fromkeys(("toa_iqr", "adc_mean", "adc_stdd", "tot_mean", "tot_stdd", "toa_mean", "toa_stdd"), _REAL),
    **dict.fromkeys(("tot_efficiency", "tot_efficiency_error", "toa_efficiency", "toa_efficiency_error"), _REAL),
}
# how PyTables knows its own
_ROOT = {"CLASS": "GROUP", "VERSION": "1.0", "TITLE": "", "PYTABLES_FORMAT_VERSION": "2.1"}
_GROUP = {"CLASS": "GROUP", "VERSION": "1.0", "TITLE": ""}
_TABLE = {"CLASS": "TABLE", "VERSION": "2.7", "TITLE": ""}


def type_of(highest: int) -> np.dtype[Any]:
    """Return the signed type of a register column, wide enough for its highest value."""
    return next(
        np.dtype(kind) for kind in (np.int8, np.int16, np.int32, np.int64) if highest <= np.iinfo(kind).max
    )


def write_table(path: Path, types: Mapping[str, np.dtype[Any]], parts: Iterable[Columns], level: int) -> int:
    """Write the table, part after part, and return its rows; the file appears when it is whole.

    Parameters
    ----------
    path : Path
    types : mapping of str to dtype
        The columns in their order.
    parts : iterable of mappings
        Columns of some rows each; more than `types` names are left out.
    level : int
        Of compression, 0 to 9.
    """
    kind = np.dtype([(name, dtype) for name, dtype in types.items()])
    with files.whole(path) as part_path, h5py.File(part_path, "w") as file:
        _attribute(file, _ROOT)
        group = file.create_group("data")
        _attribute(group, _GROUP)
        table = group.create_dataset(
            "measurements",
            (0,),
            kind,
            maxshape=(None,),
            chunks=(ROWS_AT_ONCE,),
            compression=level or None,
            shuffle=True,
        )
        for columns in parts:
            rows = np.empty(len(next(iter(columns.values()))), kind)
            for name in types:
                rows[name] = columns[name]
            with reserving.writing(file, rows.nbytes + reserving.chunk_bytes(table)):
                table.resize(len(table) + len(rows), axis=0)
                table[len(table) - len(rows) :] = rows
                file.flush()
        fields = {f"FIELD_{number}_NAME": name for number, name in enumerate(types)}
        _attribute(table, _TABLE | fields)
        count = len(table)
        table.attrs["NROWS"] = np.int64(count)
        reserving.close(file)
        return count


def _attribute(place: Any, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        # PyTables reads texts of fixed length only, and none that are empty
        place.attrs[name] = np.bytes_(text) if text else h5py.Empty("S1")
