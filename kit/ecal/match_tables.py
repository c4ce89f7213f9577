"""The rows of matched clusters as tables: of one file, joined over files, and what the study needs of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kit.ecal.events import AnyArray, FloatArray, starts
from kit.ecal.resolution import Matched
from kit.ecal.tables import TableWriter

__all__ = ["ROW_GROUP", "TRUE_ENERGY", "join", "matched_of", "read_matched", "to_table"]

ROW_GROUP = 50_000
TRUE_ENERGY = {"sim_good": "calo_simen_good", "sim": "calo_simen", "gen": "calo_genen"}
SPOILT = ("en", "PUsimen_frac", "noise_en")  # only with pileup
NEEDED = ("wi", "en", "et", "eta", "simfrac_sig", "in_window", "en_mustache", *TRUE_ENERGY.values())


def to_table(rows: Mapping[str, AnyArray]) -> Any:
    """Return rows as an arrow table without nulls."""
    import pyarrow as pa

    kinds = {"b": pa.bool_(), "i": pa.int64(), "f": pa.float64()}
    fields = [pa.field(name, kinds[values.dtype.kind], nullable=False) for name, values in rows.items()]
    return pa.Table.from_arrays([pa.array(values) for values in rows.values()], schema=pa.schema(fields))


def join(parts: Sequence[tuple[Path, int]], path: Path, text: Path | None = None) -> None:
    """Write the rows of all `parts` behind each other, particles numbered through.

    Parameters
    ----------
    parts : sequence of (Path, int)
        Files of rows, and how many particles each has.
    path : Path
        The parquet file that is written.
    text : Path, optional
        A text file that is written, too, with semicolons between values.
    """
    import pyarrow.compute as pc
    import pyarrow.csv
    import pyarrow.parquet as pq

    first = 0
    with contextlib.ExitStack() as stack:
        layout = pq.read_schema(parts[0][0])
        writer = stack.enter_context(TableWriter(path, layout, ROW_GROUP))
        lines: Any = None
        if text:
            options = pyarrow.csv.WriteOptions(delimiter=";", quoting_style="none")
            lines = stack.enter_context(pyarrow.csv.CSVWriter(text, layout, write_options=options))
        for part, particles in parts:
            for table in _groups(part):
                table = table.set_column(0, layout.field("wi"), pc.add(table["wi"], first))
                writer.write(table)
                if lines:
                    lines.write_table(table)
            first += particles


def _groups(path: Path, columns: Sequence[str] | None = None) -> Iterator[Any]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=list(columns) if columns else None)


def read_matched(path: Path, score_min: float, e_true: str) -> Matched:
    """Return what the study needs of joined rows; see `matched_of`."""
    import pyarrow.parquet as pq

    there = set(pq.read_schema(path).names)
    held: dict[str, list[AnyArray]] = {name: [] for name in (*NEEDED, *SPOILT[1:]) if name in there}
    for table in _groups(path, list(held)):
        for name, columns in held.items():
            columns.append(table[name].to_numpy())
    rows = {name: np.concatenate([np.zeros(0), *columns]) for name, columns in held.items()}
    return matched_of(rows, score_min, e_true)


def matched_of(rows: Mapping[str, AnyArray], score_min: float, e_true: str) -> Matched:
    """Return the particles whose seed has a score above `score_min`, with their clusters in the window.

    Parameters
    ----------
    rows : dict
        Columns of the table, particles behind each other, the seed of each first.
    score_min : float
        What the score of the seed must exceed.
    e_true : str
        Which energy is the true one: ``sim_good``, ``sim`` or ``gen``.
    """
    number = rows["wi"].astype(np.int64)
    bounds = np.flatnonzero(np.diff(number, prepend=-1))
    owner = np.repeat(np.arange(len(bounds)), np.diff(np.append(bounds, len(number))))
    good = rows["simfrac_sig"][bounds] > score_min
    kept = good[owner] & rows["in_window"].astype(np.bool_)
    seed = bounds[good]
    return Matched(
        offsets=starts(np.bincount(owner[kept], minlength=len(bounds))[good]),
        energy=rows["en"][kept],
        score=rows["simfrac_sig"][kept],
        true=rows[TRUE_ENERGY[e_true]][seed],
        mustache=rows["en_mustache"][seed],
        et=rows["et"][seed],
        abs_eta=np.abs(rows["eta"][seed]),
        spoilt=_spoilt(*(rows[name][kept] for name in SPOILT)) if set(SPOILT) <= rows.keys() else {},
    )


def _spoilt(energy: FloatArray, pileup: FloatArray, noise: FloatArray) -> dict[str, FloatArray]:
    return {"pileup": pileup, "noise": noise / energy}
