"""The emulator as a process of its own, as those see it who may only know its sockets."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import kit
from kit.hgcroc import messages
from kit.hgcroc.wire import Requester, WaitEndedError, Wire

__all__ = ["EmulatorProcess"]

PATIENCE = 30.0  # s until it has to be ready
LAST_WORDS = 2000  # characters of its complaint that are told


class EmulatorProcess:
    """A started emulator; it ends with the block, with `stop`, or when this process ends.

    Parameters
    ----------
    *options : str
        Of ``python -m kit.hgcroc.emulator``.
    patience : float
        Seconds until it has to be ready.
    interrupt : callable, optional
        True ends the wait for it.

    Attributes
    ----------
    networks : dict
        The network file of each dialect, ``0.1.2`` and ``1.0.15``.
    announcement : dict
        All that it told when it was ready.

    Raises
    ------
    RuntimeError
        With what it said, if it does not get ready.
    WaitEndedError
        If `interrupt` ended the wait.
    """

    def __init__(
        self, *options: str, patience: float = PATIENCE, interrupt: Callable[[], bool] | None = None
    ) -> None:
        words = [sys.executable, "-m", "kit.hgcroc.emulator", "--parent", str(os.getpid()), *options]
        path = os.pathsep.join(filter(None, [str(Path(kit.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}
        )
        try:
            self.announcement: dict[str, Any] = json.loads(
                self._first_line(words, patience, interrupt or (lambda: False))
            )
        except BaseException:
            self._end()
            raise
        self.networks: dict[str, dict[str, Any]] = self.announcement["networks"]
        self._wire, self._turn = Wire(), threading.Lock()
        address = f"tcp://{self.announcement['host']}:{self.announcement['ports']['control']}"
        self._control = Requester(self._wire, address, PATIENCE)

    def _first_line(self, words: Sequence[str], patience: float, interrupt: Callable[[], bool]) -> str:
        stream = self._process.stdout
        end = time.monotonic() + patience
        while stream is not None and time.monotonic() < end:
            if interrupt():
                message = "the wait for the emulator was ended"
                raise WaitEndedError(message)
            if select.select([stream], [], [], 0.1)[0]:
                if line := stream.readline():
                    return line
                break
        self._process.kill()
        said = self._process.communicate()[1][-LAST_WORDS:].strip()
        message = (
            f"the emulator does not start in {patience:g} s ({' '.join(words[1:])}): {said or 'it says nothing'}"
        )
        raise RuntimeError(message)

    def ask(self, command: str, **details: Any) -> Any:
        """Ask the emulator's own socket, as `kit.hgcroc.emulator.control_role` answers.

        Raises
        ------
        RuntimeError
            With its words, if it refuses.
        TimeoutError
            If it does not answer.
        """
        with self._turn:  # a socket is of one thread at a time
            reply = messages.as_map(self._control.ask(messages.dump({"command": command, **details}))[0])
        if "error" in reply:
            message = f"the emulator refuses {command}: {reply['error']}"
            raise RuntimeError(message)
        return reply["value"]

    def inject(self, fault: str, **details: Any) -> None:
        """Begin a fault."""
        self.ask("inject", fault=fault, **details)

    @property
    def running(self) -> bool:
        """Tell whether the process is alive."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End the process."""
        self._wire.close()
        self._end()

    def _end(self) -> None:
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(3.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for stream in filter(None, (self._process.stdout, self._process.stderr)):
            stream.close()

    def __enter__(self) -> EmulatorProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
