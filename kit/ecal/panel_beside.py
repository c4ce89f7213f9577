"""The second window of the panel: its picture, and the numbers of both side by side."""

from __future__ import annotations

from typing import Any

from kit.ecal import display
from kit.ecal.panel_pictures import View, compared
from kit.widgets import LiveFigure, Panel, Words

__all__ = ["Beside"]


class Beside(Panel):
    """A picture and a table, or nothing.

    Parameters
    ----------
    picture : LiveFigure
        Draws views.
    interactive : bool
        See `Panel`.
    """

    def __init__(self, picture: LiveFigure, *, interactive: bool = True) -> None:
        self.picture, self.numbers = picture, Words("kit-columns")
        self._drawn: View | None = None
        super().__init__([picture, self.numbers], hook="kit-beside", interactive=interactive)
        self.layout.display = "none"

    def show(self, shown: display.Shown | None, other: View | None) -> None:
        """Show a second window beside the first; None hides it."""
        self.layout.display = "none" if other is None else None
        if other is not None and other is not self._drawn:
            self.picture.show(other)
        self._drawn = other
        self.numbers.text = compared(shown, other.shown) if shown is not None and other is not None else ""

    def static(self) -> dict[str, Any]:
        """Return the picture and the numbers, where there is a second window."""
        if self.layout.display == "none":
            return {"text/plain": ""}
        return super().static() | {"text/plain": self.numbers.text}
