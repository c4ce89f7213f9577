"""Any cluster of a file at once: an index that is kept, and places at which reading can start again.

A gzip stream can only be read from its beginning; zlib, though, can remember where it stands. It is asked to
every few megabytes of text, so that no cluster is far from such a place.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kit import files
from kit.smartpixels.blocks import Block, Work
from kit.smartpixels.engine import NUMPY, engine_for
from kit.smartpixels.labels import edge_charge, is_flipped, track
from kit.smartpixels.options import ClusterParameters
from kit.smartpixels.pixelav import FloatArray, Geometry, IntArray, Layout, names
from kit.smartpixels.reader import ClusterFile
from kit.smartpixels.recognition import CLUSTER
from kit.smartpixels.remote import open_bytes
from kit.smartpixels.salvage import GZIP_MAGIC, until_fault
from kit.smartpixels.scrutiny import Scrutiny, examine
from kit.smartpixels.text import Tags, Text

__all__ = ["ClusterIndex", "TextAccess", "index_of"]

BETWEEN_RESTARTS = 6 << 20  # bytes of text, twelve clusters of 13x21x400
PORTION = 1 << 16  # bytes of the file read at once
GZIP_RATIO = 30
ARRAYS = ("places", "numbers", "labels", "sizes", "contained", "damaged")  # of an index, as it is kept


class TextAccess:
    """The text of a plain or gzipped file, from any place."""

    def __init__(self, path: str) -> None:
        self._file = open_bytes(path)
        self._gzipped = self._file.read(2) == GZIP_MAGIC
        self._turn = threading.Lock()
        # place in the text, place in the file, and the state of zlib there
        self._restarts: list[tuple[int, int, Any]] = [(0, 0, zlib.decompressobj(31))]

    def read(self, place: int, length: int) -> bytes:
        """Return `length` bytes of text from `place` on, or what there is."""
        with self._turn:
            if self._gzipped:
                return self._read_packed(place, length)
            self._file.seek(place)
            return self._file.read(length)

    def prepare(self, end: int) -> None:
        """Find all places up to `end` at which reading can start; for a thread, while others read and close."""
        with contextlib.suppress(ValueError):  # the file was closed meanwhile
            for place in range(0, end, BETWEEN_RESTARTS):
                self.read(place, 1)

    def close(self) -> None:
        """Close the file."""
        with self._turn:
            self._file.close()

    def _read_packed(self, place: int, length: int) -> bytes:
        here, offset, state = max((restart for restart in self._restarts if restart[0] <= place), key=_place)
        inflate = state.copy()
        self._file.seek(offset)
        kept: list[bytes] = []
        rest, whole = b"", True
        while whole and here < place + length and (rest := rest or self._file.read(PORTION)):
            if inflate.eof:  # another gzip stream may follow, after zeros
                rest = rest.lstrip(b"\0")
                if not rest:
                    continue
                inflate = zlib.decompressobj(31)
            before = inflate.copy()
            try:
                text = inflate.decompress(rest, BETWEEN_RESTARTS)
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
            except zlib.error:  # zlib keeps back what it has when it meets the damage of a file
                (_, text), whole = until_fault(before, rest), False
            if here + len(text) > place:
                kept.append(text[max(place - here, 0) : place + length - here])
            here += len(text)
            if whole and not rest and here - self._restarts[-1][0] >= BETWEEN_RESTARTS:
                self._restarts.append((here, self._file.tell(), inflate.copy()))
        return b"".join(kept)


def _place(restart: tuple[int, int, Any]) -> int:
    return restart[0]


@dataclass(frozen=True)
class ClusterIndex:
    """What is known of each cluster of a file, and where it stands.

    Attributes
    ----------
    path : str
        The file.
    layout, geometry : Layout, Geometry
        Of its clusters.
    places : ndarray, shape (clusters + 1,)
        Where each begins in the text; the last is the end.
    numbers : ndarray, shape (clusters,)
        Their numbers in the file; damaged ones are missing.
    labels : ndarray, shape (clusters, fields + 4)
        Metadata, slopes and midplane point.
    sizes : ndarray, shape (clusters,)
        Pixels with charge in the end.
    contained : ndarray, shape (clusters,)
        Whether no charge lies at the edge.
    damaged : int
        Clusters that are left out, and damage to the file beside them.
    tags : Tags
        Lines before the slices.
    access : TextAccess
        The text.
    """

    path: str
    layout: Layout
    geometry: Geometry
    places: IntArray
    numbers: IntArray
    labels: FloatArray
    sizes: IntArray
    contained: Any
    damaged: int
    tags: Tags
    access: TextAccess

    def __len__(self) -> int:
        return len(self.numbers)

    def block(self, place: int) -> Block:
        """Return one cluster, the one at `place` in the index."""
        begin, end = self.places[place : place + 2].tolist()
        text = self.access.read(begin, end - begin)
        if (damaged := text.find(CLUSTER, len(CLUSTER))) > 0:
            text = text[:damaged]
        work = Work(self.layout)
        held = Text.of(text)
        done, _, _ = NUMPY.parse(held, 0, len(text), True, 0, self.tags, self.layout.fields, work)
        number = int(self.numbers[place])
        if done:
            return Block.parsed(self.layout, number, 1, work, held)
        return Block.examined(number, examine(text, Scrutiny(number)))

    def records(self) -> list[dict[str, Any]]:
        """Return what a list of the clusters shows."""
        columns = [*names(self.layout.fields), "cotAlpha", "cotBeta"]
        at = {name: columns.index(name) for name in ("pt", "number_eh_pairs", "cotAlpha", "cotBeta")}
        flipped = is_flipped(self.labels, self.geometry.thickness)
        return [
            {
                "cluster": int(self.numbers[place]),
                "pt": round(float(self.labels[place, at["pt"]]), 3),
                "pairs": int(self.labels[place, at["number_eh_pairs"]]),
                "size": int(self.sizes[place]),
                "cotAlpha": round(float(self.labels[place, at["cotAlpha"]]), 3),
                "cotBeta": round(float(self.labels[place, at["cotBeta"]]), 3),
                "contained": bool(self.contained[place]),
                "flipped": bool(flipped[place]),
            }
            for place in range(len(self))
        ]


def index_of(path: str, p: ClusterParameters) -> ClusterIndex:
    """Return the index of a file, as it was kept or made now; damaged clusters are left out.

    Raises
    ------
    FormatError
        If the file cannot be read at all.
    """
    lenient = p.model_copy(update={"keep_good": True, "resample": "linear", "first": 0, "clusters_max": 0})
    size = (files.size(path) or 0) * (GZIP_RATIO if path.endswith("gz") else 1)
    with ClusterFile(path, lenient, engine=engine_for(size)) as source:
        layout, geometry, tags = source.layout, source.geometry, source.tags
        kept = _kept(path, lenient)
        arrays = _load(kept) or _survey(source)
    _store(kept, arrays)
    damaged = int(arrays.pop("damaged"))
    return ClusterIndex(path, layout, geometry, tags=tags, access=TextAccess(path), damaged=damaged, **arrays)


def _survey(source: ClusterFile) -> dict[str, Any]:
    """Read a file once, and return what the index holds."""
    parts: list[tuple[Any, ...]] = []
    end = 0
    for block in source.blocks():
        final = block.charge[:, -1] > 0
        sizes = np.bincount(block.cluster_of, final, len(block)).astype(np.int64)
        contained = ~edge_charge(block, 1.0)[0]
        labels = track(block.metadata, source.geometry.thickness)
        parts.append((np.array(block.places), block.numbers.copy(), labels, sizes, contained))
        end = source.stream.origin + source.stream.end
    empty = (np.zeros(0, int), np.zeros(0, int), np.zeros((0, 13)), np.zeros(0, int), np.zeros(0, bool))
    columns = [np.concatenate(column) for column in zip(*(parts or [empty]), strict=True)]
    columns[0] = np.append(columns[0], end)
    return dict(zip(ARRAYS, [*columns, np.array(len(source.dropped) + bool(source.damage))], strict=True))


def _kept(path: str, p: ClusterParameters) -> Path | None:
    """Return where the index of a file is kept; it belongs to this file as it is now."""
    if files.is_remote(path):
        state: tuple[Any, ...] = (path, files.size(path))
    else:
        status = Path(path).stat()
        state = (str(Path(path).resolve()), status.st_size, status.st_mtime_ns)
    digest = hashlib.sha256(repr((state, p.thickness)).encode()).hexdigest()[:24]
    home = os.environ.get("XDG_CACHE_HOME") or (str(Path.home() / ".cache") if "HOME" in os.environ else "")
    return Path(home) / "hep-notebook-kit" / "clusters" / f"{digest}.npz" if home else None


def _load(kept: Path | None) -> dict[str, Any] | None:
    if kept is None or not kept.is_file():
        return None
    try:
        with np.load(kept) as stored:
            return {name: stored[name] for name in ARRAYS}
    except (OSError, ValueError, KeyError, EOFError):  # what cannot be read is made again
        return None


def _store(kept: Path | None, arrays: dict[str, Any]) -> None:
    if kept is None or kept.is_file():
        return
    try:
        with files.whole(kept) as part, part.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)
    except OSError:  # a full or read-only home: the next panel reads the file again
        return
