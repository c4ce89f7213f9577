"""A picture that follows what it shows: drawn again whenever that changes, never more often than an eye can see.

The figure is one and the same all the time, drawn by matplotlib's objects and sent as PNG, which needs no
extension in the front end. The function that draws it draws the report's picture, too.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ipywidgets
import traitlets

from kit import figures
from kit.widgets.look import Words, hooked
from kit.widgets.pace import Pace
from kit.widgets.panel import Panel

__all__ = ["LiveFigure"]

RATE = 15.0  # pictures per second: smooth to the eye, and half of what a front end can take
BLANK = base64.b64decode(  # one white pixel: a front end breaks on a picture without bytes
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC"
)


class LiveFigure(Panel):
    """A picture of a model.

    Parameters
    ----------
    draw : callable
        ``draw(axes, model)`` draws everything into empty axes, or into an array of them where there are several
        rows or columns. It may return the artists that `update` changes.
    model : object, optional
        What to draw first; where absent, the picture says that there is nothing to show.
    update : callable, optional
        ``update(artists, model)`` gives what `draw` has returned the data of another model. Only these artists
        are then drawn anew, over a picture of the rest, several times faster. Where it returns False, because
        the axes do not suit the model, everything is drawn anew.
    caption : str or callable
        What the picture shows, in words and numbers, for those who do not see it; a function of the model.
    rows, columns, size, experiment, **options
        See `kit.figures.grid`.
    keeps_ticks : bool
        Whether ticks are taken over from picture to picture, which saves a third of the time: only where `draw`
        changes their marks and labels by nothing but `tick_params`, formatters and locators.
    settled : bool
        Keep the places of the axes as they are in the first picture: looking for better ones takes a quarter of
        the time. For axes whose labels stay about as wide.
    rate : float
        Pictures per second, at most.
    interactive : bool
        See `Panel`; where false, each model is drawn at once.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        The figure, for reading; it is drawn by another thread.

    Examples
    --------
    >>> picture = LiveFigure(draw_spectrum, spectrum, caption=lambda spectrum: f"{spectrum.total} events")
    >>> picture.show(another)
    """

    caption = traitlets.Unicode(help="what the picture shows, in words and numbers")
    drawn = traitlets.Int(0, help="pictures drawn so far")

    def __init__(
        self,
        draw: Callable[[Any, Any], Any],
        model: Any = None,
        *,
        update: Callable[[Any, Any], bool | None] | None = None,
        caption: str | Callable[[Any], str] = "",
        rows: int = 1,
        columns: int = 1,
        size: tuple[float, float] | None = None,
        experiment: str = "",
        keeps_ticks: bool = False,
        settled: bool = False,
        rate: float = RATE,
        interactive: bool = True,
        **options: Any,
    ) -> None:
        self.draw, self.update, self.experiment = draw, update, experiment
        self._caption, self._keeps_ticks, self._settled = caption, keeps_ticks, settled
        self._shape = {"nrows": rows, "ncols": columns, "squeeze": False, **options}
        self.figure, self._axes = figures.grid(rows, columns, size=size, experiment=experiment, **options)
        self._artists: Sequence[Any] = ()
        self._above: Sequence[Any] = ()
        self._background: Any = None
        width = f"{self.figure.get_figwidth() * self.figure.dpi:.0f}px"
        self.image = hooked(ipywidgets.Image(value=BLANK, format="png", layout={"width": width}), "kit-picture")
        words = Words("kit-caption")
        super().__init__([self.image, words], hook="kit-figure", interactive=interactive)
        traitlets.dlink((self, "caption"), (words, "text"))
        self._pace: Pace[Any] = Pace(self.guarded(self._render), rate)
        if model is None:
            self._draw_nothing()
        else:
            self.guarded(self._render)(model)

    @property
    def png(self) -> bytes:
        """The picture of the latest model, as PNG."""
        self._pace.flush()
        return bytes(self.image.value)

    def show(self, model: Any) -> None:
        """Draw `model` soon, unless a later one overtakes it; from any thread, and without waiting.

        The model is drawn by another thread, so it must not change afterwards: give a copy, or a frozen value.
        """
        if self.interactive:
            self._pace.put(model)
        else:
            self._render(model)

    def flush(self) -> None:
        """Wait until the latest model is drawn."""
        self._pace.flush()

    def write(self, stem: str | os.PathLike[str], formats: tuple[str, ...] = ("png",)) -> list[Path]:
        """Write the picture to files, as `kit.figures.write` does."""
        self._pace.flush()
        with figures.style(self.experiment):
            self._background = None  # the canvas is resized for the file
            return figures.write(self.figure, stem, formats)

    def static(self) -> dict[str, Any]:
        """Return the picture, and its caption as text."""
        picture = base64.b64encode(self.png).decode("ascii")
        return {"text/plain": self.caption or "picture", "image/png": picture}

    def close(self) -> None:
        """Stop drawing, and leave the front end."""
        self._pace.drop()
        super().close()

    def _render(self, model: Any) -> None:
        with figures.style(self.experiment):
            if not self._redraw_artists(model):
                self._redraw_all(model)
            picture = figures.png(self.figure, redraw=False)
        self.image.value = picture
        self.caption = self._caption(model) if callable(self._caption) else self._caption
        self.drawn += 1

    def _redraw_artists(self, model: Any) -> bool:
        """Draw only what changes, over the picture of the rest; tell whether that was possible."""
        if self._background is None or self.update is None:
            return False
        fits = self.update(self._artists, model)
        if fits is not None and not fits:
            return False
        canvas: Any = self.figure.canvas
        canvas.restore_region(self._background)
        self._draw_artists()
        return True

    def _redraw_all(self, model: Any) -> None:
        self._background = None
        self._clear()
        axes = self._axes if self._axes.size > 1 else self._axes[0, 0]
        self._artists = tuple(self.draw(axes, model) or ())
        self._above = _with_all_above(self._artists) if self.update else ()
        for artist in self._above:
            artist.set_animated(True)  # left out by the next line
        canvas: Any = self.figure.canvas
        canvas.draw()
        if self._settled:
            self.figure.set_layout_engine("none")
        if self._above:
            self._background = canvas.copy_from_bbox(self.figure.bbox)
            self._draw_artists()

    def _draw_artists(self) -> None:
        for artist in self._above:
            self.figure.draw_artist(artist)

    def _clear(self) -> None:
        """Empty the axes; make them anew where something, such as a colour bar, has been added beside them."""
        if list(self.figure.axes) == list(self._axes.flat):
            for axes in self._axes.flat:
                if self._keeps_ticks:
                    _clear_but_ticks(axes)
                else:
                    axes.clear()
        else:
            self.figure.clear()
            self.figure.set_layout_engine("constrained")
            self._axes = self.figure.subplots(**self._shape)

    def _draw_nothing(self) -> None:
        with figures.style(self.experiment):
            for axes in self._axes.flat:
                figures.say(axes, "nothing to show yet")
            self.image.value = figures.png(self.figure)
        self.caption = "nothing to show yet"


def _clear_but_ticks(axes: Any) -> None:
    """Empty axes, and give them back the ticks that they had, as far as these look as new ones would."""
    held = [
        (axis, which, list(getattr(axis, f"{which}Ticks")), axis.get_tick_params(which))
        for axis in (axes.xaxis, axes.yaxis)
        for which in ("major", "minor")
    ]
    axes.clear()
    for axis, which, ticks, look in held:
        if axis.get_tick_params(which) == look:
            getattr(axis, f"{which}Ticks")[:] = ticks


def _with_all_above(artists: Sequence[Any]) -> tuple[Any, ...]:
    """Return `artists` and what lies above them, such as ticks above an image, in the order of drawing."""
    layers = []
    for axes in dict.fromkeys(artist.axes for artist in artists):
        lowest = min(artist.get_zorder() for artist in artists if artist.axes is axes)
        above = [
            child for child in axes.get_children() if child.get_zorder() >= lowest and child is not axes.patch
        ]
        layers += sorted(above, key=lambda child: float(child.get_zorder()))
    return tuple(layers)
