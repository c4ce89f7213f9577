"""Faults that an emulated board has, and when they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kit.hgcroc import faults

__all__ = ["Faults", "RegisterEvent"]


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
        value = faults.checked(name, wish)
        if name in faults.OF_REGISTERS:
            path = str(wish["path"]) if name == "register_upset" else None
            self.registers.append(RegisterEvent(path, wish.get("after_messages"), wish.get("at_event")))
        elif name == "silent":
            for role in faults.ROLES if wish.get("role", "all") == "all" else [wish["role"]]:
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
