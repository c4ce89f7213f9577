"""The map of the house: every stage, what takes its output, and its latest run."""

from __future__ import annotations

import contextlib
import html
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kit import files, manifest
from kit.batch import notebooks
from kit.batch.notebooks import Notebook
from kit.manifest import FinishedRun

__all__ = ["Overview", "latest_run", "overview"]


@dataclass(frozen=True)
class Overview:
    """The stages of the project with their latest runs; shows itself as a table in a notebook."""

    rows: tuple[tuple[Notebook, FinishedRun | None], ...]

    def _repr_html_(self) -> str:
        parts = []
        for system, rows in itertools.groupby(self.rows, key=lambda row: row[0].path.parent.name):
            parts.append(f"<tr><th colspan='3' style='text-align:left'>{html.escape(system)}</th></tr>")
            parts += ["<tr>" + "".join(_cells(*row)) + "</tr>" for row in rows]
        return "<table>" + "".join(parts) + "</table>"


def overview() -> Overview:
    """Return the stages of the project, system by system in the order of their flow, with their latest runs."""
    return Overview(tuple((notebook, latest_run(notebook.stage)) for notebook in notebooks.stages()))


def latest_run(stage: str) -> FinishedRun | None:
    """Return the run of `stage` below ``outputs`` that was written to last, None where there is none."""
    outputs = files.resolve("outputs")
    records = [
        *outputs.glob(f"{stage}/*/{manifest.MANIFEST}"),
        *outputs.glob(f"demo_*/{stage}/{manifest.MANIFEST}"),
    ]
    for record in sorted(records, key=lambda record: record.stat().st_mtime, reverse=True):
        with contextlib.suppress(files.FormatError):  # a damaged manifest is no reason to draw no map
            return manifest.load(record.parent)
    return None


def _cells(notebook: Notebook, run: FinishedRun | None) -> Iterator[str]:
    """Yield the cells of a row; links are relative to the notebooks' folder, where the index lies."""
    start = files.resolve("notebooks")
    yield _cell(_link(notebook.path, start, notebook.title))
    yield _cell(html.escape(notebook.sentence))
    if run is None:
        yield _cell("not run yet")
        return
    executed = run.directory / notebook.path.name
    target = executed if executed.is_file() else run.directory
    begun = str(run.manifest.get("started", "run"))[:16].replace("T", " ")
    yield _cell(f"{_link(target, start, begun)} {html.escape(run.state)}")


def _link(path: Path, start: Path, text: str) -> str:
    return f"<a href='{files.link(path, start)}'>{html.escape(text)}</a>"


def _cell(content: str) -> str:
    return f"<td style='text-align:left'>{content}</td>"
