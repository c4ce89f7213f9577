"""Pictures of data over stacked simulation, with the ratio of the two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.captions import Caption
from kit.opendata.contents import Contents, contents_of, nothing_in
from kit.opendata.notation import final_state_text, mass_text
from kit.opendata.spectra import Spectra

__all__ = ["data_over_simulation"]

Pair = tuple[str, str]

MOST = 60  # bins that can be read
HATCHES = ("", "///", "\\\\\\", "...", "xxx", "+++")  # beside colours, for those who do not see them
LARGEST_RATIO = 2.5


def data_over_simulation(
    data: Spectra, simulations: Mapping[str, Spectra], pair: Pair, caption: Caption
) -> figures.Picture:
    """Draw one pair of data as points over the sum of all simulations, each with its colour and hatch.

    Parameters
    ----------
    data : Spectra
        Counts of collisions.
    simulations : mapping of str to Spectra
        By name; with weights their sums, else their counts.
    pair : (str, str)
        Final state and combination.
    """
    with figures.style(caption.style):
        counts = Contents(data.counts(pair))
        bins, factor = drawing.shown_bins(counts.values, share=0.995, most=MOST)
        width, shown = data.grid.width * factor, counts.joined(bins, factor)
        picture, every = figures.grid(
            2, 1, size=(7.0, 6.0), experiment=caption.style, height_ratios=[3, 1], sharex=True
        )
        upper, lower = every.flat
        caption.write(upper)
        total = _stack(upper, simulations, pair, bins, factor, width)
        drawing.points(upper, shown, 0.0, width, f"data: {counts.text}")
        drawing.head_room(upper, max(shown.reach, total.reach), drawing.spread(shown.values), 1.35)
        upper.set_ylabel(f"Events / {width:g} GeV")
        drawing.note(upper, final_state_text(pair[0]))
        upper.legend(loc="upper right", bbox_to_anchor=(1.0, 0.92), fontsize=8)
        _ratio(lower, shown, total, width)
        lower.set_xlim(0, bins * width)
        lower.set_xlabel(f"{mass_text(pair[1])} [GeV]")
        return picture


def _stack(
    axes: Any, simulations: Mapping[str, Spectra], pair: Pair, bins: int, factor: int, width: float
) -> Contents:
    """Draw the simulations on top of each other, and return their sum."""
    total = Contents(np.zeros(bins), np.zeros(bins))
    edges = width * np.arange(bins + 1)
    for place, (name, spectra) in enumerate(simulations.items()):
        whole = contents_of(spectra, pair) if pair in spectra.pairs else nothing_in(spectra)
        above = total + whole.joined(bins, factor)
        look = {"facecolor": COLOURS[1 + place % (len(COLOURS) - 1)], "hatch": HATCHES[place % len(HATCHES)]}
        label = f"{name}: {whole.text}"
        axes.stairs(
            above.values,
            edges,
            baseline=total.values,
            fill=True,
            alpha=0.6,
            edgecolor="white",
            label=label,
            **look,
        )
        total = above
    return total


def _ratio(axes: Any, data: Contents, simulation: Contents, width: float) -> None:
    """Draw data over simulation, and as a band how well simulation is known."""
    counts, total = data.values, simulation.values
    there = total > 0
    edges = width * np.arange(len(total) + 1)
    error = np.divide(np.sqrt(simulation.variances), total, out=np.zeros(len(total)), where=there)
    axes.stairs(1 + error, edges, baseline=1 - error, fill=True, color=COLOURS[8], alpha=0.4)
    filled = there & (counts > 0)
    ratio, errors = counts[filled] / total[filled], data.errors[:, filled] / total[filled]
    axes.errorbar(width * (np.flatnonzero(filled) + 0.5), ratio, yerr=errors, fmt="o", color="black", markersize=3)
    axes.axhline(1.0, color="black", linewidth=0.8)
    axes.set_ylim(0, LARGEST_RATIO)
    axes.set_ylabel("Data / sim.")
