"""A scan from plan to end: idle, planned, running, paused, aborting, done or failed.

Everything that can be checked is checked before the board is touched. Pause and abort take effect between points,
and within a second in a long wait; then the point that was being measured counts as not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.hgcroc.board.board import Board
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.tdc_start import start_tdcs
from kit.hgcroc.emulator_process import EmulatorProcess
from kit.hgcroc.logbook import Logbook
from kit.hgcroc.marks import Status
from kit.hgcroc.measurements import Scan
from kit.hgcroc.measuring import Measuring, Outcome, board_settings
from kit.hgcroc.options import AcquisitionParameters, connected, identity
from kit.hgcroc.pausing import AbortedError, Pausing, State
from kit.hgcroc.planning.dialects import Layer
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.planning.dryrun import Cost, dry_run, order_of
from kit.hgcroc.planning.from_parameters import keeps_events, plan_of
from kit.hgcroc.planning.limits import beyond, unlike_defaults, with_defaults
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.recording import Recorder, open_again
from kit.hgcroc.resuming import FILE, runs_of
from kit.hgcroc.scanfile import create
from kit.hgcroc.wire import WaitEndedError

__all__ = ["AbortedError", "Session", "SpoiledPointError", "State"]

IntArray = npt.NDArray[np.int64]


class SpoiledPointError(RuntimeError):
    """A point that could not be measured as wished, where the scan was to stop at such."""


class Session(Pausing):
    """A scan that can be paused, resumed and aborted from another thread.

    Parameters
    ----------
    p : AcquisitionParameters
        What to do.
    folder : callable
        Takes the plan and returns the folder of the scan; called once, before the board is touched.
    attended : bool
        Somebody is there who can resume it; else what would pause the scan ends it, to be gone on with.
    overlays : sequence of Layer
        Calibrations, see `planning.plan_from`.
    again : collection of int
        Points that are measured once more, though they have data.
    """

    def __init__(
        self,
        p: AcquisitionParameters,
        folder: Callable[[Plan], Path],
        *,
        attended: bool = False,
        overlays: Sequence[Layer] = (),
        again: Collection[int] = (),
    ) -> None:
        self.p, self._attended, self._again = p, attended, list(again)
        self.plan, self.findings = plan_of(p, overlays)
        self.order = order_of(self.plan, p.order, p.seed)
        super().__init__("planned")
        self._folder = folder
        self.folder = Path()
        self.emulator: EmulatorProcess | None = None
        self.base_differences: list[str] = []
        self.left = len(self.plan)

    @property
    def events(self) -> bool:
        """Whether single events are kept."""
        return keeps_events(self.p, self.plan)

    def cost(self) -> Cost:
        """Return what the scan will cost."""
        return dry_run(self.plan, self.order, events=self.events)

    def measure(self) -> Generator[Outcome, None, None]:
        """Measure all points that are not there yet, and yield each.

        Raises
        ------
        AbortedError
            If the scan was aborted.
        BoardError
            If the board does not answer, or refuses; what was measured is kept.
        """
        self.folder = self._folder(self.plan)
        logbook = Logbook(self.folder, self.p.keep_raw)
        try:
            self.state = "running"
            logbook.note("start", hash=self.plan.hash, points=len(self.plan), order=self.p.order)
            for text in self.findings.warnings:
                logbook.note("warning", text=text)
            yield from self._run(logbook)
            self.state = "done"
        except (AbortedError, WaitEndedError):
            self.state = "failed"
            message = "the scan was aborted; it goes on where it was when it is started again"
            raise AbortedError(message) from None
        except BaseException:
            self.state = "failed"
            raise
        finally:
            logbook.note("end", state=self.state)
            logbook.close()
            self.ended.set()

    def _run(self, logbook: Logbook) -> Iterator[Outcome]:
        p, dialect = self.p, self.plan.procedure.dialect
        earlier = runs_of(self.folder / FILE)
        with connected(p, dialect, self._interrupt, logbook.exchange, first_run=earlier) as (board, self.emulator):
            if self.emulator is not None:
                logbook.note("emulator", seed=p.seed, board=p.board)
            with self._recorder(board, logbook) as recorder, Scan.open(self.folder / FILE) as scan:
                measuring = Measuring(
                    board,
                    self.plan,
                    scan.states,
                    readback=p.readback,
                    max_retries=p.max_retries,
                    timeout=p.timeout,
                    events=self.events,
                    exclude_corrupt=p.compat == "none",
                    note=logbook.note,
                    keep_raw=logbook.raw,
                )
                done = np.isin(recorder.status, (Status.GOOD, Status.FLAGGED))
                done[self._again] = False
                self.left = int((~done).sum())
                for point in self.order[~done[self.order]]:
                    yield self._point(int(point), measuring, recorder, logbook)

    def _point(self, point: int, measuring: Measuring, recorder: Recorder, logbook: Logbook) -> Outcome:
        """Measure a point and bring it to the file; after a pause that interrupted it once more."""
        anew = False
        while True:
            self._hold(recorder.flush)
            try:
                if anew:  # whatever was left behind when the point was interrupted
                    measuring.initialise(point)
                outcome = self._measured(point, measuring)
            except WaitEndedError:
                if self._abort.is_set():
                    raise
                anew = True
                continue
            except BoardError as fault:
                logbook.note("unreachable", point=point, fault=str(fault))
                if not self._attended:
                    raise
                anew = True
                self.pause(str(fault))
                continue
            break
        recorder.write(point, outcome.columns, outcome.summary, outcome.events, outcome.differences)
        if outcome.status != Status.GOOD:
            logbook.note("point", point=point, status=outcome.status.name.lower(), text=outcome.text)
            if self.p.on_fail != "go_on" and self._is_bad(outcome):
                self._stop_at(outcome)
        return outcome

    def _is_bad(self, outcome: Outcome) -> bool:
        return outcome.status == Status.FAILED or bool(outcome.marks & ~self.p.accepted)

    def _measured(self, point: int, measuring: Measuring) -> Outcome:
        self._in_point = True
        try:
            return measuring.measure(point)
        finally:
            self._in_point = False

    def _stop_at(self, outcome: Outcome) -> None:
        told = f"point {outcome.point}: {outcome.text}"
        if self.p.on_fail == "stop":
            message = f"{told}; the scan was to stop at such a point"
            raise SpoiledPointError(message)
        if not self._attended:
            message = f"{told}; the scan pauses here, and nobody is there to resume it: start it again to go on"
            raise SpoiledPointError(message)
        self.pause(told)

    def _recorder(self, board: Board, logbook: Logbook) -> Recorder:
        """Bring the board to its base state, and return the writer of the file."""
        for remark in board.remarks:
            logbook.note("remark", text=remark)
        self._check_limits(board, logbook)
        device = board.base_state()
        path = self.folder / FILE
        if not path.is_file():
            self._compare(device, logbook)
            extra = with_defaults(self.plan, device) if self.p.on_base_difference == "write" else None
            about = {"board_id": identity(self.p), "order": self.p.order}
            create(path, self.plan, device if extra is None else extra, about, events=self.events)
        recorder = open_again(path, self.plan)
        board.initialise(board_settings(self.plan.settings(0), board.line.dialect))
        if self.plan.procedure.start_tdc:
            start_tdcs(board)
        return recorder

    def _check_limits(self, board: Board, logbook: Logbook) -> None:
        """Refuse what this very board cannot hold, by its own description, before anything is written to it."""
        if board.limits is None or self.p.check_ranges == "off":
            return
        told = beyond(self.plan, board.limits)
        if told and self.p.check_ranges == "error":
            raise ProcedureError(told)
        for text in told:
            logbook.note("warning", text=text)

    def _compare(self, device: IntArray, logbook: Logbook) -> None:
        """Tell where the board is not as the files of defaults say."""
        found = self.base_differences = unlike_defaults(self.plan, device)
        logbook.note("base", differences=len(found), registers=found[:100])
        if found and self.p.on_base_difference == "stop":
            raise ProcedureError([f"the board differs from its files of defaults: {text}" for text in found])
