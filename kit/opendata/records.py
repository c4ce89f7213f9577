"""The record of each finished piece, kept in a run's work folder, so that a killed or failed run goes on.

A record is a file of masses with one piece; with it goes a file of plain masses where these are wanted. Both
appear whole or not at all. A record with other cuts or another grid is not used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kit.files import FormatError, whole
from kit.opendata.massarrays import Listed, write_arrays
from kit.opendata.massfile import read_masses, write_masses
from kit.opendata.pieces import Piece
from kit.opendata.spectra import PieceRecord

__all__ = ["Records"]


@dataclass(frozen=True)
class Records:
    """The records of one run: where they are, what they are of, whether plain masses belong to them."""

    folder: Path
    about: dict[str, Any]
    keep_masses: bool = False

    def path(self, piece: Piece) -> Path:
        """Return the file of a piece's record."""
        return self.folder / f"{piece.key}.parquet"

    def arrays_path(self, piece: Piece) -> Path:
        """Return the file of a piece's plain masses."""
        return self.folder / f"{piece.key}_arrays.parquet"

    def has(self, piece: Piece) -> bool:
        """Tell whether a usable record of this piece is there."""
        if self.keep_masses and not self.arrays_path(piece).is_file():
            return False
        try:
            about = read_masses(self.path(piece)).about
        except (FileNotFoundError, FormatError):
            return False
        return all(about.get(name) == value for name, value in self.about.items())

    def write(self, record: PieceRecord, masses: Iterable[Listed] = ()) -> None:
        """Write the record of a piece; the plain masses first, so that a record means that all is there."""
        if self.keep_masses:
            with whole(self.arrays_path(record.piece)) as part:
                write_arrays(part, masses)
        with whole(self.path(record.piece)) as part:
            write_masses(part, [record], self.about)

    def read(self, pieces: Iterable[Piece]) -> Iterator[PieceRecord]:
        """Yield the records of pieces, under the paths given; only one is in memory."""
        for piece in pieces:
            for record in read_masses(self.path(piece)).records():
                yield replace(record, piece=piece)
