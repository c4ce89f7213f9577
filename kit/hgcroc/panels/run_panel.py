"""The run's part of the panel: start, hold, go on, end; how far it is, what went wrong, and what is queued."""

from __future__ import annotations

import contextlib
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import traitlets

from kit import files
from kit.hgcroc.acquisition import AcquisitionParameters, finish, start_session
from kit.hgcroc.calibration.chains import follow, is_chain
from kit.hgcroc.marks import Status, marks_text
from kit.hgcroc.measurements import Scan
from kit.hgcroc.planning.dialects import Layer
from kit.hgcroc.resuming import FILE
from kit.hgcroc.session import AbortedError, Session
from kit.hgcroc.wire import WaitEndedError
from kit.run import Run
from kit.widgets import Panel, Report, Runner, Stopped, Words
from kit.widgets.look import line

__all__ = ["RunPanel"]

LOOK = 0.1  # s between looks at the session's state
RECENT = 50  # points whose median time tells how long the others will take
TOLD = 10  # points in doubt that are told
SIGNS = {
    "preparing": "…",
    "running": "▶",
    "paused": "‖",
    "aborting": "■",
    "aborted": "■",
    "done": "✓",
    "failed": "✗",
}


class RunPanel(Panel):
    """Scans that run, one after the other.

    Parameters
    ----------
    prepare : callable
        Returns the parameters of the scan that shall run now; connects where that is needed.
    reach : callable
        Takes parameters, and what tells whether to give up; returns them as the connected board is reached.
    follow : callable
        Takes the folder of a scan when a point has come.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    runner : Runner
        Its ``result`` is the last run, its ``status`` how it stands.
    session : Session or None
        The scan that runs, or ran last.
    run : Run or None
        Its directory.
    """

    state = traitlets.Unicode(
        "idle", help="preparing, then that of the session: running, paused, aborting, done, failed; aborted"
    )
    queue: Any = traitlets.List(help="parameters of the scans that wait")
    doubtful: Any = traitlets.Dict(help="points in doubt of this scan, and why")

    def __init__(
        self,
        prepare: Callable[[], AcquisitionParameters],
        reach: Callable[[AcquisitionParameters, Callable[[], bool]], AcquisitionParameters],
        follow: Callable[[Path], object],
        *,
        interactive: bool = True,
    ) -> None:
        self._prepare, self._reach, self._follow = prepare, reach, follow
        self.session: Session | None = None
        self.run: Run | None = None
        self._p: AcquisitionParameters | None = None
        self._again: list[int] = []
        self.runner = Runner(self._work, interactive=interactive)
        self._state, self._queued = Words("kit-session", role="status"), Words("kit-queue", role="status")
        self._trouble = Words("kit-trouble", role="status")
        super().__init__(hook="kit-run", interactive=interactive)
        self.runner.buttons.stop.layout.display = "none"  # abort does the same, and has its effect sooner
        self.contain(
            self.runner,
            line(self.button("Pause", self.pause, "hold after this point"),
                 self.button("Resume", self.resume, "go on"),
                 self.button("Abort", self.abort, "end; started again it goes on where it was"),
                 self.button("Try again", self.retry, "measure the points in doubt once more"),
                 self.button("Queue", self.enqueue, "let this scan run after those that wait"),
                 self.button("Empty queue", self.empty, "let no scan wait"), self._state),
            self._queued, self._trouble,
        )  # fmt: skip
        self._say()

    @property
    def going(self) -> bool:
        """Whether a scan is running, or held."""
        return self.runner.status in ("running", "stopping")

    def start(self) -> None:
        """Run the scan; where scans are queued, all of them instead."""
        self._begin()

    def pause(self) -> None:
        """Hold the scan after this point, or within a second."""
        self._running().pause()

    def resume(self) -> None:
        """Go on with the scan that is held."""
        self._running().resume()

    def abort(self) -> None:
        """End the scan; started again, it goes on where it was."""
        if self.session is None and self.going:
            self.state = "aborting"
            self.runner.stop()
        else:
            self._running().abort()

    def retry(self) -> None:
        """Measure the points in doubt of the last scan once more."""
        if self.going:
            message = "a scan is running: wait for its end"
            raise RuntimeError(message)
        if self.run is None or not self.doubtful:
            message = "there is no point to try again"
            raise RuntimeError(message)
        if (
            self.session is not None
            and self._p is not None
            and self._p.procedure != self.session.plan.procedure.name
        ):
            message = "a workflow is tried again as a whole: start it; what is complete is not measured again"
            raise RuntimeError(message)
        self._again = sorted(self.doubtful)
        self._begin()

    def enqueue(self) -> None:
        """Let the present scan wait for its turn."""
        self.queue = [*self.queue, self._prepare()]

    def empty(self) -> None:
        """Let no scan wait."""
        self.queue = []

    def _begin(self) -> None:
        if not self.going:
            self.session, self.state = None, "preparing"
        self.runner.start()

    def _running(self) -> Session:
        if self.going and self.session is None:
            message = "the scan is being prepared: wait until it runs, or abort it"
            raise RuntimeError(message)
        if self.session is None or not self.going:
            message = "no scan is running: start one first"
            raise RuntimeError(message)
        return self.session

    def _work(self, stop: threading.Event, report: Report) -> Run:
        try:
            return self._scans(stop, report)
        except WaitEndedError as fault:
            raise Stopped from fault
        finally:
            if self.state in ("preparing", "aborting"):  # no session has begun
                self.state = "aborted" if stop.is_set() else "failed"

    def _scans(self, stop: threading.Event, report: Report) -> Run:
        again, self._again = self._again, []
        if again and self.run is not None and self._p is not None:
            return self._scan(self._p.with_values(output=files.shown(self.run.directory)), again, stop, report)
        if not self.queue:
            return self._scan(self._prepare(), [], stop, report)
        while self.queue:
            p, *self.queue = self.queue
            done = self._scan(p, [], stop, report)
        return done

    def _scan(self, p: AcquisitionParameters, again: list[int], stop: threading.Event, report: Report) -> Run:
        """Run one scan to its end, and return its run."""
        self._p, self.session, self.doubtful, self.state = p, None, {}, "preparing"
        _give_up(stop)
        reached = self._reach(p, stop.is_set)
        _give_up(stop)
        with Run("hgcroc/acquisition", reached) as run:
            self.run = run
            run.on_progress = lambda _done, _total: _give_up(stop)  # calibrations that have to be made before

            def measure(own: AcquisitionParameters, run: Run, layers: Sequence[Layer] | None) -> dict[str, Any]:
                return self._measure(own, run, layers, again, stop, report)

            chain = is_chain(reached) and not again
            run.summary = follow(reached, run, measure) if chain else measure(reached, run, None)
        return run

    def _measure(
        self, p: AcquisitionParameters, run: Run, overlays: Sequence[Layer] | None, again: list[int],
        stop: threading.Event, report: Report,
    ) -> dict[str, Any]:  # fmt: skip
        """Measure one scan, alone or in a chain, and return its summary."""
        session = self.session = start_session(p, run, attended=self.interactive, overlays=overlays, again=again)
        begun = time.monotonic()
        watcher = threading.Thread(target=self._watch, args=(session, stop), daemon=True)
        watcher.start()
        ended = ""
        try:
            with contextlib.closing(session.measure()) as outcomes:
                self._take(session, outcomes, report)
            return finish(p, run, session, session.left, time.monotonic() - begun)
        except AbortedError as fault:
            ended = "aborted"
            raise Stopped from fault
        finally:
            session.ended.set()  # also where it never began
            watcher.join()
            self.state = ended or session.state
            self.doubtful = _doubtful_in(session.folder / FILE)
            self._say()
            self._follow(session.folder)

    def _take(self, session: Session, outcomes: Any, report: Report) -> None:
        """Take the points as they come."""
        recent: deque[float] = deque(maxlen=RECENT)
        for done, outcome in enumerate(outcomes, 1):
            recent.append(float(outcome.columns["seconds"]))
            left = statistics.median(recent) * (session.left - done)
            report(done, session.left, f"{session.plan.procedure.name}, point {outcome.point}", left)
            if outcome.status != Status.GOOD:
                self.doubtful = self.doubtful | {outcome.point: outcome.text}
            self._follow(session.folder)

    def _watch(self, session: Session, stop: threading.Event) -> None:
        """Follow the session's state, and end it when the runner is asked to stop."""
        while not session.ended.wait(LOOK):
            self.state = session.state
            self._say()
            if stop.is_set():
                session.abort()
                self.queue = []

    @traitlets.observe("state", "doubtful", "queue")
    def _say(self, _change: Any = None) -> None:
        if not hasattr(self, "_trouble"):
            return
        held = self.session.trouble if self.session is not None and self.state == "paused" else ""
        self._state.text = f"{SIGNS.get(self.state, '○')} {self.state}"
        told = [f"point {point}: {text}" for point, text in self.doubtful.items()]
        lines = [f"held: {held}"] if held else []
        if told:
            lines += [f"{len(told)} points in doubt:", *told[-TOLD:]]
        notices = self.run.notices if self.run is not None else []
        self._trouble.text = "\n".join([*lines, *notices])
        waiting = [f"{k}. {p.procedure} of {p.config}" for k, p in enumerate(self.queue, 1)]
        self._queued.text = "\n".join(["waiting:", *waiting]) if waiting else ""


def _give_up(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped


def _doubtful_in(path: Path) -> dict[int, str]:
    """Return the points in doubt of a scan, those too that only the whole of it has shown to be so."""
    if not path.is_file():
        return {}
    with Scan.open(path) as scan:
        status, flags = scan.point_column("status"), scan.point_column("flags")
    found = (status == Status.FLAGGED) | (status == Status.FAILED)
    return {int(point): marks_text(int(flags[point])) or "failed" for point in found.nonzero()[0]}
