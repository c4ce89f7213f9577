"""The picture of the panel of masses: a spectrum with its cut, and below it a ratio or its local excess."""

from __future__ import annotations

from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.contents import Contents
from kit.opendata.excesses import pulls
from kit.opendata.mass_view import MassView
from kit.opendata.notation import final_state_text, mass_text

__all__ = ["PLACES", "SIZE", "draw_view"]

SIZE = (8.5, 6.5)  # inches
# of the axes in the picture; found once, since to find it anew for each picture takes as long as drawing it
PLACES = ((0.11, 0.32, 0.87, 0.61), (0.11, 0.09, 0.87, 0.21))
LOOKS = {"main": COLOURS[0], "outliers": COLOURS[1]}
HATCHES = {"main": "", "outliers": "////"}
NEAREST = 0.02  # share of the axis below which the names of particles would lie over each other
SHOWN_RATIO = 3.0  # largest ratio that is drawn
OVER = [COLOURS[2], COLOURS[4], COLOURS[5], COLOURS[7]]
LINES = ["-", "--", "-.", ":"]


def draw_view(axes: Any, view: MassView) -> None:
    """Draw a view into two axes, one below the other."""
    upper, lower = axes.flat
    view.above.write(upper)
    if not view.end:
        figures.say(upper, "no mass of this pair is on the grid")
        figures.say(lower, "")
        return
    _spectrum(upper, view)
    if view.others:
        _ratio(lower, view)
    else:
        _excess(lower, view)
    reach = view.width * max(view.end, *(len(np.trim_zeros(o.variances, "b")) for o in view.others.values()), 1)
    shown = min(reach, view.width * max(10, 1.1 * drawing.last_shown(view.counts, 0.998)))
    for one in (upper, lower):
        one.set_xlim(0, shown)
    upper.xaxis.set_major_formatter("")  # those of the lower axes stand for both
    lower.set_xlabel(f"{mass_text(view.pair[1])} [GeV]")
    if view.marked:
        drawing.mark(upper, [name for name, mass in drawing.RESONANCES.items() if NEAREST * shown < mass < shown])


def _spectrum(axes: Any, view: MassView) -> None:
    contents, width = view.contents[: view.end], view.width
    for part, colour in LOOKS.items():
        bins = view.parts[part]
        if view.entries(part):
            name = f"{part}: {view.contents[bins].text}"
            look = {"fill": True, "facecolor": colour, "alpha": 0.35, "hatch": HATCHES[part], "edgecolor": colour}
            drawing.steps(axes, view.contents[bins].values, bins.start * width, width, name, **look)
    drawing.points(axes, contents, 0.0, width, f"{view.name}: {contents.text}")
    for (name, other), colour, line in zip(view.others.items(), OVER, LINES, strict=False):
        drawing.steps(
            axes, _scale(other, view) * other.values, 0.0, width, name, color=colour, linestyle=line, linewidth=1.5
        )
    axes.axvline(view.peak * width, color="black", linestyle="--", linewidth=1)
    if view.split is not None:
        axes.axvline(view.split * width, color=COLOURS[1], linestyle=":", linewidth=1.5)
    others = [float(o.values.max()) * _scale(o, view) for o in view.others.values()]
    drawing.head_room(axes, max(contents.reach, *others, 0.0), view.logarithmic, 1.4, contents.least)
    axes.set_ylabel(f"{contents.noun()} / {width:g} GeV")
    cut = f"peak cut {view.peak * width:g} GeV"
    split = "" if view.split is None else f", split {view.split * width:g} GeV"
    told = [final_state_text(view.pair[0]), drawing.counted(view.events, "event"), f"{cut}{split}", view.verdict()]
    drawing.note(axes, "\n".join(told))
    axes.legend(loc="upper right", bbox_to_anchor=(0.995, 0.74), fontsize=8)


def _scale(other: Contents, view: MassView) -> float:
    return view.contents.total / other.total if view.normalised and other.total else 1.0


def _ratio(axes: Any, view: MassView) -> None:
    """Draw the spectrum over each of the others."""
    centres = (np.arange(len(view.counts)) + 0.5) * view.width
    axes.axhline(1.0, color="black", linewidth=0.8)
    for place, (_, other) in enumerate(view.others.items()):
        above, below, scale = view.contents.values, other.values, _scale(other, view)
        there = (below > 0) & (above > 0)
        ratio = above[there] / (scale * below[there])
        relative = (one.variances[there] / one.values[there] ** 2 for one in (view.contents, other))
        error = ratio * np.sqrt(sum(relative))
        colour = OVER[place % len(OVER)]
        axes.errorbar(centres[there], ratio, error, fmt="osD^"[place % 4], color=colour, markersize=3, linewidth=1)
    axes.set_ylim(0, SHOWN_RATIO)
    axes.set_ylabel("Ratio")


def _excess(axes: Any, view: MassView) -> None:
    """Draw how far each bin lies above its neighbourhood."""
    found = np.nan_to_num(pulls(view.counts[: view.end]))
    drawing.steps(axes, found, 0.0, view.width, fill=True, color=COLOURS[0], alpha=0.6)
    axes.axhline(0.0, color="black", linewidth=0.8)
    most = max(3.5, 1.15 * float(np.abs(found).max()))
    axes.set_ylim(-most, most)
    axes.set_ylabel("Excess over\nneighbours [σ]")
