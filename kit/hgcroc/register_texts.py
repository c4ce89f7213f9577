"""Trees of registers as YAML text and back, ten times as fast as a YAML library: most of what a scan sends.

Only trees of names, whole numbers and nothing else are taken, one line for each block; whatever looks otherwise is
left to YAML. What is written here is plain YAML to everybody else.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["read_tree", "write_tree"]

Tree = dict[Any, Any]
DEPTH = 2  # levels above a block's own: ROC and block
_HEAD = re.compile(r"( *)([A-Za-z]\w*|0|[1-9]\d*):(?: \{(.*)\})?", re.ASCII)
_LEAF = re.compile(r"([A-Za-z]\w*): (0|[1-9]\d*|null)", re.ASCII)
_WORDS = frozenset(
    {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
)  # YAML takes them for something else


def write_tree(tree: Tree) -> str | None:
    """Return the text of a tree ``{roc: {block: {number: {name: value}}}}``; None where it is something else.

    Values are whole numbers from 0, or None.
    """
    lines: list[str] = []
    for roc, blocks in tree.items():
        if not _is_name(roc) or not isinstance(blocks, dict) or not blocks:
            return None
        lines.append(f"{roc}:")
        for block, numbers in blocks.items():
            if not _is_name(block) or not isinstance(numbers, dict) or not numbers:
                return None
            lines.append(f"  {block}:")
            for number, leaves in numbers.items():
                if type(number) is not int or number < 0 or not isinstance(leaves, dict) or not leaves:
                    return None
                told = [
                    f"{name}: {'null' if value is None else value}"
                    for name, value in leaves.items()
                    if (value is None or (type(value) is int and value >= 0)) and _is_name(name)
                ]
                if len(told) < len(leaves):
                    return None
                lines.append(f"    {number}: {{{', '.join(told)}}}")
    return "\n".join([*lines, ""]) if lines else None


def _is_name(word: Any) -> bool:
    return isinstance(word, str) and word.isidentifier() and word.isascii() and word.lower() not in _WORDS


def read_tree(text: str) -> Tree | None:
    """Return the tree that `write_tree` would write so; None where the text is anything else."""
    root: Tree = {}
    here: list[Tree] = [root, {}, {}]
    wanted = 0  # deepest level that the next line may have
    for line in text.split("\n"):
        if not line:
            continue
        found = _HEAD.fullmatch(line)
        if found is None:
            return None
        level, odd = divmod(len(found[1]), 2)
        leaf = level == DEPTH
        if odd or level > wanted or leaf != (found[3] is not None) or leaf != found[2].isdecimal():
            return None
        key: Any = int(found[2]) if leaf else found[2]
        if key in here[level] or (not leaf and key.lower() in _WORDS):
            return None
        below: Tree = {}
        here[level][key] = below
        if leaf:
            for part in found[3].split(", "):
                told = _LEAF.fullmatch(part)
                if told is None or told[1] in below or told[1].lower() in _WORDS:
                    return None
                below[told[1]] = None if told[2] == "null" else int(told[2])
            wanted = DEPTH
        else:
            here[level + 1] = below
            wanted = level + 1
    return root or None
