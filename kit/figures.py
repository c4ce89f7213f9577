"""Pictures: axes with units in the experiments' styles, and figures that become files.

Figures are made through matplotlib's objects, never through pyplot: nothing is shared between threads, and
nothing stays in memory when a figure is dropped. This is the only room besides the systems' `plots` that
knows matplotlib.
"""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
import matplotlib.image
import matplotlib.rcsetup
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kit import files

__all__ = ["COLOURS", "EXPERIMENTS", "Picture", "figure", "grid", "keep", "label", "png", "say", "style", "write"]

# Ten colours that colour-blind people can tell apart (M. Petroff, arXiv:2107.02270); CMS recommends them.
COLOURS = (
    "#3f90da",
    "#ffa90e",
    "#bd1f01",
    "#94a4a2",
    "#832db6",
    "#a96b59",
    "#e76300",
    "#b9ac70",
    "#717581",
    "#92dadd",
)
EXPERIMENTS = ("ATLAS", "CMS")

SCREEN_DPI, PAPER_DPI = 100, 150

LOOK: dict[str, Any] = {
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.labelsize": 12,
    "axes.linewidth": 0.8,
    "axes.formatter.limits": (-3, 5),
    "axes.axisbelow": True,
    "xaxis.labellocation": "right",
    "yaxis.labellocation": "top",
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.minor.visible": True,
    "ytick.minor.visible": True,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "image.cmap": "viridis",
    "figure.dpi": SCREEN_DPI,
    "svg.hashsalt": "kit",
}
FONTS = {"ATLAS": ["TeX Gyre Heros", "DejaVu Sans"], "CMS": ["TeX Gyre Heros", "DejaVu Sans"]}
TURN = threading.RLock()  # a look is set in matplotlib's global settings, so one thread draws at a time


class Picture(Figure):
    """A figure that a notebook shows by itself, without pyplot."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png", dpi=SCREEN_DPI)
        return stream.getvalue()


@contextlib.contextmanager
def style(experiment: str = "") -> Iterator[None]:
    """Draw everything in the block in the kit's look, with the experiment's own fonts and colours.

    Threads that draw wait for each other here.

    Parameters
    ----------
    experiment : str
        "ATLAS", "CMS" or empty.
    """
    look: Any = {**LOOK, "axes.prop_cycle": mpl.rcsetup.cycler(color=COLOURS)}
    if experiment in FONTS:
        import mplhep  # noqa: F401 - registers the fonts it brings

        look |= {
            "font.family": FONTS[experiment],  # by name: sans-serif would be looked up anew when drawn
            "mathtext.fontset": "dejavusans",
        }
    with TURN, mpl.rc_context(look):
        yield


def grid(
    rows: int = 1,
    columns: int = 1,
    *,
    size: tuple[float, float] | None = None,
    experiment: str = "",
    **options: Any,
) -> tuple[Picture, Any]:
    """Return a new figure and its axes, an array of shape (rows, columns).

    Parameters
    ----------
    rows, columns : int
        Number of axes.
    size : (float, float), optional
        Width and height in inches; 6.4 × 4.4 for each of the axes where not given.
    experiment : str
        Whose style to draw in; empty for the kit's own.
    **options
        Passed to `matplotlib.figure.Figure.subplots`, such as ``sharex``.
    """
    with style(experiment):
        drawing = Picture(figsize=size or (6.4 * columns, 4.4 * rows), layout="constrained")
        FigureCanvasAgg(drawing)
        return drawing, drawing.subplots(rows, columns, squeeze=False, **options)


def figure(*, size: tuple[float, float] | None = None, experiment: str = "") -> tuple[Picture, Axes]:
    """Return a new figure with one pair of axes; see `grid`."""
    drawing, axes = grid(size=size, experiment=experiment)
    return drawing, axes[0, 0]


def label(
    axes: Axes,
    experiment: str,
    text: str = "Open Data",
    *,
    energy: float | None = None,
    luminosity: float | None = None,
) -> None:
    """Write the experiment's name, `text`, centre-of-mass energy and luminosity above the axes.

    Parameters
    ----------
    axes : Axes
        Where to write.
    experiment : str
        "ATLAS" and "CMS" in their own lettering; any other name in bold.
    text : str
        What follows the name.
    energy : float, optional
        Centre-of-mass energy √s, in TeV.
    luminosity : float, optional
        Integrated luminosity, in fb⁻¹.
    """
    # drawn here: mplhep's label leaves no room behind the name and is cut by a constrained layout
    slanted: dict[str, Literal["italic", "normal"]] = {"ATLAS": "italic"}
    name = axes.annotate(
        experiment,
        (0, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        va="bottom",
        size=13,
        fontweight="bold",
        fontstyle=slanted.get(experiment, "normal"),
    )
    axes.annotate(
        text,
        (1, 0),
        (5, 0),
        xycoords=name,
        textcoords="offset points",
        va="bottom",
        size=12,
        fontstyle="italic" if experiment == "CMS" else "normal",
    )
    right = [f"{luminosity:g} fb$^{{-1}}$"] if luminosity else []
    right += [rf"$\sqrt{{s}}$ = {energy:g} TeV"] if energy else []
    axes.annotate(
        ", ".join(right),
        (1, 1),
        (0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="bottom",
        size=11,
    )


def say(axes: Axes, text: str) -> None:
    """Write `text` into empty axes: a picture of nothing says so."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, wrap=True)


def png(drawing: Figure, *, redraw: bool = True) -> bytes:
    """Return what is on a figure's canvas as PNG, compressed little: it goes to a screen at once.

    Parameters
    ----------
    drawing : Figure
        A figure made by `grid`.
    redraw : bool
        Whether to draw the figure first; false where the canvas is already as it should be.
    """
    canvas = drawing.canvas
    if not isinstance(canvas, FigureCanvasAgg):
        message = f"the figure's canvas is {type(canvas).__name__}, should be FigureCanvasAgg: use figures.grid"
        raise TypeError(message)
    if redraw:
        canvas.draw()  # type: ignore[no-untyped-call]
    stream = io.BytesIO()
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    mpl.image.imsave(stream, pixels, format="png", pil_kwargs={"compress_level": 1})
    return stream.getvalue()


def write(drawing: Figure, stem: str | os.PathLike[str], formats: tuple[str, ...] = ("png",)) -> list[Path]:
    """Write a figure as `stem` with the ending of each format, and return the paths."""
    paths = []
    for ending in formats:
        path = Path(f"{os.fspath(stem)}.{ending}")
        with files.whole(path) as part:
            drawing.savefig(part, format=ending, dpi=PAPER_DPI)
        paths.append(path)
    return paths


def keep(pictures: Mapping[str, Figure], folder: str | os.PathLike[str]) -> dict[str, Figure]:
    """Write each picture as PNG under its name into `folder`, and return them to be shown."""
    for name, drawing in pictures.items():
        write(drawing, Path(folder) / name)
    return dict(pictures)
