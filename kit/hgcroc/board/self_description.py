"""What a board says of itself, against what its kind of board is known to be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit import wording
from kit.hgcroc.registers import RegisterTable

__all__ = ["ABSENT", "limits_of", "unlike"]

IntArray = npt.NDArray[np.int64]
ABSENT = -1  # the highest value of a register that the board does not have


def unlike(mine: Any, theirs: Any, path: str) -> list[str]:
    """Return in words where their description differs from mine, each with its path."""
    if mine == theirs:
        return []
    if not isinstance(mine, dict) or not isinstance(theirs, dict) or "min" in mine:
        return [f"{path} is {_ends(theirs)}, should be {_ends(mine)}"]
    here = [f"{path}.{key}".lstrip(".") + " is missing" for key in mine if key not in theirs]
    here += [f"{path}.{key}".lstrip(".") + " is not known" for key in theirs if key not in mine]
    both = [key for key in mine if key in theirs]
    return here + [text for key in both for text in unlike(mine[key], theirs[key], f"{path}.{key}".lstrip("."))]


def _ends(limits: Any) -> str:
    if isinstance(limits, dict) and {"min", "max"} <= set(limits):
        return f"from {limits['min']} to {limits['max']}"
    return wording.short(repr(limits))


def limits_of(table: RegisterTable, described: Any) -> IntArray:
    """Return the highest value of each register of the table, as a board describes itself.

    Parameters
    ----------
    table : RegisterTable
        The kind of board.
    described : dict
        What is below the board's name, ``{roc: {block: {number: {name: {min, max}}}}}``; registers that the
        table does not know are left out.

    Returns
    -------
    ndarray of int64, shape (size,)
        `ABSENT` where the board has no such register.
    """
    limits = np.full(table.size, ABSENT)
    for place in range(table.size):
        found = described
        for word in table.path_of(place):
            found = found.get(word) if isinstance(found, dict) else None
        if isinstance(found, dict) and isinstance(found.get("max"), int):
            limits[place] = found["max"]
    return limits
