"""Pictures before anything is drawn: their axes, and above them whose events, of what kind, √s and luminosity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kit import figures
from kit.opendata.schemas import SCHEMAS

BESIDE = -0.13  # of the axes' width: where a power of ten of the counts stands, which would lie over the name


@dataclass(frozen=True)
class Caption:
    """Name and kind of events, √s in TeV where all share one, style, luminosity in fb⁻¹ that weights stand for."""

    name: str
    text: str
    energy: float | None = None
    style: str = ""
    luminosity: float | None = None

    def axes(self, width: float = 7.0, height: float = 5.0) -> tuple[figures.Picture, Any]:
        """Return a picture of this size, in inches, and its axes, with the caption above."""
        picture, axes = figures.figure(size=(width, height), experiment=self.style)
        self.write(axes)
        return picture, axes

    def panels(self, number: int, height: float = 3.5) -> tuple[figures.Picture, list[Any]]:
        """Return a picture with so many axes, three in a row, each so high, the caption above the first row."""
        columns = min(3, number)
        rows = -(-number // columns)
        size = (max(6.0, 4.3 * columns), height * rows)
        picture, every = figures.grid(rows, columns, size=size, experiment=self.style)
        for axes in every.flat[number:]:
            axes.set_visible(False)
        self.write(every[0, 0], every[0, columns - 1])
        return picture, list(every.flat[:number])

    def nothing(self, text: str) -> figures.Picture:
        """Return a picture that says in words why there is nothing to be drawn."""
        picture, axes = self.axes(height=2.0)
        figures.say(axes, text)
        return picture

    def write(self, axes: Any, last: Any = None) -> None:
        """Write the caption above axes, √s and luminosity at the right end of the last in their row."""
        right = {"energy": self.energy, "luminosity": self.luminosity}
        if last is None or last is axes:
            figures.label(axes, self.name, self.text, **right)
        else:
            figures.label(axes, self.name, self.text)
            figures.label(last, "", "", **right)
        axes.yaxis.get_offset_text().set_x(BESIDE)


def caption(
    schemas: Iterable[str],
    *,
    kinds: Iterable[str] = (),
    luminosity: float | None = None,
    generated: bool = False,
    style: str = "auto",
) -> Caption:
    """Return the caption for events of these schemas.

    Parameters
    ----------
    schemas : iterable of str
        Names of schemas, those of skims being the releases they were made of.
    kinds : iterable of str
        What the events are: data, simulation, unknown.
    luminosity : float, optional
        What the weights of all simulation stand for, in fb⁻¹.
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
        return Caption("Demo", "generated events", energy, look, luminosity)
    texts = ["Simulation"] if set(kinds) == {"simulation"} else []
    texts += ["Open Data"] if experiment else []
    return Caption(experiment or "Open Data", " ".join(texts), energy, look, luminosity)
