"""The three control sockets of dialect 0.1.2: plain text, and a second message where a command takes settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from kit.hgcroc import messages
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.hexaboard import Hexaboard, NackError
from kit.hgcroc.emulator.readout import Readout
from kit.hgcroc.emulator.slow_control import SlowControl
from kit.hgcroc.messages import MessageError
from kit.hgcroc.registers import RegisterError, Tree

__all__ = ["LegacyClient", "LegacyServer", "LegacyTarget"]

READY = "ReadyForConfig"
WRITTEN = "ROC(s) CONFIGURED\n...\n"  # a dumped YAML text, as the original server answers
MOST_TALKERS = 1000  # whose second message is still awaited; older ones have gone


class _Conversation:
    """A socket on which some commands are followed by a message with their settings."""

    name: str
    taking: Mapping[str, Callable[[str], str]]  # commands that take settings
    plain: Mapping[str, Callable[[], str]]

    def __init__(self) -> None:
        self._awaited: dict[bytes, str] = {}

    def answer(self, identity: bytes, parts: list[bytes]) -> list[bytes]:
        """Return the answer to a message."""
        text = b"".join(parts).decode(errors="replace")
        try:
            return [self._answered(identity, text).encode()]
        except (MessageError, RegisterError, NackError) as fault:
            return [f"Error: {fault}".encode()]

    def _answered(self, identity: bytes, text: str) -> str:
        if (command := self._awaited.pop(identity, None)) is not None:
            return self.taking[command](text)
        command = text.strip().lower()
        if command in self.taking:
            if len(self._awaited) >= MOST_TALKERS:
                self._awaited.pop(next(iter(self._awaited)))
            self._awaited[identity] = command
            return READY
        if command in self.plain:
            return self.plain[command]()
        return f"Error: there is no command {text[:40]!r}"


class LegacyTarget(_Conversation):
    """The slow control of dialect 0.1.2."""

    name = "legacy-target"

    def __init__(self, board: Hexaboard, slow: SlowControl) -> None:
        super().__init__()
        self._board, self._slow = board, slow
        self.taking = {
            **dict.fromkeys(("configure", "initialize"), self._configure),
            "read": self._read,
            **dict.fromkeys(("measadc", "read_adc"), self._voltages),
        }
        self.plain = {"read_pwr": self._power, **dict.fromkeys(("resettdc", "reset_tdc"), self._reset_tdc)}

    def _configure(self, text: str) -> str:
        tree = messages.as_map(text)
        self._slow.set({key: value for key, value in tree.items() if key not in ("hostname", "port")})
        return WRITTEN

    def _read(self, text: str) -> str:
        wanted = messages.as_map(text) if text.strip() else self._slow.written_tree()
        return messages.dump(self._slow.get(wanted, from_hardware=True))

    @staticmethod
    def _power() -> str:
        return messages.dump({"piv_a": "10.0 V, 1.52 A", "piv_d": "10.0 V, 0.61 A"})

    def _reset_tdc(self) -> str:
        for value in (0, 1):
            pulse: Tree = {"MasterTdc": {"all": {"START_COUNTER": value}}}
            self._slow.set(dict.fromkeys(self._board.table.rocs, pulse))
        return "masterTDCs reset."

    def _voltages(self, text: str) -> str:
        messages.as_map(text)
        level = np.random.default_rng(self._board.seed).normal(600, 5, (len(self._board.table.rocs), 2))
        rocs = self._board.table.rocs
        return messages.dump(
            {roc: {half: f"{level[chip, half]:.1f} mV" for half in range(2)} for chip, roc in enumerate(rocs)}
        )


class LegacyServer(_Conversation):
    """The acquisition server of dialect 0.1.2."""

    name = "legacy-server"

    def __init__(self, readout: Readout) -> None:
        super().__init__()
        self._readout = readout
        self.taking = {"configure": self._configure}
        self.plain = {
            "start": self._start,
            "run_done": lambda: "notdone" if self._readout.state == "running" else "done",
            "stop": self._stop,
            "delayscan": lambda: "delay_scan_done",
        }

    def _configure(self, text: str) -> str:
        self._readout.change(_section(text, "daq"))
        self._readout.state = "configured"
        return "Configured"

    def _start(self) -> str:
        if self._readout.state == "created":
            return "Error: not configured"
        return "running" if self._readout.start() else "links not aligned"

    def _stop(self) -> str:
        self._readout.stop()
        return "Stopped"


class LegacyClient(_Conversation):
    """The data client of dialect 0.1.2."""

    name = "legacy-client"

    def __init__(self, client: DataClient) -> None:
        super().__init__()
        self._client = client
        self.taking = {"configure": self._configure}
        self.plain = {"start": self._start, "stop": self._stop}

    def _configure(self, text: str) -> str:
        settings = _section(text, "global")
        if not settings.get("serverIP"):
            return "ConfigError"
        self._client.change(settings)
        self._client.state = "configured"
        return "Configured"

    def _start(self) -> str:
        self._client.start()
        return "Data puller running"

    def _stop(self) -> str:
        self._client.stop()
        return "Data puller stopped"


def _section(text: str, name: str) -> dict[str, Any]:
    section = messages.as_map(text).get(name)
    if not isinstance(section, dict):
        message = f"{name} is missing, should be a map of settings"
        raise MessageError(message)
    return section
