"""What a file is: its schema, its unit, the types of objects it has, and where ranges of it begin best."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kit.files import FormatError
from kit.opendata.chunks import GEV
from kit.opendata.recognition import Tree, recognise
from kit.opendata.schemas import (
    GENERATED_TAG,
    LETTERS,
    OBJECT_NAMES,
    SCHEMAS,
    SKIM_FORMAT,
    SKIM_TAG,
    Branches,
    Schema,
    Storage,
)
from kit.opendata.trees import OpenFile
from kit.opendata.wishes import NOTHING, Found, Wish, find

__all__ = ["Source", "describe", "list_branches"]


@dataclass(frozen=True)
class Source:
    """One file that can be read, as plain data: what is planned with and sent to workers.

    `uuid`, `size` (bytes, as the file itself states it) and `entries` are its identity: copies share it.
    `objects` are the letters of the types that are used and present, `missing` tells for each other type
    why it is not; `branches` are those present, `extras` those that options ask for besides. `offsets` are the
    entries at which ranges begin best.
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
    extras: Found = field(default_factory=Found)

    @property
    def identity(self) -> tuple[str, int, int]:
        """What copies of a file have in common: UUID, size, entries."""
        return (self.uuid, self.size, self.entries)


def describe(file: OpenFile, schema: str, unit: str, objects: str | Sequence[str], wish: Wish = NOTHING) -> Source:
    """Return what an open file is; parameters and refusals are those of `sources.open_source`."""
    path = file.path
    found, described = _recognised(file, schema)
    if found.name == "skim":
        found = _tagged(found, file.strings, path, schema)
    if GENERATED_TAG in file.strings:
        found = replace(found, generated=True)
    names = described.branches
    present, missing = _choose(found, names, objects, path)
    branches = {letter: found.objects[letter].present(names, wish.isolation) for letter in present}
    if wish.isolation and "e" in branches:
        _check_isolation(branches["e"].isolation, names, found, path)
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
        extras=find(found, names, _of_present(wish, present), path),
    )
    lists, kinds = list_branches(source)
    tree.check_lists(lists, floats=True)
    tree.check_lists(kinds, floats=False)
    return replace(source, offsets=tree.boundaries([*lists, *kinds]))


def _of_present(wish: Wish, present: Collection[str]) -> Wish:
    """Return what is still wished where a file has no jets, or none are used."""
    return wish if "j" in present else replace(wish, b_tag=False, tracks=False)


def _check_isolation(branch: str, names: Collection[str], schema: Schema, path: str) -> None:
    if branch not in names:
        lacking = f"no branch {branch}" if branch else f"not in {schema.name} files"
        message = f"{path}: isolation of electrons asked for: {lacking}"
        raise FormatError(message)


def _recognised(file: OpenFile, schema: str) -> tuple[Schema, Tree]:
    """Return the schema of a file and the tree that has it, without loading trees that no schema knows."""
    known = {entry.tree for entry in SCHEMAS} & set(file.storages)
    if known:
        try:
            return recognise(file.describe(known), schema, where=file.path)
        except FormatError:
            if known == set(file.storages):
                raise
    return recognise(file.describe(), schema, where=file.path)


def _tagged(schema: Schema, strings: Mapping[str, str], path: str, said: str) -> Schema:
    """Return the schema of a skim with the unit, release and experiment that the file itself tells."""
    if SKIM_TAG not in strings:
        if said not in ("auto", "skim"):
            message = f"{path}: said to be {said}, but is a tree events that does not tell its release"
            raise FormatError(message)
        return schema
    try:
        tag = json.loads(strings[SKIM_TAG])
        version, unit, release = int(tag["format"]), tag["unit"], str(tag["schema"])
        schema = replace(schema, unit=unit, experiment=tag["experiment"], energy=tag["energy"], release=release)
        kind = tag.get("kind", "unknown")
        schema = replace(schema, generated=bool(tag.get("generated", False)))
        schema = replace(schema, kind=kind, weighted=bool(tag.get("weighted", False)))
    except (ValueError, TypeError, KeyError) as fault:
        message = f"{path}: its string {SKIM_TAG} cannot be used: {fault!r}"
        raise FormatError(message) from fault
    if version > SKIM_FORMAT or unit not in GEV:
        message = f"{path}: a skim of format {version} in {unit}, must be of {SKIM_FORMAT} at most, in GeV or MeV"
        raise FormatError(message)
    if said not in ("auto", "skim", release):
        message = f"{path}: said to be {said}, its content is a skim of {release}"
        raise FormatError(message)
    return schema


def _unit(schema: Schema, unit: str, path: str) -> str:
    if unit not in ("auto", *GEV):
        message = f"{path}: unit {unit} is not known, it must be GeV, MeV or auto"
        raise FormatError(message)
    if schema.unit and unit not in ("auto", schema.unit):
        message = f"{path}: said to be in {unit}, but {schema.release or schema.name} is in {schema.unit}"
        raise FormatError(message)
    if not schema.unit and unit == "auto":
        message = f"{path}: a tree {schema.tree} that does not tell its unit; set unit to GeV or MeV"
        raise FormatError(message)
    return schema.unit or unit


def _choose(
    schema: Schema, names: Iterable[str], objects: str | Sequence[str], path: str
) -> tuple[list[str], dict[str, str]]:
    """Return the letters to use, and for each that is not there the reason."""
    names = frozenset(names)
    reasons = {}
    for letter in LETTERS:
        if letter not in schema.objects:
            reasons[letter] = f"not in {schema.name} files" + (", only in skims that hold them" * (letter == "b"))
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
        message = f"{path}: no type of object is complete: {'; '.join(dict.fromkeys(reasons.values()))}"
        raise FormatError(message)
    return present, {letter: reason for letter, reason in reasons.items() if letter != "b"}


def list_branches(source: Source) -> tuple[list[str], list[str]]:
    """Return the branches that hold a list per entry: those of real numbers, and those of lepton types."""
    everything = dict.fromkeys(name for branches in source.branches.values() for name in branches.lists)
    kinds = dict.fromkeys(branches.kind for branches in source.branches.values() if branches.kind)
    return [name for name in everything if name not in kinds], list(kinds)
