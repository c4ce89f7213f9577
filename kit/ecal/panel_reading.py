"""Questions of the panel about all windows: answered at once, or in the background where people would wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kit.ecal.events import IntArray
from kit.ecal.inspection import Inspection
from kit.widgets import Pace, Words

__all__ = ["Reading"]

MANY = 200_000  # windows, of which columns are read in the background
PER_SECOND = 20.0  # questions, of which the latest alone is answered


class Reading:
    """Asks the windows, one question at a time: a later one overtakes those that wait.

    Parameters
    ----------
    inspection : Inspection
        The windows.
    told : Words
        Says how far the reading is.
    guarded : callable
        Makes of a function one whose faults the panel shows; see `kit.widgets.Panel.guarded`.
    interactive : bool
        Whether somebody waits; else every question is answered at once.
    """

    def __init__(
        self, inspection: Inspection, told: Words, guarded: Callable[[Any], Any], *, interactive: bool
    ) -> None:
        self.inspection, self.told, self.interactive = inspection, told, interactive
        self._later: Pace[Callable[[], object]] = Pace(guarded(lambda job: job()), PER_SECOND)

    def match(self, condition: str, act: Callable[[IntArray], object]) -> None:
        """Do `act` with the numbers of the windows for which a condition holds."""
        known = self.inspection.knows(condition)
        self._do(lambda: act(self.inspection.matching(condition, self._say)), known=known)

    def find(self, name: str, act: Callable[[int], object]) -> None:
        """Do `act` with the number of the window called ``run:lumi:event:seed``."""
        self._do(lambda: act(self.inspection.find(name, self._say)), known=False)

    def flush(self) -> None:
        """Wait until the latest question is answered."""
        self._later.flush()

    def close(self) -> None:
        """Forget what waits, and close the files."""
        self._later.drop()
        self.inspection.close()

    def _do(self, job: Callable[[], object], *, known: bool) -> None:
        if known or not self.interactive or len(self.inspection) < MANY:
            job()
        else:
            self.told.text = "reading all windows …"
            self._later.put(job)

    def _say(self, done: int, total: int) -> None:
        if total >= MANY:
            self.told.text = f"reading all windows: {100 * done // total} %" if done < total else ""
