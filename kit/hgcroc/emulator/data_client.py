"""The data client: receives what an acquisition server pushes, and writes one raw file for each run.

A file is written beside its folder and renamed into it when the run has ended, since those who wait for it take
the first file that they see.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.packing import END_OF_RUN
from kit.hgcroc.emulator.run_plans import data_port
from kit.hgcroc.messages import MessageError, laid_over
from kit.hgcroc.wire import SLICE, Puller, Wire

__all__ = ["DataClient"]

START = b"START_RUN"  # what all marks of a beginning start with


class DataClient:
    """One data client.

    Parameters
    ----------
    wire : Wire
    warn : callable
        Takes what goes wrong behind the control socket.
    dead : callable, optional
        True while it takes nothing.
    """

    def __init__(self, wire: Wire, warn: Callable[[str], None], dead: Callable[[], bool] = lambda: False) -> None:
        self.settings: dict[str, Any] = {}
        self.state = "created"
        self._wire, self._warn, self._dead = wire, warn, dead
        self._port = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._numbers = itertools.count()
        self._parts: list[bytes] | None = None
        self._files = 0

    def change(self, settings: Mapping[str, Any], *, anew: bool = False) -> None:
        """Lay settings over those that there are, or begin anew; what was being received ends."""
        self.stop()
        self.settings = dict(settings) if anew else laid_over(self.settings, settings)

    def start(self) -> None:
        """Begin to receive: from `serverIP` and the port of the settings, into their `outputDirectory`.

        Raises
        ------
        MessageError
            If server, port or folder are missing.
        """
        self.stop()
        port = data_port(self.settings, "zmqPushPull_port") or data_port(self.settings, "data_push_port")
        if not port or not self.settings.get("serverIP"):
            message = "the server's address is missing: serverIP and zmqPushPull_port or data_push_port"
            raise MessageError(message)
        if not self.settings.get("outputDirectory"):
            message = "outputDirectory is missing"
            raise MessageError(message)
        self._port, self._numbers, self._parts = port, itertools.count(), None
        self._over.clear()
        puller = Puller(self._wire, f"tcp://{self.settings['serverIP']}:{port}")
        self._thread = threading.Thread(target=self._receive, args=(puller,), name="data client", daemon=True)
        self._thread.start()
        self.state = "running"

    def stop(self) -> None:
        """End receiving; a run that has not ended leaves no file."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None
        if self.state == "running":
            self.state = "configured"

    def listens(self, port: int) -> bool:
        """Tell whether data from this port arrive here."""
        alive = self._thread is not None and self._thread.is_alive() and not self._dead()
        return alive and self._port == port

    def files(self) -> int:
        """Return how many files have been put into their place so far."""
        return self._files

    def _receive(self, puller: Puller) -> None:
        while not self._over.is_set():
            try:
                message = puller.receive(SLICE)
            except TimeoutError:
                continue
            self.accept(message)
        puller.close()

    def accept(self, message: bytes) -> None:
        """Take one message of a run."""
        if self._dead():
            self._parts = None
        elif message.startswith(START):
            self._parts = []
        elif message == END_OF_RUN:
            if self._parts is not None:
                self._write(self._parts)
            self._parts = None
        elif self._parts is not None:
            self._parts.append(message.removeprefix(HEAD) if self._parts else message)

    def _write(self, parts: list[bytes]) -> None:
        folder = Path(str(self.settings["outputDirectory"]))
        name = f"{self.settings.get('run_type', 'run')}{next(self._numbers)}.raw"
        try:
            aside = Path(tempfile.mkdtemp(prefix=".incoming-", dir=folder.parent))
            try:
                (aside / name).write_bytes(b"".join(parts))
                (aside / name).rename(folder / name)
            finally:
                shutil.rmtree(aside)
        except OSError as fault:
            self._warn(f"{folder / name} cannot be written: {fault.strerror}")
            return
        self._files += 1
