"""Pictures of the whole board: a map of any column on its pads, and how often which noise occurs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import Picture
from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures.geometry import CALIB_ROWS, PAD_ROWS, pad_positions, row_at
from kit.hgcroc.pictures.scan_plots import quantity_label, row_colour, step_words
from kit.hgcroc.summaries import ROWS

__all__ = ["BoardView", "board_map", "board_of", "draw_board", "noise", "point_words", "row_in_picture"]

BULK = (1.5, 98.5)  # % of the pads; a dead channel is not to make all others one colour
TITLE = 44  # characters of a line above the map
PADS = 3  # chips of the board whose pads are drawn
ACROSS, UP = (-9.6, 10.4), (-9.6, 9.2)  # distances of pads


@dataclass(frozen=True)
class BoardView:
    """A column at a point, or in an event.

    Attributes
    ----------
    values : ndarray, shape (chips, 78)
        What is drawn.
    label, title : str
        In words what it is, and where in the scan.
    chosen : tuple of int
        Rows that are marked, each in the colour of its curve.
    """

    values: npt.NDArray[np.float64]
    label: str
    title: str
    chosen: tuple[int, ...] = ()


def board_of(
    scan: Scan, column: str = "adc_median", point: int | None = None, chosen: Sequence[int] = ()
) -> BoardView | None:
    """Return a column at a point, the last that was measured where none is given; None without data."""
    measured = scan.measured()
    if not len(measured):
        return None
    point = int(measured[-1]) if point is None else point
    values = scan.array(column, [point])[0].astype(float).reshape(-1, ROWS)
    return BoardView(values, quantity_label(column), point_words(scan, point), tuple(chosen))


def point_words(scan: Scan, point: int) -> str:
    """Return number and steps of a point."""
    steps = scan.states.steps(point)
    told = [step_words(label, scan.axis_values(k)[int(steps[k])]) for k, label in enumerate(scan.labels)]
    return ", ".join([f"point {point}", *told])


def draw_board(axes: Any, found: BoardView | None) -> None:
    """Draw a column on the pads of the board; other boards than LD as channels against chips."""
    for old in [other for other in axes.figure.axes if other is not axes]:
        old.remove()  # the colour bar of the picture before
    if found is None:
        figures.say(axes, "nothing measured yet")
        return
    if len(found.values) == PADS:
        shown = _draw_pads(axes, found.values, found.chosen)
    else:
        shown = axes.imshow(found.values[:, :72], aspect="auto", interpolation="nearest")
        axes.set(xlabel="channel", ylabel="chip", yticks=range(len(found.values)))
        for place, row in enumerate(found.chosen):
            axes.plot(row % ROWS, row // ROWS, "s", markersize=9, color="none", markeredgecolor=row_colour(place))
    beyond = _beyond(found.values, *shown.get_clim())
    axes.figure.colorbar(shown, ax=axes, label=found.label, extend=beyond)
    axes.set_title(textwrap.fill(found.title, TITLE))


def _beyond(values: npt.NDArray[np.float64], low: float, high: float) -> str:
    """Return at which ends of a colour bar there are values beyond it."""
    with np.errstate(invalid="ignore"):
        ends = bool((values < low).any()), bool((values > high).any())
    return {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}[ends]


def row_in_picture(figure: Any, found: BoardView, x: float, y: float) -> int | None:
    """Return the row at a place of the drawn map, None where there is none.

    Parameters
    ----------
    figure : Figure
        That has been drawn.
    found : BoardView
        What it shows.
    x, y : float
        The place, as shares of width and height from the top left.
    """
    axes = figure.axes[0]
    across, up = axes.transAxes.inverted().transform((x * figure.bbox.width, (1 - y) * figure.bbox.height))
    if not (0 <= across <= 1 and 0 <= up <= 1):
        return None
    right, top = axes.transData.inverted().transform((x * figure.bbox.width, (1 - y) * figure.bbox.height))
    if len(found.values) == PADS:
        return row_at(float(right), float(top), PADS)
    return round(float(top)) * ROWS + min(max(round(float(right)), 0), 71)


def board_map(scan: Scan, column: str = "adc_median", point: int | None = None) -> Picture:
    """Return the picture of `board_of`."""
    drawing, axes = figures.figure(size=(6.6, 5.6))
    draw_board(axes, board_of(scan, column, point))
    return drawing


def _draw_pads(axes: Any, values: npt.NDArray[np.float64], chosen: Sequence[int]) -> Any:
    pads, calibs = pad_positions(len(values))
    shown = np.concatenate([values[:, PAD_ROWS].ravel(), values[:, CALIB_ROWS].ravel()])
    low, high = np.nanpercentile(shown, BULK) if np.isfinite(shown).any() else (0.0, 1.0)
    limits = {"vmin": low, "vmax": high if high > low else low + 1}  # both kinds of pads in one scale
    width, height = axes.figure.get_size_inches() * 72  # points
    size = min(0.78 * width / np.ptp(ACROSS), 0.86 * height / np.ptp(UP))  # of a pad, beside bar and title
    look = {"edgecolors": "white", "linewidths": 0.4, **limits}
    drawn = axes.scatter(*pads.reshape(-1, 2).T, c=values[:, PAD_ROWS].ravel(), marker="H", s=size**2, **look)
    look |= {"edgecolors": "black", "linewidths": 0.8}
    axes.scatter(*calibs.reshape(-1, 2).T, c=values[:, CALIB_ROWS].ravel(), marker="o", s=(size / 2) ** 2, **look)
    places = np.full((len(values), ROWS, 2), np.nan)  # common mode and channels without a pad have none
    places[:, PAD_ROWS], places[:, CALIB_ROWS] = pads, calibs
    for place, row in enumerate(chosen):
        where = places[row // ROWS, row % ROWS]
        axes.plot(*where, "o", markersize=0.9 * size, fillstyle="none", markeredgewidth=3.5, color="white")
        axes.plot(*where, "o", markersize=0.9 * size, fillstyle="none", markeredgewidth=2, color=row_colour(place))
    for chip, middle in enumerate(pads.mean(axis=1) * 2.2):
        axes.annotate(f"chip {chip}", middle, ha="center", va="center", annotation_clip=False)
    axes.set_aspect("equal")
    axes.set(xlim=ACROSS, ylim=UP)
    axes.set_axis_off()
    return drawn


def noise(scan: Scan, point: int | None = None) -> Picture:
    """Return how often which noise occurs at a point, the first that was measured where none is given."""
    measured = scan.measured()
    drawing, axes = figures.figure()
    if not len(measured):
        figures.say(axes, "nothing measured yet")
        return drawing
    point = int(measured[0]) if point is None else point
    values = scan.array("adc_stdd", [point])[0].reshape(-1, ROWS)[:, PAD_ROWS]
    bins = np.linspace(0, max(2.0, float(np.nanpercentile(values, 95)) * 1.2), 41).tolist()
    for chip, found in enumerate(values):
        kept = np.clip(found[np.isfinite(found)], 0, bins[-1])
        label = f"chip {chip}, median {np.median(kept):.2f}" if len(kept) else f"chip {chip}, no data"
        axes.hist(kept, bins, histtype="step", linewidth=1.4, label=label, linestyle=("-", "--", ":")[chip % 3])
    axes.set_xlabel("standard deviation of ADC [counts]")
    axes.set_ylabel(f"pads / {bins[1]:.3g} counts")
    axes.set_title(f"point {point}; what is beyond the last bin is in it", loc="left")
    axes.legend()
    return drawing
