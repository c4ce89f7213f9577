"""``python -m worker.gate``: the last node of a stage in a DAG. It merges, counts, and closes if too few are good.

Exit status 1 below the share that is asked for: DAGMan then starts nothing behind it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .gathering import gather, write_table

__all__ = ["main"]


def main() -> int:
    """Merge the results in the current directory, and return the exit status."""
    options = _options()
    folder = Path.cwd()
    points = folder / "points.jsonl"
    if options.derived:
        _join_points(folder, options.memory_mb)
    places = {json.loads(text)["id"]: place for place, text in enumerate(points.read_bytes().splitlines())}
    number = len(places)
    gathered = gather(_lines(folder, places))
    write_table(folder / "points.csv", points, gathered)
    counts = gathered.counts(number)
    accepted = number > 0 and counts["done"] >= options.accept * number
    report = {"points": number, "counts": counts, "accept": options.accept, "accepted": accepted,
              "failures": gathered.groups()}  # fmt: skip
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"{counts['done']} of {number} points are done; the gate opens from {options.accept:.0%} on", flush=True)
    return 0 if accepted else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker.gate", description="Merge the results in the current directory.")
    parser.add_argument("--accept", type=float, required=True, help="share of points that must be done")
    parser.add_argument("--derived", action="store_true", help="the jobs have made their points themselves")
    parser.add_argument("--memory-mb", type=int, default=0, help="memory that each job had")
    return parser.parse_args()


def _join_points(folder: Path, memory_mb: int) -> None:
    """Write ``points.jsonl`` from what each job made, and ``chunks.json`` with the places of its points."""
    lines: list[str] = []
    chunks: list[list[Any]] = []
    for path in sorted(folder.glob("points_*.jsonl")):
        first = len(lines)
        for text in path.read_bytes().splitlines():
            point = json.loads(text) | {"index": len(lines)}
            lines.append(json.dumps(point, ensure_ascii=False, separators=(",", ":")) + "\n")
        indexes = f"{first}-{len(lines) - 1}" if len(lines) > first else ""
        chunks.append([indexes, memory_mb, path.stem.partition("_")[2]])
    (folder / "points.jsonl").write_text("".join(lines), encoding="utf-8")
    (folder / "chunks.json").write_text(json.dumps(chunks), encoding="utf-8")


def _lines(folder: Path, places: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Yield the lines of all rounds, the older first; one that is cut, or of no point here, does not count.

    A job that made its points itself counted them from 0: their places in the run replace its own.
    """
    for path in sorted(folder.glob("r[0-9]*_*.jsonl")):
        for raw in path.read_bytes().splitlines():
            try:
                line = json.loads(raw)
            except ValueError:
                continue
            if line["id"] in places:
                yield line | {"index": places[line["id"]]}


if __name__ == "__main__":
    sys.exit(main())
