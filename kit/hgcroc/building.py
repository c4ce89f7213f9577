"""What is written in the fields of the panel: searches for registers, ranges, axes, and a procedure of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from kit import files, wording
from kit.hgcroc.layout import BLOCKS
from kit.hgcroc.procedures import read_library
from kit.hgcroc.registers import RegisterTable

__all__ = ["axis_of", "find_registers", "numbers_of", "range_of", "values_of", "write_procedure"]

MOST_FOUND = 200


def find_registers(table: RegisterTable, words: str) -> list[str]:
    """Return registers, as ``Block.name``, in whose name all `words` occur; HalfWise stands for whole halves."""
    wanted = words.lower().split()
    return [name for name in _all_names(table) if all(word in name.lower() for word in wanted)][:MOST_FOUND]


def _all_names(table: RegisterTable) -> list[str]:
    return [f"{block}.{name}" for block in BLOCKS for name in table.names(block)]


def range_of(table: RegisterTable, register: str) -> str:
    """Return range and reset value of a register in words."""
    block, _, name = register.partition(".")
    index = table.index_of((table.rocs[0], block, 0, name))
    return f"0 to {table.maximum[index]}, {table.reset[index]} after reset"


def numbers_of(text: str, count: int) -> list[int]:
    """Return the numbers that a text means: ``all``, ``3``, ``0-71:4``, ``1, 5, 8-10``.

    Raises
    ------
    ValueError
        If a part is no number or range, or none of the `count` there are.
    """
    if text.strip().lower() in ("all", ""):
        return list(range(count))
    numbers: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+)(?:\s*:\s*(\d+))?)?\s*", part)
        if match is None:
            message = f"{part.strip()!r} should be all, a number, or a range such as 0-71:4"
            raise ValueError(message)
        first, last = int(match[1]), int(match[2] or match[1])
        numbers += range(first, last + 1, int(match[3] or 1))
    if bad := [number for number in numbers if number >= count]:
        message = f"there is no number {bad[0]}, should be from 0 to {count - 1}"
        raise ValueError(message)
    return list(dict.fromkeys(numbers))


def values_of(text: str) -> list[int]:
    """Return the values that a text means: ``0:2048:32``, ``1, 2, 5``, ``lin 0 100 11``, ``log 1 4000 12``.

    The stop of a range is excluded, the ends of lin and log are not.

    Raises
    ------
    ValueError
        If it is none of these, or means no value.
    """
    words = text.replace(",", " ").split()
    try:
        if words and words[0] in ("lin", "log"):
            first, last, count = (int(word) for word in words[1:])
            steps = np.linspace(first, last, count) if words[0] == "lin" else np.geomspace(first, last, count)
            values = list(dict.fromkeys(np.rint(steps).astype(int).tolist()))
        elif ":" in text:
            values = list(range(*(int(word) for word in text.split(":"))))
        else:
            values = [int(word) for word in words]
    except (ValueError, TypeError):
        message = f"{text!r} should be start:stop:step, a list, lin START END COUNT or log START END COUNT"
        raise ValueError(message) from None
    if not values:
        message = f"{text!r} means no value"
        raise ValueError(message)
    return values


def axis_of(
    table: RegisterTable, register: str, values: str, *, rocs: Sequence[str] | None = None, numbers: str = "all"
) -> dict[str, Any]:
    """Return an axis, as dialect 1.0.15 writes it.

    Raises
    ------
    ValueError
        With the nearest name, if there is no such register; what the texts do not mean.
    """
    known = _all_names(table)
    if register not in known:
        message = f"there is no register {register!r}{wording.suggestion(register, known)}"
        raise ValueError(message)
    block, _, name = register.partition(".")
    chosen = list(rocs or table.rocs)
    below = numbers_of(numbers, BLOCKS[block])
    return {"key": ["target", chosen, block, below, name], "values": values_of(values)}


def write_procedure(config: Path, procedure: str, axes: Sequence[dict[str, Any]], path: Path, name: str) -> Path:
    """Write a procedure that is another one with these axes, in the dialect of that one.

    Parameters
    ----------
    config : Path
        Main file of the other procedure.
    procedure : str
        Its name.
    axes : sequence of dict
        See `axis_of`.
    path : Path
        The new main file; appears when it is whole. What was named by a relative path is named by an absolute one.
    name : str
        Of the new procedure.

    Raises
    ------
    ProcedureError
        If the other procedure is not there.
    ValueError
        If the dialect cannot say an axis: 0.1.2 knows ranges of even steps alone.
    """
    entry = read_library(config).find(procedure)
    content: Any = entry.document.content
    for key in entry.keys:
        content = content[key]
    legacy = entry.dialect == "0.1.2"
    parts = [_legacy(axis) for axis in axes] if legacy else list(axes)
    folder = entry.document.path.parent.resolve()
    content = _absolute(content, folder) | {"name": name, "parameters": parts}
    with files.whole(path) as part:
        text = yaml.safe_dump({"procedures": [content]}, sort_keys=False, default_flow_style=None, width=115)
        part.write_text(text, encoding="utf-8")
    return path


def _legacy(axis: dict[str, Any]) -> dict[str, Any]:
    values = axis["values"]
    steps = set(np.diff(values).tolist())
    if len(steps) > 1 or 0 in steps:
        message = f"dialect 0.1.2 knows ranges of even steps alone, not {wording.short(str(values))}"
        raise ValueError(message)
    step = steps.pop() if steps else 1
    limits = {"start": values[0], "stop": values[-1] + (1 if step > 0 else -1), "step": step}
    return {"key": axis["key"][1:], "range": limits}


def _absolute(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return an entry with absolute paths."""

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(part) for part in value]
        return str(folder / value) if isinstance(value, str) else value

    kept = dict(content)
    for section, names in (
        ("system_settings", ("default", "init")),
        ("target_settings", ("power_on_default", "initial_config")),
        ("daq_settings", ("default",)),
    ):
        if isinstance(kept.get(section), dict):
            kept[section] = {key: placed(v) if key in names else v for key, v in kept[section].items()}
    return kept
