"""One owner for each device: a lock on this machine, by the addresses that steer it.

Programs of others cannot be kept away; ours wait for each other. The lock dies with the process that has it.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
import socket
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from kit.hgcroc.wire import Interrupt, WaitEndedError

__all__ = ["Ownership", "OwnershipError"]

LOOK = 0.05  # s between attempts


class OwnershipError(RuntimeError):
    """A device that another of our processes has."""


class Ownership:
    """The right to steer the device at some addresses, given as (host, port)."""

    def __init__(self, addresses: Iterable[tuple[str, int]]) -> None:
        self.names = sorted(f"{_number_of(host)}:{port}" for host, port in addresses)
        digest = hashlib.sha256(" ".join(self.names).encode()).hexdigest()[:16]
        self.path = Path(tempfile.gettempdir()) / f"kit-hgcroc-{digest}.lock"
        self._file: IO[str] | None = None

    def take(self, timeout: float, interrupt: Interrupt | None = None) -> None:
        """Become the owner, after those who are it now.

        Raises
        ------
        OwnershipError
            Naming the owner, if the device does not become free in time.
        WaitEndedError
            If `interrupt` ends the wait.
        """
        lock = self._opened()
        end = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as fault:
                owner = lock.read().strip() or "another process"
                lock.seek(0)
                if time.monotonic() > end or (interrupt is not None and interrupt()):
                    lock.close()
                    if time.monotonic() <= end:
                        message = "the wait was ended"
                        raise WaitEndedError(message) from fault
                    message = (
                        f"{' '.join(self.names)} is in use by {owner}, and does not become free in {timeout:g} s"
                    )
                    raise OwnershipError(message) from fault
                time.sleep(LOOK)
        lock.truncate(0)
        lock.write(f"process {os.getpid()} of {getpass.getuser()}\n")
        lock.flush()
        self._file = lock

    def _opened(self) -> IO[str]:
        """Return the file of the lock, which may be another user's: it is there for all, and is never deleted."""
        try:
            number = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            number = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
            os.fchmod(number, 0o666)  # whatever the umask says
        return os.fdopen(number, "r+", encoding="utf-8")

    def give_up(self) -> None:
        """Let the next one have it; the file stays, since others may be waiting for it."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate(0)
            self._file.close()
            self._file = None


def _number_of(host: str) -> str:
    try:
        return socket.gethostbyname(host)
    except OSError:
        return host
