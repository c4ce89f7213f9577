"""Who works off a round on this computer: its lock, its sign of life, and the wish that it stop."""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from kit import files
from kit.batch.rounds import Round
from kit.directories import is_held

__all__ = ["STOP", "ask_to_stop", "birth", "holding", "is_alive"]

STOP = "stop"  # the file that says how: gently, or now


def ask_to_stop(round_: Round, how: str) -> None:
    """Ask the pool of a round to stop: ``gently`` lets running points end, ``now`` does not."""
    with files.whole(round_.directory / STOP) as part:
        part.write_text(how, encoding="utf-8")


def is_alive(round_: Round) -> bool:
    """Tell whether the pool of a round is at work, here or on another computer with the same files.

    On its own computer the process counts, not the lock: a worker that is just being started holds that, too.
    """
    about = round_.submitted or {}
    if about.get("host") == platform.node() and about.get("born"):
        return birth(about["pid"]) == str(about["born"])
    return is_held(round_.directory)


@contextlib.contextmanager
def holding(directory: Path) -> Iterator[None]:
    """Hold the lock of a round, which is released whatever becomes of this process."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks: then the process number tells
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def birth(pid: int) -> str:
    """Return when a process was started, in ticks since boot; empty when it has ended."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state in "ZX" else rest[18]  # one that nobody has asked for its end is still listed
