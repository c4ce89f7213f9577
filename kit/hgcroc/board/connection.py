"""From a network file to a connected board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit import wording
from kit.hgcroc.board.board import Board
from kit.hgcroc.board.current_line import CurrentLine
from kit.hgcroc.board.data_paths import DataPath, Direct, Folder
from kit.hgcroc.board.exchange import Record, Role
from kit.hgcroc.board.legacy_line import LegacyLine
from kit.hgcroc.board.line import Line
from kit.hgcroc.board.ownership import Ownership
from kit.hgcroc.wire import Interrupt, Wire

__all__ = ["NetworkError", "addresses", "connect"]

CLIENT_OF_CURRENT = ("localhost", 6001)  # where the programs of 1.0.15 look for it
USUAL_DATA_PORT = 8888
NEEDED: dict[str, dict[str, tuple[str, ...]]] = {
    "0.1.2": {"target": ("hostname", "port"), "server": ("hostname", "port"), "client": ("hostname", "port")},
    "1.0.15": {"server": ("hostname", "sc_ctrl_port", "daq_ctrl_port", "data_port")},
}


class NetworkError(ValueError):
    """A network file that does not say where the roles are; `faults` holds all that is wrong."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("the network settings cannot be used: " + "; ".join(faults))


def addresses(network: Mapping[str, Any], dialect: str) -> dict[str, tuple[str, int]]:
    """Return host and port of each role: ``slow control``, ``server``, ``data client`` and ``data``.

    Raises
    ------
    NetworkError
        With everything that is missing or no port.
    """
    _check(network, dialect)
    server = network["server"]
    host = str(server["hostname"])
    if dialect == "1.0.15":
        client = network.get("client") or dict(zip(("hostname", "port"), CLIENT_OF_CURRENT, strict=True))
        return {
            "slow control": (host, int(server["sc_ctrl_port"])),
            "server": (host, int(server["daq_ctrl_port"])),
            "data client": (str(client["hostname"]), int(client["port"])),
            "data": (host, int(server["data_port"])),
        }
    target, client = network["target"], network["client"]
    return {
        "slow control": (str(target["hostname"]), int(target["port"])),
        "server": (host, int(server["port"])),
        "data client": (str(client["hostname"]), int(client["port"])),
        "data": (host, int(server.get("data_port", USUAL_DATA_PORT))),
    }


def _check(network: Mapping[str, Any], dialect: str) -> None:
    faults = []
    for role, keys in NEEDED[dialect].items():
        there = network.get(role)
        if not isinstance(there, Mapping):
            faults.append(f"{role} is missing{wording.suggestion(role, map(str, network))}")
            continue
        for key in keys:
            value = there.get(key)
            if value is None:
                faults.append(f"{role}.{key} is missing{wording.suggestion(key, map(str, there))}")
            elif key == "hostname":
                if not isinstance(value, str) or not value:
                    faults.append(f"{role}.hostname is {value!r}, should be the name of a host")
            elif not str(value).isdecimal() or not 0 < int(str(value)) < 65536:
                faults.append(f"{role}.{key} is {value!r}, should be a port from 1 to 65535")
    if faults:
        raise NetworkError(faults)


def connect(
    network: Mapping[str, Any],
    dialect: str,
    *,
    board: str = "ld",
    timeout: float = 10.0,
    start_timeout: float = 30.0,
    data_path: str = "direct",
    data_port: int | None = None,
    interrupt: Interrupt | None = None,
    record: Record | None = None,
) -> Board:
    """Return a board that has answered, with this process as its owner.

    Parameters
    ----------
    network : mapping
        Network file of the dialect; of 0.1.2 with an optional ``server.data_port``, of 1.0.15 with an optional
        ``client: {hostname, port}``.
    dialect : str
        ``0.1.2`` or ``1.0.15``.
    board : str
        ``ld``, ``hd`` or ``char``.
    timeout, start_timeout : float
        Seconds for an answer; for links to align, and for another owner to leave.
    data_path : str
        ``direct``, or ``client`` for files of a data client.
    data_port : int, optional
        Of the data socket, where the network file does not say it.
    interrupt : callable, optional
        True ends any wait with `kit.hgcroc.wire.WaitEndedError`.
    record : callable, optional
        Takes each exchange as a dict.

    Raises
    ------
    NetworkError
        If the network settings cannot be used.
    OwnershipError
        If another of our processes has the board.
    BoardError
        If a role cannot be reached, or describes another board.
    """
    where = addresses(network, dialect)
    if data_port is not None:
        where["data"] = (where["data"][0], data_port)
    owner = Ownership([where["slow control"], where["server"]])
    owner.take(start_timeout, interrupt)
    wire = Wire()
    try:
        made = {
            name: Role(wire, name, *where[name], timeout, interrupt=interrupt, record=record)
            for name in ("slow control", "server", "data client")
            if name != "data client" or data_path == "client"
        }
        for role in made.values():
            role.greet()
        kind: type[Line] = CurrentLine if dialect == "1.0.15" else LegacyLine
        line = kind(made["slow control"], made["server"], made.get("data client"), where["data"][1])
        path: DataPath = (
            Folder(interrupt) if data_path == "client" else Direct(wire, *where["data"], 1.0, interrupt)
        )
        connected = Board(line, path, owner, wire, board=board, start_timeout=start_timeout)
        connected.describe()
    except BaseException:
        wire.close()
        owner.give_up()
        raise
    return connected
