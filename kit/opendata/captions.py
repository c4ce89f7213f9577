"""Pictures before anything is drawn: their axes, and above them whose events, of what kind, at which energy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kit import figures
from kit.opendata.schemas import SCHEMAS


@dataclass(frozen=True)
class Caption:
    """Name and kind of events, √s in TeV where all of them share one, and the style of the picture."""

    name: str
    text: str
    energy: float | None = None
    style: str = ""

    def axes(self, width: float = 7.0, height: float = 5.0) -> tuple[figures.Picture, Any]:
        """Return a picture of this size, in inches, and its axes, with the caption above."""
        picture, axes = figures.figure(size=(width, height), experiment=self.style)
        self._write(axes)
        return picture, axes

    def panels(self, number: int, height: float = 3.5) -> tuple[figures.Picture, list[Any]]:
        """Return a picture with so many axes, three in a row, each so high, with the caption above the first."""
        columns = min(3, number)
        rows = -(-number // columns)
        size = (max(6.0, 4.3 * columns), height * rows)
        picture, every = figures.grid(rows, columns, size=size, experiment=self.style)
        for axes in every.flat[number:]:
            axes.set_visible(False)
        self._write(every[0, 0])
        return picture, list(every.flat[:number])

    def nothing(self, text: str) -> figures.Picture:
        """Return a picture that says in words why there is nothing to be drawn."""
        picture, axes = self.axes(height=2.0)
        figures.say(axes, text)
        return picture

    def _write(self, axes: Any) -> None:
        figures.label(axes, self.name, self.text, energy=self.energy)


def caption(schemas: Iterable[str], *, generated: bool = False, style: str = "auto") -> Caption:
    """Return the caption for events of these schemas.

    Parameters
    ----------
    schemas : iterable of str
        Names of schemas, those of skims being the releases they were made of.
    generated : bool
        Whether the kit's own demo has made any of the events, which no experiment has measured.
    style : str
        Whose look the picture has, ``ATLAS`` or ``CMS``; ``auto`` for that of the experiment of all schemas,
        if they share one. It does not change whose name stands above the events.
    """
    known = [schema for schema in SCHEMAS if schema.name in set(schemas)]
    experiments = {schema.experiment for schema in known}
    energies = {schema.energy for schema in known}
    experiment = experiments.pop() if len(experiments) == 1 else ""
    energy = energies.pop() if len(energies) == 1 else None
    look = experiment if style == "auto" else style
    if generated:
        return Caption("Demo", "generated events", energy, look)
    return Caption(experiment or "Open Data", "Open Data" if experiment else "", energy, look)
