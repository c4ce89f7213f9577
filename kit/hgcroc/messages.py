"""The YAML that travels on control sockets, read and written by the fast loader and dumper.

Nothing is written with anchors, which the original programs' readers need not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

__all__ = ["MessageError", "as_map", "dump", "laid_over", "load"]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
Tree = dict[Any, Any]


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
    return str(yaml.dump(tree, Dumper=_Plain, default_flow_style=None, sort_keys=False))


def laid_over(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> Tree:
    """Return `below` with `above` laid over it: maps go into maps, anything else replaces."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = laid_over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return result
