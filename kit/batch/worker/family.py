"""A process and all that it has started: how much memory they use, and how they are ended together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

__all__ = ["descendants", "die_with_parent", "end", "resident_mb"]

PR_SET_PDEATHSIG = 1
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 2**20
PROC = Path("/proc")


def descendants(pid: int) -> list[int]:
    """Return the processes that `pid` has started, and those that these have started, the oldest first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = _children(waiting.pop(0))
        found += children
        waiting += children
    return found


def _children(pid: int) -> list[int]:
    children: list[int] = []
    with contextlib.suppress(OSError):
        for thread in (PROC / str(pid) / "task").iterdir():
            with contextlib.suppress(OSError):
                children += map(int, (thread / "children").read_text().split())
    return children


def resident_mb(pid: int) -> float:
    """Return the memory, in MB, that `pid` holds itself; 0 when it is gone."""
    try:
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_MB
    except (OSError, IndexError):
        return 0.0


def end(pid: int) -> None:
    """Kill `pid`, its process group if it leads one, and all that it has started."""
    doomed = [*descendants(pid), pid]
    with contextlib.suppress(OSError):
        if os.getpgid(pid) == pid:
            os.killpg(pid, signal.SIGKILL)
    for member in doomed:
        with contextlib.suppress(OSError):
            os.kill(member, signal.SIGKILL)


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent is gone, so that nobody outlives a killed job."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
