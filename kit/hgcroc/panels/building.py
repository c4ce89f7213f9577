"""What is written in the fields of the panel: searches for registers, ranges, and axes of every kind.

An axis is a dict as dialect 1.0.15 writes it: ``{key, values}``, or ``{template, values, default}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from kit import wording
from kit.hgcroc.board.self_description import ABSENT
from kit.hgcroc.layout import BLOCKS
from kit.hgcroc.planning.expansion import expand_key, nested, update
from kit.hgcroc.registers import RegisterTable

__all__ = [
    "axis_of", "axis_values", "axis_words", "coupled", "find_registers", "find_settings", "numbers_of", "range_of",
    "setting_axis", "template_axis", "values_of",
]  # fmt: skip

MOST_FOUND = 200
MOST_VALUES = 10_000  # of an axis that is typed: no register has more that differ, but a slip of a finger may
SETTINGS = ("daq", "client")  # sections of the acquisition programs
PLACE = re.compile(r"\{\{ value\.(\w+) \}\}")  # where a coupled axis puts its values in


def find_registers(table: RegisterTable, words: str) -> list[str]:
    """Return registers, as ``Block.name``, in whose name all `words` occur; HalfWise stands for whole halves."""
    wanted = words.lower().split()
    return [name for name in _all_names(table) if all(word in name.lower() for word in wanted)][:MOST_FOUND]


def _all_names(table: RegisterTable) -> list[str]:
    return [f"{block}.{name}" for block in BLOCKS for name in table.names(block)]


def find_settings(programs: Mapping[str, Any], words: str) -> list[str]:
    """Return the settings of the acquisition programs that are whole numbers, as ``daq.menus.A.NEvents``."""
    wanted = words.lower().split()
    return [name for name in _numbers_below(programs, ()) if all(word in name.lower() for word in wanted)]


def _numbers_below(tree: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _numbers_below(value, (*path, str(key)))
        elif isinstance(value, int) and not isinstance(value, bool):
            yield ".".join((*path, str(key)))


def range_of(table: RegisterTable, register: str, limits: npt.NDArray[np.int64] | None = None) -> str:
    """Return range and reset value of a register in words, with `limits` as the board says."""
    block, _, name = register.partition(".")
    index = table.index_of((table.rocs[0], block, 0, name))
    if limits is None:
        return f"0 to {table.maximum[index]}, {table.reset[index]} after reset"
    tops = {int(limits[table.index_of((roc, block, k, name))]) for roc in table.rocs for k in range(BLOCKS[block])}
    if ABSENT in tops:
        return "this board does not have it everywhere"
    told = f"0 to {min(tops)}" + (f" (elsewhere {max(tops)})" if len(tops) > 1 else "")
    return f"{told} by the board's own description, {table.reset[index]} after reset"


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
        If it is none of these, means no value or more than can be typed.
    """
    words = text.replace(",", " ").split()
    try:
        if words and words[0] in ("lin", "log"):
            first, last, count = (int(word) for word in words[1:])
            _refuse_many(text, count)
            steps = np.linspace(first, last, count) if words[0] == "lin" else np.geomspace(first, last, count)
            values = list(dict.fromkeys(np.rint(steps).astype(int).tolist()))
        elif ":" in text:
            whole = range(*(int(word) for word in text.split(":")))
            _refuse_many(text, (whole.stop - whole.start) // whole.step)
            values = list(whole)
        else:
            values = [int(word) for word in words]
    except _TooManyError:
        raise
    except (ValueError, TypeError):
        message = f"{text!r} should be start:stop:step, a list, lin START END COUNT or log START END COUNT"
        raise ValueError(message) from None
    if not values:
        message = f"{text!r} means no value"
        raise ValueError(message)
    return values


class _TooManyError(ValueError):
    """More values than a field is for."""


def _refuse_many(text: str, count: int) -> None:
    if count > MOST_VALUES:
        message = (
            f"{text!r} means {count} values, should be {MOST_VALUES} or fewer: longer axes are written in a file"
        )
        raise _TooManyError(message)


def axis_of(
    table: RegisterTable, register: str, values: str, *, rocs: Sequence[str] | None = None, numbers: str = "all"
) -> dict[str, Any]:
    """Return an axis over a register, in some ROCs or all, and in some of its blocks or all.

    Raises
    ------
    ValueError
        With the nearest name, if there is no such register or ROC; what the texts do not mean.
    """
    known = _all_names(table)
    if register not in known:
        message = f"there is no register {register!r}{wording.suggestion(str(register), known)}"
        raise ValueError(message)
    if strangers := [roc for roc in rocs or () if roc not in table.rocs]:
        message = f"there is no ROC {strangers[0]!r}, should be one of {', '.join(table.rocs)}"
        raise ValueError(message)
    block, _, name = register.partition(".")
    below = numbers_of(numbers, BLOCKS[block])
    return {"key": ["target", list(rocs or table.rocs), block, below, name], "values": values_of(values)}


def setting_axis(path: str, values: str) -> dict[str, Any]:
    """Return an axis over a setting of the acquisition programs, such as ``daq.menus.randomL1A.NEvents``."""
    key = path.split(".")
    if key[0] not in SETTINGS or len(key) < 2:
        message = f"{path!r} should be the path of a setting that begins with {' or '.join(SETTINGS)}"
        raise ValueError(message)
    return {"key": key, "values": values_of(values)}


def template_axis(template: str, values: str, default: str = "") -> dict[str, Any]:
    """Return an axis of a text that is filled in with each value: ``target: {…: {{ value }}}``.

    `values` may be a YAML list of maps, then the text says ``value.name``.
    """
    listed = yaml.safe_load(values) if values.lstrip().startswith("[") else None
    found = listed if isinstance(listed, list) else values_of(values)
    axis = {"template": template, "values": found}
    return axis | ({"default": default} if default.strip() else {})


def coupled(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return one axis in which both take their steps together: a template whose values are maps.

    Raises
    ------
    ValueError
        If they have not the same number of values, or one is a template of another kind.
    """
    counts = [len(axis_values(axis)) for axis in (first, second)]
    if counts[0] != counts[1]:
        message = f"axes that step together need as many values: {counts[0]} and {counts[1]}"
        raise ValueError(message)
    tree, columns = _as_tree(first, ())
    other, more = _as_tree(second, list(columns))
    update(tree, other)
    text = yaml.safe_dump(tree, sort_keys=False, default_flow_style=None, width=10_000)
    names, table = list(columns | more), zip(*(columns | more).values(), strict=True)
    return {
        "template": re.sub(r"'?@(\w+)@'?", r"{{ value.\1 }}", text),
        "values": [dict(zip(names, row, strict=True)) for row in table],
    }


def _as_tree(axis: dict[str, Any], taken: Sequence[str]) -> tuple[dict[Any, Any], dict[str, list[int]]]:
    """Return the tree of an axis with marks in place of its values, and the values by the names of the marks."""
    if "key" in axis:
        name = str(axis["key"][-1])
        name = next(word for word in (name, *(f"{name}_{k}" for k in range(2, 99))) if word not in taken)
        tree: dict[Any, Any] = {}
        for path in expand_key(axis["key"]):
            update(tree, nested(path, f"@{name}@"))
        return tree, {name: axis_values(axis)}
    names = list(dict.fromkeys(PLACE.findall(axis["template"])))
    plain = PLACE.sub(r"'@\1@'", axis["template"])
    values = axis_values(axis)
    if "{" + "{" in plain or "{%" in plain or axis.get("default") or not all(isinstance(v, dict) for v in values):
        message = "a template that was not made of coupled axes cannot be coupled: write both into its text"
        raise ValueError(message)
    return yaml.safe_load(plain), {name: [value[name] for value in values] for name in names}


def axis_values(axis: Mapping[str, Any]) -> list[Any]:
    """Return the values of an axis, one for each step."""
    values = axis["values"]
    if isinstance(values, Mapping):
        return list(range(values.get("start", 0), values["stop"], values.get("step", 1)))
    return list(values)


def axis_words(axis: Mapping[str, Any]) -> str:
    """Return in one line what an axis steps, and how far."""
    values = axis_values(axis)
    ends = f"{_short(values[0])} to {_short(values[-1])}" if len(values) > 1 else _short(values[0])
    steps = f"{len(values)} {'value' if len(values) == 1 else 'values'}, {ends}"
    if "key" not in axis:
        names = dict.fromkeys(PLACE.findall(axis["template"]))
        return f"{' with '.join(names) or 'template'}: {steps}"
    words = [_fanned(part) if isinstance(part, list) else str(part) for part in axis["key"]]
    if words[0] != "target":
        return f"{'.'.join(words)}: {steps}"
    return (
        f"{words[2]}.{words[-1]} of {words[1]}, number {words[3]}: {steps}"
        if len(words) == 5
        else (f"{'.'.join(words[1:])}: {steps}")
    )


def _fanned(parts: Sequence[Any]) -> str:
    return f"{parts[0]} … {parts[-1]} ({len(parts)})" if len(parts) > 3 else " ".join(map(str, parts))


def _short(value: Any) -> str:
    return " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)
