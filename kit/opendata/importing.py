"""Masses of the original become records like those of our own: counted on the same grid, told apart by file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from kit.files import NO_ROOM, FormatError
from kit.opendata.originals import ENDINGS, Original, bundles, read_original
from kit.opendata.pieces import Piece, refuse_overlaps, share
from kit.opendata.records import Records
from kit.opendata.spectra import BELOW, Grid, PieceRecord, Spectra
from kit.run import Run

__all__ = ["Imported", "are_originals", "import_masses"]

SCHEMA = "original"  # what stands for the release in records: the original does not tell it


@dataclass
class Imported:
    """What came of an import: pieces whose records are written, what failed by path, what was left out."""

    files: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    left_out: int = 0


def are_originals(paths: Sequence[str]) -> bool:
    """Tell whether inputs are what the original left."""
    return any(path.endswith(ENDINGS) for path in paths)


def import_masses(
    paths: Sequence[str], job: int, jobs: int, grid: Grid, minimum: float, records: Records, run: Run
) -> Imported:
    """Count this job's share of the original's masses and write a record for each bundle of files.

    Parameters
    ----------
    minimum : float
        Masses in GeV below it are counted as `BELOW` for combinations with two electrons or two muons.

    Raises
    ------
    FormatError
        If the same masses would be counted twice.
    """
    found = Imported()
    for files in run.progress(share(bundles(paths), job, jobs), "file"):
        found.files.append(files[0])
        try:
            original = read_original(files)
        except (FormatError, OSError) as fault:
            if isinstance(fault, OSError) and fault.errno in NO_ROOM:
                raise
            found.failed[files[0]] = str(fault)
            continue
        found.pieces.append(original.piece)
        refuse_overlaps(found.pieces)
        found.left_out += len(original.left_out)
        records.write(_record(original, grid, minimum), _listed(original))
    return found


def _record(original: Original, grid: Grid, minimum: float) -> PieceRecord:
    pairs = sorted(original.masses)
    rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for number, pair in enumerate(pairs):
        masses = original.masses[pair]
        place = np.minimum(np.floor(masses / grid.width), grid.bins).astype(np.int64)
        if pair[1].count("e") > 1 or pair[1].count("m") > 1:
            place[masses < minimum] = BELOW
        bins, counts = np.unique(place, return_counts=True)
        rows.append((np.full(len(bins), number), bins, counts))
    columns = [np.concatenate([np.empty(0, np.int64), *(row[i] for row in rows)]) for i in range(3)]
    spectra = Spectra(grid, original.events, pairs, *columns)
    events = sum(original.events.values())
    letters = {letter for state in original.events for letter in state if letter.isalpha()}
    steps = {"read": events, "type window": events}
    return PieceRecord(original.piece, spectra, steps, {}, dict.fromkeys(sorted(letters), 0), SCHEMA)


def _listed(original: Original) -> Iterator[tuple[str, str, np.ndarray]]:
    for (state, combination), masses in sorted(original.masses.items()):
        yield state, combination, masses
