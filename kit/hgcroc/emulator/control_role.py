"""The emulator's own socket: what no real system tells, for tests and for teaching.

Requests are YAML maps with a `command`: `truth`, `registers`, `history`, `state` (with `stretch`, a place in the
history), `counters`, `warnings`, `faults` (all that there are), `active` (in words, those of now), `inject` (with
`fault` and what it takes), `clear`, `stop`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from kit.hgcroc import messages
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.faults import FAULTS, FaultError
from kit.hgcroc.messages import MessageError

__all__ = ["ControlRole"]


class ControlRole:
    """Answers questions about a board; `over` is set when the emulator shall end."""

    name = "control"

    def __init__(self, board: Hexaboard, over: threading.Event, warnings: list[str]) -> None:
        self._board, self._over, self._warnings = board, over, warnings

    def answer(self, identity: bytes, parts: list[bytes]) -> list[bytes]:  # noqa: ARG002
        """Return the answer to a message: ``{value: …}`` or ``{error: text}``."""
        try:
            reply = {"value": self._value(messages.as_map(b"".join(parts)))}
        except (MessageError, FaultError) as fault:
            reply = {"error": str(fault)}
        return [messages.dump(reply).encode()]

    def _value(self, request: Mapping[str, Any]) -> Any:
        board = self._board
        match request.get("command"):
            case "truth":
                return board.truth.tree()
            case "registers":
                return board.state.tolist()
            case "history":
                return board.history()
            case "state":
                return self._state(request.get("stretch"))
            case "counters":
                return dict(board.counters)
            case "warnings":
                return list(self._warnings)
            case "faults":
                return FAULTS
            case "active":
                with board.lock:
                    return board.faults.told()
            case "inject":
                return self._inject(request)
            case "clear":
                return board.faults.clear()
            case "stop":
                return self._over.set()
        message = f"there is no command {request.get('command')!r}"
        raise MessageError(message)

    def _state(self, stretch: Any) -> list[int]:
        known = len(self._board.stretches)
        if not isinstance(stretch, int) or not -known <= stretch < known:
            message = f"stretch is {stretch!r}, should be one of the {known} of the history"
            raise MessageError(message)
        return [int(value) for value in self._board.state_of(self._board.stretches[stretch])]

    def _inject(self, request: Mapping[str, Any]) -> None:
        wish = {str(key): value for key, value in request.items() if key not in ("command", "fault")}
        self._board.inject(str(request.get("fault")), **wish)
