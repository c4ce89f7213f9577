"""The command, as a panel calls it: in a process of its own, which goes on when the notebook is closed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kit import files

__all__ = ["Answer", "RefusedError", "call"]

LOOK = 0.2  # s
REFUSED = 2  # exit status of a refusal


class RefusedError(RuntimeError):
    """What the command would not do, in its own words."""


@dataclass(frozen=True)
class Answer:
    """What the command has said so far, and its exit status; None while it goes on."""

    status: int | None
    words: str


def call(
    words: Sequence[str], settled: Callable[[], bool] = lambda: False, left: Callable[[], bool] = lambda: False
) -> Answer:
    """Run ``kit`` with these words, and wait until it has ended, or what it should bring about is `settled`.

    Parameters
    ----------
    words : sequence of str
        As in a terminal.
    settled : callable
        Tells whether one need not wait any longer.
    left : callable
        Tells whether nobody waits any more.

    Raises
    ------
    RefusedError
        With the command's own words, if it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="kit_") as scratch:
        said = Path(scratch) / "said"
        with said.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "kit", *words], cwd=files.home(), stdin=subprocess.DEVNULL,
                stdout=stream, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        while process.poll() is None and not settled() and not left():
            time.sleep(LOOK)
        text = said.read_text(encoding="utf-8", errors="replace").strip()
    if process.returncode is None:  # somebody must hear of its end, or it stays in the table of processes
        threading.Thread(target=process.wait, name="kit-call", daemon=True).start()
    if process.returncode == REFUSED:
        raise RefusedError(text.rpartition("kit: ")[2] or f"kit {' '.join(words)}")
    return Answer(process.returncode, text)
