"""Brings windows into random order without holding them all: first into buckets, then each bucket by itself."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Self

import numpy as np

from kit.ecal.access import Part, part_of
from kit.ecal.events import FloatArray
from kit.ecal.parts import Form, SplitWriter
from kit.ecal.splitting import order_of
from kit.ecal.tables import TableWriter, schema, to_table

__all__ = ["Shuffler"]

BUCKET = 10_000  # windows in memory at once
MOST_BUCKETS = 200  # files open at once


class Shuffler:
    """Takes windows in their order and gives them to a writer in a random one; a context manager.

    Every order is equally likely: the place of each window is drawn before, and its bucket follows from it.

    Parameters
    ----------
    folder : Path
        Where buckets are kept meanwhile.
    writer : SplitWriter
        What receives the windows, when all have come.
    form : Form
        What is written of them.
    part, number, seed : int
        Which part of the dataset, how many windows it has, and which order.
    """

    def __init__(self, folder: Path, writer: SplitWriter, form: Form, part: int, number: int, seed: int) -> None:
        self._writer, self._form = writer, form
        self._order = order_of(number, seed, part)
        self._size = max(BUCKET, -(-number // MOST_BUCKETS))
        self._paths = [folder / f"bucket_{part}_{k}.parquet" for k in range(-(-number // self._size))]
        self._weights, self._taken = np.empty(number), 0

    def __enter__(self) -> Self:
        import pyarrow as pa

        layout = schema(self._form.features, "float64").append(pa.field("place", pa.int64(), nullable=False))
        self._stack = contextlib.ExitStack()
        self._buckets = [self._stack.enter_context(TableWriter(path, layout, 1000)) for path in self._paths]
        return self

    def __exit__(self, kind: type[BaseException] | None, *fault: Any) -> None:
        self._stack.__exit__(kind, *fault)
        if kind is None:
            self._give()
        for path in self._paths:
            path.unlink(missing_ok=True)

    def write(self, part: Part, weight: FloatArray) -> None:
        """Take windows, each into the bucket of its place."""
        import pyarrow as pa

        places = self._order[self._taken : self._taken + len(part)]
        self._taken += len(part)
        self._weights[places] = weight
        table = to_table(part, self._form.features, "float64", nan_fill=None)
        field = pa.field("place", pa.int64(), nullable=False)
        table = table.append_column(field, pa.array(places, pa.int64()))
        bucket = places // self._size
        for number in np.unique(bucket):
            self._buckets[number].write(table.take(pa.array(np.flatnonzero(bucket == number))))

    def _give(self) -> None:
        import pyarrow.parquet as pq

        for path in self._paths:
            table = pq.read_table(path)
            places = table["place"].to_numpy()
            order = np.argsort(places)
            part = part_of(table.drop_columns("place")).take(order)
            self._writer.write(part, self._weights[places[order]])
