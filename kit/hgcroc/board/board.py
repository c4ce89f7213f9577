"""A board as the acquisition sees it: connect, describe, write, read back, and take data.

The state that the device has is tracked, and every message is the smallest one that leads from it to the wanted
state. Where an exchange has failed the state counts as unknown, and the next write starts from what is read from
the hardware. All waits end in time, with a `BoardError` that says who did not answer what.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.board.data_paths import DataPath, Folder
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.board.line import Line
from kit.hgcroc.board.ownership import Ownership
from kit.hgcroc.board.self_description import limits_of, unlike
from kit.hgcroc.registers import RegisterError, register_table
from kit.hgcroc.wire import WaitEndedError, Wire

__all__ = ["Board", "Difference", "Run"]

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Difference:
    """A register that reads back another value than it should have."""

    path: str
    expected: int
    found: int


@dataclass(frozen=True)
class Run:
    """What a run brought: the archives as they came, and how long it took in seconds."""

    archives: list[bytes]
    seconds: float


class Board:
    """A connected board; make it with `kit.hgcroc.board.connection.connect`.

    Attributes
    ----------
    table : RegisterTable
    state : ndarray of int64 or None
        The registers as we know them to be; None where we do not.
    remarks : list of str
        What the board says of itself that differs from the table.
    limits : ndarray of int64 or None
        Highest value of each register as it says, see `limits.limits_of`; None where it is as in the table.
    """

    def __init__(
        self, line: Line, path: DataPath, owner: Ownership, wire: Wire, *, board: str, start_timeout: float
    ) -> None:
        self.line, self.table = line, register_table(board)
        self.state: IntArray | None = None
        self.remarks: list[str] = []
        self.limits: IntArray | None = None
        self._path, self._owner, self._wire, self._start_timeout = path, owner, wire, start_timeout

    def describe(self) -> None:
        """Ask the board what it is, where the dialect can; what differs from the table becomes a remark.

        Raises
        ------
        BoardError
            If it is another kind of board.
        """
        described = self.line.describe()
        if described is None:
            return
        mine = self.table.describe()
        name = self.table.board.described
        if list(described) != [name]:
            found = ", ".join(map(str, described)) or "nothing"
            raise self._fault(asked="describe", text=f"describes itself as {found}, should be {name}")
        self.remarks = unlike(mine[name], described[name], "")
        self.limits = limits_of(self.table, described[name]) if self.remarks else None

    def base_state(self) -> IntArray:
        """Return the registers to start from: after a reset where the dialect has one, else as they are.

        They come from the hardware, never from a file.
        """
        self.line.reset()
        return self.read_all()

    def read_all(self) -> IntArray:
        """Return all registers as they are in the chips; from now on they are known."""
        self.state = None
        self.state = self.read(np.arange(self.table.size))
        return self.state.copy()

    def read(self, index: npt.ArrayLike) -> IntArray:
        """Return some registers as they are in the chips.

        Raises
        ------
        BoardError
            If the board does not answer, or not to the question.
        """
        wanted = np.asarray(index, dtype=np.int64)
        if not len(wanted):
            return wanted
        question = _emptied(self.table.tree(wanted, np.zeros_like(wanted)))
        try:
            found, value = self.table.leaves(self.line.read(question), check_ranges=False)
        except RegisterError as fault:
            raise self._fault(asked="read", text=f"answers what was not asked: {fault.faults[0][1]}") from fault
        values = np.full(self.table.size, -1)
        values[found] = value
        if (missing := wanted[values[wanted] < 0]).size:
            first = self.table.text_of(int(missing[0]))
            raise self._fault(
                asked="read", text=f"leaves out {len(missing)} of {len(wanted)} registers, such as {first}"
            )
        return values[wanted]

    def become(self, wanted: IntArray) -> int:
        """Bring the device to a state by the smallest message, and return the number of registers written.

        Raises
        ------
        BoardError
            If it fails; then the state counts as unknown.
        """
        now = self.read_all() if self.state is None else self.state
        index = self.table.writes(now, wanted)
        if len(index):
            self.state = None
            self.line.write(self.table.tree(index, wanted[index]))
            after = now.copy()
            self.table.write(after, index, wanted[index])
            self.state = after
        return len(index)

    def restore(self, wanted: IntArray) -> int:
        """Bring the device to a state, starting from what the hardware really has."""
        self.state = None
        return self.become(wanted)

    def differences(self, index: npt.ArrayLike, wanted: IntArray) -> list[Difference]:
        """Read registers back and return those that are not as in state `wanted`; read-only ones do not count.

        What is found counts as known from then on.
        """
        places = np.asarray(index, dtype=np.int64)
        places = places[~self.table.read_only[places]]
        found = self.read(places)
        if self.state is not None:
            self.state[places] = found
        wrong = np.flatnonzero(found != wanted[places])
        return [
            Difference(self.table.text_of(int(places[k])), int(wanted[places[k]]), int(found[k])) for k in wrong
        ]

    def initialise(self, settings: Mapping[str, Any]) -> None:
        """Bring server and client from any state to configured.

        Parameters
        ----------
        settings : mapping
            ``{daq: …, client: …}`` in dialect 1.0.15, ``{server: …, client: …}`` in 0.1.2.
        """
        folder = str(self._path.path) if isinstance(self._path, Folder) else None
        self.line.initialise(settings, folder)

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Send what a run needs; `settings` as for `initialise`, complete."""
        self.line.configure(settings)

    def take(self, limit: float) -> Run:
        """Start a run, wait for its end and return its data.

        Parameters
        ----------
        limit : float
            Seconds after which a run that says that it goes on is given up.

        Raises
        ------
        BoardError
            If links do not align, the run does not end, or its data do not come; the run is stopped.
        """
        begun = time.monotonic()
        self._path.prepare()
        self.line.start(self._start_timeout)
        try:
            archives = self._path.collect(self.line.running, limit)
            self._see_the_end(begun + limit)
        except BaseException:
            with contextlib.suppress(BoardError, WaitEndedError):
                self.line.stop()
            raise
        self.line.finish()
        return Run(archives, time.monotonic() - begun)

    def _see_the_end(self, end: float) -> None:
        while self.line.running():
            if time.monotonic() > end:
                raise self._fault(asked="status", text="says that the run goes on, though all its data came")
            time.sleep(0.001)

    def recover(self, settings: Mapping[str, Any]) -> None:
        """Begin anew with roles that failed: new sockets, programs from any state to configured."""
        self.state = None
        for role in self.line.roles:
            role.renew()
        with contextlib.suppress(BoardError):
            self.line.stop()
        self._path.prepare()
        self.initialise(settings)

    def close(self) -> None:
        """Leave the board to others."""
        try:
            with contextlib.suppress(BoardError):
                self.line.close()
        finally:
            self._path.close()
            self._wire.close()
            self._owner.give_up()

    def __enter__(self) -> Board:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _fault(self, asked: str, text: str) -> BoardError:
        return self.line.roles[0].fault(asked, text)


def _emptied(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _emptied(value) for key, value in tree.items()}
    return None
