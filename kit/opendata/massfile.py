"""The file `masses.parquet`: the spectra of each piece, and what is known of them.

Each piece has its own rows, so that a piece which was delivered twice can be counted once. Any reader of parquet
sees a plain table; what is no count of masses stands in the metadata, as JSON.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kit.files import FormatError
from kit.opendata.arrow import column, plain, words
from kit.opendata.pieces import Piece
from kit.opendata.spectra import Grid, IntArray, PieceRecord, Spectra

__all__ = ["FORMAT", "MassFile", "damage_named", "read_masses", "write_masses"]

FORMAT = 1  # version of what stands in the file
METADATA = "kit.opendata.masses"


def write_masses(path: str | Path, records: Iterable[PieceRecord], about: Mapping[str, Any]) -> None:
    """Write records one after the other, so that only one needs to be in memory.

    The rows are ``piece, final_state, combination, bin, count``: bin −1 is below the smallest mass wanted,
    bin ``grid.bins`` beyond the grid; with weights also Σw as ``weight`` and Σw² as ``square``. The metadata
    hold `about` and, for each piece, all that is no count of masses.

    Parameters
    ----------
    about : mapping
        What JSON can hold; must name the ``grid`` as ``{"width": …, "bins": …}``, and say whether records are
        ``weighted``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    word = pa.dictionary(pa.int32(), pa.string())
    weights = [("weight", pa.float64()), ("square", pa.float64())] if about.get("weighted") else []
    columns = [
        ("piece", pa.int32()),
        ("final_state", word),
        ("combination", word),
        ("bin", pa.int32()),
        ("count", pa.int64()),
        *weights,
    ]
    schema = pa.schema(columns)
    heads = []
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for number, record in enumerate(records):
            spectra = record.spectra
            heads.append(_head(record))
            if len(spectra.pair):
                piece = np.full(len(spectra.pair), number, np.int32)
                states, combinations = (_words(names, spectra.pair) for names in zip(*spectra.pairs, strict=True))
                counted: list[Any] = [spectra.bin.astype(np.int32), spectra.count]
                counted += [spectra.weight, spectra.square] if weights else []
                arrays = [column(piece), states, combinations, *(column(each) for each in counted)]
                writer.write_table(pa.table(arrays, schema=schema), row_group_size=max(1, len(piece)))
        content = {"format": FORMAT, **about, "pieces": heads}
        writer.add_key_value_metadata({METADATA: json.dumps(content)})


def _head(record: PieceRecord) -> dict[str, Any]:
    return {
        **asdict(record.piece),
        "schema": record.schema,
        "generated": record.generated,
        "events_by_state": record.spectra.events,
        "cutflow": record.cutflow,
        "sums": record.sums,
        "kind": record.kind,
        "luminosity": record.luminosity,
        "seen": record.seen,
        "dropped": record.dropped,
        "rows": len(record.spectra.pair),
    }


def _words(of_pairs: Sequence[str], pair: IntArray) -> Any:
    """Return the word that belongs to each row's pair as an arrow dictionary."""
    place = {word: number for number, word in enumerate(dict.fromkeys(of_pairs))}
    codes = np.fromiter(map(place.__getitem__, of_pairs), np.int32, len(of_pairs))
    return words(codes[pair], list(place))


@dataclass(frozen=True)
class MassFile:
    """A `masses.parquet` read back; `about` are its metadata, `pieces` what it holds, in order."""

    path: str
    about: dict[str, Any]
    pieces: list[Piece]

    @property
    def grid(self) -> Grid:
        """The bins of all its spectra."""
        return Grid(**self.about["grid"])

    def records(self) -> Iterator[PieceRecord]:
        """Yield the record of each piece; only one is in memory."""
        import pyarrow.parquet as pq

        with damage_named(self.path):
            opened = pq.ParquetFile(self.path)
        with opened as file:
            group = 0
            for piece, head in zip(self.pieces, self.about["pieces"], strict=True):
                rows = None
                if head["rows"]:
                    with damage_named(self.path):
                        rows, group = file.read_row_group(group, use_threads=False), group + 1
                with damage_named(self.path):
                    spectra = _spectra(self.grid, head["events_by_state"], rows)
                told = (
                    head["cutflow"],
                    head["dropped"],
                    head["seen"],
                    head["schema"],
                    head.get("generated", False),
                    head.get("sums", {}),
                    head.get("kind", "unknown"),
                    head.get("luminosity"),
                )
                yield PieceRecord(piece, spectra, *told)


def _spectra(grid: Grid, events: dict[str, int], rows: Any) -> Spectra:
    if rows is None:
        return Spectra(grid, events)
    words, codes = zip(*(_codes(rows[name]) for name in ("final_state", "combination")), strict=True)
    both = codes[0] * len(words[1]) + codes[1]
    first = np.flatnonzero(np.diff(both, prepend=-1))
    names = [(words[0][i], words[1][j]) for i, j in zip(*(code[first].tolist() for code in codes), strict=True)]
    pair = np.repeat(np.arange(len(first)), np.diff(np.append(first, len(both))))
    place, count = (plain(rows[name]).astype(np.int64) for name in ("bin", "count"))
    weights = [plain(rows[name]) for name in ("weight", "square") if name in rows.column_names]
    return Spectra(grid, events, names, pair, place, count, *weights)


def _codes(column: Any) -> tuple[list[str], IntArray]:
    """Return the words of a column, and for each row the place of its word."""
    whole = column.combine_chunks()
    return whole.dictionary.to_pylist(), plain(whole.indices).astype(np.int64)


@contextlib.contextmanager
def damage_named(path: str | Path) -> Iterator[None]:
    """Say of which file a fault of its bytes is, and what it should be."""
    import pyarrow as pa

    if Path(path).is_dir():
        message = f"{path}: is a folder, should be a parquet file that opendata/masses wrote"
        raise FormatError(message)
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as fault:
        if isinstance(fault, OSError) and fault.errno is not None:
            raise
        text = (str(fault).splitlines() or [""])[0]
        found = f"{path}: damaged: {text} ({type(fault).__name__})"
        message = f"{found}; should be a parquet file that opendata/masses wrote"
        raise FormatError(message) from None


def read_masses(path: str | Path) -> MassFile:
    """Open a file of masses.

    Raises
    ------
    FileNotFoundError
        If there is none.
    FormatError
        If it is no such file, or was written by another version of the format.
    """
    import pyarrow.parquet as pq

    if not Path(path).exists():
        message = f"there is no {path}; should be a file that opendata/masses wrote"
        raise FileNotFoundError(message)
    with damage_named(path):
        metadata = pq.read_metadata(path).metadata or {}
    if METADATA.encode() not in metadata:
        message = f"{path}: a parquet file without mass spectra; should be one that opendata/masses wrote"
        raise FormatError(message)
    with damage_named(path):
        about = json.loads(metadata[METADATA.encode()])
        version, heads = about["format"], about["pieces"]
        if version == FORMAT:
            pieces = [Piece(**{name: head[name] for name in Piece.__dataclass_fields__}) for head in heads]
    if version != FORMAT:
        message = f"{path}: format version is {version}, should be {FORMAT}"
        raise FormatError(message)
    return MassFile(str(path), about, pieces)
