"""All benchmarks as one table: what every stage costs beside a plain way, its floor and its targets.

    python tests/benchmarks/_together.py [SYSTEM ...] [--from FOLDER] [--to FOLDER] [-- OPTIONS FOR EACH]

Runs every benchmark of this folder in a process of its own, one after the other, and writes what all of them have
measured to ``benchmarks.json``, the joint table to ``benchmarks.txt`` and, in Markdown, to ``benchmarks.md``, and
the picture ``benchmarks.png``. With ``--from`` nothing is run: the JSON that they have left there is taken.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import math
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
sys.path.insert(0, str(PROJECT))


@dataclass(frozen=True)
class Line:
    """One target: what was wanted and what was found."""

    system: str
    meaning: str
    least: bool
    bound: float
    found: float | None

    @property
    def margin(self) -> float | None:
        """How many times better than wanted; below 1 it is missed."""
        if self.found is None or not self.bound or not self.found:
            return None
        return self.found / self.bound if self.least else self.bound / self.found

    @property
    def verdict(self) -> str:
        """Whether it is met."""
        if self.found is None:
            return "not measured"
        return "met" if (self.found >= self.bound if self.least else self.found <= self.bound) else "NOT MET"

    def cells(self) -> list[str]:
        """Return it as cells of a table."""
        found = "–" if self.found is None else f"{self.found:.3g}"
        return [self.system, self.meaning, f"{'≥' if self.least else '≤'} {self.bound:g}", found, self.verdict]


def benchmarks() -> dict[str, Path]:
    """Return the benchmarks of this folder by system."""
    return {path.stem: path for path in sorted(HERE.glob("[a-z]*.py")) if not path.stem.startswith("test_")}


def targets_of(path: Path) -> dict[str, tuple[str, bool, float]]:
    """Return the targets that a benchmark declares: meaning, whether it is a least value, and the value."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TARGETS":
            found = {}
            for key, (meaning, first, second) in ast.literal_eval(node.value).items():
                least, bound = (first == "at least", second) if isinstance(first, str) else (bool(second), first)
                found[key] = (meaning, least, float(bound))
            return found
    message = f"{path}: has no TARGETS"
    raise ValueError(message)


def lines_of(system: str, measured: dict[str, Any]) -> list[Line]:
    """Return the targets of a system with what was found."""
    values = measured.get("targets", measured)
    return [Line(system, *about, values.get(key)) for key, about in targets_of(benchmarks()[system]).items()]


def run(system: str, folder: Path, options: list[str]) -> None:
    """Run one benchmark; what it says goes to the terminal."""
    print(f"\n=== {system}", file=sys.stderr, flush=True)  # noqa: T201 - this is a program
    words = [sys.executable, str(benchmarks()[system]), "--json", str(folder / f"{system}.json"), *options]
    subprocess.run(words, check=False, cwd=PROJECT)  # a target that is missed is an exit status, too


def text_table(lines: list[Line]) -> str:
    """Return the table as text."""
    rows = [["system", "what", "wanted", "found", ""], *(line.cells() for line in lines)]
    widths = [max(len(row[place]) for row in rows) for place in range(5)]
    return (
        "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows) + "\n"
    )


def markdown_table(lines: list[Line]) -> str:
    """Return the table as Markdown."""
    rows = [["system", "what", "wanted", "found", ""], ["---"] * 5, *(line.cells() for line in lines)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows) + "\n"


def draw(lines: list[Line], path: Path) -> None:
    """Draw how many times better than wanted each figure is, by system."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    shown = [line for line in lines if line.margin is not None]
    mpl.use("agg")
    figure = Figure(figsize=(10, 0.26 * len(shown) + 1.2), layout="constrained")
    axes = figure.subplots()
    systems = list(dict.fromkeys(line.system for line in shown))
    palette = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
    colours = dict(zip(systems, itertools.cycle(palette), strict=False))
    for place, line in enumerate(shown):
        margin = line.margin or math.nan
        axes.plot([1, margin], [place, place], color=colours[line.system], lw=2)
        axes.plot(margin, place, "o", color=colours[line.system], ms=5)
        axes.annotate(f"{line.found:.3g}", (margin, place), (6 if margin >= 1 else -6, -3),
                      textcoords="offset points", fontsize=8, ha="left" if margin >= 1 else "right")  # fmt: skip
    axes.axvline(1, color="black", lw=1)
    axes.set_xscale("log")
    axes.set_xlabel("times better than wanted (left of the line: missed); the number is the value found")
    axes.set_yticks(range(len(shown)), [f"{line.system}: {line.meaning}" for line in shown], fontsize=8)
    axes.invert_yaxis()
    axes.margins(x=0.15, y=0.01)
    figure.savefig(path, dpi=130)


def main() -> int:
    """Run, collect, write."""
    words = sys.argv[1:]
    options = words[words.index("--") + 1 :] if "--" in words else []
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=f"of {', '.join(benchmarks())}; all without")
    parser.add_argument("--from", dest="source", type=Path, help="folder with the JSON of each; runs nothing")
    parser.add_argument("--to", type=Path, default=PROJECT / "outputs" / "benchmarks", help="folder to write to")
    given = parser.parse_args(words[: words.index("--")] if "--" in words else words)
    if strangers := [name for name in given.systems if name not in benchmarks()]:
        parser.error(f"there is no benchmark {strangers[0]}; there are {', '.join(benchmarks())}")
    given.to.mkdir(parents=True, exist_ok=True)
    source = given.source or given.to
    measured: dict[str, Any] = {}
    for system in given.systems or benchmarks():
        if given.source is None:
            run(system, source, options)
        if (path := source / f"{system}.json").is_file():
            measured[system] = json.loads(path.read_text(encoding="utf-8"))
    lines = [line for system, found in measured.items() for line in lines_of(system, found)]
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.system()}
    about = {"measured": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
    content = about | {"table": [line.cells() for line in lines], "systems": measured}
    (given.to / "benchmarks.json").write_text(
        json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    (given.to / "benchmarks.txt").write_text(text_table(lines), encoding="utf-8")
    (given.to / "benchmarks.md").write_text(markdown_table(lines), encoding="utf-8")
    draw(lines, given.to / "benchmarks.png")
    print(text_table(lines))  # noqa: T201
    missing = [system for system in given.systems or benchmarks() if system not in measured]
    missed = [line for line in lines if line.verdict == "NOT MET"]
    absent = f"; nothing from {', '.join(missing)}" if missing else ""
    print(f"{len(lines)} figures, {len(missed)} not met{absent}")  # noqa: T201
    return int(bool(missed or missing))


if __name__ == "__main__":
    sys.exit(main())
