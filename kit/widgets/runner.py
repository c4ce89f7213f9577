"""Long work behind a panel: in a thread, with progress, a stop button and faults in words.

A notebook's kernel can do nothing else while a cell works; a stop button would be heard when it is too late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Protocol

import ipywidgets
import traitlets

from kit.widgets.look import Words, hooked, line
from kit.widgets.pace import Pace
from kit.widgets.panel import Panel

__all__ = ["Report", "Runner", "Stopped"]

RATE = 10.0  # updates of the bar per second
FIRST_ESTIMATE = 2.0  # s; what is said earlier about the time left is a guess
STATES = {
    "idle": "○ idle",
    "running": "▶ running",
    "stopping": "■ stopping after the present step",
    "done": "✓ done",
    "failed": "✗ failed",
}


class Stopped(RuntimeError):  # noqa: N818 - it is none
    """Raised by work that leaves what it has called, because it is asked to stop; no fault."""


class Report(Protocol):
    """How work says how far it is: ``report(3, 10, "file three")``; the total is None where not known.

    `left` is the time that is left, in seconds, where the work knows that better than the pace so far tells.
    """

    def __call__(  # noqa: D102
        self, done: float, total: float | None = None, message: str = "", left: float | None = None
    ) -> None: ...


class Runner(Panel):
    """Work that can be started, watched and stopped.

    Parameters
    ----------
    work : callable
        ``work(stop, report)`` does it and returns a result. It looks at ``stop.is_set()`` between its steps, and
        when it is returns early, or raises `Stopped`; it calls ``report(done, total, message)`` as often as it
        likes. It prints nothing: what a thread prints is lost.
    start : str
        Words on the start button.
    interactive : bool
        See `Panel`; where false, `start` does the work at once, and raises what it raises.

    Attributes
    ----------
    buttons : namespace
        ``start`` and ``stop``.

    Examples
    --------
    >>> def work(stop, report):
    ...     def watch(done, total):
    ...         report(done, total)
    ...         if stop.is_set():
    ...             raise Stopped
    ...
    ...     p = form.checked().with_values(interactive=False)
    ...     with Run("opendata/masses", p) as run:
    ...         run.on_progress = watch
    ...         run.summary = make_masses(p, run)
    ...     return run
    >>> runner = Runner(work)
    >>> runner.start()
    """

    status = traitlets.Enum(["idle", "running", "stopping", "done", "failed"], "idle")
    progress = traitlets.Float(0.0, help="from 0 to 1; stays 0 where the work does not know its total")
    message = traitlets.Unicode(help="what the work says of itself")
    result = traitlets.Any(None, allow_none=True, help="what the work has returned; None before")

    def __init__(
        self, work: Callable[[threading.Event, Report], Any], *, start: str = "Start", interactive: bool = True
    ) -> None:
        self.work = work
        self._stop, self._turn = threading.Event(), threading.RLock()
        self._thread: threading.Thread | None = None
        self._started = 0.0
        self._left: float | None = None
        self._pace: Pace[tuple[float, str, float | None]] = Pace(self._show, RATE)
        self.bar = hooked(ipywidgets.FloatProgress(min=0, max=1, layout={"width": "16em"}), "kit-progress")
        self.state, self.words = Words("kit-state", role="status"), Words("kit-message")
        super().__init__(hook="kit-runner", interactive=interactive)
        self.buttons = SimpleNamespace(
            start=hooked(self.button(start, self.start, "start the work"), "kit-start"),
            stop=hooked(self.button("Stop", self.stop, "stop after the present step"), "kit-stop"),
        )
        row = line(self.buttons.start, self.buttons.stop, self.bar, self.state, self.words)
        self.contain(row)
        traitlets.dlink((self, "progress"), (self.bar, "value"))
        self._say()

    def start(self) -> None:
        """Begin the work, from its beginning.

        Raises
        ------
        RuntimeError
            If it is still going on.
        """
        with self._turn:
            if self.status in ("running", "stopping"):
                message = "the work is still going on: stop it first"
                raise RuntimeError(message)
            self._stop.clear()
            self._started = time.monotonic()
            self.complain(self._do, None)
            self._left = None
            self.progress, self.message, self.result, self.status = 0.0, "", None, "running"
        if self.interactive:
            self._thread = threading.Thread(target=self._do, name="kit-runner", daemon=True)
            self._thread.start()
        else:
            self._do()

    def stop(self) -> None:
        """Ask the work to stop after its present step; does nothing where none is going on."""
        with self._turn:
            if self.status == "running":
                self._stop.set()
                self.status = "stopping"

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the end of the work, at most `timeout` seconds, and tell whether it has come."""
        if self._thread:
            self._thread.join(timeout)
        return self.status not in ("running", "stopping")

    def static(self) -> dict[str, Any]:
        """Return state and message as text."""
        return {"text/plain": " ".join(filter(None, (self.state.text, self.words.text, self.error)))}

    def close(self) -> None:
        """Ask the work to stop, and leave the front end."""
        self.stop()
        self._pace.drop()
        super().close()

    def _do(self) -> None:
        try:
            result = self.work(self._stop, self._report)
        except Stopped:
            self._end("idle", None)
        except BaseException as fault:
            self._end("failed", None, fault)
            if not self.interactive:
                raise
        else:
            self._pace.flush()
            whole = self.progress >= 1 or not self._stop.is_set()
            self._end("done" if whole else "idle", result)

    def _end(self, status: str, result: Any, fault: BaseException | None = None) -> None:
        self._pace.flush()
        self.result = result
        if fault is not None:
            self.complain(self._do, fault)
        with self._turn:
            if status == "done":
                self.progress = 1.0
            elif status == "idle":
                self.message = f"stopped; {self.message}" if self.message else "stopped"
            self.status = status

    def _report(
        self, done: float, total: float | None = None, message: str = "", left: float | None = None
    ) -> None:
        fraction = 0.0 if total is None else min(max(done / total, 0.0), 1.0) if total else 1.0
        told = message or (f"{done:g} of {total:g}" if total is not None else f"{done:g}")
        if self.interactive:
            self._pace.put((fraction, told, left))
        else:
            self._show((fraction, told, left))

    def _show(self, told: tuple[float, str, float | None]) -> None:
        self._left = told[2]
        self.progress, self.message = told[:2]

    @traitlets.observe("status", "progress", "message")
    def _say(self, _change: Any = None) -> None:
        going = self.status in ("running", "stopping")
        self.buttons.start.disabled, self.buttons.stop.disabled = going, self.status != "running"
        self.bar.bar_style = {"done": "success", "failed": "danger", "stopping": "warning"}.get(
            self.status, "info"
        )
        self.state.text = STATES[self.status]
        parts = [f"{self.progress:.0%}" if going and self.progress else "", self.message, self._time_left()]
        self.words.text = ", ".join(filter(None, parts))

    def _time_left(self) -> str:
        elapsed = time.monotonic() - self._started
        if self.status != "running" or not self.progress or (self._left is None and elapsed < FIRST_ESTIMATE):
            return ""
        left = elapsed * (1 / self.progress - 1) if self._left is None else self._left
        return f"about {_duration(left)} left"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
