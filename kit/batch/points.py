"""Points: what a sweep is made of, by what each is known, and the file that lists them all.

A point is one set of values for one notebook. Its `id` is made of the notebook's code and these values, so that
the same point is recognised wherever it is counted; text, outputs and metadata of the notebook do not matter.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kit import files, wording
from kit.batch.notebooks import source_of
from kit.batch.worker.derivation import write_points
from kit.batch.worker.identity import SHORT, canonical, digest, identity
from kit.batch.worker.orders import Point, points_in
from kit.parameters import ParameterError

__all__ = [
    "Point",
    "canonical",
    "cell_codes",
    "code_of",
    "identity",
    "numbered",
    "raw_lines",
    "read_ids",
    "read_point",
    "write",
]

ID_START = len('{"id":"')  # where the id stands in a line of `points.jsonl`
BEGINNING = re.compile(rb'\{"id":"[0-9a-f]{%d}","index":\d+,' % SHORT)


def cell_codes(content: Mapping[str, Any]) -> list[str]:
    """Return what each code cell of a notebook hashes to: its tags and its source count, nothing else."""
    return [
        digest(canonical([cell.get("metadata", {}).get("tags", []), source_of(cell)]))
        for cell in content["cells"]
        if cell["cell_type"] == "code"
    ]


def code_of(content: Mapping[str, Any]) -> str:
    """Return what the code of a notebook hashes to."""
    return digest(canonical(cell_codes(content)))


def numbered(
    code: str, sets: Sequence[Mapping[str, Any]], repeat: int = 1, seed_parameter: str | None = None
) -> list[Point]:
    """Return the points that `sets` of values are, each `repeat` times.

    Parameters
    ----------
    code : str
        What the notebook hashes to.
    sets : sequence of mappings
        The values of each point, as they will be injected.
    repeat : int
        How often each point is made; they differ by their ids only, and by their seeds.
    seed_parameter : str or None
        A parameter that gets a number of its own at each point which does not set it.

    Raises
    ------
    ParameterError
        If two points are the same, with both positions.
    """
    points: list[Point] = []
    first: dict[str, int] = {}
    twice: list[str] = []
    for values in sets:
        for turn in range(repeat):
            name = identity(code, values, turn if repeat > 1 else None)
            if name in first:
                twice.append(f"points {first[name]} and {len(points)} are the same: {told(values)}")
            first.setdefault(name, len(points))
            own = dict(values)
            if seed_parameter and seed_parameter not in own:
                own[seed_parameter] = int(name[:8], 16)
            points.append(Point(name, len(points), own))
    if twice:
        more = f"; {len(twice) - 1} more pairs" if len(twice) > 1 else ""
        message = f"{twice[0]}{more}; each point must be another one, or set repeat"
        raise ParameterError(message)
    return points


def told(values: Mapping[str, Any]) -> str:
    """Return values as people read them."""
    return ", ".join(f"{name}={_short(wording.literal(v))}" for name, v in values.items()) or "the defaults"


def write(path: Path, points: Iterable[Point]) -> None:
    """Write all points, one a line, whole or not at all."""
    with files.whole(path) as part:
        write_points(points, part)


def raw_lines(path: Path, number: int | None = None) -> Iterator[bytes]:
    """Yield the lines of all points as they are; whether each begins and ends as one should is looked at.

    Raises
    ------
    FormatError
        Naming the line that was damaged, or the file if there are other than `number` lines.
    """
    count = 0
    with path.open("rb") as stream:
        for count, line in enumerate(stream, 1):
            if not BEGINNING.match(line) or not line.endswith(b"}\n"):
                message = f"{files.shown(path)}:{count}: was damaged; should be a point, as it was submitted"
                raise files.FormatError(message)
            yield line
    if number not in (None, count):
        message = f"{files.shown(path)}: has {count} lines, should have one for each of {number} points"
        raise files.FormatError(message)


def read_ids(path: Path, number: int | None = None) -> list[str]:
    """Return the ids of all points, in order, without reading what else their lines say."""
    return [line[ID_START : ID_START + SHORT].decode("ascii") for line in raw_lines(path, number)]


def read_point(path: Path, index: int) -> Point:
    """Return the point with this index."""
    return next(itertools.islice(points_in(path), index, None))


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
