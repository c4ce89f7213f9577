"""Doing the latest of many wishes, at most so often, without letting anyone wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["Pace"]

Value = TypeVar("Value")


class Pace(Generic[Value]):
    """Calls `action` with the latest of the values put, not more often than `rate` allows.

    The calls are made one after the other by a thread that lives only while there is something to do. A value
    that a later one overtakes is never seen; the last one always is.

    Parameters
    ----------
    action : callable
        Takes one value; deals with its own faults.
    rate : float
        Calls per second, at most.
    """

    def __init__(self, action: Callable[[Value], object], rate: float) -> None:
        self.action = action
        self.interval = 1 / rate
        self._turn = threading.Condition()
        self._latest: tuple[Value] | None = None
        self._asked = self._done = 0
        self._thread: threading.Thread | None = None
        self._due = 0.0
        self._hurried = False

    def put(self, value: Value) -> None:
        """Ask for a call with `value`, soon; returns at once."""
        with self._turn:
            self._latest = (value,)
            self._asked += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="kit-pace", daemon=True)
                self._thread.start()

    def flush(self) -> None:
        """Make what has been asked for happen now, and return when it has."""
        with self._turn:
            asked = self._asked
            if self._thread is threading.current_thread():
                return  # the action itself asks: it cannot wait for its own end
            self._hurried = True
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._thread is None or self._done >= asked)
            self._hurried = False

    def drop(self) -> None:
        """Forget what has been asked for, and return when nothing happens any more."""
        with self._turn:
            self._latest = None
            self._turn.notify_all()
            if self._thread is not threading.current_thread():
                self._turn.wait_for(lambda: self._thread is None)

    def _work(self) -> None:
        while (wish := self._take()) is not None:
            value, number = wish
            self.action(value)
            with self._turn:
                self._done = number
                self._turn.notify_all()

    def _take(self) -> tuple[Value, int] | None:
        """Wait until the next call is due and return its value and number; None when there is nothing to do."""
        with self._turn:
            self._turn.wait_for(lambda: self._hurried or self._latest is None, self._due - time.monotonic())
            latest, self._latest = self._latest, None
            if latest is None:
                self._thread = None
                self._turn.notify_all()
                return None
            self._due = time.monotonic() + self.interval
            return latest[0], self._asked
