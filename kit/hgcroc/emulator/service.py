"""A hexaboard test system that answers on real sockets: ``python -m kit.hgcroc.emulator --help``.

Slow control, acquisition server and data client of both dialects act on one board at once. Each control socket
has a thread, so has each run and each client that receives. Nothing is heard beyond this machine, unless `host`
says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

import numpy as np

from kit.hgcroc import messages
from kit.hgcroc.emulator.control_role import ControlRole
from kit.hgcroc.emulator.current_roles import CurrentClient, CurrentServer, CurrentSlowControl
from kit.hgcroc.emulator.data_client import DataClient
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.legacy_roles import LegacyClient, LegacyServer, LegacyTarget
from kit.hgcroc.emulator.readout import Readout
from kit.hgcroc.emulator.run_plans import current_plan, legacy_plan
from kit.hgcroc.emulator.slow_control import SlowControl
from kit.hgcroc.ports import free_port
from kit.hgcroc.registers import register_table
from kit.hgcroc.wire import Responder, Wire

__all__ = ["USUAL_PORTS", "Emulator", "power_on_state"]

USUAL_PORTS: dict[str, dict[str, int]] = {
    "legacy": {"legacy-target": 5555, "legacy-server": 6000, "legacy-client": 6001, "legacy-data": 8888},
    "current": {"slow-control": 5555, "server": 6000, "client": 6001, "data": 8888},
}
CONTROL = "control"


class _Role(Protocol):
    @property
    def name(self) -> str: ...
    def answer(self, identity: bytes, parts: list[bytes]) -> list[bytes] | None: ...


class Emulator:
    """An emulated test system, from `start` to `stop` or as a context manager.

    Parameters
    ----------
    board : str
        ``ld`` (3 ROCs), ``hd`` (6) or ``char`` (1).
    dialect : str
        ``legacy`` (0.1.2), ``current`` (1.0.15) or ``both``.
    host : str
        Address to listen at.
    ports : mapping of str to int
        Of roles, as in `USUAL_PORTS`, and ``control``; those not named are chosen by the system.
    without : sequence of str
        Roles to leave out: another program plays them.
    seed : int
        Of the channels' constants and of the noise.
    time_scale : float
        1 for runs as long as real ones, 0 for as fast as possible.
    power_on : str
        ``regmap`` (reset values), ``zeros`` or the path of a YAML file laid over the reset values.
    first_run : int
        How many runs there have been: the noise of a run follows from seed and number.
    """

    def __init__(
        self,
        board: str = "ld",
        dialect: str = "both",
        *,
        host: str = "127.0.0.1",
        ports: Mapping[str, int] | None = None,
        without: tuple[str, ...] = (),
        seed: int = 1,
        time_scale: float = 0.0,
        power_on: str = "regmap",
        first_run: int = 0,
    ) -> None:
        self.board = Hexaboard(board, seed, power_on_state(board, power_on))
        self.board.counters["runs"] = first_run
        self.dialects = ("legacy", "current") if dialect == "both" else (dialect,)
        self.host, self.warnings, self.over = host, list[str](), threading.Event()
        self.ports: dict[str, int] = dict(ports or {})
        self._without, self._time_scale = without, time_scale
        self._wire = Wire()
        self._coordinator = free_port(host)
        self._responders: list[Responder] = []
        self._readouts: list[Readout] = []
        self._clients: list[DataClient] = []
        try:
            self._make_roles()
        except OSError:
            self._wire.close()
            raise

    def _make_roles(self) -> None:
        slow = SlowControl(self.board)
        for dialect in self.dialects:
            legacy = dialect == "legacy"
            port = self.ports.get("legacy-data" if legacy else "data", 0)
            readout = Readout(
                self.board,
                self._wire,
                self.host,
                port,
                legacy_plan if legacy else current_plan,
                time_scale=self._time_scale,
                warn=self.warnings.append,
            )
            self.ports["legacy-data" if legacy else "data"] = readout.port
            client = DataClient(self._wire, self.warnings.append, lambda: self.board.faults.dead_client)
            readout.listener = client
            self._readouts.append(readout)
            self._clients.append(client)
            roles: list[_Role] = (
                [LegacyTarget(self.board, slow), LegacyServer(readout), LegacyClient(client)]
                if legacy
                else [CurrentSlowControl(slow), CurrentServer(readout), CurrentClient(client)]
            )
            for role in roles:
                if role.name not in self._without:
                    self._add(role.name, self._heard(role))
        control = ControlRole(self.board, self.over, self.warnings)
        self._add(CONTROL, control.answer)

    def _add(self, name: str, answer: Callable[[bytes, list[bytes]], list[bytes] | None]) -> None:
        responder = Responder(self._wire, self.host, self.ports.get(name, 0), answer, name)
        self.ports[name] = responder.port
        self._responders.append(responder)

    def _heard(self, role: _Role) -> Callable[[bytes, list[bytes]], list[bytes] | None]:
        """Return a role's answers as the faults leave them: some messages get none."""

        def answer(identity: bytes, parts: list[bytes]) -> list[bytes] | None:
            self.board.message_passed()
            with self.board.lock:
                if self.board.faults.falls_silent(role.name):
                    return None
            return role.answer(identity, parts)

        return answer

    def start(self) -> None:
        """Begin to answer."""
        for responder in self._responders:
            responder.start()

    def stop(self) -> None:
        """End all threads and close all sockets, within a second."""
        for readout in self._readouts:
            readout.close()
        for client in self._clients:
            client.stop()
        for responder in self._responders:
            responder.stop()
        self._wire.close()

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def inject(self, fault: str, **wish: Any) -> None:
        """Begin a fault of `kit.hgcroc.faults.FAULTS`."""
        self.board.inject(fault, **wish)

    def network(self, dialect: str) -> dict[str, Any]:
        """Return the network file of a dialect, ``0.1.2`` or ``1.0.15``, with the ports in use."""
        coordinator = {"hostname": self.host, "port": self._coordinator}
        if dialect == "0.1.2":
            roles = {name: {"hostname": self.host, "port": self.ports.get(f"legacy-{name}", 0)}
                     for name in ("target", "client", "server")}  # fmt: skip
            roles["server"]["data_port"] = self.ports["legacy-data"]  # more than the original's file has
            return {"daq_coordinator": coordinator, **roles}
        server = {"sc_ctrl_port": "slow-control", "daq_ctrl_port": "server", "data_port": "data"}
        ports = {key: self.ports[name] for key, name in server.items()}
        network = {"daq_coordinator": coordinator, "server": {"hostname": self.host, **ports}}
        if "client" in self.ports:  # more than the original's file has: its programs know one port only
            network["client"] = {"hostname": self.host, "port": self.ports["client"]}
        return network

    def announcement(self) -> dict[str, Any]:
        """Return what a program that started the emulator has to know."""
        names = {"legacy": "0.1.2", "current": "1.0.15"}
        networks = {names[dialect]: self.network(names[dialect]) for dialect in self.dialects}
        return {"ready": True, "board": self.board.table.board.name, "host": self.host, "ports": self.ports,
                "networks": networks}  # fmt: skip


def power_on_state(board: str, told: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the registers after power-up: ``regmap``, ``zeros`` or a file laid over the reset values.

    Raises
    ------
    RegisterError, MessageError
        If the file names what the board does not have, or is no YAML.
    """
    table = register_table(board)
    state = table.reset.copy()
    if told == "zeros":
        state[:] = 0
    elif told != "regmap":
        tree = messages.as_map(Path(told).read_text(encoding="utf-8"))
        tree = tree.get("target", tree)
        index, value = table.leaves({roc: tree[roc] for roc in tree if str(roc).startswith("roc")})
        state[index] = value
    return state
