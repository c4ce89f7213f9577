"""A scan as a flat table of chosen columns: parquet, or text with commas."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from kit import files
from kit.hgcroc.measurements import Scan

__all__ = ["write_flat"]

POINTS_AT_ONCE = 200


def write_flat(scan: Scan, path: str | Path, columns: Iterable[str] | None = None) -> Path:
    """Write all points that have data, piece by piece: as parquet, or as CSV where the name ends so.

    Parameters
    ----------
    scan : Scan
        What was measured.
    path : str or Path
        The file, ``.parquet`` or ``.csv``; appears when it is whole.
    columns : iterable of str, optional
        See `Scan.array`; rows, point, what the axes change and the summary where not given.

    Raises
    ------
    ValueError
        If the name has another ending.
    KeyError
        With the nearest name, if a column is not known.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    path = Path(path)
    writers = {".parquet": parquet.ParquetWriter, ".csv": csv.CSVWriter}
    if path.suffix not in writers:
        message = f"{path.name} should end with .parquet or .csv"
        raise ValueError(message)
    chosen = list(scan.usual_columns if columns is None else columns)
    points = scan.measured()

    def table(piece: np.ndarray[tuple[int], np.dtype[np.intp]]) -> pa.Table:
        return pa.table({name: np.ascontiguousarray(scan.array(name, piece)).ravel() for name in chosen})

    with files.whole(path) as part:
        first = table(points[:POINTS_AT_ONCE])
        with writers[path.suffix](part, first.schema) as writer:
            writer.write_table(first)
            for start in range(POINTS_AT_ONCE, len(points), POINTS_AT_ONCE):
                writer.write_table(table(points[start : start + POINTS_AT_ONCE]))
    return path
