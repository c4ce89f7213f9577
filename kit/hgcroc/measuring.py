"""One point: write, trigger, fetch, decode, read back, and do it again where that is called for.

A state that is right after the run was right at the trigger, since nobody of ours writes in between; so the board
is read after the data, not before. A try that was spoiled is never used; what is stored in the end says what the
registers were, not what they should have been.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.hgcroc.archive import join_messages
from kit.hgcroc.board.board import Board
from kit.hgcroc.board.errors import BoardError, NackError, RefusedError
from kit.hgcroc.events import event_arrays
from kit.hgcroc.marks import Mark, Status, marks_text
from kit.hgcroc.planning.scan import Plan, events_of
from kit.hgcroc.planning.states import States
from kit.hgcroc.reception import Received, receive
from kit.hgcroc.summaries import summarise

__all__ = ["REPEATED", "Measuring", "Outcome", "Readback", "board_settings"]

IntArray = npt.NDArray[np.int64]
Readback = Literal["axes", "full", "none"]
NOTHING = Mark(0)
REPEATED = Mark.SHORT | Mark.DIFFERENT  # what makes a try worth another one
HARMLESS = Mark.CORRUPT  # broken halves are counted and left out; the rest of the point is as good as any
EVENT_SECONDS = 0.01  # s; no trigger is slower, or the run is given up


@dataclass
class Outcome:
    """What came of a point."""

    point: int
    status: Status = Status.FAILED
    marks: Mark = NOTHING
    columns: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    events: dict[str, npt.NDArray[Any]] | None = None
    differences: IntArray = field(default_factory=lambda: np.empty((0, 2), np.int64))
    faults: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """In words what is to be said about it, nothing for a point that came as wished."""
        return "; ".join(filter(None, [marks_text(self.marks), *self.faults[-1:]]))


class Measuring:
    """Measures points of a plan on a board.

    Parameters
    ----------
    board : Board
        Connected and initialised with the settings of point 0.
    plan : Plan
        What is measured.
    states : States
        Its states over the base state of the scan.
    readback : str
        ``axes`` reads back what the scan sets and what its base has beside the reset values, ``full`` all
        registers, ``none`` nothing: then every point says so.
    max_retries : int
        How often a point is measured again.
    timeout : float
        Seconds that a run may take besides its triggers.
    events : bool
        Whether single events are wanted.
    exclude_corrupt : bool
        Whether broken halves stay out of the summary.
    note : callable
        Takes a kind of event and its details.
    keep_raw : callable
        Takes point, number of the try and archive, where it is in doubt.
    """

    def __init__(
        self,
        board: Board,
        plan: Plan,
        states: States,
        *,
        readback: Readback = "axes",
        max_retries: int = 2,
        timeout: float = 10.0,
        events: bool = False,
        exclude_corrupt: bool = True,
        note: Callable[..., None] = lambda _kind, **_: None,
        keep_raw: Callable[[int, int, bytes, bool], None] = lambda *_: None,
    ) -> None:
        self.board, self.plan, self.states = board, plan, states
        self.max_retries, self.timeout, self.events = max_retries, timeout, events
        self.readback: Readback = readback
        self.exclude_corrupt, self.note, self.keep_raw = exclude_corrupt, note, keep_raw
        self._watched = _watched(plan, states.base, readback)
        self._configured = plan.settings(0)
        self._varied = any(axis.others for axis in plan.axes)

    def measure(self, point: int) -> Outcome:
        """Return what came of a point.

        Raises
        ------
        BoardError
            If a role of the test system does not answer after all tries, or refuses what is asked.
        WaitEndedError
            If the board's `interrupt` ended a wait.
        """
        state, begun = self.states.state(point), time.monotonic()
        outcome, writes, tries = Outcome(point), 0, 0
        found: Received | None = None
        unreachable: BoardError | None = None
        while tries <= self.max_retries:
            tries += 1
            try:
                if unreachable is not None:
                    self.initialise(point)
                spoiled = found is not None and bool(found.marks & Mark.DIFFERENT)
                writes += self.board.restore(state) if spoiled else self.board.become(state)
                found, unreachable = self._try(point, state), None
            except RefusedError:
                raise
            except BoardError as fault:
                outcome.faults.append(str(fault))
                self.note("trouble", point=point, attempt=tries, fault=str(fault))
                unreachable = None if isinstance(fault, NackError) else fault
                continue
            if not found.marks & REPEATED:
                break
            self.note("spoiled", point=point, attempt=tries, marks=marks_text(found.marks), events=found.n_events)
            self.keep_raw(point, tries, found.archive, tries <= self.max_retries)
        if unreachable is not None:
            raise unreachable
        self._fill(outcome, found)
        outcome.columns |= {"writes": writes, "tries": tries, "seconds": time.monotonic() - begun}
        outcome.columns |= {"status": outcome.status, "flags": int(outcome.marks), "time": time.time()}
        return outcome

    def initialise(self, point: int) -> None:
        """Bring the acquisition programs from any state to configured for a point."""
        self._configured = self.plan.settings(point)
        self.board.recover(board_settings(self._configured, self.board.line.dialect))

    def _configure(self, point: int) -> dict[str, Any]:
        """Send the settings of a point where they differ from those of the last one."""
        if self._varied and (wanted := self.plan.settings(point)) != self._configured:
            self.board.configure(board_settings(wanted, self.board.line.dialect))
            self._configured = wanted
        return self._configured

    def _try(self, point: int, state: IntArray) -> Received:
        asked = events_of(self._configure(point))
        run = self.board.take(self.timeout + EVENT_SECONDS * (asked or 1000))
        archive = join_messages(run.archives)
        differences = np.empty((0, 2), np.int64)
        if len(self._watched):
            values = self.board.read(self._watched)
            if self.board.state is not None:
                self.board.state[self._watched] = values
            other = values != state[self._watched]
            differences = np.column_stack([self._watched[other], values[other]])
        found = receive(archive, state, self.plan.table, asked)
        found.differences = differences
        if len(differences):
            found.marks |= Mark.DIFFERENT
            self.note("differences", point=point, registers=self._told(differences, state))
        if self.readback == "none":
            found.marks |= Mark.UNVERIFIED
        return found

    def _told(self, differences: IntArray, state: IntArray) -> list[str]:
        table = self.plan.table
        return [f"{table.text_of(int(k))} is {value}, should be {state[k]}" for k, value in differences[:10]]

    def _fill(self, outcome: Outcome, found: Received | None) -> None:
        if outcome.faults:
            outcome.marks |= Mark.TROUBLE if found is None else NOTHING
        outcome.columns = {"n_events": 0, "n_bad": 0, "cut_bytes": 0}
        if found is None or found.raw is None:
            outcome.marks |= found.marks if found else Mark.SHORT
            return
        outcome.marks |= found.marks
        chips = len(self.plan.table.rocs)
        outcome.summary = summarise(found.raw, chips, exclude_corrupt=self.exclude_corrupt)
        outcome.events = event_arrays(found.raw, chips) if self.events else None
        outcome.differences = found.differences
        outcome.columns = {"n_events": found.n_events, "n_bad": found.bad, "cut_bytes": found.raw.frames.cut}
        soft = HARMLESS | (Mark.UNVERIFIED if self.readback == "none" else NOTHING)
        outcome.status = Status.FLAGGED if outcome.marks & ~soft else Status.GOOD
        if not outcome.summary["n"].any():
            outcome.status = Status.FAILED
        self.keep_raw(outcome.point, 0, found.archive, bool(outcome.marks & ~Mark.UNVERIFIED))


def board_settings(settings: dict[str, Any], dialect: str) -> dict[str, Any]:
    """Return settings of the acquisition programs as a dialect names them."""
    if dialect == "1.0.15":
        return settings
    return {"server": settings.get("daq") or {}, "client": settings.get("client") or {}}


def _watched(plan: Plan, base: IntArray, readback: Readback) -> IntArray:
    """Return the registers that are read back after each run."""
    table = plan.table
    if readback == "none":
        return np.empty(0, np.int64)
    everything = np.arange(table.size)
    index = everything if readback == "full" else np.union1d(plan.written, np.flatnonzero(base != table.reset))
    return index[~table.read_only[index]]
