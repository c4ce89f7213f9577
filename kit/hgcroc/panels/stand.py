"""The test system that somebody has connected to: where its roles are, how they answer, what the board says.

A stand holds no connection: each question takes the board for its own time, so that scans and others get theirs.
Its emulator, where it has started one, lives as long as the stand.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.board.board import Board
from kit.hgcroc.board.connection import addresses, connect
from kit.hgcroc.options import AcquisitionParameters, emulated, fault_words, network_of
from kit.hgcroc.planning.limits import unlike_defaults
from kit.hgcroc.planning.scan import Plan
from kit.hgcroc.ports import probe
from kit.hgcroc.wire import Requester, Wire

__all__ = ["ReadBack", "Stand"]

IntArray = npt.NDArray[np.int64]
LOOK = 0.5  # s for a role to be seen
FEW = 40  # registers that are told


@dataclass(frozen=True)
class ReadBack:
    """Registers as they are in the chips.

    Attributes
    ----------
    values : ndarray of int64, shape (size,)
        Of all registers.
    told : dict of str to list of str
        Where they differ, in words: from the values after reset, and from the files of defaults of a plan.
    """

    values: IntArray
    told: dict[str, list[str]] = field(default_factory=dict)


class Stand:
    """A test system; with an empty network an emulated one, which is started.

    Parameters
    ----------
    p : AcquisitionParameters
        Network, board, timeouts, and what the emulated board is like.
    dialect : str
        In which it is spoken to.
    interrupt : callable, optional
        True ends every wait.

    Attributes
    ----------
    where : dict
        Host and port of each role.
    limits : ndarray of int64 or None
        Highest value of each register, where the board describes itself otherwise than the table does.
    description, remarks : str, list of str
        What it says of itself.
    """

    def __init__(
        self, p: AcquisitionParameters, dialect: str, interrupt: Callable[[], bool] | None = None
    ) -> None:
        self.p, self.dialect, self.interrupt = p, dialect, interrupt
        # the noise of a run follows from its number: scans that go on must not meet the same again
        self.emulator = None if p.network else emulated(p, first_run=int(time.time()), interrupt=interrupt)
        self.limits: IntArray | None = None
        self.description, self.remarks = "", list[str]()
        try:
            network = network_of(p) if self.emulator is None else self.emulator.networks[dialect]
            self.where = addresses(network, dialect)
        except BaseException:
            self.close()
            raise
        self.network = dict(network)

    def parameters(self, p: AcquisitionParameters, dialect: str) -> AcquisitionParameters:
        """Return the parameters with which a scan reaches this stand.

        Raises
        ------
        ValueError
            If they ask for another board or another network than it is, or speak the other dialect.
        """
        if p.board != self.p.board or p.network != self.p.network:
            message = "board or network are others than those that are connected: disconnect, and connect again"
            raise ValueError(message)
        if self.emulator is not None:
            return p.with_values(network=self.emulator.networks[dialect], fault=[])
        if dialect != self.dialect:
            message = f"the stand is connected in dialect {self.dialect}, the procedure speaks {dialect}"
            raise ValueError(message)
        return p

    def look(self) -> dict[str, str]:
        """Return for each role what is wrong with it, nothing where something answers there."""
        return {name: probe(*where, LOOK) for name, where in self.where.items()}

    def states(self) -> dict[str, str]:
        """Return the states of server and data client as they tell them; dialect 0.1.2 cannot ask."""
        told = {}
        if self.dialect == "1.0.15":
            with Wire() as wire:
                for name in ("server", "data client"):
                    host, port = self.where[name]
                    with contextlib.suppress(TimeoutError):
                        told[name] = Requester(wire, f"tcp://{host}:{port}", LOOK).ask("status")[0].decode()
        return told

    @contextlib.contextmanager
    def board(self) -> Iterator[Board]:
        """Yield the board, connected for the time of a question."""
        with connect(
            self.network,
            self.dialect,
            board=self.p.board,
            timeout=self.p.timeout,
            start_timeout=self.p.start_timeout,
            interrupt=self.interrupt,
        ) as board:
            yield board

    def describe(self) -> str:
        """Ask the board what it is, and return it in words.

        Raises
        ------
        BoardError
            If it does not answer, or is another kind of board.
        """
        with self.board() as board:
            self.limits, self.remarks, table = board.limits, board.remarks, board.table
        rocs = f"{len(table.rocs)} {'ROC' if len(table.rocs) == 1 else 'ROCs'}"
        told = f"{table.board.described}: {rocs} ({', '.join(table.rocs)}), {table.size} registers"
        if self.dialect == "0.1.2":
            told += "; dialect 0.1.2 cannot ask the board itself, names and ranges are those of the table"
        elif self.remarks:
            told += f"; {len(self.remarks)} are not as in the table: " + "; ".join(self.remarks[:FEW])
        else:
            told += "; names and ranges as in the table"
        self.description = told
        return told

    def read_back(self, plan: Plan | None = None) -> ReadBack:
        """Read all registers, and tell where they are not as after a reset, and not as in a plan's defaults."""
        with self.board() as board:
            values, table = board.read_all(), board.table
        other = np.flatnonzero((values != table.reset) & ~table.read_only)
        told = {
            "after reset": [f"{table.text_of(int(k))} is {values[k]}, {table.reset[k]} after reset" for k in other]
        }
        if plan is not None and plan.table is table:
            told["in the files of defaults"] = unlike_defaults(plan, values)
        return ReadBack(values, told)

    def reset(self) -> bool:
        """Reset the chips, and tell whether the dialect can."""
        with self.board() as board:
            return board.line.reset()

    def faults(self) -> dict[str, str]:
        """Return the faults that an emulated board can be asked to have, and what each means."""
        return {} if self.emulator is None else dict(self.emulator.ask("faults"))

    def active(self) -> list[str]:
        """Return the faults that an emulated board has now, in words."""
        return [] if self.emulator is None else list(self.emulator.ask("active"))

    def inject(self, text: str) -> list[str]:
        """Begin a fault, such as ``slow_run 2``, and return all that there are now.

        Raises
        ------
        RuntimeError
            If the board is real, or there is no such fault.
        """
        name, details = fault_words(text)
        return self._told("inject", fault=name, **details)

    def clear(self) -> list[str]:
        """End all faults."""
        return self._told("clear")

    def _told(self, command: str, **details: Any) -> list[str]:
        if self.emulator is None:
            message = "a real board takes no faults: leave network empty, and connect to an emulated one"
            raise RuntimeError(message)
        self.emulator.ask(command, **details)
        return self.active()

    def close(self) -> None:
        """Leave the stand; the emulator ends."""
        if self.emulator is not None:
            self.emulator.stop()
