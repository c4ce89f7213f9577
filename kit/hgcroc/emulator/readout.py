"""The acquisition server behind its control socket: settings, states, and runs that push data.

A run has a thread of its own: it triggers the board and sends the records as archives between a start and an end
mark. It is over when a data client of the same process, if one listens, has the whole file in its place.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator import packing
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.run_plans import RunPlan, data_port
from kit.hgcroc.messages import laid_over
from kit.hgcroc.wire import Publisher, Wire

__all__ = ["Readout"]

RECORDS_AT_ONCE = 750  # in a message
SECONDS_PER_EVENT = 5e-4  # at time scale 1; a real system needs 0.5 s for 1000 events
LISTENER_PATIENCE = 5.0  # s until a listener's file is waited for no more
LOOK_AGAIN = 0.001  # s

Plan = Callable[[Mapping[str, Any]], tuple[RunPlan, str]]


class Readout:
    """One acquisition server.

    Parameters
    ----------
    board : Hexaboard
    wire : Wire
        Where its data socket belongs.
    host, port : str, int
        Of the data socket; 0 lets the system choose.
    plan : callable
        What settings ask of the board, `legacy_plan` or `current_plan`.
    time_scale : float
        1 for runs as long as real ones, 0 for as fast as possible.
    warn : callable
        Takes warnings.
    """

    def __init__(
        self,
        board: Hexaboard,
        wire: Wire,
        host: str,
        port: int,
        plan: Plan,
        *,
        time_scale: float,
        warn: Callable[[str], None],
    ) -> None:
        self.board, self.settings, self.state = board, dict[str, Any](), "created"
        self.listener: DataClient | None = None
        self._wire, self._host, self._plan, self._time_scale, self._warn = wire, host, plan, time_scale, warn
        self._publisher: Publisher | None = Publisher(wire, host, port)
        self.port = self._publisher.port
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def change(self, settings: Mapping[str, Any], *, anew: bool = False) -> None:
        """Lay settings over those that there are, or begin anew, and move the data socket where they want it.

        Raises
        ------
        MessageError
            If they cannot be used; then nothing has changed.
        """
        merged = dict(settings) if anew else laid_over(self.settings, settings)
        wanted = data_port(merged, "zmqPushPull_port")
        self.stop()
        self.settings = merged
        if wanted and wanted != self.port:
            self._move(wanted)

    def _move(self, port: int) -> None:
        if self._publisher is not None:
            self._publisher.close()
        self.port, self._publisher = port, None
        try:
            self._publisher = Publisher(self._wire, self._host, port)
        except OSError as fault:
            self._warn(f"{fault}; data are handed over within the process")

    def start(self) -> bool:
        """Begin a run; False if the links are not aligned.

        Raises
        ------
        MessageError
            If the settings do not make a run.
        """
        plan, warning = self._plan(self.settings)
        if warning:
            self._warn(warning)
        with self.board.lock:
            if self.board.faults.misaligned():
                return False
        self.stop()
        self._over = threading.Event()  # a run that could not be ended in time keeps its own
        self.state = "running"
        self._thread = threading.Thread(target=self._run, args=(plan, self._over), name="run", daemon=True)
        self._thread.start()
        return True

    def stop(self) -> None:
        """End a run that goes on; what was not sent is dropped."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(2.0)
            self._thread = None
        if self.state == "running":
            self.state = "configured"

    def close(self) -> None:
        """End the run and close the data socket."""
        self.stop()
        if self._publisher is not None:
            self._publisher.close()

    def _run(self, plan: RunPlan, over: threading.Event) -> None:
        listener = self.listener if self.listener and self.listener.listens(self.port) else None
        before = listener.files() if listener else 0
        faults = self.board.faults
        delay = plan.events * SECONDS_PER_EVENT * self._time_scale + faults.value("slow_run")
        sent = all(self._send(message, listener, over) for message in self._messages(plan, delay, over))
        if sent and listener:
            end = time.monotonic() + LISTENER_PATIENCE
            while listener.files() <= before and time.monotonic() < end and not over.wait(LOOK_AGAIN):
                pass
        with self.board.lock:
            faults.run_over()
        if not over.is_set():
            self.state = "configured"

    def _messages(self, plan: RunPlan, delay: float, over: threading.Event) -> Iterator[bytes]:
        yield packing.START_OF_RUN
        cut = int(self.board.faults.value("truncated_file"))
        size = RECORDS_AT_ONCE * packing.RECORD_BYTES
        waiting = b""  # the last message may be cut: each waits for the next
        for records in self.board.take(plan):
            for start in range(0, len(records), size):
                if waiting:
                    yield HEAD + waiting
                waiting = records[start : start + size]
        over.wait(delay)
        yield HEAD + waiting[: max(0, len(waiting) - cut)]
        yield packing.END_OF_RUN

    def _send(self, message: bytes, listener: DataClient | None, over: threading.Event) -> bool:
        if self._publisher is not None:
            return self._publisher.send(message, over.is_set)
        if listener is not None:
            listener.accept(message)
        return not over.is_set()
