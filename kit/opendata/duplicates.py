"""Events that come more than once: which entries of which files are to be left out.

An event is known by its numbers: run, luminosity block and event in CMS; channel, run and event in ATLAS, where
the channel of data says nothing new. Of all that have the same numbers the first in the order of the files stays,
so that the answer does not depend on who does which share of the work. The numbers of many events are sorted in
portions on the disk: memory does not grow with the input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import NO_ROOM, FormatError, read_json, write_json
from kit.opendata.description import Source
from kit.opendata.pieces import Piece
from kit.opendata.sources import Reader

__all__ = ["VETO", "Vetoes", "find_duplicates"]

VETO = "veto.json"
FORMAT = 1
PORTIONS = 64
AT_ONCE = 1_000_000  # entries whose numbers are read together, and held in memory
KEY = ("channel", "run", "lumi", "event")
ROW = np.dtype([*((name, np.uint64) for name in KEY), ("file", np.uint32), ("entry", np.uint64)])
MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: spreads neighbours over all portions

BoolArray = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.void]  # of dtype ROW


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


def find_duplicates(opened: Iterable[Callable[[], Reader]], folder: Path, target: Path) -> int:
    """Write the veto list of files, in their order, and return how many entries are vetoed.

    Parameters
    ----------
    opened : iterable of callables
        Give one reader after the other, of which only the numbers of events are read. A file that cannot be read
        is left out, and so is all that it has in common with others.
    folder : Path
        Where portions are kept meanwhile.
    target : Path
        The list.

    Raises
    ------
    OSError
        If the disk is full.
    """
    sources, rows = dict[int, Source](), _Rows(folder)
    try:
        for number, give in enumerate(opened):
            try:
                reader = give()
                for some in _numbers(reader, number):
                    rows.add(some)
            except (FormatError, OSError) as fault:
                if isinstance(fault, OSError) and fault.errno in NO_ROOM:
                    raise
            else:
                sources[number] = reader.source
        vetoed = _second_ones(rows.portions(), list(sources))
    finally:
        rows.remove()
    files = [
        {"path": s.path, "uuid": s.uuid, "size": s.size, "entries": s.entries, "vetoed": entries.tolist()}
        for s, entries in zip(sources.values(), vetoed, strict=True)
    ]
    write_json(target, {"format": FORMAT, "files": files})
    _read.cache_clear()
    return sum(map(len, vetoed))


def _numbers(reader: Reader, number: int) -> Iterator[Rows]:
    """Yield the numbers of all events of a file, some at a time."""
    entries = reader.source.entries
    for first in range(0, entries, AT_ONCE):
        last = min(entries, first + AT_ONCE)
        columns = reader.numbers(first, last)
        rows = np.zeros(last - first, ROW)
        for name in KEY:
            if name in columns:
                rows[name] = columns[name].astype(np.int64).view(np.uint64)
        rows["file"], rows["entry"] = number, np.arange(first, last)
        yield rows


class _Rows:
    """The numbers of events: few in memory, many in portions on the disk, equal ones in the same."""

    def __init__(self, folder: Path) -> None:
        self._paths = [folder / f"{number:02d}" for number in range(PORTIONS)]
        self._held: list[Rows] = []
        self._spilled = False

    def add(self, rows: Rows) -> None:
        """Keep some more."""
        self._held.append(rows)
        if sum(map(len, self._held)) > AT_ONCE:
            self._spill()

    def portions(self) -> Iterator[Rows]:
        """Yield all of them; those that are equal come together, in the order in which they were added."""
        if not self._spilled:
            yield self._all()
            return
        self._spill()
        for path in self._paths:
            yield np.fromfile(path, ROW)

    def remove(self) -> None:
        """Leave nothing on the disk."""
        for path in self._paths if self._spilled else ():
            path.unlink(missing_ok=True)

    def _all(self) -> Rows:
        return self._held[0] if len(self._held) == 1 else np.concatenate([np.empty(0, ROW), *self._held])

    def _spill(self) -> None:
        self._paths[0].parent.mkdir(exist_ok=True)
        mode = "ab" if self._spilled else "wb"  # what a killed run has left is none of ours
        self._spilled = True
        rows = self._all()
        self._held.clear()
        portion = ((_mixed(rows) >> np.uint64(32)) % np.uint64(PORTIONS)).astype(np.int64)
        order = np.argsort(portion, kind="stable")
        edges = np.searchsorted(portion[order], np.arange(PORTIONS + 1))
        for place, path in enumerate(self._paths):
            with path.open(mode) as stream:
                stream.write(rows[order[edges[place] : edges[place + 1]]].tobytes())


def _mixed(rows: Rows) -> npt.NDArray[np.uint64]:
    """Return a number for each row that is the same for equal events, and hardly ever for others."""
    mixed = np.zeros(len(rows), np.uint64)
    for name in KEY:
        mixed = (mixed ^ rows[name]) * MIX
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _second_ones(portions: Iterable[Rows], files: Sequence[int]) -> list[npt.NDArray[np.int64]]:
    """Return for each of the files, by number, the entries that others before have the numbers of."""
    found: dict[int, list[Any]] = {number: [] for number in files}
    for some in portions:
        mixed = _mixed(some)
        ordered = np.sort(mixed)
        rows = some[np.isin(mixed, ordered[1:][ordered[1:] == ordered[:-1]])]
        rows = rows[np.isin(rows["file"], np.array(files, np.uint32))]
        # stable: those of the same numbers stay in the order of the files
        rows = rows[np.lexsort(tuple(rows[name] for name in reversed(KEY)))]
        same = np.ones(max(0, len(rows) - 1), bool)
        for name in KEY:
            same &= rows[name][1:] == rows[name][:-1]
        again = rows[1:][same]
        for number in np.unique(again["file"]).tolist():
            found[number].append(again["entry"][again["file"] == number].astype(np.int64))
    none = np.empty(0, np.int64)
    return [np.sort(np.concatenate([none, *entries])) for entries in found.values()]
