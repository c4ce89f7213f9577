"""What the panel of windows draws, and says of it in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kit.ecal import display
from kit.ecal.inspection import Relabelled
from kit.ecal.resolution import measure
from kit.figures import COLOURS

__all__ = ["View", "caption", "draw_ratio", "draw_views", "ratio_caption", "row_line"]

View = tuple[display.Shown, int | None, bool]  # a window, the selected cluster, whether crystals are logarithmic


def draw_views(axes: Any, model: View) -> None:
    """Draw clusters, scores and crystals into three axes; they have no scales of colours, which would pile up."""
    shown, selected, logarithmic = model
    first, second, third = np.asarray(axes).ravel()
    display.draw_window(first, shown, selected)
    first.legend(loc="upper right", fontsize=8, ncols=2, markerscale=0.5)
    first.set_ylim(None, first.get_ylim()[1] + 0.12)
    display.draw_scores(None, second, shown)
    second.set_title("colour: score from 1e-3 (dark) to 1 (bright), logarithmic", fontsize=9)
    display.draw_crystals(None, third, shown, logarithmic=logarithmic)


def row_line(row: Mapping[str, Any]) -> str:
    """Return a row of the table of clusters as a line of a list."""
    mark, where = "in " if row["in"] else "out", f"Δη {row['deta']:+.3f}, Δφ {row['dphi']:+.3f}"
    return f"{row['cluster']:>3} {mark} ET {row['et']:8.3f} GeV, {where}; {row['why']}"


def caption(model: View) -> str:
    """Return in words what the views show."""
    shown = model[0]
    inside = int(shown.in_scluster.sum())
    return (
        f"{display.heading(shown)}; {inside} clusters in the supercluster at working point {shown.threshold:.2g}"
    )


def draw_ratio(axes: Any, made: Relabelled) -> None:
    """Draw the energy of true clusters over that of the particle, of many windows."""
    bins = np.linspace(0.5, 1.7, 121)
    axes.stairs(np.histogram(made.ratio, bins)[0], bins, color=COLOURS[0], fill=True, alpha=0.5)
    axes.axvline(1, color="k", lw=0.8, ls=":")
    axes.set(xlabel=r"$\Sigma E / E_{sim}$ of the filtered windows", ylabel="Windows / 0.01")


def ratio_caption(made: Relabelled) -> str:
    """Return scale, width and the change of labels in words."""
    scale, _, _, width = measure(made.ratio)
    change = made.true_after - made.true_before
    return (
        f"{made.windows} matched windows: scale {scale:.4f}, w68 {width:.4f}; {made.true_after} true clusters, "
        f"{change:+d} against the file"
    )
