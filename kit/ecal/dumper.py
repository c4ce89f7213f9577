"""Reads the tree that the dumper of simulated clusters writes, in any of the three layouts it comes in.

A TTree of nested ``std::vector`` is what the dumper writes (layout `dumper`); the same names in an RNTuple
(`rntuple`) and a TTree of counted arrays, nested ones flattened (`flat`), are what uproot can write.
"""

from __future__ import annotations

import contextlib
import difflib
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from kit.ecal.branches import TREE, Branch, wanted
from kit.ecal.events import AnyArray, Events, IntArray, Lists, starts
from kit.files import FormatError

__all__ = ["DumperFile", "Identity"]

Layout = Literal["dumper", "rntuple", "flat"]
FLAT_COUNTS = {"hit": "pfClusterHit_n", "member": "superCluster_pfClustersIndex_n"}
NESTING = ("one number an event", "a list of numbers an event", "a list of lists of numbers an event")
MAGIC = b"root"


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
        with _naming_damage(path):
            self._file = uproot.open({path: None}, object_cache=None, array_cache=None)
        try:
            with _naming_damage(path):
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

    @property
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
        counts = list(FLAT_COUNTS.values()) if self.layout == "flat" else []
        names = [branch.name for branch in self._branches] + counts
        with _naming_damage(self.path, f"events {first} to {last - 1}: "):
            arrays = self._tree.arrays(names, entry_start=first, entry_stop=last, library="ak")
        flat = self.layout == "flat"
        depths = dict.fromkeys(counts, 1)
        columns = {
            name: _unnest(arrays[name], depth, f"{self.path}: branch {name}")
            for name, depth in {
                **{branch.name: min(branch.depth, 1) if flat else branch.depth for branch in self._branches},
                **depths,
            }.items()
        }
        return _Assembly(self.path, first, last - first, self._branches, columns, flat).events()

    def _find_tree(self) -> Any:
        if TREE in self._file:
            return self._file[TREE]
        found = [name for name, kind in self._file.classnames().items() if "Tree" in kind or "RNTuple" in kind]
        message = f"{self.path}: has no {TREE}; trees in it: {', '.join(found) or 'none'}"
        raise FormatError(message)

    def _refuse_missing(self) -> None:
        present = list(self._tree.keys())
        missing = [branch.name for branch in self._branches if branch.name not in set(present)]
        if not missing:
            return
        near = [difflib.get_close_matches(name, present, n=1, cutoff=0.7) for name in missing]
        told = [f"{name} (there is {n[0]})" if n else name for name, n in zip(missing, near, strict=True)]
        message = f"{self.path}: {TREE} lacks {len(missing)} branches: {', '.join(told)}"
        raise FormatError(message)


@contextlib.contextmanager
def _naming_damage(path: str, spot: str = "") -> Iterator[None]:
    """Turn what a decoder raises on damaged bytes into an error that names the file."""
    import cramjam
    import uproot

    damage = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    others = (
        EOFError,
        struct.error,
        zlib.error,
        LZMAError,
        cramjam.DecompressionError,
        uproot.DeserializationError,
    )
    try:
        yield
    except (FormatError, FileNotFoundError):
        raise
    except OSError as fault:
        raise (_short_file(path) or OSError(f"{path}: {spot}cannot be read: {fault}")) from fault
    except (*damage, *others) as fault:
        text = " ".join(str(fault).split("\n\n")[0].split())[:200]
        told = f"{path}: {spot}cannot be read: {text} ({type(fault).__name__})"
        raise (_short_file(path) or FormatError(told)) from fault


def _short_file(path: str) -> FormatError | None:
    """Return what the first bytes and the length of a local file say against it."""
    if not Path(path).is_file():
        return FormatError(f"{path}: is a folder, should be a file") if Path(path).is_dir() else None
    with Path(path).open("rb") as stream:
        head = stream.read(24)
    found = Path(path).stat().st_size
    if not head.startswith(MAGIC):
        return FormatError(f"{path}: begins with {head[:8]!r}, a ROOT file begins with {MAGIC!r}; {found} bytes")
    if len(head) < 24:
        return FormatError(f"{path}: truncated: {found} bytes, less than the header of a ROOT file")
    large = struct.unpack(">i", head[4:8])[0] >= 1_000_000
    end = struct.unpack(">q", head[12:20])[0] if large else struct.unpack(">i", head[12:16])[0]
    return FormatError(f"{path}: truncated: {found} bytes found, {end} expected") if found < end else None


