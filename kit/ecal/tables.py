"""Windows as parquet: a row each, with the groups and names that the public loaders take.

The schema never depends on the content, and nothing is null: NaN becomes a number that loaders expect. Rows come
in groups small enough that one window can be read by itself.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import numpy as np

from kit.ecal.events import AnyArray, IntArray, Lists
from kit.ecal.features import CALOS, CLUSTER_GROUPS, HITS, WINDOW_GROUPS, Features

__all__ = ["ABOUT", "HIT_PARTS", "Precision", "TableWriter", "schema", "to_table"]

ABOUT = b"kit.ecal"  # key of the file's metadata under which the kit says what the rows are
HIT_PARTS = ("ieta", "iphi", "iz", "share")
Precision = Literal["float64", "float32"]


class Columns(Protocol):
    """Windows as they are built, or as they were read back."""

    @property
    def window(self) -> Mapping[str, AnyArray]:
        """Fields of windows."""

    @property
    def cluster(self) -> Mapping[str, AnyArray]:
        """Fields of the clusters in them."""

    @property
    def offsets(self) -> IntArray:
        """Where the clusters of each window begin."""

    @property
    def calos(self) -> Lists | None:
        """For each window its particles."""

    @property
    def hits(self) -> Lists | None:
        """For each cluster its hits."""


def schema(features: Features, precision: Precision, about: Mapping[str, Any] | None = None) -> Any:
    """Return the arrow schema of a layout; `about` is kept in the metadata of the file."""
    import pyarrow as pa

    number = pa.float64() if precision == "float64" else pa.float32()
    kinds = {"float": number, "int64": pa.int64(), "bool": pa.bool_(), "string": pa.string()}

    def field(name: str) -> Any:
        return pa.field(name, kinds[features.type_of(name)], nullable=False)

    def lists(kind: Any) -> Any:
        return pa.list_(pa.field("item", kind, nullable=False))

    fields = []
    for group, names in features.groups.items():
        if group == HITS:
            kind = lists(lists(lists(number)))
        else:
            kind = pa.struct([field(name) for name in names])
            kind = lists(kind) if group in (*CLUSTER_GROUPS, CALOS) else kind
        fields.append(pa.field(group, kind, nullable=False))
    metadata: Any = {ABOUT: json.dumps(about)} if about is not None else None
    return pa.schema(fields, metadata=metadata)


def to_table(
    windows: Columns,
    features: Features,
    precision: Precision,
    *,
    nan_fill: float | None,
    flavour: int | None = None,
) -> Any:
    """Return windows as an arrow table, without copying more than the conversion of types asks for.

    Parameters
    ----------
    windows : Windows or Part
        Built, or read back.
    features, precision : Features, str
        The layout, and the type of numbers in it.
    nan_fill : float, optional
        What is written for NaN; NaN itself where None.
    flavour : int, optional
        PDG id of all of them, where they do not have one each.
    """
    import pyarrow as pa

    wanted = schema(features, precision)
    window = windows.window
    if flavour is not None:
        window = {**window, "flavour": np.full(len(windows.offsets) - 1, flavour, np.float64)}
    columns = []
    for group in wanted:
        if group.name in WINDOW_GROUPS:
            columns.append(_struct(group.type, window, nan_fill))
        elif group.name in CLUSTER_GROUPS:
            item = _struct(group.type.value_type, windows.cluster, nan_fill)
            columns.append(_lists(group.type, windows.offsets, item))
        elif group.name == CALOS:
            assert windows.calos is not None
            item = _struct(group.type.value_type, windows.calos.columns, nan_fill)
            columns.append(_lists(group.type, windows.calos.offsets, item))
        else:
            columns.append(_nested_hits(group.type, windows))
    return pa.Table.from_arrays(columns, schema=wanted)


def _struct(kind: Any, columns: Mapping[str, AnyArray], nan_fill: float | None) -> Any:
    import pyarrow as pa

    arrays = []
    for field in kind:
        values = columns[field.name]
        if values.dtype.kind == "f" and nan_fill is not None and np.isnan(values).any():
            values = np.where(np.isnan(values), nan_fill, values)
        if values.dtype.kind == "f":
            values = values.astype(field.type.to_pandas_dtype(), copy=False)
        arrays.append(pa.array(values, field.type, from_pandas=False))
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def _lists(kind: Any, offsets: IntArray, item: Any) -> Any:
    import pyarrow as pa

    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), item, type=kind)


def _nested_hits(kind: Any, windows: Columns) -> Any:
    """Return hits as clusters × hits × 4 numbers."""
    import pyarrow as pa

    innermost = kind.value_type.value_type
    hits = windows.hits
    assert hits is not None
    number = int(hits.offsets[-1])
    numbers = np.empty((number, len(HIT_PARTS)), innermost.value_type.to_pandas_dtype())
    for place, part in enumerate(HIT_PARTS):
        numbers[:, place] = hits[part]
    content = pa.array(numbers.ravel())
    quartets = _lists(innermost, np.arange(0, len(HIT_PARTS) * number + 1, len(HIT_PARTS)), content)
    return _lists(kind, windows.offsets, _lists(kind.value_type, hits.offsets, quartets))


class TableWriter:
    """Writes tables of one layout into a file, in row groups of a size that does not depend on the tables.

    A context manager; the file has the schema even when no row comes.
    """

    def __init__(self, path: Path, layout: Any, row_group: int) -> None:
        self._path, self._layout, self._row_group = path, layout, row_group
        self._held: list[Any] = []
        self._rows = 0

    def __enter__(self) -> Self:
        import pyarrow.parquet as pq

        self._stack = contextlib.ExitStack()
        # no dictionaries: these numbers hardly repeat, and the file would grow by a quarter
        self._writer = self._stack.enter_context(
            pq.ParquetWriter(
                self._path,
                self._layout,
                compression="zstd",
                use_dictionary=False,
                write_statistics=False,
                write_page_checksum=True,  # else flipped bits may be read as other numbers
            )
        )
        return self

    def __exit__(self, *fault: Any) -> None:
        with self._stack:
            if fault[0] is None:
                self._flush(everything=True)

    def write(self, table: Any) -> None:
        """Write rows; they go to the file when a group is full."""
        self._held.append(table)
        self._rows += len(table)
        if self._rows >= self._row_group:
            self._flush(everything=False)

    def _flush(self, *, everything: bool) -> None:
        import pyarrow as pa

        if not self._rows:
            return
        table = pa.concat_tables(self._held)
        full = len(table) if everything else len(table) - len(table) % self._row_group
        self._writer.write_table(table.slice(0, full), row_group_size=self._row_group)
        self._held = [table.slice(full)] if full < len(table) else []
        self._rows = len(table) - full
