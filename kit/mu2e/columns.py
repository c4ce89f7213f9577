"""The columns of a tree: what can be copied, and what all files have in common.

Every branch without branches below it is read, and structures become one column for each member. A column is
flat (one value, or a fixed number of them, an entry), jagged (a list of values) or nested (all else).
"""

from __future__ import annotations

import fnmatch
import functools
import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.sources import Source, open_file

__all__ = [
    "IDS",
    "Column",
    "Layout",
    "columns_of",
    "common_columns",
    "flat_column",
    "id_columns",
    "read_flat",
    "value_of",
]

Kind = Literal["flat", "jagged", "nested"]
SchemaRule = Literal["equal", "intersection"]
Unreadable = Literal["error", "drop"]

IDS = (("run", "subrun", "event"), ("evtinfo.run", "evtinfo.subrun", "evtinfo.event"),
       ("evtinfo.runid", "evtinfo.subrunid", "evtinfo.eventid"))  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        As it is written, dots between group and member.
    branch, members : str, tuple of str
        The branch in the tree, and the member in it.
    type : str
        Of an entry, as awkward writes it.
    counter : str
        Jagged columns that share their lengths have the same; empty for others.
    """

    name: str
    branch: str
    members: tuple[str, ...]
    kind: Kind
    type: str
    counter: str = ""


@dataclass(frozen=True)
class Layout:
    """What is copied of all files, and what is not."""

    columns: tuple[Column, ...]
    dropped: tuple[str, ...] = ()


def columns_of(
    source: Source, tree: Any, rule: Unreadable, patterns: Sequence[str] = ("*",)
) -> tuple[dict[str, Column], list[str]]:
    """Return the columns of a tree that match any of `patterns`, by name, and what of it cannot be read.

    Raises
    ------
    FormatError
        Naming file, tree and every branch that cannot be read, unless `rule` is drop.
    """
    found: dict[str, Column] = {}
    unreadable = []
    counters = set()
    for key, branch in tree.items():
        if branch.branches or not _may_match(_name(key), patterns):
            continue
        try:
            found |= {column.name: column for column in _columns(key, branch) if _matches(column.name, patterns)}
        except Exception as fault:  # noqa: BLE001 - a library that reads any class may fail in any way
            unreadable.append(f"{_name(key)} ({type(fault).__name__})")
            continue
        counters.add(_counter(branch))
    if unreadable and rule == "error":
        message = (
            f"{source.path}: {source.tree}: cannot read {', '.join(unreadable)}; unreadable: drop leaves them out"
        )
        raise FormatError(message)
    # counters are written anew with the lists that they count
    return {name: column for name, column in found.items() if name not in counters}, unreadable


def common_columns(
    sources: Iterable[Source], patterns: Sequence[str], schema: SchemaRule, unreadable: Unreadable
) -> Layout:
    """Return the columns that the trees of all sources have; see `_common_columns`, whose answers are kept."""
    return _common_columns(tuple(sources), tuple(patterns), schema, unreadable)


@functools.lru_cache(maxsize=4)
def _common_columns(
    sources: tuple[Source, ...], patterns: tuple[str, ...], schema: SchemaRule, unreadable: Unreadable
) -> Layout:
    """Return the columns that the trees of all sources have, those that match any of `patterns`.

    Raises
    ------
    FormatError
        Naming each column that differs between files, a pattern that matches nothing.
    """
    first: dict[str, Column] = {}
    origin, common = "", set[str]()
    dropped: dict[str, None] = {}
    faults: list[str] = []
    for source in sources:
        with open_file(source.path) as file:
            here, lost = columns_of(source, file[source.tree], unreadable, patterns)
        dropped |= dict.fromkeys(lost)
        if not origin:
            first, origin, common = here, source.path, set(here)
            continue
        different = [name for name in first.keys() | here.keys() if _type(first, name) != _type(here, name)]
        faults += [
            f"{source.path}: {source.tree}: {name} is {_type(here, name)}, but {_type(first, name)} in {origin}"
            for name in sorted(different)
        ]
        common -= set(different)
    if faults and schema == "equal":
        raise FormatError("\n".join([*faults[:20], "schema: intersection copies what all have"]))
    dropped |= dict.fromkeys(name for name in first if name not in common)
    columns = tuple(column for name, column in first.items() if name in common)
    if not columns:
        message = f"{origin}: no column matches {', '.join(patterns)} in all files"
        raise FormatError(message)
    return Layout(columns, tuple(dropped))


def id_columns(columns: Iterable[str]) -> tuple[str, str, str] | None:
    """Return the columns with run, subrun and event, None where there are none."""
    names = set(columns)
    return next((ids for ids in IDS if set(ids) <= names), None)


def value_of(column: Column, read: Any) -> Any:
    """Return the column's own part of what was read of its branch."""
    for member in column.members:
        read = read[member]
    return read


