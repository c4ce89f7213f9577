"""Sweeps: from lists, ranges, products, patterns and tables to the values of each point.

What a person writes (`{grid: …}`, ``--over pt=10..50..5``, a CSV table) becomes a list of maps from parameter
names to values. Values are typed by the notebook's own parameters; whether they can be used is checked later.
"""

from __future__ import annotations

import glob
import itertools
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from kit import files, wording
from kit.batch import tables
from kit.parameters import ParameterError, Parameters

__all__ = ["expand", "over"]

SERIES = ("linspace", "logspace", "geomspace", "range")
LONGEST = 10_000_000  # values of one range: more is a slip of the pen
NUMBER = r"(-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?)"
RANGE = re.compile(rf"^{NUMBER}\.\.{NUMBER}(?:\.\.{NUMBER})?$")


def expand(spec: Any, model: type[Parameters]) -> list[dict[str, Any]]:
    """Return the values of each point that `spec` describes.

    Parameters
    ----------
    spec : dict, list or str
        ``{grid: {a: …, b: …}}`` (product), ``{zip: {…}}`` (side by side), ``{name: {files: …, bundle: n}}``, a
        list of maps, or the path of a table (YAML, JSON, JSONL, CSV). The values of a parameter are a list, or
        one of ``{linspace: [first, last, n]}``, ``{logspace: [first, last, n]}`` (exponents of ten),
        ``{geomspace: …}``, ``{range: [first, last, step]}`` (ends included) and ``{files: …, bundle: n}``.
    model : type of Parameters
        The parameters of the notebook, for the types of tables.

    Raises
    ------
    ParameterError
        If it cannot be understood, or describes no point.
    FileNotFoundError
        If a pattern matches nothing or a file does not exist.
    """
    if isinstance(spec, str):
        sets = _tabled(files.resolve(spec), model)
    elif isinstance(spec, Mapping):
        sets = _sweep(spec)
    else:
        sets = list(spec)
    strangers = [place for place, values in enumerate(sets) if not isinstance(values, Mapping)]
    if strangers:
        message = f"points: number {strangers[0]} is {sets[strangers[0]]!r}, should be a map of names to values"
        raise ParameterError(message)
    if not sets:
        message = "points: there is none; should be at least one"
        raise ParameterError(message)
    return [dict(values) for values in sets]


def over(texts: Iterable[str], model: type[Parameters], *, pairs: bool = False, bundle: int = 1) -> dict[str, Any]:
    """Return the sweep that ``--over NAME=…`` options describe.

    ``1,2,5``; ``1..20`` or ``0..1..0.1``, ends included; a pattern; ``@list.txt``, a line a value. Several are a
    product, with `pairs` they go side by side. `bundle` files at a time become one point.

    Raises
    ------
    ParameterError
        If one of them cannot be understood.
    """
    axes: dict[str, Any] = {}
    for text in texts:
        name, sign, values = text.partition("=")
        if not sign or not values:
            message = f"--over {text}: should be NAME=VALUES, such as NAME=1,2,5 or NAME=1..20"
            raise ParameterError(message)
        if name in axes:
            message = f"--over {name} is given twice"
            raise ParameterError(message)
        axes[name] = _axis(name, values, model, bundle)
    return {"zip" if pairs else "grid": axes}


def _axis(name: str, text: str, model: type[Parameters], bundle: int) -> Any:
    field = model.model_fields.get(name)
    kind = wording.annotation_text(field.annotation).strip('"') if field is not None else ""
    listed = any(part.startswith("list") for part in kind.split(" or "))  # or a bare list, of a foreign page
    takes_files = kind.startswith("list[str]")

    def value_of(part: str) -> Any:
        value = model.from_text(name, part)
        return [value] if listed and not isinstance(value, list) else value

    if found := RANGE.match(text):
        numbers = [wording.scalar(part) for part in found.groups() if part is not None]
        return {"range": numbers}
    if text.startswith("@"):
        lines = list(tables.entries(files.resolve(text[1:])))
        return {"files": lines, "bundle": bundle} if takes_files else [value_of(line) for line in lines]
    parts = [part for part in re.split(r",(?![^\[]*\])", text) if part]
    if takes_files and not text.startswith("["):
        return {"files": parts, "bundle": bundle}
    if glob.has_magic(text) and not text.startswith("["):
        return {"files": parts} | ({"bundle": bundle} if listed else {})
    return [value_of(part) for part in parts]


def _tabled(path: Path, model: type[Parameters]) -> list[Any]:
    content = tables.read(path, model)
    if isinstance(content, Mapping):
        return _sweep(content)
    return content if isinstance(content, list) else [content]


