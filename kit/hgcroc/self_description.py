"""What a board says of itself, against what its kind of board is known to be."""

from __future__ import annotations

from typing import Any

__all__ = ["unlike"]


def unlike(mine: Any, theirs: Any, path: str) -> list[str]:
    """Return in words where their description differs from mine, each with its path."""
    if mine == theirs:
        return []
    if not isinstance(mine, dict) or not isinstance(theirs, dict) or "min" in mine:
        return [f"{path} is {theirs}, should be {mine}"]
    here = [f"{path}.{key}".lstrip(".") + " is missing" for key in mine if key not in theirs]
    here += [f"{path}.{key}".lstrip(".") + " is not known" for key in theirs if key not in mine]
    both = [key for key in mine if key in theirs]
    return here + [text for key in both for text in unlike(mine[key], theirs[key], f"{path}.{key}".lstrip("."))]
