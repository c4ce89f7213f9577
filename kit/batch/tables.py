"""Tables of points and lists of files, as people keep them: CSV, YAML, JSON, JSONL, plain text."""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from kit import files, wording
from kit.parameters import Parameters, refusal

__all__ = ["entries", "listed", "read"]

FAULTS_TOLD = 10


def read(path: Path, model: type[Parameters]) -> Any:
    """Return what a table holds; the texts of a CSV take the types of the notebook's parameters.

    Raises
    ------
    FormatError
        If it is not what its ending says.
    ParameterError
        If lines of a CSV have another number of fields than its header.
    """
    if path.suffix == ".csv":
        return _rows(path, csv.DictReader(_text(path).split("\n")), model)
    text = _text(path)
    try:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        return yaml.load(text, Loader=wording.Loader)  # noqa: S506 - a SafeLoader
    except (ValueError, yaml.YAMLError) as fault:
        mark = getattr(fault, "problem_mark", None)
        spot = f":{mark.line + 1}" if mark else ""
        problem = getattr(fault, "problem", None) or fault
        message = f"{files.shown(path)}{spot}: {problem}; should be a table of points: YAML, JSON, JSONL or CSV"
        raise files.FormatError(message) from None


def entries(path: Path) -> Iterator[str]:
    """Yield the lines of a text file that say something; ``#`` begins a comment."""
    for line in _text(path).split("\n"):
        if (entry := line.strip()) and not entry.startswith("#"):
            yield entry


def listed(entry: str) -> Iterator[str]:
    """Yield the files that a text file lists; anything else stands for itself."""
    if entry.endswith((".txt", ".list")) and not files.is_remote(entry) and not glob.has_magic(entry):
        yield from entries(files.resolve(entry))
    else:
        yield entry


def _rows(path: Path, rows: csv.DictReader[str], model: type[Parameters]) -> list[dict[str, Any]]:
    sets, faults = [], []
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            faults.append(f"line {number} has another number of fields than the header")
        else:
            sets.append({name: model.from_text(name, text) for name, text in row.items()})
    if faults:
        raise refusal(files.shown(path), faults[:FAULTS_TOLD])
    return sets


def _text(path: Path) -> str:
    if not path.is_file():
        message = f"there is no {files.shown(path)}"
        raise FileNotFoundError(message)
    try:
        # not cut by `splitlines`: that cuts at marks that values may hold, too, such as U+2028
        return path.read_text(encoding="utf-8-sig")  # Excel begins a CSV with a mark
    except UnicodeDecodeError as fault:
        message = f"{files.shown(path)}: byte {fault.start} is not UTF-8; should be text"
        raise files.FormatError(message) from None