def _sweep(spec: Mapping[str, Any]) -> list[dict[str, Any]]:
    axes: list[list[dict[str, Any]]] = []
    for name, part in spec.items():
        if name in ("grid", "zip"):
            if not isinstance(part, Mapping):
                message = f"points: {name} is {part!r}, should be a map of names to lists"
                raise ParameterError(message)
            columns = {key: _values(key, value) for key, value in part.items()}
            axes += (
                _paired(columns) if name == "zip" else [_column(key, column) for key, column in columns.items()]
            )
        else:
            axes.append(_column(name, _values(name, part)))
    return [
        {key: value for part in combination for key, value in part.items()}
        for combination in itertools.product(*axes)
    ]


def _column(name: str, values: list[Any]) -> list[dict[str, Any]]:
    return [{name: value} for value in values]


def _paired(columns: Mapping[str, list[Any]]) -> list[list[dict[str, Any]]]:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        message = "points: zip needs lists of one length, has " + ", ".join(
            f"{name} with {length}" for name, length in lengths.items()
        )
        raise ParameterError(message)
    return [[dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]]


def _values(name: str, spec: Any) -> list[Any]:
    """Return the values that one parameter takes."""
    if isinstance(spec, list | tuple | range) or type(spec).__module__ == "numpy":
        values = wording.plain(spec) if not isinstance(spec, range) else list(spec)
        if isinstance(values, list) and values:
            return values
    elif isinstance(spec, Mapping) and len(kind := [key for key in SERIES if key in spec]) == 1:
        return _series(name, kind[0], spec[kind[0]])
    elif isinstance(spec, Mapping) and "files" in spec and set(spec) <= {"files", "bundle"}:
        return _bundles(name, spec["files"], spec.get("bundle"))
    message = f"points: {name} is {spec!r}, should be a list of values, one of {', '.join(SERIES)}, or files"
    raise ParameterError(message)


def _series(name: str, kind: str, ends: Any) -> list[Any]:
    numbers = isinstance(ends, list) and all(isinstance(end, int | float) for end in ends)
    if not numbers or len(ends) not in ((2, 3) if kind == "range" else (3,)):
        wanted = "[first, last] or [first, last, step]" if kind == "range" else "[first, last, number]"
        message = f"points: {kind} of {name} is {ends!r}, should be {wanted}"
        raise ParameterError(message)
    if kind == "range":
        return _range(name, *ends)
    first, last, number = float(ends[0]), float(ends[1]), ends[2]
    if not isinstance(number, int) or number < 1 or (kind == "geomspace" and first * last <= 0):
        message = (
            f"points: {kind} of {name} is {ends!r}; needs a number of points, and ends of one sign for geomspace"
        )
        raise ParameterError(message)
    _check_number(f"{kind} of {name}", number)
    steps = [step / (number - 1) if number > 1 else 0.0 for step in range(number)]
    if kind == "geomspace":
        return [first * (last / first) ** step for step in steps]
    line = [first + (last - first) * step for step in steps]
    return [10**value for value in line] if kind == "logspace" else line


def _check_number(what: str, number: int) -> None:
    if number > LONGEST:
        message = f"points: {what} has {number} values, should have at most {LONGEST}"
        raise ParameterError(message)


def _range(name: str, first: float, last: float, step: float = 1) -> list[Any]:
    """Return first, first + step, … up to last, ends included, without the dust of binary fractions."""
    start, stop, width = Decimal(repr(first)), Decimal(repr(last)), Decimal(repr(step))
    if width == 0 or (stop - start) / width < 0:
        message = f"points: {name} from {first} to {last} in steps of {step} is no range"
        raise ParameterError(message)
    whole = all(isinstance(number, int) for number in (first, last, step))
    count = int((stop - start) / width) + 1
    _check_number(f"{name} from {first} to {last} in steps of {step}", count)
    return [int(start + place * width) if whole else float(start + place * width) for place in range(count)]


def _bundles(name: str, entries: Any, bundle: Any) -> list[Any]:
    """Return files one by one, or as lists of `bundle` files each."""
    if isinstance(entries, str):
        entries = [entries]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, str) for entry in entries):
        message = f"points: files of {name} is {entries!r}, should be a pattern or a list of files"
        raise ParameterError(message)
    if bundle is not None and (not isinstance(bundle, int) or bundle < 1):
        message = f"points: bundle of {name} is {bundle!r}, should be 1 or more"
        raise ParameterError(message)
    listed: list[str] = []
    for entry in entries:
        listed += tables.listed(entry)
    found = files.locate(listed)
    if bundle is None:
        return list(found)
    return [found[start : start + bundle] for start in range(0, len(found), bundle)]
