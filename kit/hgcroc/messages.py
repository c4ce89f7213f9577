"""The YAML that travels on control sockets, read and written by the fast loader and dumper.

Nothing is written with anchors, which the original programs' readers need not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from kit.hgcroc.register_texts import read_tree, write_tree

__all__ = ["MessageError", "as_map", "dump", "laid_over", "load"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Tree = dict[Any, Any]
LONG = 1000  # characters from which a tree of registers is worth its own way
TREE = "args"  # what stands last in a message of slow control: a tree of registers


class MessageError(ValueError):
    """A message that is not what it should be."""


class _Plain(_Dumper):  # type: ignore[misc, valid-type]
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def load(text: bytes | str) -> Any:
    """Return what a message says.

    Raises
    ------
    MessageError
        With line and column, if it is no YAML.
    """
    if len(text) > LONG and (told := _load_long(text)) is not None:
        return told
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe one)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as fault:
        message = f"the message is no YAML: {' '.join(str(fault).split())}"
        raise MessageError(message) from fault


def as_map(text: bytes | str) -> Tree:
    """Return a message that has to be a map; nothing counts as an empty one.

    Raises
    ------
    MessageError
        If it is anything else.
    """
    told = load(text)
    if told is None:
        return {}
    if not isinstance(told, dict):
        message = f"the message is {type(told).__name__}, should be a map"
        raise MessageError(message)
    return told


def dump(tree: Any) -> str:
    """Return a message that says `tree`."""
    if isinstance(tree, dict) and tree:
        if (text := write_tree(tree)) is not None:
            return text
        last = next(reversed(tree))
        if (
            last == TREE
            and len(tree) > 1
            and isinstance(tree[last], dict)
            and (text := write_tree(tree[last])) is not None
        ):
            rest = {key: value for key, value in tree.items() if key != last}
            above = yaml.dump(rest, Dumper=_Plain, default_flow_style=False, sort_keys=False)
            return f"{above}{TREE}:\n" + "".join(f"  {line}\n" for line in text.splitlines())
    return str(yaml.dump(tree, Dumper=_Plain, default_flow_style=None, sort_keys=False))


def _load_long(text: bytes | str) -> Tree | None:
    """Return a long message that is, or ends with, a tree of registers; None for any other."""
    try:
        whole = text.decode("ascii") if isinstance(text, bytes) else text
    except UnicodeDecodeError:
        return None
    above, mark, below = whole.partition(f"\n{TREE}:\n")
    if not mark:
        return read_tree(whole)
    lines = below.split("\n")
    if len(above) > LONG or not all(line.startswith("  ") or not line for line in lines):
        return None
    tree, told = read_tree("\n".join(line[2:] for line in lines)), load(above)
    return {**told, TREE: tree} if tree is not None and isinstance(told, dict) and TREE not in told else None


def laid_over(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> Tree:
    """Return `below` with `above` laid over it: maps go into maps, anything else replaces."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return result
