"""How a run comes along, where a person sees it: one line in a terminal, lines in a log, a bar in a notebook."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TextIO

from kit import files
from kit.batch.merging import finish, is_merged
from kit.batch.status import Status

__all__ = ["Shower", "line", "watch"]

MEMORY = 900.0  # s over which the rate is taken
TERMINAL_INTERVAL, LOG_INTERVAL = 0.5, 60.0  # s between two lines
BAR = 24  # characters


class Shower:
    """Shows a run again and again, each time the same line anew."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.stream = stream or sys.stderr
        self.terminal = self.stream.isatty()
        self._seen: deque[tuple[float, int]] = deque()
        self._last = 0.0
        self._handle: Any = None

    def __call__(self, status: Status, *, at_once: bool = False) -> None:
        """Show how the run stands, if it is time."""
        if self.quiet:
            return
        now = time.monotonic()
        interval = TERMINAL_INTERVAL if self.terminal or _in_a_kernel() else LOG_INTERVAL
        if not at_once and self._last and now - self._last < interval:
            return
        self._last = now
        self._seen.append((now, _finished(status)))
        while now - self._seen[0][0] > MEMORY:
            self._seen.popleft()
        text = line(status, self.rate)
        if _in_a_kernel():
            self._in_notebook(text)
        elif self.terminal:
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + text[:width].ljust(width))
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def close(self) -> None:
        """Take the line of a terminal back: what comes after it says how the run ended."""
        if self.terminal and self._last:
            self.stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self.stream.flush()

    @property
    def rate(self) -> float:
        """Points a second, over the last quarter of an hour."""
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - start) if end > start else 0.0

    def _in_notebook(self, text: str) -> None:
        from IPython.display import display

        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(content, raw=True)


def line(status: Status, rate: float = 0.0) -> str:
    """Return in one line how a run stands: bar, counts, points a minute, time left."""
    counts, total = status.counts, status.total
    done = _finished(status)
    underway = min(status.underway, total - done)
    whole = total or 1  # jobs that make their points themselves have none yet
    full, light = BAR * done // whole, BAR * (done + underway) // whole
    bar = "█" * full + "▒" * (light - full) + "·" * (BAR - light)
    wrong = sum(counts[state] for state in ("failed", "timeout", "memory", "died"))
    parts = [f"{counts['done']}/{total} done"]
    others = {"failed": wrong} | {state: counts[state] for state in ("running", "waiting", "held", "missing")}
    parts += [f"{number} {state}" for state, number in others.items() if number]
    if status.alive and not counts["running"] + counts["waiting"] + counts["held"]:
        parts.append(f"{sum(state.state != 'ended' for state in status.chunks) or 1} jobs at work")
    if rate > 0:
        left = (total - done) / rate
        parts += [f"{60 * rate:.3g} a minute", f"{_duration(left)} left"] if status.alive else []
    return f"{bar} {', '.join(parts)}"


def watch(
    status: Status, accept: float, show: Callable[[Status], object], *, interval: float = 2.0, once: bool = False
) -> dict[str, Any] | None:
    """Follow a run to the end of its jobs, and merge it then; return the report, None where jobs are left.

    Parameters
    ----------
    status : Status
        The run.
    accept : float
        Share of good points from which it is complete.
    show : callable
        Told how it stands.
    interval : float
        Seconds between two looks.
    once : bool
        Look once only.
    """
    status.read()
    while status.alive and not status.stuck and not once:
        show(status)
        time.sleep(interval)
        status.read()
    status.save()
    if status.alive or status.counts["missing"] == status.total:
        return None
    if is_merged(status.run) and not _newer(status):
        known = dict(files.read_json(status.run.merged / "report.json"))
        if known["accept"] == accept:
            return known
    report = finish(status, accept)
    _notify(str(status.run.options["notify"]), report)
    return report


def _notify(wish: str, report: dict[str, Any]) -> None:
    """Give the report to the program that wants to know of the end of a run; its own faults are its own."""
    kind, _, program = wish.partition(":")
    if kind == "command" and program.strip():
        text = json.dumps(report, ensure_ascii=False)
        subprocess.run(["sh", "-c", program], input=text, text=True, check=False, stdout=sys.stderr)


def _newer(status: Status) -> bool:
    """Tell whether results have come since the run was merged."""
    report = status.run.merged / "report.json"
    if not report.is_file():
        return True
    merged = report.stat().st_mtime
    return any(path.stat().st_mtime > merged for path in status.run.results.glob("*.jsonl"))


def _finished(status: Status) -> int:
    return sum(status.counts[state] for state in ("done", "failed", "timeout", "memory", "died"))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _in_a_kernel() -> bool:
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return bool(shell and hasattr(shell, "kernel"))
