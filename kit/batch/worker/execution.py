"""One point: its own directory, its own kernel, its executed notebook, and the line that tells how it went."""

from __future__ import annotations

import json
import re
import shutil
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

from .engine import FORK, KERNEL, Midwife
from .limits import slot_name
from .orders import Orders, Point, localised
from .watch import Watch

__all__ = ["Execution"]

TRACEBACK_LINES = 20
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
WORDS = {
    "memory": "This point outgrew the memory of its job and was ended: it held {mb:.0f} MB.",
    "timeout": "This point ran longer than allowed and was ended after {seconds:.0f} s.",
    "died": "The kernel of this point died.",
}


class Execution:
    """Runs points one after another.

    Parameters
    ----------
    orders : Orders
        The settings of the round.
    chunk : str
        Name of the chunk, for the lines.
    midwife, watch
        Where kernels come from, and who looks after them.
    folder : Path
        Where the directories of the points are made.
    """

    def __init__(self, orders: Orders, chunk: str, midwife: Midwife, watch: Watch, folder: Path) -> None:
        self.orders = orders
        self.chunk = chunk
        self.midwife = midwife
        self.watch = watch
        self.folder = folder
        self.notebook = nbformat.read(folder / orders.notebook, as_version=4)
        kernel = self.notebook.metadata.get("kernelspec", {})
        # a Python kernel is this Python, whatever the name that it had where the notebook was written
        python = kernel.get("language", "python") == "python"
        self.kernel_name = "python3" if python else kernel["name"]
        self.engine = FORK if midwife.nursery else KERNEL

    def run(self, point: Point) -> tuple[dict[str, Any], Path] | None:
        """Run `point`; return its line and its directory, or None where the job's end cut it short."""
        directory = self._fresh_directory(point)
        started, clock = datetime.now(UTC).isoformat(timespec="seconds"), time.monotonic()
        self.watch.begin_point()
        state, error = self._execute(self._values(point, directory), directory)
        self.watch.end_point()
        if self.watch.verdict == "late":
            return None
        seconds = time.monotonic() - clock
        if self.midwife.notebook is not None:
            self._write_notebook(directory, state, seconds)
        ending = self.midwife.ending
        line = {
            "id": point.id,
            "index": point.index,
            "chunk": self.chunk,
            "round": self.orders.round,
            "code": self.orders.code,
            "state": state,
            "started": started,
            "seconds": round(seconds, 3),
            "cpu_seconds": ending.cpu_seconds if ending else 0.0,
            "rss_mb": round(max(self.watch.peak_mb, ending.rss_mb if ending else 0.0), 1),
            "host": socket.gethostname(),
            "slot": slot_name(),
            "kit": self.orders.kit,
            "error": error,
            "summary": _summary(directory),
        }
        return line, directory

    def left_out(self, state: str) -> frozenset[str]:
        """Return the files that do not go home: the executed notebook of a good point, where not wanted."""
        return frozenset({self.orders.name} if state == "done" and self.orders.keep_notebooks == "failed" else ())

    def clear(self, directory: Path) -> None:
        """Remove the directory of a point whose files are in the tar: the disk of a node is small."""
        shutil.rmtree(directory, ignore_errors=True)

    def _fresh_directory(self, point: Point) -> Path:
        directory = self.folder / "points" / point.id
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True)
        return directory

    def _values(self, point: Point, directory: Path) -> dict[str, Any]:
        names = {path: str(self.folder / name) for path, name in point.inputs.items()}
        own = {"output": str(directory), "interactive": False}
        values: dict[str, Any] = localised(point.parameters, names)
        return values | {name: value for name, value in own.items() if name in self.orders.takes}

    def _execute(self, values: dict[str, Any], directory: Path) -> tuple[str, dict[str, Any] | None]:
        """Return the state of the point, and its error where it has one."""
        self.midwife.notebook = None
        try:
            papermill.execute_notebook(
                self.notebook,
                None,
                values,
                engine_name=self.engine,
                kernel_name=self.kernel_name,
                progress_bar=False,
                cwd=str(directory),
                midwife=self.midwife,
            )
        except papermill.PapermillExecutionError as fault:
            cell = fault.exec_count or fault.cell_index
            value = self._ended_by_us() or fault.evalue
            return self.watch.verdict or "failed", _error(fault.ename, value, cell, fault.traceback)
        except (DeadKernelError, RuntimeError) as fault:
            return self._dead(fault)
        return "done", None

    def _dead(self, fault: Exception) -> tuple[str, dict[str, Any]]:
        state = self.watch.verdict or "died"
        status = self.midwife.ending.status if self.midwife.ending else 0
        manner = f"signal {-status}" if status < 0 else f"exit status {status}"
        text = self._ended_by_us() or f"the kernel died ({manner})"
        return state, _error(type(fault).__name__, text, self._last_cell(), [])

    def _ended_by_us(self) -> str:
        """Return why the watch has ended a point; empty where it has not."""
        words = {
            "memory": f"held {self.watch.peak_mb:.0f} MB, more than its share of the job's memory",
            "timeout": f"ran longer than its limit, {self.orders.point_timeout} s",
        }
        return words.get(self.watch.verdict, "")

    def _last_cell(self) -> int:
        """Return the number of the last code cell that was begun; papermill marks the rest as completed, too."""
        cells = self.midwife.notebook.cells if self.midwife.notebook else []
        begun = [cell for cell in cells if cell.cell_type == "code" and cell.metadata.papermill.get("start_time")]
        return int(begun[-1].execution_count or len(begun)) if begun else 0

    def _write_notebook(self, directory: Path, state: str, seconds: float) -> None:
        """Keep the executed notebook; one whose kernel was ended says so on top, which papermill does not."""
        notebook = self.midwife.notebook
        if state in WORDS:
            text = WORDS[state].format(mb=self.watch.peak_mb, seconds=seconds)
            notebook.cells.insert(0, nbformat.v4.new_markdown_cell(f"**{text}**"))
            notebook.metadata.papermill["exception"] = True
        if notebook.get("nbformat_minor", 0) < 5:  # papermill inserts cells with ids, which older formats refuse
            for cell in notebook.cells:
                cell.pop("id", None)
        nbformat.write(notebook, directory / self.orders.name)


def _error(name: str, value: str, cell: int, traceback: list[str]) -> dict[str, Any]:
    lines = COLOURS.sub("", "\n".join(traceback)).splitlines()[-TRACEBACK_LINES:]
    return {"name": name, "value": COLOURS.sub("", value), "cell": cell, "traceback": lines}


def _summary(directory: Path) -> dict[str, Any]:
    """Return what the stage's manifest calls its summary, else what ``summary.json`` holds, else nothing."""
    for name, key in (("manifest.json", "summary"), ("summary.json", None)):
        try:
            content = json.loads((directory / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        summary = content.get(key, {}) if key and isinstance(content, dict) else content
        if isinstance(summary, dict):
            return summary
    return {}
