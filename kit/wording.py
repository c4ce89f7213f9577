"""How a parameter reads: its type in a cell, its value in a table, its text on a command line.

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
    "choices_of",
    "explain",
    "literal",
    "parse_text",
    "parts_of",
    "plain",
    "scalar",
    "short",
    "suggestion",
    "type_text",
    "unit_of",
    "wanted_text",
]


_SIGNS = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
LONGEST = 200  # signs of a value that a message repeats


class Loader(yaml.SafeLoader):
    """YAML as people write it: a name stands once; 2e9 is a number, None is none, 010 and 2025-05-01 are words."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - how PyYAML keeps them
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":int", ":float", ":timestamp"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._open: list[str | None] = []  # anchors of what is being read

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return a node; one inside itself is a fault: nobody could ever write it out."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        anchor = getattr(event, "anchor", None)
        if isinstance(event, yaml.AliasEvent) and anchor in self._open:
            mark: Any = event.start_mark
            raise yaml.MarkedYAMLError(problem=f"{anchor} stands inside itself", problem_mark=mark)
        self._open.append(anchor)
        node = super().compose_node(parent, index)
        self._open.pop()
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return a map; a name that stands twice is a fault, not the last one's victory."""
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F]+)$")
_DECIMAL = re.compile(r"[-+]?((\d+\.\d*|\.\d+)([eE][-+]?\d+)?|\d+[eE][-+]?\d+|\.inf)$|\.nan$")
_NOTHING = ("null", "Null", "NULL", "~", "None", "none")
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("[Nn]one$"), ["N", "n"])
Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
Loader.add_implicit_resolver("tag:yaml.org,2002:float", _DECIMAL, list("-+.0123456789"))


def scalar(text: str) -> Any:
    """Return the value that `text` is in YAML, or the text itself."""
    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError):
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
    if annotation is str:
        return text
    for choice in choices_of(annotation):
        if text == str(choice):
            return choice
    item = _list_item(annotation)
    if type(None) in parts_of(annotation) and text in (*_NOTHING, *([] if item else [""])):
        return None
    if item is not None:
        return _parse_list(item, text)
    if not _is_word(annotation):
        return scalar(text)
    unquoted = scalar(text) if text.startswith(("'", '"')) else text
    return unquoted if isinstance(unquoted, str) else text


def _parse_list(item: Any, text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            # what is meant as words must not become numbers on the way: that loader leaves them as they are
            listed = yaml.load(text, Loader=yaml.BaseLoader if _is_word(item) else Loader)  # noqa: S506
        except (yaml.YAMLError, ValueError):
            listed = None  # a pattern, such as [ab]*.root
        if isinstance(listed, list):
            return listed
    return [parse_text(item, part.strip()) for part in text.split(",") if part.strip()]


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
    choices = choices_of(field.annotation)
    limits = [" or ".join(map(str, choices))] if choices else []
    limits += [f"{_SIGNS[word]} {bound}" for word, bound in bounds_of(field).items()]
    return (
        (f"{unit}, " if unit else "") + (field.description or "") + (f" ({', '.join(limits)})" if limits else "")
    )


def annotation_text(annotation: Any) -> str:
    """Return a type as the cell says it: where it is one of several, in quotes, which papermill can read."""
    text = type_text(annotation)
    return f'"{text}"' if " or " in text else text


def type_text(annotation: Any) -> str:
    """Return a type as a table says it: names alone, choices by their type."""
    names = []
    for part in parts_of(annotation):
        inner = typing.get_args(part)
        match typing.get_origin(part):
            case None:
                names.append("None" if part is type(None) else part.__name__)
            case origin if origin is Literal:
                names.append(type(inner[0]).__name__)
            case origin if Any in inner:  # a cell knows no such name
                names.append(origin.__name__)
            case origin:
                names.append(f"{origin.__name__}[{', '.join(map(type_text, inner))}]")
    return " or ".join(dict.fromkeys(names))


def wanted_text(annotation: Any) -> str:
    """Return a type as an error says it: choices by name."""
    words = []
    for part in parts_of(annotation):
        if typing.get_origin(part) is Literal:
            words += [str(choice) for choice in typing.get_args(part)]
        elif typing.get_origin(part) is list and (choices := choices_of(typing.get_args(part)[0])):
            words.append("a list of " + ", ".join(map(str, choices)))
        else:
            words.append(type_text(part))
    return " or ".join(words)


def literal(value: Any) -> str:
    """Return `value` as Python source, strings in double quotes."""
    if isinstance(value, str):
        return '"' + "".join(map(_escaped, value)) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(part)}" for key, part in value.items()) + "}"
    return repr(value)


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode()


def short(text: str) -> str:
    """Return `text`, cut where it is too long to be read in a message."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return " (did you mean …?)" where `name` resembles one of `known`, else nothing."""
    near = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def parts_of(annotation: Any) -> tuple[Any, ...]:
    """Return the types of which one is meant: the members of a union, else the type alone."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return typing.get_args(annotation)
    return (annotation,)


def _is_word(annotation: Any) -> bool:
    """Tell whether only words, or their absence, can be meant."""
    return all(
        part in (str, type(None))
        or (typing.get_origin(part) is Literal and isinstance(typing.get_args(part)[0], str))
        for part in parts_of(annotation)
    )


def choices_of(annotation: Any) -> list[Any]:
    """Return the values that a `Literal` allows, none for other types."""
    return [
        choice
        for part in parts_of(annotation)
        if typing.get_origin(part) is Literal
        for choice in typing.get_args(part)
    ]


def _list_item(annotation: Any) -> Any:
    for part in parts_of(annotation):
        if typing.get_origin(part) is list:
            return typing.get_args(part)[0]
    return None
