"""What a file is, from what it contains; the name of its release only confirms it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from kit.files import FormatError
from kit.opendata.schemas import GENERATOR_RELEASES, SCHEMA_NAMES, SCHEMAS, Schema, Storage

__all__ = ["Tree", "check_name", "recognise"]

_TREES = tuple(sorted({entry.tree for entry in SCHEMAS}))


@dataclass(frozen=True)
class Tree:
    """What a file says of one of its trees: name, storage, and the names of its branches."""

    name: str
    storage: Storage
    branches: frozenset[str]


def recognise(trees: Collection[Tree], schema: str = "auto", *, where: str) -> tuple[Schema, Tree]:
    """Return the schema of a file, and the tree that has it.

    Parameters
    ----------
    trees : collection of Tree
        All trees of the file.
    schema : str
        What the file is said to be: a name of `SCHEMA_NAMES`, or `auto`.
    where : str
        Name of the file, for messages.

    Raises
    ------
    FormatError
        If no tree has a known schema, if several have, or if `schema` says something else than the content.
    """
    check_name(schema, where=where)
    found = [
        (entry, tree) for tree in trees for entry in SCHEMAS if entry.fits(tree.name, tree.storage, tree.branches)
    ]
    if schema == "auto":
        if len(found) == 1:
            return found[0]
        fault = "more than one schema fits: " + ", ".join(f"{e.name} (tree {t.name})" for e, t in found)
        raise FormatError(f"{where}: {fault}; set schema" if found else _unknown(trees, where))
    named = [(entry, tree) for entry, tree in found if entry.name == schema]
    if not named and not found:  # the content is unclear, so that the name decides, if the tree has its objects
        named = [(e, t) for t in trees for e in SCHEMAS if e.name == schema and e.tree == t.name and usable(e, t)]
    if not named and [entry.name for entry, _ in found] == ["skim"]:
        return found[0]  # the release of a skim is written in the file, and compared there
    if not named:
        content = ", ".join(f"{e.name} (tree {t.name})" for e, t in found)
        raise FormatError(
            f"{where}: said to be {schema}, its content is {content}; set schema to auto"
            if content
            else _unknown(trees, where, schema)
        )
    return named[0]


def check_name(schema: str, *, where: str) -> None:
    """Raise a FormatError if `schema` is neither `auto` nor a schema that can be read."""
    if schema in GENERATOR_RELEASES:
        message = f"{where}: {schema} holds generator events, which have no reconstructed objects to read"
        raise FormatError(message)
    if schema != "auto" and schema not in SCHEMA_NAMES:
        near = get_close_matches(schema.lower(), SCHEMA_NAMES, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        message = f"{where}: schema {schema} is not known{hint}; known are {', '.join(SCHEMA_NAMES)}"
        raise FormatError(message)


def usable(schema: Schema, tree: Tree) -> list[str]:
    """Return the letters of the objects of `schema` whose required branches are all in `tree`."""
    return [letter for letter, branches in schema.objects.items() if not branches.missing(tree.branches)]


def _unknown(trees: Collection[Tree], where: str, schema: str = "") -> str:
    if not trees:
        return f"{where}: no TTree and no RNTuple in it, must have one of {', '.join(_TREES)}"
    lines = [f"{where}: " + (f"not {schema}: lacks its tree or objects" if schema else "no known schema")]
    likeness = {}
    for tree in trees:
        for entry in SCHEMAS:
            shared = sum(name in tree.branches for name in entry.marks)
            likeness[entry.name, tree.name] = (tree.name == entry.tree, shared / len(entry.marks))
        momenta = sorted(n for n in tree.branches if n.lower().endswith(("_pt", ".pt", ":pt")))
        shown = ", ".join(momenta[:8]) + (", …" if len(momenta) > 8 else "")
        lines.append(f"  {tree.storage} {tree.name}: {len(tree.branches)} branches, objects: {shown or 'none'}")
    nearest = max(likeness, key=lambda pair: likeness[pair])
    if any(likeness[nearest]):
        lines.append(f"  nearest schema: {nearest[0]}; if it is that, set schema to its name")
    else:
        lines.append(f"  no schema is near; known trees are {', '.join(_TREES)}")
    return "\n".join(lines)
