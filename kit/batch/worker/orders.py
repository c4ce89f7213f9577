"""What a worker is told: the settings of its round (``worker.json``) and the points of its chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .identity import canonical

__all__ = ["Orders", "OrdersError", "Point", "localised", "points_in", "read_orders", "read_points"]


class OrdersError(ValueError):
    """Input of the worker itself that cannot be used."""


@dataclass(frozen=True)
class Orders:
    """The settings that all chunks of a round share.

    Attributes
    ----------
    code : str
        What the notebook's code hashes to; every line repeats it.
    round : str
        Number of the round, three digits.
    name : str
        File name of the executed notebooks.
    takes : list of str
        Which of ``output`` and ``interactive`` the notebook knows.
    kit : str
        Version of the kit that made the round; empty where the notebook does without it.
    needs_kit : bool
        Whether the notebook's parameters come from the kit.
    preload : list of str
        Modules for the nursery.
    derive : dict or None
        How the points are made, where they come from what an earlier stage has left.
    """

    code: str
    round: str
    name: str
    takes: list[str] = field(default_factory=list)
    kit: str = ""
    needs_kit: bool = False
    isolation: str = "fork"
    preload: list[str] = field(default_factory=list)
    keep_notebooks: str = "all"
    point_timeout: float | None = None
    guard: bool = True
    live_progress: bool = False
    notebook: str = "notebook.ipynb"
    derive: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One set of values; `index` is its place among all points of the run.

    `inputs` names the files that came with the job by the paths they had before.
    """

    id: str
    index: int
    parameters: dict[str, Any]
    inputs: dict[str, str] = field(default_factory=dict)

    def line(self) -> str:
        """Return the point as a line of ``points.jsonl``."""
        return canonical({"id": self.id, "index": self.index, "parameters": self.parameters}, sort=False) + "\n"


def read_orders(path: Path) -> Orders:
    """Return the settings of the round.

    Raises
    ------
    OrdersError
        If the file cannot be read or lacks something.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known = {entry.name for entry in fields(Orders)}
        return Orders(**{name: value for name, value in content.items() if name in known})
    except (OSError, ValueError, TypeError, AttributeError) as fault:
        message = f"{path}: {fault}"
        raise OrdersError(message) from None


def read_points(path: Path) -> list[Point]:
    """Return the points of a chunk, or of a run."""
    return list(points_in(path))


def points_in(path: Path) -> Iterator[Point]:
    """Yield the points of a file.

    Raises
    ------
    OrdersError
        Naming the line that is not a point.
    """
    number = 0
    try:
        with path.open("rb") as stream:  # lines of text would end at marks that values may hold, such as U+2028
            for line in stream:
                number += 1
                yield Point(**json.loads(line))
    except OSError as fault:
        message = f"{path}: {fault.strerror}"
        raise OrdersError(message) from None
    except (ValueError, TypeError) as fault:
        message = f"{path}:{number}: {fault}; should be a point"
        raise OrdersError(message) from None


def localised(value: Any, names: dict[str, str]) -> Any:
    """Return `value` with the paths of files that came with the job replaced by where they are now."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, list):
        return [localised(part, names) for part in value]
    if isinstance(value, dict):
        return {names.get(key, key): localised(part, names) for key, part in value.items()}
    return value
