"""From result lines to one table and one report: each point once, in the order of the points.

Also the last node of a DAG runs this, where no kit is: the standard library is enough.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .orders import Point, points_in

__all__ = ["Gathered", "gather", "write_table"]

FIXED = ("id", "index")
TOLD = ("state", "seconds", "rss_mb", "error")
STATES = ("done", "failed", "timeout", "memory", "died")


@dataclass
class Gathered:
    """What counts of all lines.

    Attributes
    ----------
    rows : dict
        By id: state, seconds, memory in MB, error name, and the numbers of the summary.
    summary_names : list of str
        Names of these numbers, in order of appearance.
    cpu_seconds, wasted_seconds : float
        CPU time of all lines, and of those that do not count or are not done.
    failures : Counter
        By state, error and text.
    """

    rows: dict[str, tuple[str, float, float, str, dict[str, Any]]] = field(default_factory=dict)
    summary_names: dict[str, None] = field(default_factory=dict)
    cpu_seconds: float = 0.0
    done_cpu_seconds: float = 0.0
    seconds: list[float] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    failures: dict[str, tuple[str, str, int]] = field(default_factory=dict)

    def counts(self, points: int) -> dict[str, int]:
        """Return the number of points by state; those without a line are missing."""
        found = Counter(row[0] for row in self.rows.values())
        return {**{state: found[state] for state in STATES}, "missing": points - len(self.rows)}

    def groups(self) -> list[dict[str, Any]]:
        """Return the failures grouped by what they say: how many, and the first."""
        found: dict[tuple[str, str], list[int]] = {}
        for state, words, index in self.failures.values():
            found.setdefault((state, words), []).append(index)
        ordered = sorted(found.items(), key=lambda item: (-len(item[1]), min(item[1])))
        return [
            {"state": state, "error": words, "points": len(indexes), "first": min(indexes)}
            for (state, words), indexes in ordered
        ]

    def _take(self, line: Mapping[str, Any], cpu: dict[str, float]) -> None:
        name, state = str(line["id"]), str(line["state"])
        used = float(line.get("cpu_seconds") or 0.0)
        self.cpu_seconds += used
        before = self.rows.get(name)
        if before and before[0] == "done":
            return
        error = line.get("error") or {}
        numbers = {
            name: value for name, value in (line.get("summary") or {}).items() if isinstance(value, int | float)
        }
        self.summary_names |= dict.fromkeys(numbers)
        self.rows[name] = (state, line["seconds"], line["rss_mb"], str(error.get("name") or ""), numbers)
        cpu[name] = used if state == "done" else 0.0
        self.failures.pop(name, None)
        if state != "done":
            words = f"{error.get('name')}: {str(error.get('value')).partition(chr(10))[0]}"
            self.failures[name] = (state, words, int(line["index"]))


def gather(lines: Iterable[Mapping[str, Any]]) -> Gathered:
    """Return what counts of `lines`, which come the older rounds first.

    Done in any round counts; otherwise the latest line. A point that two rounds have done is taken once.
    """
    gathered = Gathered()
    cpu: dict[str, float] = {}
    for line in lines:
        gathered._take(line, cpu)  # noqa: SLF001 - its own module
    gathered.done_cpu_seconds = sum(cpu.values())
    gathered.seconds = sorted(row[1] for row in gathered.rows.values() if row[0] == "done")
    gathered.rss_mb = sorted(row[2] for row in gathered.rows.values())
    return gathered


def write_table(path: Path, points: Path, gathered: Gathered) -> list[str]:
    """Write a row for each point, in their order, and return the columns.

    Columns: id, index, every parameter, state, seconds, rss_mb, error, every number of the summary.
    """
    parameters = dict.fromkeys(name for point in points_in(points) for name in point.parameters)
    summary = list(gathered.summary_names)
    taken = {*FIXED, *parameters, *TOLD}
    columns = [*FIXED, *parameters, *TOLD, *(f"summary_{name}" if name in taken else name for name in summary)]
    with path.open("w", newline="", encoding="utf-8") as output:
        table = csv.writer(output, lineterminator="\n")
        table.writerow(columns)
        for point in points_in(points):
            table.writerow(_text(value) for value in _row(point, gathered, list(parameters), summary))
    return columns


def _row(point: Point, gathered: Gathered, parameters: list[str], summary: list[str]) -> list[Any]:
    """Return the values of a row of the table."""
    state, seconds, rss_mb, error, numbers = gathered.rows.get(point.id, ("missing", None, None, "", {}))
    values = [point.parameters.get(name) for name in parameters]
    told = [state, seconds, rss_mb, error]
    return [point.id, point.index, *values, *told, *(numbers.get(name) for name in summary)]


def _text(value: Any) -> Any:
    """Return a value as the table holds it: lists and maps as JSON, nothing for what is absent."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict | bool) else value
