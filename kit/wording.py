"""How a parameter reads: its type in a cell, its value in a table, its text on a command line, its faults.

Everything here turns the declared type of a field into words or words into values; nothing is checked here,
that is pydantic's work.
"""

from __future__ import annotations

import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic.fields import FieldInfo

__all__ = [
    "annotation_text",
    "bounds_of",
    "explain",
    "fault_text",
    "literal",
    "parse_text",
    "plain",
    "scalar",
    "suggestion",
    "unit_of",
]


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}


class Loader(yaml.SafeLoader):
    """YAML as people write it: 2e9 is a number, and a name stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a map; a name that stands twice is a fault, not the last one's victory."""
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"), list("-+0123456789.")
)


def scalar(text: str) -> Any:
    """Return the value that `text` is in YAML, or the text itself."""
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError:
        return text


def plain(value: Any) -> Any:
    """Return `value` as a notebook's cell would write it: NumPy scalars, tuples and paths become plain."""
    if isinstance(value, Mapping):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    if isinstance(value, Path):
        return str(value)
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    return value


def parse_text(annotation: Any, text: str) -> Any:
    """Return what `text`, from a command line or a form, means for a parameter of this type.

    Lists may be written ``a,b`` or ``[a, b]``, maps ``{a: 1}``, absent values ``null``.
    """
    if annotation is str or typing.get_origin(annotation) is Literal:
        return text
    item = _list_item(annotation)
    if item is None or _alone(annotation, text):
        return scalar(text)
    value = scalar(text) if text.lstrip().startswith("[") else [part.strip() for part in text.split(",")]
    if not isinstance(value, list):
        return text
    words = item is str or bool(_choices(item))
    return [str(part) if words else scalar(str(part)) for part in value if part != ""]


def unit_of(field: FieldInfo) -> str:
    """Return the unit of a declared parameter, empty for plain numbers."""
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def bounds_of(field: FieldInfo) -> dict[str, float]:
    """Return the bounds of a declared number by pydantic's words, ``ge``, ``gt``, ``le`` and ``lt``."""
    return {
        word: getattr(bound, word)
        for bound in field.metadata
        for word in _SIGNS
        if getattr(bound, word, None) is not None
    }


def explain(field: FieldInfo) -> str:
    """Return unit, meaning, choices and bounds of a declared parameter in one line."""
    unit = unit_of(field)
    choices = _choices(field.annotation)
    limits = [" or ".join(choices)] if choices else []
    limits += [f"{_SIGNS[word]} {bound}" for word, bound in bounds_of(field).items()]
    return (
        (f"{unit}, " if unit else "") + (field.description or "") + (f" ({', '.join(limits)})" if limits else "")
    )


def annotation_text(annotation: Any) -> str:
    """Return a type as the cell says it: names alone, unions as words in quotes, which papermill can read."""
    names = []
    for part in _parts(annotation):
        inner = typing.get_args(part)
        match typing.get_origin(part):
            case None:
                names.append("None" if part is type(None) else part.__name__)
            case origin if origin is Literal:
                names.append(type(inner[0]).__name__)
            case origin:
                names.append(f"{origin.__name__}[{', '.join(map(annotation_text, inner))}]")
    names = list(dict.fromkeys(names))
    return names[0] if len(names) == 1 else f'"{" or ".join(names)}"'


def _wanted(annotation: Any) -> str:
    """Return a type as an error says it: choices by name."""
    words = []
    for part in _parts(annotation):
        if typing.get_origin(part) is Literal:
            words += [str(choice) for choice in typing.get_args(part)]
        elif typing.get_origin(part) is list and (choices := _choices(typing.get_args(part)[0])):
            words.append("a list of " + ", ".join(choices))
        else:
            words.append(annotation_text(part))
    return " or ".join(words)


def literal(value: Any) -> str:
    """Return `value` as Python source, strings in double quotes."""
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(part)}" for key, part in value.items()) + "}"
    return repr(value)


_RELATIONS = {
    "greater_than_equal": ("ge", "below"),
    "greater_than": ("gt", "not above"),
    "less_than_equal": ("le", "above"),
    "less_than": ("lt", "not below"),
}


def fault_text(fields: Mapping[str, FieldInfo], error: Any, values: Mapping[str, Any]) -> str:
    """Return one of pydantic's faults in our words: what it is, what it should be, with the unit."""
    limits, kind = error.get("ctx", {}), error["type"]
    if not error["loc"]:
        return str(limits.get("error", error["msg"]))
    name = str(error["loc"][0])
    field = fields.get(name)
    if field is None:
        return f"{name} is not known" + suggestion(name, fields)
    unit = f" {unit_of(field)}" if unit_of(field) else ""
    several = len(_parts(field.annotation)) > 1
    if several and kind not in _RELATIONS:
        value, place, wanted = values[name], name, _wanted(field.annotation)
    else:
        inner = [part for part in error["loc"][1:] if isinstance(part, int) or part in _as_map(values[name])]
        place = name + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in inner)
        value = error["input"]
        wanted = _wanted(typing.get_args(field.annotation)[-1] if inner else field.annotation)
    if kind in _RELATIONS:
        word, relation = _RELATIONS[kind]
        return f"{place} is {value}{unit}, {relation} {limits[word]}{unit}"
    if kind in ("too_short", "too_long"):
        few = kind == "too_short"
        bound = limits["min_length" if few else "max_length"]
        relation = "at least" if few else "at most"
        return f"{place} has {limits['actual_length']} values, should have {relation} {bound}"
    if kind == "value_error":
        return f"{place}: {limits['error']}"
    near = suggestion(value, _choices(field.annotation)) if isinstance(value, str) else ""
    return f"{place} is {value!r}, should be {wanted}{' in' + unit if unit else ''}{near}"


def _as_map(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" where `name` resembles one of `known`, else nothing."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def _parts(annotation: Any) -> tuple[Any, ...]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _takes(annotation: Any, kind: type) -> bool:
    return any(part is kind for part in _parts(annotation))


def _choices(annotation: Any) -> list[str]:
    return [
        str(choice)
        for part in _parts(annotation)
        if typing.get_origin(part) is Literal
        for choice in typing.get_args(part)
    ]


def _list_item(annotation: Any) -> Any:
    for part in _parts(annotation):
        if typing.get_origin(part) is list:
            return typing.get_args(part)[0]
    return None


def _alone(annotation: Any, text: str) -> bool:
    """Tell whether `text` is one of the words that stand in place of a list, such as ``auto``."""
    return text in _choices(annotation) or (_takes(annotation, type(None)) and text in ("null", "none", "None"))
