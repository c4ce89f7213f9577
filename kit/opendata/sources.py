"""A file of collision events, whatever its schema: what it is, and its objects over a range of entries.

`open_source` recognises a file and tells its identity; a `Reader` reads ranges of it. Values stay as they
are stored, in the unit of the file: the selection is what converts them. A type of object that a file does
not have counts as zero objects; asked for by name, it is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from kit.files import FormatError
from kit.opendata.chunks import GEV, Chunk, Objects, assemble, check_unit, nothing
from kit.opendata.recognition import check_name, recognise
from kit.opendata.schemas import LETTERS, OBJECT_NAMES, Branches, Schema, Storage
from kit.opendata.trees import OpenFile, OpenTree

__all__ = ["Chunk", "Objects", "Reader", "Source", "open_source"]

SKIM_TAG = "skim"  # the string that names unit and release of a skim


@dataclass(frozen=True)
class Source:
    """One file that can be read, as plain data: what is planned with and sent to workers.

    `uuid`, `size` (bytes, as the file itself states it) and `entries` are its identity: copies share it.
    `objects` are the letters of the types that are used and present, `missing` tells for each other type
    why it is not; `branches` are those present. `offsets` are the entries at which ranges begin best.
    """

    path: str
    uuid: str
    size: int
    entries: int
    schema: Schema
    unit: str
    tree: str
    storage: Storage
    objects: tuple[str, ...]
    branches: Mapping[str, Branches]
    ids: Mapping[str, str]
    offsets: tuple[int, ...]
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[str, int, int]:
        """What copies of a file have in common: UUID, size, entries."""
        return (self.uuid, self.size, self.entries)

    def notices(self) -> list[str]:
        """Return what a user should hear of the file."""
        names = [f"{OBJECT_NAMES[letter]} ({reason})" for letter, reason in self.missing.items()]
        return [f"{self.path}: counted as zero objects: " + "; ".join(names)] if names else []


def open_source(
    path: str,
    schema: str = "auto",
    unit: str = "auto",
    objects: str | Sequence[str] = "auto",
    isolation: bool = False,
) -> Source:
    """Recognise one file and return what it is.

    Parameters
    ----------
    path : str
        Local path or address.
    schema : str
        What the file is said to be; `auto` leaves it to the content, which decides in any case.
    unit : str
        `GeV` or `MeV`; needed only for a tree `events` that does not tell its own.
    objects : str or list of str
        Letters of the types that must be there, or `auto` for e m j g t as far as the file has them
        (b too where a skim has b-tagged jets of its own).
    isolation : bool
        Whether the isolation of electrons is read, too.

    Raises
    ------
    FormatError
        If the file is no ROOT file, is cut short or damaged, has no known schema or another one than said,
        lacks a type asked for, or has it in branches of the wrong type.
    OSError
        If it cannot be reached.
    """
    check_name(schema, where=path)
    with OpenFile(path) as file:
        return _described(file, schema, unit, objects, isolation)


def _described(file: OpenFile, schema: str, unit: str, objects: str | Sequence[str], isolation: bool) -> Source:
    path = file.path
    found, described = recognise(file.trees, schema, where=path)
    if found.name == "skim":
        found = _tagged(found, file.strings, path, schema)
    names = described.branches
    present, missing = _choose(found, names, objects, path)
    branches = {letter: found.objects[letter].present(names, isolation) for letter in present}
    if isolation and "e" in branches and branches["e"].isolation not in names:
        lacking = (
            f"no branch {branches['e'].isolation}" if branches["e"].isolation else f"not in {found.name} files"
        )
        raise FormatError(f"{path}: isolation of electrons asked for: {lacking}")
    tree = file.tree(described.name)
    source = Source(
        path=path,
        uuid=file.uuid,
        size=file.size,
        entries=tree.entries,
        schema=found,
        unit=_unit(found, unit, path),
        tree=described.name,
        storage=described.storage,
        objects=tuple(present),
        branches=branches,
        ids={column: name for column, name in found.ids.items() if name in names},
        offsets=(),
        missing=missing,
    )
    lists, kinds = _lists(source)
    tree.check_lists(lists, floats=True)
    tree.check_lists(kinds, floats=False)
    return replace(source, offsets=tree.boundaries([*lists, *kinds]))


def _tagged(schema: Schema, strings: Mapping[str, str], path: str, said: str) -> Schema:
    """Return the schema of a skim with the unit, release and experiment that the file itself tells."""
    if SKIM_TAG not in strings:
        if said not in ("auto", "skim"):
            raise FormatError(f"{path}: said to be {said}, but is a tree events that does not tell its release")
        return schema
    try:
        tag = json.loads(strings[SKIM_TAG])
        release = str(tag["schema"])
        schema = replace(
            schema,
            unit=tag["unit"],
            experiment=tag["experiment"],
            energy=tag["energy"],
            release=release,
        )
    except (ValueError, TypeError, KeyError) as fault:
        raise FormatError(f"{path}: its string skim cannot be used: {fault!r}") from fault
    if said not in ("auto", "skim", release):
        raise FormatError(f"{path}: said to be {said}, its content is a skim of {release}")
    return schema


def _unit(schema: Schema, unit: str, path: str) -> str:
    if unit not in ("auto", *GEV):
        raise FormatError(f"{path}: unit {unit} is not known, it must be GeV, MeV or auto")
    if schema.unit and unit not in ("auto", schema.unit):
        raise FormatError(f"{path}: said to be in {unit}, but {schema.release or schema.name} is in {schema.unit}")
    if not schema.unit and unit == "auto":
        raise FormatError(f"{path}: a tree {schema.tree} that does not tell its unit; set unit to GeV or MeV")
    return schema.unit or unit


def _choose(
    schema: Schema, names: Iterable[str], objects: str | Sequence[str], path: str
) -> tuple[list[str], dict[str, str]]:
    """Return the letters to use, and for each that is not there the reason."""
    names = frozenset(names)
    reasons = {}
    for letter in LETTERS:
        if letter not in schema.objects:
            reasons[letter] = f"not in {schema.name} files"
        elif absent := schema.objects[letter].missing(names):
            reasons[letter] = "no branch " + ", ".join(absent)
    if objects != "auto":
        faults = [
            f"{OBJECT_NAMES[letter]} asked for: {reasons[letter]}" for letter in objects if letter in reasons
        ]
        if faults:
            raise FormatError(f"{path}: " + "; ".join(faults))
        return [letter for letter in LETTERS if letter in objects], {}
    present = [letter for letter in LETTERS if letter not in reasons]
    if not present:
        raise FormatError(f"{path}: no type of object is complete: {'; '.join(dict.fromkeys(reasons.values()))}")
    return present, {letter: reason for letter, reason in reasons.items() if letter != "b"}


def _lists(source: Source) -> tuple[list[str], list[str]]:
    """Return the branches that hold a list per entry: those of real numbers, and those of lepton types."""
    everything = dict.fromkeys(name for branches in source.branches.values() for name in branches.lists)
    kinds = dict.fromkeys(branches.kind for branches in source.branches.values() if branches.kind)
    return [name for name in everything if name not in kinds], list(kinds)


class Reader:
    """Reads ranges of an open source; a context manager.

    Raises
    ------
    FormatError
        On entering, if the file is no longer what `source` says. From `read`, if a basket is damaged or
        the branches of a type do not fit together, with file, branch and entries; if the median pT of a
        type lies outside 1…5000 GeV.
    """

    def __init__(self, source: Source, file: OpenFile | None = None) -> None:
        self.source = source
        self._file = file
        self._tree: OpenTree
        if file:
            self._tree = file.tree(source.tree)
        lists, kinds = _lists(source)
        counters = dict.fromkeys(b.counter for b in source.branches.values() if b.counter)
        self._names = [*lists, *kinds, *counters]

    @classmethod
    def of(
        cls,
        path: str,
        schema: str = "auto",
        unit: str = "auto",
        objects: str | Sequence[str] = "auto",
        isolation: bool = False,
    ) -> Self:
        """Return an open reader of a file that is recognised on the way, with the same refusals as `open_source`.

        Opening a file of 1500 branches takes a third of a second: this does it once for planning and reading.
        """
        check_name(schema, where=path)
        file = OpenFile(path)
        try:
            return cls(_described(file, schema, unit, objects, isolation), file)
        except BaseException:
            file.close()
            raise

    def __enter__(self) -> Self:
        if self._file:
            return self
        source = self.source
        self._file = OpenFile(source.path)
        if not any(tree.name == source.tree for tree in self._file.trees):
            self.__exit__()
            raise FormatError(
                f"{source.path}: has no tree {source.tree} any more; was changed since it was planned"
            )
        self._tree = self._file.tree(source.tree)
        found = (self._file.uuid, self._file.size, self._tree.entries)
        if found != source.identity:
            self.__exit__()
            raise FormatError(
                f"{source.path}: was changed since it was planned: is {found}, was {source.identity}"
            )
        return self

    def __exit__(self, *fault: object) -> None:
        if self._file:
            self._file.close()
            self._file = None

    def read(self, first: int, last: int, ids: bool = False) -> Chunk:
        """Return the objects of the entries `first` to `last`, that one excluded, in one read of the file.

        Parameters
        ----------
        first, last : int
            The range; best both in `source.offsets`.
        ids : bool
            Whether to read the numbers of run, lumi, event and channel, too.
        """
        source = self.source
        if not 0 <= first <= last <= source.entries:
            raise ValueError(f"{source.path}: entries {first} to {last} asked for, there are {source.entries}")
        id_names = source.ids if ids else {}
        columns = self._tree.read([*self._names, *id_names.values()], first, last) if last > first else {}
        if not columns:
            return Chunk(first, last, source.unit, {letter: nothing(0) for letter in source.objects})
        objects = {
            letter: assemble(source.branches[letter], columns, first, source.path) for letter in source.objects
        }
        chunk = Chunk(first, last, source.unit, objects, {c: columns[n].content for c, n in id_names.items()})
        check_unit(chunk, source.path)
        return chunk