def flat_column(source: Source, tree: Any, name: str) -> Column | None:
    """Return a column of a primary with one number an entry; None where it has none, or several an entry."""
    column = columns_of(source, tree, "drop", [glob.escape(name)])[0].get(name)
    return column if column and column.kind == "flat" and "*" not in column.type else None


def read_flat(tree: Any, column: Column, start: int = 0, stop: int | None = None) -> npt.NDArray[Any]:
    """Return the values of a flat column, also where it is a member of a structure."""
    library = "ak" if column.members else "np"
    read = tree[column.branch].array(library=library, entry_start=start, entry_stop=stop)
    return np.asarray(value_of(column, read))


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _may_match(name: str, patterns: Sequence[str]) -> bool:
    """Tell whether a branch, or a member of it, may match: reading it to find its members takes time."""
    return _matches(name, patterns) or any(p[0] in "*?[" or p.startswith(f"{name}.") for p in patterns)


def _type(columns: Mapping[str, Column], name: str) -> str:
    return columns[name].type if name in columns else "not there"


def _columns(key: str, branch: Any) -> Iterator[Column]:
    """Yield the columns of one branch."""
    import awkward as ak
    import uproot

    plain = branch.interpretation
    jagged = isinstance(plain, uproot.AsJagged) and isinstance(plain.content, uproot.AsDtype)
    content = plain.content if jagged else plain
    if isinstance(content, uproot.AsDtype) and content.to_dtype.names is None and not content.to_dtype.shape:
        kind = str(content.to_dtype.newbyteorder("="))
        if jagged:
            yield Column(_name(key), key, (), "jagged", f"var * {kind}", _counter(branch) or _name(key))
        else:
            yield Column(_name(key), key, (), "flat", kind)
        return
    entry = branch.array(library="ak", entry_stop=1)
    yield from _members(_name(key), key, (), entry.type.content, ak)


def _members(name: str, key: str, members: tuple[str, ...], form: Any, ak: Any) -> Iterator[Column]:
    """Yield one column for each member of a structure, and of structures in it."""
    if isinstance(form, ak.types.RecordType) and not form.is_tuple:
        for member, part in zip(form.fields, form.contents, strict=True):
            yield from _members(f"{name.rstrip('.')}.{member}", key, (*members, member), part, ak)
    elif isinstance(form, ak.types.NumpyType):
        yield Column(name, key, members, "flat", str(np.dtype(form.primitive)))
    elif isinstance(form, ak.types.RegularType) and isinstance(form.content, ak.types.NumpyType):
        yield Column(name, key, members, "flat", f"{form.size} * {form.content.primitive}")
    elif isinstance(form, ak.types.ListType) and isinstance(form.content, ak.types.NumpyType):
        yield Column(name, key, members, "jagged", f"var * {form.content.primitive}", name)
    else:
        yield Column(name, key, members, "nested", str(form))


def _name(key: str) -> str:
    """Return ``group.member`` for a branch below others, whose name may have the group's in front."""
    *groups, name = key.split("/")
    for group in reversed(groups):
        stem = group.rstrip(".")
        name = name if name.startswith(stem + ".") else f"{stem}.{name}"
    return name.rstrip(".")


def _counter(branch: Any) -> str:
    """Return the name of the branch that counts the items of this one; empty where there is none."""
    leaves = branch.member("fLeaves")
    leaf = leaves[0].member("fLeafCount") if len(leaves) == 1 else None
    return "" if leaf is None else str(leaf.member("fName"))
