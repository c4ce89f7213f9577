"""The table of faults × stages: how often what was done to each, and what became of it; as text and JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import files, manifest

WORDS = ("right", "refused", "killed", "other", "wrong")
SHOWN = 3  # refusals of a row in the text; all are in the JSON
WIDE = 200  # signs of each


@dataclass
class Found:
    """What the tests have reported: attempts by row, stage and word, what was said, executions of parsers."""

    counts: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    said: dict[str, Counter[str]] = field(default_factory=dict)
    executions: dict[str, int] = field(default_factory=dict)

    def add(self, node: str, properties: Iterable[tuple[str, Any]]) -> None:
        """Count what one test has recorded."""
        for name, value in properties:
            if name == "fault":
                row, stage, word, *told = value
                self.counts.setdefault(row, Counter())[stage, word] += 1
                if word == "refused" and told and told[0]:
                    self.said.setdefault(row, Counter())[f"{stage}: {told[0].splitlines()[0]}"] += 1
            elif name == "executions":
                self.executions[node.rpartition("[")[2].rstrip("]")] = value


def lines(counts: Mapping[str, Counter[tuple[str, str]]]) -> list[str]:
    """Return the table as text: a row for each fault, a column for each stage, numbers in order of `WORDS`."""
    stages = sorted({stage for row in counts.values() for stage, _ in row})
    rows = [["", *(stage.partition("/")[2] for stage in stages), "all"]]
    for row, found in counts.items():
        cells = [[found[stage, word] for word in WORDS] for stage in stages]
        cells.append([sum(column) for column in zip(*cells, strict=True)])
        rows.append([row, *("/".join(map(str, cell)) if any(cell) else "–" for cell in cells)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def totals(found: Found) -> dict[str, int]:
    """Return the numbers that one asks for first."""
    attempts = {row: sum(cells.values()) for row, cells in found.counts.items()}
    words = Counter(word for cells in found.counts.values() for (_, word), n in cells.items() for _ in range(n))
    return {
        "attempts": sum(attempts.values()),
        "kills": attempts.get("killed", 0),
        "damaged inputs": sum(number for row, number in attempts.items() if row.startswith("input:")),
        **{word: words[word] for word in WORDS},
        "executions of parsers": sum(found.executions.values()),
    }


def write(folder: Path, found: Found, command: Sequence[str], seconds: float) -> list[Path]:
    """Write ``faults.json`` with all that was counted and ``faults.txt`` to be read, and return their paths."""
    software = manifest.software()
    about = {
        "command": " ".join(["pytest", *command]),
        "made": manifest.now(),
        "seconds": round(seconds),
        "commit": software["commit"],
    }
    content = {
        **about,
        "totals": totals(found),
        "faults": {row: _by_stage(cells) for row, cells in found.counts.items()},
        "refusals": {row: dict(said.most_common()) for row, said in found.said.items()},
        "executions": found.executions,
    }
    text = [f"{name}: {value}" for name, value in [*about.items(), *totals(found).items()]]
    text += ["", f"Attempts, {'/'.join(WORDS)}:", "", *lines(found.counts)]
    for row, said in found.said.items():
        text += ["", f"{row}, refused:", *(f"  {n} × {words[:WIDE]}" for words, n in said.most_common(SHOWN))]
    written = [folder / "faults.json", folder / "faults.txt"]
    files.write_json(written[0], content)
    with files.whole(written[1]) as part:
        part.write_text("\n".join(text) + "\n", encoding="utf-8")
    return written


def _by_stage(cells: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (stage, word), number in sorted(cells.items()):
        found.setdefault(stage, {})[word] = number
    return found
