"""Events that come more than once: which entries of which files are to be left out.

An event is known by its numbers: run, luminosity block and event in CMS; channel, run and event in ATLAS, where
the channel of data says nothing new. Of all that have the same numbers the first in the order of the files stays,
so that the answer does not depend on who does which share of the work. The numbers are sorted in portions on the
disk: memory does not grow with the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import FormatError, read_json, write_json
from kit.opendata.description import Source
from kit.opendata.pieces import Piece
from kit.opendata.sources import Reader

__all__ = ["VETO", "Vetoes", "find_duplicates"]

VETO = "veto.json"
FORMAT = 1
PORTIONS = 64
AT_ONCE = 1_000_000  # entries whose numbers are read together
KEY = ("channel", "run", "lumi", "event")
ROW = np.dtype([*((name, np.uint64) for name in KEY), ("file", np.uint32), ("entry", np.uint64)])
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads neighbours over all portions

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Vetoes:
    """A veto list; an empty path vetoes nothing."""

    path: str = ""

    def kept(self, piece: Piece) -> BoolArray:
        """Return which entries of a piece count, shape (n,).

        Raises
        ------
        FormatError
            If the list does not know the file: it was made without it.
        """
        vetoed = _read(self.path).get(piece.identity)
        if vetoed is None:
            message = f"{self.path}: does not know {piece.path}; should be made of all files that are used"
            raise FormatError(message)
        kept = np.ones(piece.events, bool)
        here = vetoed[(vetoed >= piece.first) & (vetoed < piece.last)]
        kept[here - piece.first] = False
        return kept


@lru_cache(maxsize=2)
def _read(path: str) -> dict[tuple[str, int, int], npt.NDArray[np.int64]]:
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        message = f"{path}: no veto list; should be {VETO} of a run of opendata/events with deduplicate"
        raise FormatError(message)
    return {
        (entry["uuid"], entry["size"], entry["entries"]): np.array(entry["vetoed"], np.int64)
        for entry in content["files"]
    }


def find_duplicates(readers: Iterable[Reader], folder: Path, target: Path) -> int:
    """Write the veto list of files, in their order, and return how many entries are vetoed.

    Parameters
    ----------
    readers : iterable of Reader
        Open one after the other; of each only the numbers of events are read.
    folder : Path
        Where portions are kept meanwhile.
    target : Path
        The list.

    Raises
    ------
    FormatError
        If a file has no numbers of events.
    """
    folder.mkdir(exist_ok=True)
    portions = [folder / f"{number:02d}" for number in range(PORTIONS)]
    sources = list[Source]()
    try:
        for portion in portions:
            portion.write_bytes(b"")
        for reader in readers:
            _spread(reader, len(sources), portions)
            sources.append(reader.source)
        vetoed = _second_ones(portions, len(sources))
    finally:
        for portion in portions:
            portion.unlink(missing_ok=True)
    files = [
        {"path": s.path, "uuid": s.uuid, "size": s.size, "entries": s.entries, "vetoed": entries.tolist()}
        for s, entries in zip(sources, vetoed, strict=True)
    ]
    write_json(target, {"format": FORMAT, "files": files})
    _read.cache_clear()
    return sum(map(len, vetoed))


def _spread(reader: Reader, number: int, portions: Sequence[Path]) -> None:
    """Write the numbers of all events of a file into portions, by event and run."""
    entries = reader.source.entries
    for first in range(0, entries, AT_ONCE):
        last = min(entries, first + AT_ONCE)
        columns = reader.numbers(first, last)
        rows = np.zeros(last - first, ROW)
        for name in KEY:
            if name in columns:
                rows[name] = columns[name].astype(np.int64).view(np.uint64)
        rows["file"], rows["entry"] = number, np.arange(first, last)
        with np.errstate(over="ignore"):
            mixed = (rows["event"] * MIX) ^ (rows["run"] * (MIX | np.uint64(2)))
        portion = ((mixed >> np.uint64(32)) % np.uint64(PORTIONS)).astype(np.int64)
        order = np.argsort(portion, kind="stable")
        edges = np.searchsorted(portion[order], np.arange(PORTIONS + 1))
        for place, path in enumerate(portions):
            if edges[place] < edges[place + 1]:
                with path.open("ab") as file:
                    rows[order[edges[place] : edges[place + 1]]].tofile(file)


def _second_ones(portions: Sequence[Path], files: int) -> list[npt.NDArray[np.int64]]:
    """Return for each file the entries that others before have the numbers of."""
    found: list[list[Any]] = [[] for _ in range(files)]
    for portion in portions:
        rows = np.fromfile(portion, ROW)
        # stable: those of the same numbers stay in the order of the files
        rows = rows[np.lexsort(tuple(rows[name] for name in reversed(KEY)))]
        same = np.ones(max(0, len(rows) - 1), bool)
        for name in KEY:
            same &= rows[name][1:] == rows[name][:-1]
        again = rows[1:][same]
        for number in np.unique(again["file"]).tolist():
            found[number].append(again["entry"][again["file"] == number].astype(np.int64))
    none = np.empty(0, np.int64)
    return [np.sort(np.concatenate([none, *entries])) for entries in found]
