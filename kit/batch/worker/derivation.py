"""Points that are made inside a job, from the files that the jobs of an earlier stage have left.

A DAG of several stages is written before the first of them has run. Each job of a later stage therefore gets the
results of a fixed set of jobs of the earlier one, and makes its points from what it finds there.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .identity import canonical, identity
from .orders import OrdersError, Point

__all__ = ["Derivation", "derive", "write_points"]

PIECE = 1 << 20
HERE = "source"  # where the files of the earlier stage are put


@dataclass(frozen=True)
class Derivation:
    """How points are made.

    Attributes
    ----------
    parameter : str
        What gets the files, or the folder of the earlier run.
    source : str
        The directory of the earlier run where it was submitted: by paths below it the points are known.
    pattern : str
        Which files; empty takes the folders of the points, or of the whole run.
    bundle : int or None
        So many at a time; None takes all at once, as one point.
    values : dict
        What all points share.
    listed : bool
        Whether the parameter is a list.
    """

    parameter: str
    source: str
    pattern: str
    bundle: int | None
    values: dict[str, Any]
    listed: bool


def derive(how: Derivation, code: str, folder: Path) -> list[Point]:
    """Unpack what came with the job into `folder`, and return the points that come of it.

    Only points that are done count, each once, in the order of their ids' results.

    Raises
    ------
    OrdersError
        If a tar is shorter than its lines say.
    """
    found: list[str] = []
    seen: set[str] = set()
    for lines in sorted(folder.glob("r[0-9]*_*.jsonl")):
        for line in _done(lines):
            if line["id"] not in seen:
                seen.add(line["id"])
                _check_whole(line, lines.with_suffix(".tar"))
                found += _unpacked(line, lines.with_suffix(".tar"), folder, how.pattern)
    if not how.pattern and how.bundle is None:
        found = [""] if seen else []
    each = how.bundle or max(1, len(found))
    groups = [found[start : start + each] for start in range(0, len(found), each)]
    return [_point(how, code, index, group) for index, group in enumerate(groups)]


def _point(how: Derivation, code: str, index: int, group: list[str]) -> Point:
    paths = {f"{how.source}/{name}".rstrip("/"): f"{HERE}/{name}".rstrip("/") for name in group}
    values = how.values | {how.parameter: list(paths) if how.listed else next(iter(paths))}
    return Point(identity(code, values), index, values, paths)


def _done(lines: Path) -> Iterator[dict[str, Any]]:
    for raw in lines.read_bytes().splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if line.get("state") == "done":
            yield line


def _check_whole(line: dict[str, Any], tar: Path) -> None:
    needed = max((output["offset"] + output["bytes"] for output in line["outputs"]), default=0)
    there = tar.stat().st_size if tar.is_file() else 0
    if there < needed:
        message = f"{tar.name}: has {there} bytes, should have {needed} by its lines"
        raise OrdersError(message)


def _unpacked(line: dict[str, Any], tar: Path, folder: Path, pattern: str) -> list[str]:
    """Unpack the files of a point, and return those that match, or the point's folder where nothing is asked."""
    names = []
    for output in line["outputs"]:
        name = f"outputs/{line['id']}/{output['name']}"
        if pattern and not fnmatch.fnmatch(output["name"], pattern):
            continue
        target = folder / HERE / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tar.open("rb") as source, target.open("wb") as stream:
            source.seek(output["offset"])
            left = output["bytes"]
            while left and (piece := source.read(min(PIECE, left))):
                stream.write(piece)
                left -= len(piece)
        names.append(name)
    return names if pattern else [f"outputs/{line['id']}"]


def write_points(points: list[Point], path: Path) -> None:
    """Write the points, for the table that the last node makes."""
    lines = (canonical({"id": p.id, "index": p.index, "parameters": p.parameters}, sort=False) for p in points)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
