"""The board's part of the panel: connect, lights of all roles, what the board says of itself, faults to inject."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import ipywidgets
import traitlets

from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.panels.stand import ReadBack, Stand
from kit.hgcroc.panels.stand_controls import lights_of, make_controls
from kit.hgcroc.planning.scan import Plan
from kit.widgets import Panel, Words
from kit.widgets.look import hooked, line

__all__ = ["StandPanel"]

LOOK = 1.0  # s between looks at the lights
FEW = 25  # registers that are shown


class StandPanel(Panel):
    """A test system to connect to.

    Parameters
    ----------
    parameters : callable
        Returns the present parameters: network, board, what an emulated one is like.
    plan : callable
        Returns the present plan, or None where it has faults.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    stand : Stand or None
        The test system, while connected.
    found : ReadBack or None
        What was read back last.
    controls : namespace
        All fields and buttons.
    """

    connected = traitlets.Bool(False, help="whether there is a test system")
    busy = traitlets.Unicode(help="what is being done, in words")
    lights = traitlets.Dict(
        help="what is wrong with each role, nothing where it answers; empty while not connected"
    )
    states = traitlets.Dict(help="states of server and data client, as they tell them")
    description = traitlets.Unicode(help="what the board says of itself")
    fault_name = traitlets.Unicode("slow_run", help="fault of an emulated board that is injected next")
    fault_words = traitlets.Unicode("1", help="how: a value, name=value")
    faults: Any = traitlets.List(help="faults that there are now, in words")

    def __init__(
        self,
        parameters: Callable[[], AcquisitionParameters],
        plan: Callable[[], Plan | None],
        *,
        interactive: bool = True,
    ) -> None:
        self._parameters, self._plan = parameters, plan
        self.stand: Stand | None = None
        self.found: ReadBack | None = None
        self.scanning: Callable[[], bool] = lambda: False
        self._turn, self._left, self._idle = threading.RLock(), threading.Event(), threading.Event()
        self._idle.set()
        self._meanings: dict[str, str] = {}
        self._lights = hooked(ipywidgets.HTML(), "kit-lights")
        self._told, self._read = Words("kit-described", role="status"), Words("kit-readback", role="status")
        self._doing, self._faulty = Words("kit-busy", role="status"), Words("kit-injected", role="status")
        super().__init__(hook="kit-stand", interactive=interactive)
        self._meaning = Words("kit-meaning")
        self.controls = make_controls(self)
        here = self.controls
        self._teaching = hooked(
            ipywidgets.VBox([line(here.fault, here.words, here.inject, here.clear), self._meaning, self._faulty]),
            "kit-teaching",
        )
        self.contain(
            line(here.connect, here.disconnect, here.describe, here.read, here.reset, self._doing),
            self._lights, self._told, self._teaching, self._read,
        )  # fmt: skip
        self._show()

    def connect(self) -> None:
        """Connect to the network of the parameters, or start an emulated board; returns at once, see `wait`."""
        self._do("connecting", self.join)

    def join(self, interrupt: Callable[[], bool] | None = None) -> Stand:
        """Connect, if that is not done, and return the test system; waits for it.

        Raises
        ------
        WaitEndedError
            If `interrupt` says that nobody waits any more.
        """
        with self._turn:
            if self.stand is None:
                p, plan = self._parameters(), self._plan()
                dialect = plan.procedure.dialect if plan else ("1.0.15" if p.dialect == "auto" else p.dialect)
                made = Stand(p, dialect, interrupt)
                try:
                    made.describe()
                    made.interrupt = None  # later questions are others'
                    meanings = made.faults()
                except BaseException:
                    made.close()
                    raise
                self.stand, self._meanings, self._left = made, meanings, threading.Event()
                self.description = made.description
                self.look()
                self.connected = True
                if self.interactive:
                    threading.Thread(target=self._watch, args=(made, self._left), daemon=True).start()
            return self.stand

    def disconnect(self) -> None:
        """Leave the test system; an emulated board ends.

        Raises
        ------
        RuntimeError
            If a scan is using it.
        """
        self._refuse_while_scanning()
        with self._turn:
            self._left.set()
            if self.stand is not None:
                self.stand.close()
            self.stand, self.found, self._meanings = None, None, {}
            self.description, self.faults, self.lights, self.states = "", [], {}, {}
            self._read.text = ""
            self.connected = False

    def describe(self) -> None:
        """Ask the board again what it is."""
        self._do("asking the board", self._describe)

    def read_back(self) -> None:
        """Read all registers from the chips, and tell where they are not as after a reset, or as the files say."""
        self._do("reading all registers", self._read_back)

    def reset(self) -> None:
        """Put all registers to their reset values."""
        self._do("resetting", self._reset)

    def inject(self, text: str = "") -> None:
        """Begin a fault of the emulated board, such as ``slow_run 2``; by default that of the controls."""
        self.faults = self._there().inject(text or f"{self.fault_name} {self.fault_words}".strip())

    def clear(self) -> None:
        """End all faults."""
        self.faults = self._there().clear()

    def wait(self, timeout: float = 60.0) -> bool:
        """Wait for what is being done, and tell whether it is over."""
        return self._idle.wait(timeout)

    def look(self) -> None:
        """See which roles answer."""
        if (stand := self.stand) is not None:
            lights = stand.look()
            states, faults = {} if self.scanning() else stand.states(), stand.active()
            if self.stand is stand:
                self.lights, self.states, self.faults = lights, states, faults

    def close(self) -> None:
        """End the emulated board, and leave the front end."""
        self._left.set()
        if self.stand is not None:
            self.stand.close()
        super().close()

    def _describe(self) -> None:
        self.description = self._there().describe()

    def _read_back(self) -> None:
        self.found = self._there().read_back(self._plan())
        parts = []
        for kind, told in self.found.told.items():
            parts.append(_count(len(told), kind))
            parts += [f"  {text}" for text in told[:FEW]]
            parts += [f"  and {len(told) - FEW} more"] if len(told) > FEW else []
        self._read.text = "\n".join([f"{len(self.found.values)} registers read from the chips", *parts])

    def _reset(self) -> None:
        if not self._there().reset():
            message = "dialect 0.1.2 has no reset: switch the power off and on"
            raise RuntimeError(message)

    def _there(self) -> Stand:
        if self.stand is None:
            message = "no board is connected: connect first"
            raise RuntimeError(message)
        return self.stand

    def _refuse_while_scanning(self) -> None:
        if self.scanning():
            message = "a scan is using the board: wait for its end, or abort it"
            raise RuntimeError(message)

    def _do(self, words: str, action: Callable[[], object]) -> None:
        """Do something that takes its time, in a thread where a person is waiting."""
        if words != "connecting":
            self._there()
        self._refuse_while_scanning()
        if self.busy:
            message = f"still {self.busy}"
            raise RuntimeError(message)
        self.busy = words
        self._idle.clear()
        if self.interactive:
            threading.Thread(target=self._done, args=(action,), name="kit-stand", daemon=True).start()
        else:
            self._done(action)

    def _done(self, action: Callable[[], object]) -> None:
        try:
            self.guarded(action, "stand")()
        finally:
            self.busy = ""
            self._idle.set()

    def _watch(self, stand: Stand, left: threading.Event) -> None:
        look = self.guarded(self.look, "lights")
        while not left.wait(LOOK) and self.stand is stand:
            look()

    @traitlets.observe("connected", "busy", "lights", "states", "description", "faults", "fault_name")
    def _show(self, _change: Any = None) -> None:
        if not hasattr(self, "controls"):
            return
        here = self.controls
        self._lights.value = lights_of(self.lights, self.states)
        self._told.text = self.description or (
            "not connected: a scan connects by itself; without a network an emulated board is started"
        )
        self._doing.text = f"{self.busy} …" if self.busy else ""
        here.connect.disabled = self.connected or bool(self.busy)
        for button in (here.disconnect, here.describe, here.read, here.reset):
            button.disabled = not self.connected or bool(self.busy)
        self._teaching.layout.display = "" if self._meanings else "none"
        if self._meanings and here.fault.options != tuple(self._meanings):
            chosen = self.fault_name
            here.fault.options = tuple(self._meanings)
            here.fault.value = chosen if chosen in self._meanings else next(iter(self._meanings))
        self._meaning.text = self._meanings.get(self.fault_name, "")
        self._faulty.text = "faults now: " + (", ".join(self.faults) or "none") if self._meanings else ""


def _count(found: int, kind: str) -> str:
    if not found:
        return f"all are as {kind}"
    return f"{found} {'is' if found == 1 else 'are'} not as {kind}:"
