"""A scan as the two originals store it: the 179-column table of 0.1.2 and the table of 1.0.15.

The first is pandas' fixed format, written here without pandas; the second a compound table. Register columns show
the state that the chips had, so a register that nobody wrote has its reset value, where the original printed the
zero of its power-on file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import numpy.typing as npt

from kit import files, wording
from kit.hgcroc import reserving
from kit.hgcroc.compound_table import EVENT_TYPE, SUMMARY_TYPES, type_of, write_table
from kit.hgcroc.events import event_columns
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.originals import merged_files
from kit.hgcroc.planning.states import row_registers

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "EVENTS_1015",
    "SEARCH_1015",
    "columns_012",
    "export_012",
    "export_012_files",
    "export_1015",
    "frame_012",
]

SUMMARY_012 = (
    "chip", "channel", "channeltype", "adc_median", "adc_iqr", "tot_median", "tot_iqr", "toa_median", "toa_iqr",
    "adc_mean", "adc_stdd", "tot_mean", "tot_stdd", "toa_mean", "toa_stdd",
    "tot_efficiency", "tot_efficiency_error", "toa_efficiency", "toa_efficiency_error",
)  # fmt: skip
BLOCKS_012 = ("ch", "DigitalHalf", "GlobalAnalog", "MasterTdc", "ReferenceVoltage")
EVENTS_1015 = (
    "event", "chip", "half", "channel", "adc", "adcm", "toa", "tot", "totflag", "trigtime", "trigwidth",
    "corruption", "bxcounter", "eventcounter", "orbitcounter",
)  # fmt: skip
SEARCH_1015 = (
    "ch",
    "Top",
    "DigitalHalf",
    "GlobalAnalog",
    "MasterTdc",
    "ReferenceVoltage",
)  # unqualified: Top first
POINTS_AT_ONCE = 50
PACKED: dict[str, Any] = {"compression": "gzip", "compression_opts": 1, "shuffle": True}


def columns_012(scan: Scan, *, with_top: bool = False) -> dict[str, str]:
    """Return the columns of the table of 0.1.2 in their order, and the name by which a scan knows each."""
    registers = {name: f"{block}.{name}" for block in BLOCKS_012 for name in scan.table.names(block)}
    if with_top:  # a name that was there before gets its block
        top = {name if name not in registers else f"Top.{name}": f"Top.{name}" for name in scan.table.names("Top")}
        registers |= top
    return {name: name for name in SUMMARY_012} | registers


def export_012(
    scan: Scan, path: str | Path, *, points: Sequence[int] | None = None, with_top: bool = False
) -> Path:
    """Write the table of 0.1.2, key ``data``, which ``pandas.read_hdf`` reads.

    Parameters
    ----------
    scan : Scan
        What was measured.
    path : str or Path
        The file; appears when it is whole.
    points : sequence of int, optional
        Which points; all that have data, in scan order, where not given.
    with_top : bool
        Also the 43 registers of Top, among them the phase.
    """
    wanted = scan.measured() if points is None else np.asarray(points)
    columns = columns_012(scan, with_top=with_top)
    kinds: dict[str, list[str]] = {}
    for name, source in columns.items():
        kinds.setdefault(_kind_012(scan, source).str, []).append(name)
    rows = len(wanted) * len(scan.array("chip", [0])[0])
    with files.whole(path) as part, h5py.File(part, "w") as file:
        reserving.reserve(file, rows * np.dtype(np.int64).itemsize)
        group = file.create_group("data")
        about = {"pandas_type": "frame", "pandas_version": "0.15.2", "encoding": "UTF-8", "errors": "strict"}
        _describe(
            group, "GROUP", **about, ndim=2, nblocks=len(kinds), axis0_variety="regular", axis1_variety="regular"
        )
        _axis(group, "axis0", np.array([name.encode() for name in columns]), "string")
        _axis(group, "axis1", np.arange(rows), "integer")
        for number, (kind, names) in enumerate(kinds.items()):
            _attribute(group, f"block{number}_items_variety", "regular")
            _axis(group, f"block{number}_items", np.array([name.encode() for name in names]), "string")
            chunk = (min(max(rows, 1), 8192), len(names))
            values = group.create_dataset(
                f"block{number}_values", (rows, len(names)), kind, chunks=chunk, **PACKED
            )
            _describe(values, "CARRAY", transposed=np.int8(1))
            _fill(scan, values, [columns[name] for name in names], wanted)
        reserving.close(file)
    return Path(path)


def frame_012(scan: Scan, points: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the table of 0.1.2 as users' distilleries see it: what `export_012` writes, without a file."""
    import pandas as pd

    wanted = scan.measured() if points is None else np.asarray(points)
    columns = {
        name: scan.array(source, wanted).ravel().astype(_kind_012(scan, source))
        for name, source in columns_012(scan).items()
    }
    return pd.DataFrame(columns)


def _kind_012(scan: Scan, source: str) -> np.dtype[Any]:
    return np.dtype(np.int64) if "." in source else scan.array(source, [0]).dtype


