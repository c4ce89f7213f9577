"""What is wrong with a value, in words: pydantic's faults as our users read them."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic.fields import FieldInfo

from kit import wording

__all__ = ["fault_text"]

_RELATIONS = {
    "greater_than_equal": ("ge", "below"),
    "greater_than": ("gt", "not above"),
    "less_than_equal": ("le", "above"),
    "less_than": ("lt", "not below"),
}
_LENGTHS = {
    "too_short": ("min_length", "values", "at least"),
    "too_long": ("max_length", "values", "at most"),
    "string_too_short": ("min_length", "characters", "at least"),
    "string_too_long": ("max_length", "characters", "at most"),
}


def fault_text(fields: Mapping[str, FieldInfo], error: Any, values: Mapping[str, Any]) -> str:
    """Return one of pydantic's faults in our words: what it is, what it should be, with the unit."""
    limits, kind, steps = error.get("ctx", {}), error["type"], error["loc"][1:]
    if not error["loc"]:
        return str(limits.get("error", error["msg"]))
    name = str(error["loc"][0])
    field = fields.get(name)
    if field is None:
        return f"{name} is not known" + wording.suggestion(name, fields)
    if steps and steps[-1] == "[key]":
        return f"{name} has the key {steps[-2]!r}, should be str"
    whole = len(wording.parts_of(field.annotation)) > 1  # which of several types was meant, nobody knows
    inner, value, annotation = _spot(values.get(name, error["input"]), field.annotation, () if whole else steps)
    unit = f" {wording.unit_of(field)}" if wording.unit_of(field) else ""
    if kind in _RELATIONS:
        word, relation = _RELATIONS[kind]
        return f"{name}{inner} is {value}{unit}, {relation} {limits[word]}{unit}"
    if kind in _LENGTHS:
        word, things, relation = _LENGTHS[kind]
        return f"{name}{inner} has {len(error['input'])} {things}, should have {relation} {limits[word]}"
    if kind == "value_error":
        return f"{name}{inner}: {limits['error']}"
    wanted = "finite" if kind == "finite_number" else wording.wanted_text(annotation)
    near = wording.suggestion(value, map(str, wording.choices_of(annotation))) if isinstance(value, str) else ""
    return f"{name}{inner} is {wording.short(repr(value))}, should be {wanted}{' in' + unit if unit else ''}{near}"


def _spot(value: Any, annotation: Any, steps: Iterable[Any]) -> tuple[str, Any, Any]:
    """Return where inside `value` some steps lead, what is there and the type that it should have."""
    place = ""
    for step in steps:
        if isinstance(value, list) and isinstance(step, int):
            place += f"[{step}]"
        elif isinstance(value, Mapping) and step in value:
            place += f".{step}"
        else:
            continue  # pydantic's name for one of several types
        value, annotation = value[step], typing.get_args(annotation)[-1]
    return place, value, annotation
