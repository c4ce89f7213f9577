"""Skim files: the objects of any release in one small form, value for value as they were stored.

A skim is a TTree `events` with `n{Type}` and `{Type}_pt, _eta, _phi` and `_E` or `_m`, in the source's own
float32 and unit, so that masses from it equal masses from the source bit for bit. Every event and every
object is kept: cuts are the business of who reads it. The string `skim` in the file tells its unit and
release, whether the demo has made the events, whether they are data or simulation, and whether they have
weights: then for 1 pb⁻¹. What options ask for is kept, too: scores and tracks of jets, triggers, isolation. A
file holds one release, and sources of it that have the same branches; it is closed when it has grown to the
wanted size.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

import kit
from kit.opendata.chunks import Chunk, Objects
from kit.opendata.listings import Kind
from kit.opendata.schemas import SKIM_FORMAT, SKIM_TAG, SKIM_TYPES, Schema
from kit.opendata.sources import Source
from kit.opendata.weights import RELATIVE
from kit.opendata.wishes import WEIGHT

__all__ = ["SkimWriter", "release_of"]

TREE = "events"
Columns = dict[str, npt.NDArray[Any]]


class _Open(NamedTuple):
    """A skim file being written, with what closes it."""

    path: Path
    file: Any
    tree: Any
    stack: contextlib.ExitStack


class SkimWriter:
    """Writes chunks to skim files; a context manager.

    Parameters
    ----------
    writing : callable
        Gives for a name the context manager of a path to write to, as `Run.writing` does.
    limit : int
        Bytes at which a file is closed and the next one begun.
    compressed : bool
        Whether it pays to make the files small: not for what is soon read again and removed.

    Attributes
    ----------
    names : list of str
        Files begun so far, `events_<release>_<n>.root`.
    """

    def __init__(
        self,
        writing: Callable[[str], contextlib.AbstractContextManager[Path]],
        limit: int,
        *,
        compressed: bool = True,
    ) -> None:
        self._writing, self._limit, self._compressed = writing, limit, compressed
        self._open: dict[tuple[Any, ...], _Open] = {}
        self._numbers: dict[str, int] = {}
        self.names: list[str] = []

    def write(self, source: Source, chunk: Chunk, *, kind: Kind = "unknown", weighted: bool = False) -> None:
        """Append a chunk, read with its ids, of `source`; tell whether it is data, and whether it has weights."""
        flat, lists, offsets = _columns(chunk)
        layout = tuple((name, values.dtype.str) for name, values in (flat | lists).items())
        key = (release_of(source.schema), source.unit, source.schema.generated, kind, weighted, layout)
        if key not in self._open:
            told = {"kind": kind, "weighted": weighted}
            self._open[key] = self._begin(source, flat, lists, told)
        target = self._open[key]
        if chunk.events:
            target.tree.extend(flat | {name: _jagged(offsets[name], values) for name, values in lists.items()})
        if target.path.stat().st_size >= self._limit:
            self._open.pop(key).stack.close()

    def _begin(self, source: Source, flat: Columns, lists: Columns, told: dict[str, Any]) -> _Open:
        import awkward as ak
        import uproot

        release = release_of(source.schema)
        self._numbers[release] = self._numbers.get(release, 0) + 1
        name = f"events_{release}_{self._numbers[release]}.root"
        tag = {
            "format": SKIM_FORMAT,
            "schema": release,
            "unit": source.unit,
            "experiment": source.schema.experiment,
            "energy": source.schema.energy,
            "generated": source.schema.generated,
            "kit": kit.__version__,
            **told,
        }
        stack = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.push(stack)
            path = stack.enter_context(self._writing(name))
            compression = uproot.ZLIB(1) if self._compressed else None
            file = stack.enter_context(uproot.recreate(path, compression=compression))
            file[SKIM_TAG] = json.dumps(tag)
            types: dict[str, Any] = {column: values.dtype for column, values in flat.items()}
            for column, values in lists.items():
                types[column] = ak.types.ListType(ak.types.NumpyType(values.dtype.name))
            tree = file.mktree(TREE, types, counter_name=lambda counted: "n" + counted.partition("_")[0])
            undo.pop_all()
        self.names.append(name)
        return _Open(path, file, tree, stack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        closing = contextlib.ExitStack()
        for target in self._open.values():
            closing.push(target.stack)
        self._open.clear()
        closing.__exit__(kind, fault, trace)


def release_of(schema: Schema) -> str:
    """Return the release whose events a file holds; that of a skim is the one it was made of."""
    return (schema.release or "foreign") if schema.name == "skim" else schema.name


def _columns(chunk: Chunk) -> tuple[Columns, Columns, dict[str, npt.NDArray[np.int64]]]:
    """Return the branches with one number per event, those with a list, and the offsets of the latter."""
    flat: Columns = dict(chunk.ids)
    if "run" in flat:  # where a release has no luminosity blocks, none counts as number 0
        flat.setdefault("lumi", np.zeros(chunk.events, dtype=np.uint32))
    flat |= chunk.triggers
    # of a source the weights for 1 pb⁻¹, of another skim what it holds of them
    flat["weight"] = chunk.numbers.get(RELATIVE, chunk.numbers.get(WEIGHT, np.ones(chunk.events)))
    lists: Columns = {}
    offsets = {}
    for letter, objects in chunk.objects.items():
        for name, values in _branches(SKIM_TYPES[letter], objects).items():
            lists[name], offsets[name] = values, objects.offsets
    return flat, lists, offsets


def _branches(stem: str, objects: Objects) -> Columns:
    columns: dict[str, Any] = {
        "pt": objects.pt,
        "eta": objects.eta,
        "phi": objects.phi,
        "E": objects.energy,
        "m": objects.mass,
    }
    columns |= {"isolation": objects.isolation, "score": objects.score, "tracks": objects.tracks}
    return {f"{stem}_{name}": values for name, values in columns.items() if values is not None}


def _jagged(offsets: npt.NDArray[np.int64], content: npt.NDArray[Any]) -> Any:
    import awkward as ak

    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(offsets), ak.contents.NumpyArray(content)))
