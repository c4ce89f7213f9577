"""The emulated board itself: its registers, everything that ever befell them, and its triggers.

All that changes a register is kept in a journal, and each stretch of triggers knows its place in it, so that the
state at any trigger can be told afterwards, whoever wrote, reset or cut the power in between.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.emulator import packing
from kit.hgcroc.emulator.chip_settings import ChipSettings
from kit.hgcroc.emulator.injected import Faults, RegisterEvent
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.emulator.triggering import sent_words
from kit.hgcroc.emulator.truth import Truth, place_of
from kit.hgcroc.faults import FaultError
from kit.hgcroc.registers import RegisterError, RegisterTable, Tree, register_table

__all__ = ["AT_ONCE", "Hexaboard", "NackError", "Stretch"]

IntArray = npt.NDArray[np.int64]

AT_ONCE = 1000  # events made at once


class NackError(RuntimeError):
    """The chip did not take a write."""


@dataclass(frozen=True)
class Stretch:
    """Triggers of one run that found the same registers: `journal` entries had been made by then."""

    run: int
    first: int
    events: int
    journal: int
    dialect: str


class Hexaboard:
    """A board with its chips; any thread may call, one at a time gets in.

    Parameters
    ----------
    board : str
        ``ld``, ``hd`` or ``char``.
    seed : int
        Of the constants and of the noise.
    power_on : ndarray, optional
        State after power-up; the reset values by default.
    """

    def __init__(self, board: str = "ld", seed: int = 1, power_on: IntArray | None = None) -> None:
        self.table: RegisterTable = register_table(board)
        self.seed = seed
        self.power_on: IntArray = (self.table.reset if power_on is None else power_on).copy()
        self.state: IntArray = self.power_on.copy()
        self.limits: IntArray = self.table.maximum.copy()
        self.truth = Truth.drawn(len(self.table.rocs), seed)
        self.faults = Faults()
        self.counters: Counter[str] = Counter()
        self.lock = threading.RLock()
        self.stretches: list[Stretch] = []
        self._journal: list[tuple[IntArray, IntArray]] = []
        self._events = 0
        self._rng = np.random.default_rng([seed, 0xC0FFEE])

    def write(self, tree: Tree, *, check: bool = False) -> tuple[IntArray, IntArray]:
        """Write a message's tree to the chips, whole or not at all, and return its leaves.

        Raises
        ------
        RegisterError
            For names and values that the board does not have.
        NackError
            If a chip does not take it, or `check` finds another value afterwards.
        """
        index, value = self.table.leaves(tree)
        with self.lock:
            if (beyond := np.flatnonzero(value > self.limits[index])).size:
                place, found = int(index[beyond[0]]), int(value[beyond[0]])
                message = f"is {found}, should be from 0 to {self.limits[place]}"
                raise RegisterError([(self.table.path_of(place), message)])
            if self._rng.random() < self.faults.value("i2c_nack"):
                message = "a chip did not acknowledge the write (NACK)"
                raise NackError(message)
            wanted = self.state.copy()
            self.table.write(wanted, index, value)
            self._become(wanted)
            self.counters["register_writes"] += len(index)
            if check and self.differing(index, value):
                message = "a register reads back another value than was written"
                raise NackError(message)
        return index, value

    def differing(self, index: IntArray, value: IntArray) -> list[int]:
        """Return which of some registers have another value now; the last of several leaves counts."""
        wanted = dict(zip(index.tolist(), value.tolist(), strict=True))
        return [k for k, number in wanted.items() if not self.table.read_only[k] and self.state[k] != number]

    def reset(self) -> None:
        """Put all registers to their reset values."""
        with self.lock:
            self._become(self.table.reset.copy())
            self.counters["resets"] += 1

    def befall(self, event: RegisterEvent) -> None:
        """Let something befall the registers, which nobody asked for."""
        with self.lock:
            state = self.state.copy()
            if event.path is None:
                state[:] = self.power_on
            else:
                place = self._place("register_upset", event.path)
                state[place] = self.table.reset[place]
            self._become(state)

    def inject(self, name: str, **wish: Any) -> None:
        """Begin one of the faults of `kit.hgcroc.faults.FAULTS`.

        Raises
        ------
        FaultError
            If there is no such fault, or it cannot be so.
        """
        with self.lock:
            self._check_places(name, wish)
            self.faults.add(name, wish)
            if name == "narrow_register":
                self.limits[self._place(name, str(wish["path"]))] = int(wish.get("value", 1))
            elif name == "dead_tdc":
                self.truth.dead_tdc[int(wish.get("value", 1))] = True
            elif name.endswith("_channel"):
                flagged = {"dead": self.truth.dead, "noisy": self.truth.noisy, "shorted": self.truth.shorted}
                flagged[name.removesuffix("_channel")][wish["chip"], *place_of(wish["channel"])] = True
            elif name in ("register_upset", "power_cycle") and not {"after_messages", "at_event"} & set(wish):
                self.befall(self.faults.registers.pop())

    def _check_places(self, name: str, wish: dict[str, Any]) -> None:
        chips, chip = len(self.table.rocs), wish.get("value", 1) if name == "dead_tdc" else wish.get("chip", 0)
        if isinstance(chip, int) and not 0 <= chip < chips:
            message = f"{name}: there is no chip {chip}, should be from 0 to {chips - 1}"
            raise FaultError(message)
        if isinstance(wish.get("channel"), int) and not 0 <= wish["channel"] < 72:
            message = f"{name}: there is no channel {wish['channel']}, should be from 0 to 71"
            raise FaultError(message)
        if "path" in wish:
            self._place(name, str(wish["path"]))

    def _place(self, fault: str, path: str) -> int:
        words: list[Any] = path.split(".")
        words = [int(word) if word.isdecimal() else word for word in words]
        try:
            return self.table.index_of(words)
        except (RegisterError, ValueError) as found:
            message = f"{fault}: {found}"
            raise FaultError(message) from found

    def message_passed(self) -> None:
        """Count a message of any role; what shall befall the registers before it, does."""
        with self.lock:
            self.counters["messages"] += 1
            for event in self.faults.message_passed():
                self.befall(event)

    def _become(self, state: IntArray) -> None:
        changed = np.flatnonzero(state != self.state)
        self._journal.append((changed, state[changed]))
        self.state = state

    def state_of(self, stretch: Stretch) -> IntArray:
        """Return the registers that a stretch of triggers found."""
        with self.lock:
            state = self.power_on.copy()
            for index, value in self._journal[: stretch.journal]:
                state[index] = value
            return state

    def history(self) -> list[dict[str, Any]]:
        """Return all stretches of triggers so far, as plain values."""
        with self.lock:
            return [asdict(stretch) for stretch in self.stretches]

    def take(self, plan: RunPlan) -> Iterator[bytes]:
        """Trigger as planned, and yield the records that come off the board, some events at a time."""
        with self.lock:
            self.counters["runs"] += 1
            run = self.counters["runs"]
            start = int(np.random.default_rng([self.seed, run, 0xE]).integers(64))
            rng = np.random.default_rng([self.seed, run])
        first = sent = 0
        while first < plan.events:
            with self.lock:
                count = self._until_something_happens(first, min(AT_ONCE, plan.events - first))
                stretch = Stretch(run, first, count, len(self._journal), plan.dialect)
                self._remember(stretch)
                settings = ChipSettings.of(self.table, self.state)
                counters = start + first + np.arange(count)
                words, kept = sent_words(self.truth, settings, self.faults, plan, counters, rng)
            yield packing.records(words[kept], sent)
            first += count
            sent += int(kept.sum())

    def _remember(self, stretch: Stretch) -> None:
        self.counters["triggers"] += stretch.events
        last = self.stretches[-1] if self.stretches else None
        if last and (last.run, last.journal) == (stretch.run, stretch.journal):
            self.stretches[-1] = Stretch(
                last.run, last.first, last.events + stretch.events, last.journal, last.dialect
            )
        else:
            self.stretches.append(stretch)

    def _until_something_happens(self, first: int, count: int) -> int:
        """Let befall the registers what is due at event `first`; return how many events find them as they are."""
        coming = [each for each in self.faults.registers if each.event is not None]
        for each in coming:
            if each.event is not None and each.event <= first:
                self.faults.registers.remove(each)
                self.befall(each)
        later = [each.event - first for each in self.faults.registers if each.event is not None]
        return min([count, *later])
