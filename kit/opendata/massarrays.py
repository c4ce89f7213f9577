"""The file `mass_arrays.parquet`: every mass in GeV, by piece, final state and combination, in input order.

Spectra on the fixed grid do not need it; rules that draw their own bins through the masses do. It grows with the
input and is written and joined a part at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kit.opendata.arrow import column, plain, words
from kit.opendata.massfile import damage_named
from kit.opendata.twins import FloatArray

__all__ = ["Listed", "join_arrays", "read_arrays", "write_arrays"]

Listed = tuple[str, str, FloatArray]  # final state, combination, masses in GeV

MASSES_AT_ONCE = 1_000_000  # written together: 8 MB


def _schema() -> Any:
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    names = ("piece", "final_state", "combination", "masses")
    return pa.schema(list(zip(names, (pa.int32(), word, word, pa.list_(pa.float64())), strict=True)))


def write_arrays(path: Path, listed: Iterable[Listed], piece: int = 0) -> None:
    """Write the masses of one piece."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, _schema(), compression="zstd") as writer:
        for rows in _batches(listed):
            *named, masses = zip(*rows, strict=True)
            ends = column(np.cumsum([0, *map(len, masses)], dtype=np.int32))
            columns = [
                column(np.full(len(rows), piece, np.int32)),
                *map(_coded, named),
                pa.ListArray.from_arrays(ends, column(np.concatenate(masses))),
            ]
            writer.write_table(pa.table(columns, schema=_schema()))


def _coded(names: Sequence[str]) -> Any:
    place = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return words(np.fromiter(map(place.__getitem__, names), np.int32, len(names)), list(place))


def _batches(listed: Iterable[Listed]) -> Iterator[list[Listed]]:
    rows: list[Listed] = []
    waiting = 0
    for row in listed:
        rows.append(row)
        waiting += len(row[2])
        if waiting >= MASSES_AT_ONCE:
            yield rows
            rows, waiting = [], 0
    if rows:
        yield rows


def join_arrays(path: Path, parts: Iterable[Path]) -> None:
    """Write the masses of many pieces into one file, each under its number in the order given."""
    import pyarrow.parquet as pq

    with pq.ParquetWriter(path, _schema(), compression="zstd") as writer:
        for number, part in enumerate(parts):
            with pq.ParquetFile(part) as file:
                for group in range(file.num_row_groups):
                    table = file.read_row_group(group, use_threads=False)
                    piece = column(np.full(len(table), number, np.int32))
                    writer.write_table(table.set_column(0, _schema().field("piece"), piece))


def read_arrays(path: str | Path) -> Iterator[tuple[int, str, str, FloatArray]]:
    """Yield piece, final state, combination and masses in GeV of each row; one group of rows is in memory.

    Raises
    ------
    FormatError
        If the file is damaged.
    """
    import pyarrow.parquet as pq

    with damage_named(path):
        opened = pq.ParquetFile(path)
    with opened as file:
        for group in range(file.num_row_groups):
            with damage_named(path):
                table = file.read_row_group(group, use_threads=False)
                columns = [table[name].to_pylist() for name in ("piece", "final_state", "combination")]
                rows = list(zip(*columns, _lists(table["masses"]), strict=True))
            yield from rows


def _lists(column: Any) -> Iterator[FloatArray]:
    for chunk in column.chunks:
        ends = plain(chunk.offsets)
        content = plain(chunk.values)
        yield from (content[first:last] for first, last in itertools.pairwise(ends))
