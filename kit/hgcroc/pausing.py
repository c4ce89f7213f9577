"""What can be held, gone on with and ended from another thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal

__all__ = ["AbortedError", "Pausing", "State"]

State = Literal["idle", "planned", "running", "paused", "aborting", "done", "failed"]

PATIENCE = 0.7  # s that a point may go on after a pause was asked for
LOOK = 0.05  # s between looks whether a pause is over


class AbortedError(RuntimeError):
    """A scan that was ended by its user; it can be gone on with."""


class Pausing:
    """Something that is measured point by point.

    Attributes
    ----------
    state : str
        How it stands.
    trouble : str
        Why it is held, where nobody has asked for it.
    ended : Event
        Set when it is over, however that came.
    """

    def __init__(self, state: State = "idle") -> None:
        self.state, self.trouble, self.ended = state, "", threading.Event()
        self._abort, self._pause = threading.Event(), threading.Event()
        self._pause_asked, self._in_point = 0.0, False

    def pause(self, trouble: str = "") -> None:
        """Hold the scan after this point, or within a second; `trouble` tells why, if nobody has asked for it."""
        self.trouble = trouble
        self._pause_asked = time.monotonic()
        self._pause.set()

    def resume(self) -> None:
        """Go on."""
        self.trouble = ""
        self._pause.clear()

    def abort(self) -> None:
        """End the scan after this point, or within a second; it can be gone on with."""
        if not self.ended.is_set():
            self.state = "aborting"
        self._abort.set()

    def _interrupt(self) -> bool:
        # what comes before a point is short, and cannot be done twice
        held = self._in_point and self._pause.is_set() and time.monotonic() - self._pause_asked > PATIENCE
        return self._abort.is_set() or held

    def _hold(self, flush: Callable[[], object]) -> None:
        """Wait while the scan is paused, everything so far on the disk.

        Raises
        ------
        AbortedError
            If it was ended.
        """
        if self._pause.is_set() and not self._abort.is_set():
            flush()
            self.state = "paused"
            while self._pause.is_set() and not self._abort.wait(LOOK):
                pass
            self.state = "running"
        if self._abort.is_set():
            raise AbortedError
