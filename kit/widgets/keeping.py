"""What a hand has set: taken back step by step, saved in a file, and put back.

A panel names what is worth keeping, `Panel.kept`; the rest, such as pictures, follows from it.
"""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import ipywidgets

from kit import files
from kit.widgets.look import Words, hooked, line
from kit.widgets.panel import Panel

__all__ = ["Keeper"]

MOST = 100  # steps that can be taken back
PAUSE = 0.6  # s; changes that follow each other faster, as those of a slider that is dragged, are one step
FOLDER = "outputs/panels"


class Keeper(Panel):
    """Buttons that take back, save and put back what a panel keeps.

    Parameters
    ----------
    panel : Panel
        Whose `kept` values; it must have all its pieces already.
    name : str
        Of the panel; the file is ``outputs/panels/NAME.json`` where the field names no other.
    pause : float
        Seconds without a change after which the next change is a step of its own.
    interactive : bool
        See `Panel`.

    Attributes
    ----------
    steps : int
        How many steps can be taken back.
    buttons : namespace
        ``undo``, ``save`` and ``put_back``.
    file : widget
        The field for the file's path.
    """

    def __init__(self, panel: Panel, name: str, *, pause: float = PAUSE, interactive: bool = True) -> None:
        self.panel, self.pause = panel, pause
        self._earlier: list[dict[str, Any]] = []
        self._latest, self._changed, self._undoing = panel.kept_values(), 0.0, False
        self.told = Words("kit-told", role="status")
        self.file = ipywidgets.Text(
            value=f"{FOLDER}/{name}.json", description="state", continuous_update=False,
            tooltip="file in which what is set here is saved", layout={"width": "30em"},
            style={"description_width": "auto"},
        )  # fmt: skip
        super().__init__(hook="kit-keeper", interactive=interactive)
        self.buttons = SimpleNamespace(
            undo=self.button("Undo", self.undo, "take back what was changed last"),
            save=self.button("Save state", self.save, "write what is set here into the file"),
            put_back=self.button("Put back", self.load, "set everything as the file says; Undo takes it back"),
        )
        hooked(self.buttons.put_back, "kit-put-back")
        here = self.buttons
        self.contain(line(here.undo, self.file, here.save, here.put_back, self.told))
        self._offer()
        panel.observe_kept(self._remember)

    @property
    def steps(self) -> int:
        """How many steps can be taken back."""
        return len(self._earlier)

    def undo(self) -> None:
        """Take back the latest step.

        Raises
        ------
        ValueError
            If there is none.
        """
        if not self._earlier:
            message = "nothing has been changed that could be taken back"
            raise ValueError(message)
        before = self._earlier.pop()
        self._undoing = True
        try:
            self.panel.put_back(before)
        finally:
            self._undoing = False
            self._latest, self._changed = self.panel.kept_values(), 0.0
            self._offer()
        self.told.text = f"taken back; {self.steps} more steps" if self.steps else "taken back; that was the first"

    def forget(self) -> None:
        """Let the present state be the first; what panels do while they are made is no step of anybody's."""
        self._earlier, self._latest, self._changed = [], self.panel.kept_values(), 0.0
        self._offer()

    def save(self) -> None:
        """Write what is set into the file, in place of what was in it."""
        files.write_json(files.resolve(self._path()), self.panel.kept_values())
        self.told.text = f"saved in {self._path()}"

    def load(self) -> None:
        """Set everything as the file says.

        Raises
        ------
        FileNotFoundError, FormatError, ValueError
            If there is no such file, if it is damaged, if it is that of another panel.
        """
        path = files.resolve(self._path())
        if not path.is_file():
            message = f"there is no {files.shown(path)}: save a state first"
            raise FileNotFoundError(message)
        self._changed = 0.0  # a step of its own
        self.panel.put_back(files.read_json(path))
        self.told.text = f"as in {self._path()}"

    def static(self) -> dict[str, Any]:
        """Return nothing to look at."""
        return {"text/plain": "", "text/html": ""}

    def _path(self) -> str:
        if not (path := str(self.file.value).strip()):
            message = "state is empty, should be the path of a file"
            raise ValueError(message)
        return path

    def _remember(self, _change: Any) -> None:
        if self._undoing:
            return
        now, values = time.monotonic(), self.panel.kept_values()
        if values == self._latest:
            return
        if now - self._changed > self.pause or not self._earlier:
            self._earlier = [*self._earlier, self._latest][-MOST:]
        self._latest, self._changed = values, now
        self._offer()

    def _offer(self) -> None:
        self.buttons.undo.disabled = not self._earlier
