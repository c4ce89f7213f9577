"""Progress lines from inside a job into HTCondor's event log, through the proxy that the starter offers."""

from __future__ import annotations

import socket
import time
from pathlib import Path

__all__ = ["Chirp"]

INTERVAL = 30.0  # s between two lines: each is an event in the log
PATIENCE = 5.0  # s for an answer
CONFIG = ".chirp.config"  # host, port and cookie, written by the starter into the job's directory


class Chirp:
    """Says how far the chunk is; any fault makes it silent, never the job fail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last: float | None = None

    def say(self, text: str, *, at_once: bool = False) -> None:
        """Send `text`, unless the last line was sent a moment ago."""
        if not at_once and self._last is not None and time.monotonic() - self._last < INTERVAL:
            return
        self._last = time.monotonic()
        try:
            host, port, cookie = (self._folder / CONFIG).read_text(encoding="utf-8").split()[:3]
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
                answers = connection.makefile("rb")
                for line in (f"cookie {cookie}", "ulog " + text.replace(" ", "\\ ")):
                    connection.sendall(line.encode() + b"\n")
                    answers.readline()
        except (OSError, ValueError):
            return
