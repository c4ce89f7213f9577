"""Parquet tables of clusters, in the columns that the community's training code reads.

Wide: a column for each number, named "0", "1", …, slice by slice, row by row; what smart-pix/filter and the
published data sets have. List: one column of lists of fixed size, faster and smaller. In both the pandas index is
the number of the cluster in its file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from kit.smartpixels.pixelav import IntArray

__all__ = ["LABEL_TYPES", "MOST_COLUMNS", "Table"]

INDEX = "__index_level_0__"
MOST_COLUMNS = 30_000  # of a wide table: the footers of more would be larger than the data
WIDE_ROWS = 500  # of a row group; fewer cost more per row, more cost memory
GROUP_BYTES = 36_000_000  # of numbers in a row group
LABEL_TYPES = {"original_atEdge": pa.bool_(), "nPixOriginalAbove1e_atEdge": pa.int64()}
NUMBER_TYPES = {"float64": np.float64, "float32": np.float32, "int16": np.int16, "uint8": np.uint8}

# pandas finds its index by this; the other columns explain themselves
PANDAS = {
    "index_columns": [INDEX],
    "column_indexes": [],
    "columns": [
        {"name": None, "field_name": INDEX, "pandas_type": "int64", "numpy_type": "int64", "metadata": None}
    ],
    "pandas_version": "2.0.0",
}


class Table:
    """A table that grows by clusters; what is appended is written in row groups.

    Parameters
    ----------
    path : Path
        The file.
    labels : sequence of str
        Names of the columns with one number a cluster; `LABEL_TYPES` says which are not float64.
    arrays : mapping of str to (str, tuple of int)
        Groups of numbers: name, type and shape, as (slices, rows, columns). In a wide table the numbers of an
        unnamed group ("") are columns "0", "1", …; those of a named one have its name before.
    wide : bool
        Columns instead of lists.
    list_name : str
        What the list of the unnamed group is called.
    about : mapping
        Stored in the schema's metadata, each entry as JSON, with shape and order of the numbers.
    """

    def __init__(
        self,
        path: Path,
        labels: Sequence[str],
        arrays: Mapping[str, tuple[str, tuple[int, ...]]],
        *,
        wide: bool,
        list_name: str = "voltage",
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.labels = list(labels)
        self.wide = wide
        self.shapes = {name: shape for name, (_, shape) in arrays.items()}
        self._types = {name: np.dtype(NUMBER_TYPES[kind]) for name, (kind, _) in arrays.items()}
        self._list_names = {name: name or list_name for name in arrays}
        numbers = sum(int(np.prod(shape)) for shape in self.shapes.values())
        self._rows = max(1, min(WIDE_ROWS, GROUP_BYTES // max(8 * numbers, 1)))
        self._held: dict[str, npt.NDArray[Any]] = {}
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            # wide: each column lies together, as parquet wants it
            self._held[name] = np.zeros((size, self._rows) if wide else (self._rows, size), self._types[name])
        self._columns: list[list[npt.NDArray[Any]]] = [[] for _ in range(1 + len(self.labels))]
        self._used = 0
        self.rows = 0
        entries = {**(about or {}), "pandas": PANDAS}
        if arrays:
            entries["shape"] = {self._list_names[name]: list(shape) for name, shape in self.shapes.items()}
            entries["order"] = "slice, row, column; the last runs fastest"
        texts: dict[str | bytes, str | bytes] = {name: json.dumps(value) for name, value in entries.items()}
        self._schema = pa.schema(self._fields(), texts)
        options: dict[str, Any] = {"write_statistics": False, "use_dictionary": False}
        self._writer = pq.ParquetWriter(path, self._schema, compression="snappy" if wide else "zstd", **options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def describe(self, about: Mapping[str, Any]) -> None:
        """Add what is known only at the end to the file's metadata, each entry as JSON."""
        self._writer.add_key_value_metadata({name: json.dumps(value) for name, value in about.items()})

    def append(self, numbers: IntArray, labels: Sequence[npt.NDArray[Any]], arrays: Mapping[str, Any]) -> None:
        """Append clusters.

        Parameters
        ----------
        numbers : ndarray, shape (clusters,)
            Numbers of the clusters.
        labels : sequence of ndarray, shape (clusters,)
            In the order of the columns.
        arrays : mapping of str to (ndarray, ndarray, ndarray)
            For each group the cluster, from 0, the place in the group and the value of what is not zero; three
            arrays that broadcast to each other.
        """
        done = 0
        while done < len(numbers):
            count = min(self._rows - self._used, len(numbers) - done)
            part = slice(done, done + count)
            for column, values in zip(self._columns, (numbers, *labels), strict=True):
                column.append(np.array(values[part]))
            for name, (cluster, place, value) in arrays.items():
                self._place(name, cluster - done + self._used, place, value, count)
            done += count
            self._used += count
            if self._used == self._rows:
                self._flush()

    def _place(self, name: str, row: Any, place: Any, value: Any, count: int) -> None:
        row, place, value = np.broadcast_arrays(row, place, value)
        inside = (row >= self._used) & (row < self._used + count)
        if not inside.all():
            row, place, value = row[inside], place[inside], value[inside]
        self._held[name][(place, row) if self.wide else (row, place)] = value

    def _fields(self) -> list[Any]:
        fields = [pa.field(name, LABEL_TYPES.get(name, pa.float64())) for name in self.labels]
        for name, shape in self.shapes.items():
            size, kind = int(np.prod(shape)), pa.from_numpy_dtype(self._types[name])
            if self.wide:
                fields += [pa.field(f"{name}_{number}" if name else str(number), kind) for number in range(size)]
            else:
                fields.append(pa.field(self._list_names[name], pa.list_(kind, size)))
        return [*fields, pa.field(INDEX, pa.int64())]

    def _flush(self) -> None:
        used = self._used
        if not used:
            return
        index, *labels = (_arrow(np.concatenate(parts)) for parts in self._columns)
        columns = list(labels)
        for held in self._held.values():
            if self.wide:
                columns += [_arrow(column[:used]) for column in held]
            else:
                columns.append(pa.FixedSizeListArray.from_arrays(_arrow(held[:used].ravel()), held.shape[1]))
        self._writer.write_table(pa.Table.from_arrays([*columns, index], schema=self._schema))
        for held in self._held.values():
            held[:] = 0
        self._columns = [[] for _ in self._columns]
        self.rows += used
        self._used = 0


def _arrow(values: npt.NDArray[Any]) -> Any:
    """Return numbers or truths as Arrow has them; `pyarrow.array` would import pandas to look for its types."""
    arrow: Any = pa  # whose types know no NumPy
    if values.dtype == np.bool_:
        bits = np.packbits(values, bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), len(values), [None, arrow.py_buffer(bits)])
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, arrow.py_buffer(np.ascontiguousarray(values))])