def _fill(scan: Scan, values: h5py.Dataset, names: Sequence[str], points: npt.NDArray[np.intp]) -> None:
    place = 0
    for start in range(0, len(points), POINTS_AT_ONCE):
        piece = points[start : start + POINTS_AT_ONCE]
        rows = np.stack([scan.array(name, piece).ravel() for name in names], axis=1)
        with reserving.writing(values.file, rows.nbytes + reserving.chunk_bytes(values)):
            values[place : place + len(rows)] = rows
            values.file.flush()
        place += len(rows)


def _axis(group: h5py.Group, name: str, values: npt.NDArray[Any], kind: str) -> None:
    group[name] = values
    _describe(group[name], "ARRAY", kind=kind, name=b"N.")  # a pickled None


def _describe(node: h5py.Group | h5py.Dataset, node_class: str, **about: Any) -> None:
    """Add the attributes by which PyTables and pandas know what a node is."""
    version = {"GROUP": "1.0", "TABLE": "2.7"}.get(node_class, "2.4")
    for name, value in {"CLASS": node_class, "TITLE": "", "VERSION": version, **about}.items():
        _attribute(node, name, value)


def _attribute(node: h5py.Group | h5py.Dataset, name: str, value: Any) -> None:
    """Add an attribute; text in the form that PyTables takes for text: of fixed length."""
    if isinstance(value, str):
        text = value.encode()
        node.attrs.create(name, text, dtype=h5py.string_dtype("utf-8", max(len(text), 1)))
    else:
        node.attrs[name] = np.bytes_(value) if isinstance(value, bytes) else value


def export_012_files(scan: Scan, folder: str | Path) -> list[Path]:
    """Write a file for each measurement and the merged ones, under the names that 0.1.2 gives them.

    Raises
    ------
    ValueError
        If points are missing: their numbers would be others'.
    """
    if len(scan.measured()) < len(scan):
        message = f"{files.shown(scan.path)} has {len(scan.measured())} of {len(scan)} points, should have all"
        raise ValueError(message)
    folder, first, procedure = Path(folder), len(scan.lengths) - 2, scan.about["procedure"]
    numbers = {point: point + max(first, 0) for point in range(len(scan))}
    written = [
        export_012(scan, folder / f"{procedure}{number}-data.hdf5", points=[point])
        for point, number in numbers.items()
    ]
    for name, merged in merged_files(scan.lengths[1:]).items():
        points = [number - max(first, 0) for number in merged]
        written.append(export_012(scan, folder / name, points=points))
    return written


def export_1015(
    scan: Scan, path: str | Path, columns: Sequence[str] = (), *, points: Sequence[int] | None = None
) -> Path:
    """Write the table ``/data/measurements`` of 1.0.15: of summaries, or of events where the scan keeps them.

    Parameters
    ----------
    scan : Scan
        What was measured.
    path : str or Path
        The file; appears when it is whole.
    columns : sequence of str
        Measurement and register columns; all where there are none.
    points : sequence of int, optional
        Which points; all that have data where not given.

    Raises
    ------
    KeyError
        With the nearest name, if a column is not known.
    """
    wanted = scan.measured() if points is None else np.asarray(points)
    known = EVENTS_1015 if scan.has_events else SUMMARY_012
    chosen = list(columns) or [*known, *dict.fromkeys(n for block in SEARCH_1015 for n in scan.table.names(block))]
    measured = [name for name in chosen if name in known]
    registers = {}
    for name in chosen:
        if name not in known:
            try:
                registers[name] = row_registers(scan.table, name, SEARCH_1015)
            except KeyError as fault:
                there = [*known, *(each for block in SEARCH_1015 for each in scan.table.names(block))]
                message = f"{fault.args[0]}{wording.suggestion(name, there)}"
                raise KeyError(message) from None
    types = {name: EVENT_TYPE if scan.has_events else SUMMARY_TYPES[name] for name in measured}
    types |= {name: type_of(int(scan.table.maximum[index].max())) for name, index in registers.items()}
    pieces = _event_pieces if scan.has_events else _summary_pieces
    write_table(Path(path), types, pieces(scan, wanted, measured, registers), level=1)
    return Path(path)


def _summary_pieces(
    scan: Scan, points: npt.NDArray[np.intp], measured: Sequence[str], registers: dict[str, npt.NDArray[np.int64]]
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    for start in range(0, len(points), POINTS_AT_ONCE):
        piece = points[start : start + POINTS_AT_ONCE]
        values = {name: scan.array(name, piece).ravel() for name in measured}
        yield values | {name: scan.states.columns(index, piece).ravel() for name, index in registers.items()}


def _event_pieces(
    scan: Scan, points: npt.NDArray[np.intp], measured: Sequence[str], registers: dict[str, npt.NDArray[np.int64]]
) -> Iterator[dict[str, npt.NDArray[Any]]]:
    for point in points:
        columns = event_columns(scan.events(int(point)))
        if not len(columns["event"]):
            continue
        chip, half, channel = columns["chip"], columns["half"], columns["channel"]
        row = np.where(
            channel < 36, half * 36 + channel, np.where(channel == 36, 72 + half, 74 + half * 2 + channel - 37)
        )
        place = chip * 78 + row
        states = {name: scan.states.columns(index, [point])[0] for name, index in registers.items()}
        yield {name: columns[name] for name in measured} | {name: state[place] for name, state in states.items()}
