"""Writes a dataset: windows in files of equal size, as parquet and as TFRecord; and what describes them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from kit.ecal import tfrecord
from kit.ecal.access import Part
from kit.ecal.events import FloatArray
from kit.ecal.features import Features
from kit.ecal.tables import Precision, TableWriter, schema, to_table
from kit.run import Run

__all__ = ["Form", "SplitWriter", "describe"]

CLASSES = (0, 1, 2)  # of TFRecord: unmatched, matched, matched with the main cluster as seed


@dataclass(frozen=True)
class Form:
    """How windows are written.

    Attributes
    ----------
    features, precision, nan_fill
        As for `tables.to_table`.
    absent : float or None
        What stands for NaN in the input.
    windows_per_file, row_group : int
        Windows in a file, and in a row group of it.
    parquet, tfrecord : bool
        What is written.
    about : dict
        What every parquet file says of where it comes from.
    """

    features: Features
    precision: Precision
    nan_fill: float | None
    absent: float | None
    windows_per_file: int
    row_group: int
    parquet: bool
    tfrecord: bool
    about: Mapping[str, Any]


class SplitWriter:
    """Writes the windows of one part of the dataset, such as training; a context manager.

    Files that an earlier attempt has finished are kept: the windows in them are passed over.
    """

    def __init__(self, run: Run, split: str, form: Form) -> None:
        self._run, self._split, self._form = run, split, form
        self._stack = contextlib.ExitStack()
        self._file: _PartFile | None = None
        self._rows = 0
        self.rows: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *fault: Any) -> None:
        if kind is None:
            if not self.rows and self._file is None:
                self._open()  # a part without windows is a file without rows
            self._close()
        else:
            self._stack.__exit__(kind, *fault)

    def write(self, part: Part, weight: FloatArray) -> None:
        """Write windows; a file that is full is closed, and the next one begun."""
        first = 0
        while first < len(part):
            if self._file is None:
                self._open()
            assert self._file is not None
            last = min(len(part), first + self._form.windows_per_file - self._rows)
            self._file.write(part.take(np.arange(first, last)), weight[first:last])
            self._rows += last - first
            first = last
            if self._rows == self._form.windows_per_file:
                self._close()

    def _open(self) -> None:
        self._file = _PartFile(self._run, self._split, len(self.rows), self._form)
        self._stack.enter_context(self._file)
        self._rows = 0

    def _close(self) -> None:
        if self._file is not None:
            self._stack.close()
            self.rows.append(self._rows)
            self._file = None


class _PartFile:
    """One parquet file and the TFRecord files beside it."""

    def __init__(self, run: Run, split: str, number: int, form: Form) -> None:
        self._run, self._form = run, form
        name = f"part-{number}"
        self._names = {"parquet": f"{split}/{name}.parquet"} if form.parquet else {}
        if form.tfrecord:
            folder = f"tfrecord/{split}"
            self._names |= {
                "matched": f"{folder}/calo_matched/calomatch_{name}.proto",
                "unmatched": f"{folder}/no_calo_matched/nocalomatch_{name}.proto",
                "told": f"{folder}/{name}_metadata.txt",
            }
        self._name, self._counts = name, [0, 0, 0]

    def __enter__(self) -> Self:
        self._stack = contextlib.ExitStack()
        self._done = all(self._run.has(name) for name in self._names.values())
        if self._done:
            return self
        with self._stack as stack:
            parts = {kind: stack.enter_context(self._run.writing(name)) for kind, name in self._names.items()}
            if "parquet" in parts:
                layout = schema(self._form.features, self._form.precision, self._form.about)
                self._table = stack.enter_context(TableWriter(parts["parquet"], layout, self._form.row_group))
            if "told" in parts:
                self._streams = {k: stack.enter_context(parts[k].open("wb")) for k in ("matched", "unmatched")}
                self._told = stack.enter_context(parts["told"].open("w", encoding="utf-8"))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, *fault: Any) -> None:
        if kind is None and not self._done and self._form.tfrecord:
            self._told.writelines(f"{self._name};{k};{n}\n" for k, n in zip(CLASSES, self._counts, strict=True))
        self._stack.__exit__(kind, *fault)

    def write(self, part: Part, weight: FloatArray) -> None:
        """Write windows, unless the file was finished before."""
        form = self._form
        if self._done:
            return
        if form.parquet:
            filled = form.nan_fill if form.absent is None else None
            values = part if form.absent is None or form.absent == form.nan_fill else refilled(part, form)
            self._table.write(to_table(values, form.features, form.precision, nan_fill=filled))
        if form.tfrecord:
            self._write_records(part, weight)

    def _write_records(self, part: Part, weight: FloatArray) -> None:
        classes = tfrecord.classes_of(part)
        made = list(
            tfrecord.records(list(tfrecord.messages(part, self._form.features, weight, self._form.absent)))
        )
        for record, kind in zip(made, classes.tolist(), strict=True):
            self._streams["matched" if kind else "unmatched"].write(record)
            self._counts[kind] += 1


def refilled(part: Part, form: Form) -> Part:
    """Return windows with another number for NaN than the one in the input, or with NaN itself."""
    new = np.nan if form.nan_fill is None else form.nan_fill
    cluster = {
        name: np.where(values == form.absent, new, values)
        if values.dtype.kind == "f" and name.endswith("_log")
        else values
        for name, values in part.cluster.items()
    }
    return Part(part.window, cluster, part.offsets, part.calos, part.hits)


def describe(run: Run, split: str, parts: int) -> None:
    """Write ``_metadata`` of a folder of parquet files: all footers in one, so that it reads as one frame."""
    import pyarrow.parquet as pq

    names = [f"part-{number}.parquet" for number in range(parts)]
    footers = []
    for name in names:
        footer = pq.read_metadata(run.directory / split / name)
        footer.set_file_path(name)
        footers.append(footer)
    layout = pq.read_schema(run.directory / split / names[0])
    with run.writing(f"{split}/_metadata") as path:
        pq.write_metadata(layout, str(path), metadata_collector=footers)


def type_text(path: Path) -> str:
    """Return the type of the rows of a parquet file, as awkward writes it."""
    import awkward as ak
    import pyarrow.parquet as pq

    return str(ak.from_arrow_schema(pq.read_schema(path)).type)
