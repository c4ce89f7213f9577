"""Faults that an emulated board can be asked to have, and when they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit import wording

__all__ = ["FAULTS", "ROLES", "FaultError", "Faults", "RegisterEvent"]

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
_OF_REGISTERS = ("register_upset", "power_cycle")


class FaultError(ValueError):
    """A fault that cannot be injected as asked."""


@dataclass
class RegisterEvent:
    """Something that befalls registers: at once, before a later message, or within a run."""

    path: str | None  # None for all registers
    messages: int | None = None  # so many messages from now
    event: int | None = None  # at this event of the next run


@dataclass
class _Active:
    value: float
    runs: int | None  # how many more runs; None for ever


@dataclass
class Faults:
    """The faults that a board has now."""

    active: dict[str, _Active] = field(default_factory=dict)
    silent: dict[str, int] = field(default_factory=dict)
    dead_client: bool = False
    registers: list[RegisterEvent] = field(default_factory=list)

    def value(self, name: str) -> float:
        """Return how strong a fault is, 0 for none."""
        return self.active[name].value if name in self.active else 0.0

    def add(self, name: str, wish: Mapping[str, Any]) -> None:
        """Begin a fault that lies in the data, in the sockets or in the registers."""
        value = _checked(name, wish)
        if name in _OF_REGISTERS:
            path = str(wish["path"]) if name == "register_upset" else None
            self.registers.append(RegisterEvent(path, wish.get("after_messages"), wish.get("at_event")))
        elif name == "silent":
            for role in ROLES if wish.get("role", "all") == "all" else [wish["role"]]:
                self.silent[role] = int(value)
        elif name == "dead_client":
            self.dead_client = True
        else:
            self.active[name] = _Active(value, wish.get("runs"))

    def clear(self) -> None:
        """End all faults; what befell registers and channels stays."""
        self.active.clear()
        self.silent.clear()
        self.registers.clear()
        self.dead_client = False

    def told(self) -> list[str]:
        """Return the faults that there are now, in words."""
        words = [f"{name} {fault.value:g}" + _runs(fault.runs) for name, fault in self.active.items()]
        words += [f"silent {count} ({role})" for role, count in self.silent.items() if count]
        words += ["dead_client"] if self.dead_client else []
        return words + [f"{'register_upset ' + each.path if each.path else 'power_cycle'} to come"
                        for each in self.registers]  # fmt: skip

    def misaligned(self) -> bool:
        """Tell whether this start is refused."""
        left = self.value("link_misaligned")
        if left <= 0:
            return False
        self.active["link_misaligned"].value -= 1
        return True

    def falls_silent(self, role: str) -> bool:
        """Tell whether this message of a role gets no answer."""
        if self.dead_client and role.endswith("client"):
            return True
        left = self.silent.get(role, 0)
        if left <= 0:
            return False
        self.silent[role] = left - 1
        return True

    def message_passed(self) -> list[RegisterEvent]:
        """Count a message and return what befalls the registers before it."""
        due = [each for each in self.registers if not each.messages and each.event is None]
        for each in self.registers:
            if each.messages:
                each.messages -= 1
        self.registers = [each for each in self.registers if each not in due]
        return due

    def run_over(self) -> None:
        """Count a run: faults that were asked for some runs end."""
        for name, fault in list(self.active.items()):
            if fault.runs is not None:
                fault.runs -= 1
                if fault.runs <= 0:
                    del self.active[name]


def _runs(count: int | None) -> str:
    return "" if count is None else f" for {count} {'run' if count == 1 else 'runs'}"


def _checked(name: str, wish: Mapping[str, Any]) -> float:
    """Return the fault's value; refuse what is not known or out of range, all at once."""
    if name not in FAULTS:
        message = f"there is no fault {name!r}{wording.suggestion(name, FAULTS)}"
        raise FaultError(message)
    wrong = [f"{word} is not known" for word in wish if word not in _words(name)]
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
    if name in _OF_REGISTERS:
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
