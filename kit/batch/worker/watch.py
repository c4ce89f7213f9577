"""The eye on the running point: its memory, its time, the end of the job, and the size of the job's own log."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import threading
import time

from . import family
from .limits import Limits

__all__ = ["Watch"]

INTERVAL = 0.2  # s between two looks
GRACE = 10.0  # s for a point to end after Ctrl-C
LOG_LIMIT = 1 << 20  # bytes of stdout, and of stderr, that a job brings home


class Watch:
    """A thread that looks at the running point every 0.2 s and ends it where it must.

    Attributes
    ----------
    verdict : str
        Why the running point was ended: ``memory``, ``timeout``, ``late`` (the job's end was near) or empty.
    peak_mb : float
        Most memory that the running point held.
    """

    def __init__(self, limits: Limits, point_timeout: float | None) -> None:
        self.limits = limits
        self.point_timeout = point_timeout
        self.verdict = ""
        self.peak_mb = 0.0
        self._pid = 0
        self._started = 0.0
        self._interrupted = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look; only now may the process have a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join()

    def begin_point(self) -> None:
        """Forget the point before."""
        self.verdict, self.peak_mb, self._pid, self._interrupted = "", 0.0, 0, 0.0
        self._started = time.monotonic()

    def begin_kernel(self, pid: int) -> None:
        """Look at the kernel `pid` from now on."""
        self._pid = pid

    def end_point(self) -> None:
        """Look at nothing until the next point."""
        self._pid = 0

    def end_family(self) -> None:
        """End the running point and all that it has started."""
        if self._pid:
            family.end(self._pid)

    def _run(self) -> None:
        while not self._over.wait(INTERVAL):
            pid = self._pid
            if pid:
                self._look(pid)
            for descriptor in (1, 2):
                _keep_tail(descriptor)

    def _look(self, pid: int) -> None:
        members = [pid, *family.descendants(pid)]
        used = sum(map(family.resident_mb, members))
        self.peak_mb = max(self.peak_mb, used)
        now = time.monotonic()
        last_moment = self.limits.last_moment
        if self._too_much(used, members):
            self._end(pid, "memory")
        elif last_moment is not None and now > last_moment:
            self._end(pid, "late")
        elif self._interrupted and now - self._interrupted > GRACE:
            self._end(pid, "timeout")
        elif self.point_timeout and not self._interrupted and now - self._started > self.point_timeout:
            self.verdict, self._interrupted = "timeout", now
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)

    def _too_much(self, used: float, members: list[int]) -> bool:
        """Tell whether a point that holds `used` MB, and the worker beside it, outgrow their share of the slot."""
        if self.limits.memory_mb is None:
            return False
        ours = [os.getpid(), *family.descendants(os.getpid())]
        own = sum(family.resident_mb(other) for other in ours if other not in members)
        return used > self.limits.memory_for_a_point(own)

    def _end(self, pid: int, verdict: str) -> None:
        if pid == self._pid:
            self.verdict = verdict
            family.end(pid)


def _keep_tail(descriptor: int) -> None:
    """Cut a log that has grown too long: its end tells more than its beginning."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size < 2 * LOG_LIMIT:
        return
    try:
        with open(f"/proc/self/fd/{descriptor}", "r+b") as stream:  # noqa: PTH123 - a descriptor, not a path
            stream.seek(-LOG_LIMIT // 2, os.SEEK_END)
            tail = stream.read()
            stream.seek(0)
            stream.write(b"[the beginning was cut]\n" + tail)
            stream.truncate()
        os.lseek(descriptor, 0, os.SEEK_END)
    except OSError:
        return
