"""The three control sockets of dialect 1.0.15: YAML to slow control, commands and states to the two programs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from kit.hgcroc import messages
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.hexaboard import Hexaboard, NackError
from kit.hgcroc.emulator.readout import Readout
from kit.hgcroc.emulator.slow_control import SlowControl
from kit.hgcroc.messages import MessageError
from kit.hgcroc.registers import RegisterError, register_table

__all__ = ["CurrentClient", "CurrentServer", "CurrentSlowControl"]


class CurrentSlowControl:
    """The slow control of dialect 1.0.15."""

    name = "slow-control"

    def __init__(self, slow: SlowControl) -> None:
        self._slow = slow

    def answer(self, identity: bytes, parts: list[bytes]) -> list[bytes]:  # noqa: ARG002  (who asks is all the same)
        """Return the answer to a message."""
        kind = ""
        try:
            request = messages.as_map(b"".join(parts))
            kind = str(request.get("type"))
            if kind == "describe":
                return [_description(self._slow.board)]
            reply = {"type": kind, "status": "success", "args": self._args(kind, request)}
        except (MessageError, RegisterError, NackError) as fault:
            reply = {"type": kind, "status": "error", "args": {}, "errmsg": str(fault)}
        return [messages.dump(reply).encode()]

    def _args(self, kind: str, request: Mapping[str, Any]) -> dict[Any, Any]:
        args = request.get("args", {})
        if not isinstance(args, dict):
            message = f"args is {type(args).__name__}, should be a map"
            raise MessageError(message)
        if kind == "set":
            self._slow.set(args, read_back=request.get("read_back") is True)
        elif kind == "get":
            return self._slow.get(args, from_hardware=request.get("from_hardware") is True)
        elif kind == "reset":
            self._slow.reset()
        elif kind != "stop":
            message = f"there is no request of type {kind!r}, should be set, get, describe, reset or stop"
            raise MessageError(message)
        return {}


def _description(board: Hexaboard) -> bytes:
    return _described(board.table.board.name, board.limits.tobytes())


@lru_cache(maxsize=4)  # a description is long, and the same for nearly all boards of a kind
def _described(board: str, limits: bytes) -> bytes:
    described = register_table(board).describe(np.frombuffer(limits, np.int64))
    return messages.dump({"type": "describe", "status": "success", "args": described}).encode()


class _Program(Protocol):
    state: str

    def change(self, settings: Mapping[str, Any], *, anew: bool = False) -> None: ...
    def start(self) -> bool | None: ...
    def stop(self) -> None: ...


class _States:
    """A program that answers each command with the state that it is in afterwards."""

    name: str
    section: str

    def __init__(self, program: _Program) -> None:
        self._program = program

    def answer(self, identity: bytes, parts: list[bytes]) -> list[bytes]:  # noqa: ARG002
        """Return the answer to a message."""
        try:
            return [self._obeyed(*parts).encode()]
        except (MessageError, TypeError):  # TypeError: a command with too many parts
            return [b"error"]

    def _obeyed(self, command: bytes = b"", settings: bytes = b"") -> str:
        match command.strip().lower():
            case b"initialize":
                self._program.change(self._section(settings), anew=True)
                self._program.state = "initialized"
            case b"configure" if self._program.state not in ("created", "destroyed"):
                self._program.change(self._section(settings))
                self._program.state = "configured"
            case b"start" if self._program.state == "configured":
                # a short run may be over before it is told that it has begun
                return "configured" if self._program.start() is False else "running"
            case b"stop" if self._program.state in ("configured", "running"):
                self._program.stop()
            case b"status":
                pass
            case b"destroy":
                self._program.stop()
                self._program.state = "destroyed"
            case _:
                return "error"
        return self._program.state

    def _section(self, settings: bytes) -> dict[str, Any]:
        section = messages.as_map(settings).get(self.section, {})
        if not isinstance(section, dict):
            message = f"{self.section} should be a map of settings"
            raise MessageError(message)
        return section


class CurrentServer(_States):
    """The acquisition server of dialect 1.0.15."""

    name, section = "server", "daq"

    def __init__(self, readout: Readout) -> None:
        super().__init__(readout)


class CurrentClient(_States):
    """The data client of dialect 1.0.15."""

    name, section = "client", "client"

    def __init__(self, client: DataClient) -> None:
        super().__init__(client)
