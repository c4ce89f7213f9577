"""Points that are made from the files which the jobs of an earlier stage have left.

A DAG of several stages is written before the first of them has run. Each job of a later stage therefore gets the
results of a fixed set of jobs of the earlier one, and makes its points from what it finds there.
"""

from __future__ import annotations

import fnmatch
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .identity import identity
from .orders import OrdersError, Point

__all__ = ["Derivation", "Found", "derive", "found_in", "points_of", "write_points"]

PIECE = 1 << 20  # bytes copied at once
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
        Which files; empty takes the folders of the points, or of the whole run where all go together.
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


@dataclass(frozen=True)
class Found:
    """A file of a point of the earlier stage: its path below that run, and where it lies in a tar."""

    point: str
    path: str
    tar: Path
    offset: int
    size: int


def derive(how: Derivation, code: str, folder: Path) -> list[Point]:
    """Unpack what came with the job into `folder`, and return the points that come of it.

    Raises
    ------
    OrdersError
        If a tar is shorter than its lines say.
    """
    found = list(found_in(sorted(folder.glob("r[0-9]*_*.jsonl")), how.pattern))
    for file in found:
        _unpack(file, folder / HERE / file.path)
    if (points := folder / "points.jsonl").is_file():  # by this a folder is known as that of a batch run
        (folder / HERE).mkdir(exist_ok=True)
        shutil.copyfile(points, folder / HERE / points.name)
    return points_of(how, code, found)


def found_in(lines: Iterable[Path], pattern: str) -> Iterator[Found]:
    """Yield the files that match, of all points that are done, each point once, in the order of the lines."""
    seen: set[str] = set()
    for path in lines:
        for line in _done(path):
            if line["id"] in seen:
                continue
            seen.add(line["id"])
            for output in line["outputs"]:
                if not pattern or fnmatch.fnmatch(output["name"], pattern):
                    place = f"outputs/{line['id']}/{output['name']}"
                    yield Found(line["id"], place, path.with_suffix(".tar"), output["offset"], output["bytes"])


def points_of(how: Derivation, code: str, found: Iterable[Found]) -> list[Point]:
    """Return the points that are made of these files."""
    files = list(found)
    if how.pattern:
        names = [file.path for file in files]
    else:
        names = list(dict.fromkeys(f"outputs/{file.point}" for file in files))
        if how.bundle is None:
            names = [""] if names else []
    each = how.bundle or max(1, len(names))
    groups = [names[start : start + each] for start in range(0, len(names), each)]
    return [_point(how, code, index, group) for index, group in enumerate(groups)]


def _point(how: Derivation, code: str, index: int, group: list[str]) -> Point:
    paths = {f"{how.source}/{name}".rstrip("/"): f"{HERE}/{name}".rstrip("/") for name in group}
    values = how.values | {how.parameter: list(paths) if how.listed else next(iter(paths))}
    return Point(identity(code, values), index, values, paths)


def write_points(points: Iterable[Point], path: Path) -> None:
    """Write points, one a line."""
    with path.open("w", encoding="utf-8") as stream:
        stream.writelines(point.line() for point in points)


def _done(path: Path) -> Iterator[dict[str, Any]]:
    for raw in path.read_bytes().splitlines():
        try:
            line = json.loads(raw)
        except ValueError:
            continue
        if line.get("state") == "done":
            yield line


def _unpack(file: Found, target: Path) -> None:
    there, needed = file.tar.stat().st_size if file.tar.is_file() else 0, file.offset + file.size
    if there < needed:
        message = f"{file.tar.name}: has {there} bytes, should have {needed} by its lines"
        raise OrdersError(message)
    target.parent.mkdir(parents=True, exist_ok=True)
    with file.tar.open("rb") as source, target.open("wb") as stream:
        source.seek(file.offset)
        left = file.size
        while left and (piece := source.read(min(PIECE, left))):
            stream.write(piece)
            left -= len(piece)
