"""Reads the tree that the dumper of simulated clusters writes, in any of the three layouts it comes in.

A TTree of nested ``std::vector`` is what the dumper writes (layout `dumper`); the same names in an RNTuple
(`rntuple`) and a TTree of counted arrays, nested ones flattened (`flat`), are what uproot can write.
"""

from __future__ import annotations

import contextlib
import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from kit.ecal.assembly import FLAT_COUNTS, Assembly
from kit.ecal.branches import TREE, wanted
from kit.ecal.damage import naming_damage
from kit.ecal.events import Events
from kit.ecal.nesting import Decoder, Levels, number_type, raw_bytes, unnest
from kit.files import FormatError

__all__ = ["DumperFile", "Identity"]

Layout = Literal["dumper", "rntuple", "flat"]


@dataclass(frozen=True)
class Identity:
    """What tells one file from another, wherever it lies."""

    uuid: str
    size: int
    entries: int


class DumperFile:
    """A file of the dumper, open for reading; a context manager.

    Parameters
    ----------
    path : str
        Local path or address.
    association : str
        The score between clusters and particles, without ``pfCluster_``.
    pileup : bool
        Whether branches of pileup and noise are read, too.

    Raises
    ------
    FormatError
        If it is no ROOT file, is truncated or damaged, has no such tree, or lacks branches: all are named.
    """

    def __init__(self, path: str, association: str = "sim_fraction", *, pileup: bool = False) -> None:
        import uproot

        self.path = path
        self._branches = wanted(association, pileup=pileup)
        # faster than zlib; uproot.ZLIB.library would change what is written, and not what is read
        with contextlib.suppress(AttributeError):
            uproot.compression._decompress_ZLIB.library = "isal"  # noqa: SLF001
        with naming_damage(path):
            self._file = uproot.open({path: None}, object_cache=None, array_cache=None)
        try:
            with naming_damage(path):
                self._tree = self._find_tree()
                source = self._file.file
                self.identity = Identity(str(source.uuid), int(source.fEND), int(self._tree.num_entries))
            self._refuse_missing()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @cached_property
    def layout(self) -> Layout:
        """How the tree is stored."""
        if "RNTuple" in str(self._file.classname_of(TREE)):
            return "rntuple"
        return "flat" if FLAT_COUNTS["hit"] in self._tree else "dumper"

    def read(self, first: int, last: int) -> Events:
        """Return the events of the entries `first` to `last`, that one excluded.

        Raises
        ------
        FormatError
            With file, event and branch, if a branch is nested otherwise, holds no numbers, or does not fit to
            the others.
        """
        flat = self.layout == "flat"
        columns = self._nested(first, last) if self.layout == "dumper" else {}
        depths = {b.name: min(b.depth, 1) if flat else b.depth for b in self._branches if b.name not in columns}
        depths |= dict.fromkeys(FLAT_COUNTS.values(), 1) if flat else {}
        arrays = self._arrays(list(depths), first, last)
        columns |= {name: unnest(arrays[name], n, f"{self.path}: branch {name}") for name, n in depths.items()}
        return Assembly(self.path, first, last - first, self._branches, columns, flat).events()

    def _nested(self, first: int, last: int) -> dict[str, Levels]:
        """Return the branches of lists of lists, decoded here; without those that are stored in some other way."""
        kinds = {b.name: number_type(self._tree[b.name].interpretation) for b in self._branches if b.depth == 2}
        stored = {name: kind for name, kind in kinds.items() if kind is not None}
        arrays = self._arrays(dict.fromkeys(stored, raw_bytes()), first, last)
        decoder, columns = Decoder(), {}
        for name, kind in stored.items():
            (offsets,), content = unnest(arrays[name], 1, name)
            if (decoded := decoder.decode(content, offsets, kind)) is not None:
                columns[name] = decoded
        return columns

    def _arrays(self, wanted_: Any, first: int, last: int) -> Any:
        with naming_damage(self.path, f"events {first} to {last - 1}: "):
            return self._tree.arrays(wanted_, entry_start=first, entry_stop=last, library="ak")

    def _find_tree(self) -> Any:
        if TREE in self._file:
            return self._file[TREE]
        found = [name for name, kind in self._file.classnames().items() if "Tree" in kind or "RNTuple" in kind]
        message = f"{self.path}: has no {TREE}; trees in it: {', '.join(found) or 'none'}"
        raise FormatError(message)

    def _refuse_missing(self) -> None:
        present = dict.fromkeys(self._tree.keys(recursive=False))
        missing = [branch.name for branch in self._branches if branch.name not in present]
        if not missing:
            return
        near = [difflib.get_close_matches(name, present, n=1, cutoff=0.7) for name in missing]
        told = [f"{name} (there is {n[0]})" if n else name for name, n in zip(missing, near, strict=True)]
        message = f"{self.path}: {TREE} lacks {len(missing)} branches: {', '.join(told)}"
        raise FormatError(message)
