"""Faults that an emulated board can be asked to have: names, what they take, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kit import wording

__all__ = ["FAULTS", "OF_REGISTERS", "ROLES", "FaultError", "checked"]

ROLES = ("legacy-target", "legacy-server", "legacy-client", "slow-control", "server", "client")
FAULTS = {
    "link_misaligned": "the next VALUE starts are refused: the links are not aligned",
    "i2c_nack": "a write fails with probability VALUE, and nothing is written",
    "register_upset": "the register at `path` falls back to its value after reset",
    "narrow_register": "the register at `path` goes to VALUE only, and the board describes itself so",
    "power_cycle": "all registers fall back to their values at power-up",
    "lost_event": "an event is lost with probability VALUE",
    "truncated_file": "the data of a run end VALUE bytes too early",
    "bad_header": "the header of a half is damaged with probability VALUE",
    "bad_crc": "the checksum of a half is damaged with probability VALUE",
    "slow_run": "a run takes VALUE seconds more",
    "dead_client": "the data client receives and answers nothing any more",
    "silent": "the socket `role`, or all, leave the next VALUE messages without an answer",
    "dead_tdc": "the TDC of chip VALUE starts and never ends",
    "tot_outlier": "a TOT shows 855, 1009 or 1022 with probability VALUE",
    "dead_channel": "`channel` of `chip` has neither signal nor noise",
    "noisy_channel": "`channel` of `chip` has five times the noise",
    "shorted_channel": "`channel` of `chip` shares its charge with the next",
}
_CHANCES = ("i2c_nack", "lost_event", "bad_header", "bad_crc", "tot_outlier")
_COUNTS = ("link_misaligned", "truncated_file", "silent", "narrow_register", "dead_tdc")
_OF_CHANNELS = ("dead_channel", "noisy_channel", "shorted_channel")
OF_REGISTERS = ("register_upset", "power_cycle")


class FaultError(ValueError):
    """A fault that cannot be injected as asked."""


def checked(name: str, wish: Mapping[str, Any]) -> float:
    """Return the value of a fault.

    Raises
    ------
    FaultError
        With all that is not known or out of range.
    """
    if name not in FAULTS:
        near = wording.suggestion(name, FAULTS) or f", should be one of {', '.join(FAULTS)}"
        message = f"there is no fault {name!r}{near}"
        raise FaultError(message)
    taken = _words(name)
    told_words = f", {name} takes {' and '.join(taken) or 'nothing'}"
    wrong = [f"{word} is not known{told_words}" for word in wish if word not in taken]
    value = wish.get("value", 1)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        wrong.append(f"value is {value!r}, should be a number from 0")
        value = 0
    if name in _CHANCES and value > 1:
        wrong.append(f"value is {value}, should be a probability from 0 to 1")
    if name in _COUNTS and value != int(value):
        wrong.append(f"value is {value}, should be a whole number")
    for word in ("after_messages", "at_event", "runs", "chip", "channel"):
        told = wish.get(word)
        if told is not None and (isinstance(told, bool) or not isinstance(told, int) or told < 0):
            wrong.append(f"{word} is {told!r}, should be a whole number from 0")
    if name in ("register_upset", "narrow_register") and "path" not in wish:
        wrong.append("path is missing, should be a register such as roc_s0.Top.0.phase_strobe")
    if name == "silent" and wish.get("role", "all") not in (*ROLES, "all"):
        wrong.append(f"role is {wish['role']!r}, should be one of {', '.join(ROLES)} or all")
    if name in _OF_CHANNELS and not {"chip", "channel"} <= set(wish):
        wrong.append("chip and channel have to be told")
    if wrong:
        message = f"{name}: {'; '.join(wrong)}"
        raise FaultError(message)
    return float(value)


def _words(name: str) -> tuple[str, ...]:
    if name in OF_REGISTERS:
        return (
            ("path", "after_messages", "at_event") if name == "register_upset" else ("after_messages", "at_event")
        )
    if name in _OF_CHANNELS:
        return ("chip", "channel")
    return {
        "silent": ("value", "role"),
        "narrow_register": ("value", "path"),
        "dead_client": (),
        "dead_tdc": ("value",),
    }.get(name, ("value", "runs"))
