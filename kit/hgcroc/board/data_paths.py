"""How the data of a run reach us: pulled from the server itself, or as files that a data client writes."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.wire import Interrupt, Puller, WaitEndedError, Wire

__all__ = ["DataPath", "Direct", "Folder"]

START = b"START_RUN"  # what all marks of a beginning start with
END = b"END_OF_RUN"
LAST_WORDS = 2.0  # s between the end of a run and the end of its data
FILE_LOOK = 0.005  # s between looks into a folder

Running = Callable[[], bool]


class DataPath(Protocol):
    """A way of the data."""

    def prepare(self) -> None:
        """Forget what earlier runs have left."""

    def collect(self, running: Running, limit: float) -> list[bytes]:
        """Return the archives of the run that has been started."""

    def close(self) -> None:
        """End it."""


class Direct:
    """The server's own data socket.

    `quiet` is the silence, in seconds, after which the server is asked whether the run still goes on.
    """

    def __init__(self, wire: Wire, host: str, port: int, quiet: float, interrupt: Interrupt | None = None) -> None:
        self.address, self.quiet = f"tcp://{host}:{port}", quiet
        self._puller = Puller(wire, self.address, interrupt)

    def prepare(self) -> None:
        """Throw away what has come in."""
        self._puller.drain()

    def collect(self, running: Running, limit: float) -> list[bytes]:
        """Return the archives between the next marks of start and end.

        Raises
        ------
        BoardError
            If the data end before their end mark, or nothing comes within `limit` seconds.
        """
        archives: list[bytes] | None = None
        end, over = time.monotonic() + limit, False
        while True:
            try:
                message = self._puller.receive(LAST_WORDS if over else self.quiet)
            except TimeoutError as fault:
                if over or time.monotonic() > end:
                    raise self._fault(archives, over=over, limit=limit) from fault
                over = not running()
                continue
            if message.startswith(START):
                archives = []
            elif message == END and archives is not None:
                return archives
            elif archives is not None:
                archives.append(message)

    def _fault(self, archives: list[bytes] | None, *, over: bool, limit: float) -> BoardError:
        so_far = f"{len(archives)} messages" if archives is not None else "nothing"
        when = "the run is over" if over else f"the run does not end in {limit:g} s"
        return BoardError("data", self.address, "", f"{when}, and {so_far} came of its data")

    def close(self) -> None:
        """Close the socket."""
        self._puller.close()


class Folder:
    """The folder of a data client: exactly one new file for each run."""

    def __init__(self, interrupt: Interrupt | None = None) -> None:
        self._interrupt = interrupt
        self._scratch = tempfile.TemporaryDirectory(prefix="kit-hgcroc-")
        self.path = Path(self._scratch.name) / "data"
        self.path.mkdir()

    def prepare(self) -> None:
        """Delete what earlier runs have left."""
        for each in self.path.iterdir():
            each.unlink()

    def collect(self, running: Running, limit: float) -> list[bytes]:
        """Return the content of the file that appears.

        Raises
        ------
        BoardError
            If none appears, or several do.
        """
        end = time.monotonic() + limit
        last: float | None = None
        while not (files := sorted(self.path.iterdir())) or running():
            now = time.monotonic()
            if last is None and not files and not running():
                last = now + LAST_WORDS
            if now > (end if last is None else last):
                when = f"the run does not end in {limit:g} s" if last is None else "the run is over"
                raise BoardError(
                    role="data client", address=str(self.path), message="", fault=f"{when}, and it wrote no file"
                )
            if self._interrupt is not None and self._interrupt():
                message = "the wait was ended"
                raise WaitEndedError(message)
            time.sleep(FILE_LOOK)
        if len(files) > 1:
            names = ", ".join(each.name for each in files)
            raise BoardError(
                role="data client",
                address=str(self.path),
                message="",
                fault=f"wrote {len(files)} files for one run: {names}",
            )
        content = files[0].read_bytes()
        files[0].unlink()
        return [content]

    def close(self) -> None:
        """Delete the folder."""
        with contextlib.suppress(OSError):
            self._scratch.cleanup()
