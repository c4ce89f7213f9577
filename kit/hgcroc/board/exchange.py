"""One role of a test system, as we ask it: every exchange is timed, checked and recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kit import wording
from kit.hgcroc.board.errors import BoardError
from kit.hgcroc.ports import probe
from kit.hgcroc.wire import Interrupt, Requester, Wire

__all__ = ["Exchange", "Record", "Role"]

Exchange = dict[str, Any]  # role, message, reply, seconds
Record = Callable[[Exchange], None]


class Role:
    """The asking end towards one role.

    Parameters
    ----------
    wire : Wire
    name, host, port : str, str, int
        Who it is and where.
    timeout : float
        Seconds that an answer may take.
    interrupt : callable, optional
        True ends waits with `kit.hgcroc.wire.WaitEndedError`.
    record : callable, optional
        Takes each exchange.
    """

    def __init__(
        self,
        wire: Wire,
        name: str,
        host: str,
        port: int,
        timeout: float,
        *,
        interrupt: Interrupt | None = None,
        record: Record | None = None,
    ) -> None:
        self.name, self.host, self.port, self.timeout = name, host, int(port), timeout
        self.address = f"tcp://{host}:{port}"
        self._record = record
        self._requester = Requester(wire, self.address, timeout, interrupt)

    def greet(self) -> None:
        """See whether ZeroMQ speaks there at all.

        Raises
        ------
        BoardError
            If nothing listens, or something else does.
        """
        if fault := probe(self.host, self.port, min(self.timeout, 5.0)):
            raise BoardError(self.name, self.address, "", fault)

    def ask(self, *parts: str, timeout: float | None = None) -> str:
        """Send a message and return the answer's text.

        Raises
        ------
        BoardError
            If there is no answer in time, or it is no text.
        """
        shown = wording.short(" ".join(" ".join(parts).split()))
        limit = self.timeout if timeout is None else timeout
        start = time.monotonic()
        try:
            answer = b"".join(self._requester.ask(*parts, timeout=limit)).decode()
        except TimeoutError as fault:
            self._note(shown, None, start)
            raise BoardError(self.name, self.address, shown, f"gives no answer in {limit:g} s") from fault
        except UnicodeDecodeError as fault:
            raise BoardError(self.name, self.address, shown, "answers what is no text") from fault
        self._note(shown, wording.short(" ".join(answer.split())), start)
        return answer

    def expect(self, wanted: str, *parts: str, timeout: float | None = None) -> None:
        """Send a message and see that exactly `wanted` comes back.

        Raises
        ------
        BoardError
            If it does not.
        """
        answer = self.ask(*parts, timeout=timeout)
        if answer != wanted:
            raise self.fault(parts[0], f"answers {wording.short(repr(answer))}, should be {wanted!r}")

    def fault(self, asked: str, text: str) -> BoardError:
        """Return an error about this role."""
        return BoardError(self.name, self.address, wording.short(" ".join(asked.split())), text)

    def renew(self) -> None:
        """Begin anew, so that no late answer is taken for another one."""
        self._requester.renew()

    def _note(self, message: str, reply: str | None, start: float) -> None:
        if self._record is not None:
            seconds = round(time.monotonic() - start, 6)
            self._record({"role": self.name, "message": message, "reply": reply, "seconds": seconds})
