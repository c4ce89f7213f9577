"""Trees of settings: keys that fan out, one tree laid over another, what differs between two."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["diff", "expand_key", "laid_over", "leaves_of", "nested", "update"]

Tree = dict[Any, Any]


def expand_key(key: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the paths that a key stands for: a list at any position fans out to all its entries.

    Parameters
    ----------
    key : sequence
        Words, numbers, and lists of them, such as ``[[roc_s0, roc_s1], Top, 0, phase_strobe]``.

    Returns
    -------
    list of tuple
        The product of all positions, the last one fastest.
    """
    return list(itertools.product(*(part if isinstance(part, list) else [part] for part in key)))


def nested(path: Sequence[Any], value: Any) -> Tree:
    """Return a tree with `value` at the end of `path`."""
    for word in reversed(path):
        value = {word: value}
    return value if isinstance(value, dict) else {}


def update(tree: Tree, patch: Mapping[Any, Any], where: tuple[Any, ...] = ()) -> Tree:
    """Lay `patch` over `tree`, in place, and return it.

    Maps are laid into maps; lists of equal length element by element; anything else takes the place of what
    was there.

    Raises
    ------
    ValueError
        If two lists differ in length; says where.
    """
    for key, value in patch.items():
        tree[key] = _over(tree.get(key), value, (*where, key))
    return tree


def _over(old: Any, new: Any, where: tuple[Any, ...]) -> Any:
    if isinstance(old, dict) and isinstance(new, Mapping):
        return update(old, new, where)
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            message = f"{'.'.join(map(str, where))}: a list of {len(new)} is laid over one of {len(old)}"
            raise ValueError(message)
        return [_over(a, b, (*where, place)) for place, (a, b) in enumerate(zip(old, new, strict=True))]
    return copy.deepcopy(new)  # the patch must not change when something is laid over the result


def laid_over(trees: Sequence[Mapping[Any, Any]]) -> Tree:
    """Return a new tree: each of `trees` laid over those before."""
    result: Tree = {}
    for tree in trees:
        update(result, tree)
    return result


def diff(before: Any, after: Any) -> Tree:
    """Return what of `after` is absent in `before` or other there; what only `before` has does not appear."""
    found: Tree = {}
    for key, value in after.items():
        if key not in before:
            found[key] = value
        elif isinstance(value, dict) and isinstance(before[key], dict):
            if below := diff(before[key], value):
                found[key] = below
        elif before[key] != value:
            found[key] = value
    return found


def leaves_of(tree: Mapping[Any, Any], path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield path and value of each leaf; a list is a leaf."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from leaves_of(value, (*path, key))
        else:
            yield (*path, key), value