def _unnest(array: Any, depth: int, where: str) -> tuple[list[IntArray], AnyArray]:
    """Return the offsets of each level of lists, and the numbers in them."""
    import awkward as ak

    layout = ak.to_layout(array)
    levels: list[IntArray] = []
    while layout.is_list or layout.is_indexed:
        if layout.is_indexed:
            layout = layout.project()
            continue
        layout = layout.to_ListOffsetArray64(True)
        levels.append(np.asarray(layout.offsets, np.int64))
        layout = layout.content[: levels[-1][-1]]
    if layout.is_unknown:  # not one number in it
        levels += [np.zeros(1, np.int64)] * (depth - len(levels))
        return levels, np.zeros(0)
    numbers = np.ascontiguousarray(layout.data) if layout.is_numpy else np.zeros(0, object)
    if len(levels) != depth or numbers.dtype.kind not in "iuf" or numbers.ndim != 1:
        message = f"{where} is {array.type.content}, should be {NESTING[depth]}"
        raise FormatError(message)
    return levels, numbers


@dataclass(frozen=True)
class _Assembly:
    """Puts the columns of a chunk together, and refuses those that do not fit."""

    path: str
    first: int
    number: int
    branches: Sequence[Branch]
    columns: dict[str, tuple[list[IntArray], AnyArray]]
    flat: bool

    def events(self) -> Events:
        """Return the chunk."""
        clusters, calos, superclusters = (self._lists(group) for group in ("cluster", "calo", "supercluster"))
        return Events(
            path=self.path,
            first=self.first,
            event={branch.short: self.columns[branch.name][1] for branch in self._group("event")},
            clusters=clusters,
            calos=calos,
            superclusters=superclusters,
            hits=self._nested("hit", clusters),
            scores=self._nested("score", clusters, np.repeat(calos.counts, clusters.counts)),
            members=self._nested("member", superclusters),
            entries=np.arange(self.first, self.first + self.number),
        )

    def _group(self, group: str) -> list[Branch]:
        return [branch for branch in self.branches if branch.group == group]

    def _lists(self, group: str) -> Lists:
        """Return a group with one list for each event."""
        branches = self._group(group)
        model = branches[0]
        offsets = self.columns[model.name][0][0]
        for branch in branches[1:]:
            self._refuse_unequal(branch.name, self.columns[branch.name][0][0], model.name, offsets)
        return Lists(offsets, {branch.short: self.columns[branch.name][1] for branch in branches})

    def _nested(self, group: str, outer: Lists, lengths: IntArray | None = None) -> Lists:
        """Return a group with one list for each thing in `outer`, of the given `lengths` where they are known."""
        branches = self._group(group)
        holder = {"hit": "pfCluster_energy", "score": "pfCluster_energy", "member": "superCluster_seedIndex"}[
            group
        ]
        offsets, model = (None, "the particles of the event") if lengths is None else (starts(lengths), "")
        held = {}
        for branch in branches:
            inner, held[branch.short] = self._inner(branch, outer, holder, offsets)
            if offsets is None:
                offsets, model = inner, branch.name
            elif not np.array_equal(inner, offsets):
                self._refuse_inner(branch.name, inner, model or "caloParticle_simEnergy", offsets, outer)
        assert offsets is not None
        return Lists(offsets, held)

    def _inner(
        self, branch: Branch, outer: Lists, holder: str, known: IntArray | None
    ) -> tuple[IntArray, AnyArray]:
        """Return the offsets of a nested branch over all things of `outer`, and its numbers."""
        levels, numbers = self.columns[branch.name]
        if not self.flat:
            self._refuse_unequal(branch.name, levels[0], holder, outer.offsets)
            return levels[1], numbers
        if counter := FLAT_COUNTS.get(branch.group):
            (told,), counts = self.columns[counter]
            self._refuse_unequal(counter, told, holder, outer.offsets)
            inner = starts(counts)
        else:
            assert known is not None
            inner = known
        self._refuse_unequal(branch.name, levels[0], "its own counts", inner[outer.offsets])
        return inner, numbers

    def _refuse_unequal(self, name: str, offsets: IntArray, other: str, expected: IntArray) -> None:
        different = np.flatnonzero(np.diff(offsets) != np.diff(expected))
        if len(different):
            event = int(different[0])
            found, wanted_ = int(np.diff(offsets)[event]), int(np.diff(expected)[event])
            message = (
                f"{self.path}: event {self.first + event}: {name} has {found} entries, {other} has {wanted_}; "
                "should be equal"
            )
            raise FormatError(message)

    def _refuse_inner(self, name: str, inner: IntArray, other: str, expected: IntArray, outer: Lists) -> None:
        thing = int(np.flatnonzero(np.diff(inner) != np.diff(expected))[0])
        event = int(np.searchsorted(outer.offsets, thing, side="right")) - 1
        place = thing - int(outer.offsets[event])
        found, other_has = int(np.diff(inner)[thing]), int(np.diff(expected)[thing])
        message = (
            f"{self.path}: event {self.first + event}: {name}[{place}] has {found} entries, "
            f"{other} has {other_has}; should be equal"
        )
        raise FormatError(message)
