"""What the panel of windows draws, and says of it in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.ecal import display
from kit.ecal.events import AnyArray
from kit.ecal.inspection import Relabelled
from kit.ecal.resolution import measure
from kit.figures import COLOURS

__all__ = ["View", "caption", "cluster_at", "compared", "draw_ratio", "draw_views", "ratio_caption"]

NEAR = 30.0  # pixels from a cluster within which a click means it


@dataclass(frozen=True)
class View:
    """A window as the panel draws it.

    Attributes
    ----------
    shown : Shown
        The window.
    selected : int or None
        The chosen cluster.
    logarithmic : bool
        Whether the colours of crystals are.
    outline : float or None
        Energy in GeV of the mustache; None takes that of the chosen cluster.
    """

    shown: display.Shown
    selected: int | None = None
    logarithmic: bool = True
    outline: float | None = None


def draw_views(axes: Any, model: View) -> None:
    """Draw clusters, scores and crystals into three axes; they have no scales of colours, which would pile up."""
    shown = model.shown
    first, second, third = np.asarray(axes).ravel()
    for each in (first, second, third):
        each.minorticks_off()  # a third of the time of a picture that follows a click
    display.draw_window(first, shown, model.selected, model.outline)
    first.legend(loc="upper right", fontsize=8, ncols=2, markerscale=0.5)
    first.set_ylim(None, first.get_ylim()[1] + 0.12)
    display.draw_scores(None, second, shown)
    second.set_title("colour: score from 1e-3 (dark) to 1 (bright), logarithmic", fontsize=9)
    display.draw_crystals(None, third, shown, logarithmic=model.logarithmic)


def caption(model: View) -> str:
    """Return in words what the views show."""
    shown = model.shown
    inside = int(shown.in_scluster.sum())
    return (
        f"{display.heading(shown)}; {inside} clusters in the supercluster at working point {shown.threshold:.2g}"
    )


def cluster_at(axes: Sequence[Any], shown: display.Shown, point: tuple[float, float]) -> int | None:
    """Return which cluster a click means; None where none is near.

    Parameters
    ----------
    axes : sequence of Axes
        Clusters, scores and crystals.
    point : tuple of float
        In pixels from the bottom left of the picture.
    """
    where = next((place for place, each in enumerate(axes) if each.bbox.contains(*point)), None)
    if where is None:
        return None
    owners: AnyArray = np.arange(len(shown.et))
    places: AnyArray = np.stack([shown.dphi, shown.deta], 1)
    if where == 2:
        owners, places = display.crystals(shown)
    if not len(places):
        return None
    distance = np.hypot(*(axes[where].transData.transform(places) - point).T)
    nearest = int(np.argmin(distance))
    return int(owners[nearest]) if distance[nearest] < NEAR else None


def compared(one: display.Shown, other: display.Shown) -> str:
    """Return numbers of two windows side by side."""
    pairs = zip(_numbers(one).items(), _numbers(other).values(), strict=True)
    rows = [("", "this window", "the other"), *((name, mine, theirs) for (name, mine), theirs in pairs)]
    return "\n".join(f"{name:<34}{mine:>14}{theirs:>14}" for name, mine, theirs in rows)


def _numbers(s: display.Shown) -> dict[str, str]:
    """Return what two windows are compared by."""
    window, energy = {name: values[0] for name, values in s.part.window.items()}, s.part.cluster["en_cluster"]
    true = float(window["en_true_sim"]) or np.nan
    return {
        "raw ET of the seed [GeV]": f"{window['et_seed']:.3f}",
        "η of the seed": f"{window['seed_eta']:.4f}",
        "score of the seed": f"{window['seed_score']:.3g}",
        "working point": f"{s.threshold:.3g}",
        "particle": str(window["calo_index"]) if window["calo_index"] >= 0 else "none",
        "simulated energy [GeV]": f"{true:.2f}",
        "clusters": str(len(s.et)),
        "in the supercluster": str(int(s.in_scluster.sum())),
        "ringed": str(int(s.members.sum())),
        "energy of the supercluster / E_sim": f"{energy[s.in_scluster].sum() / true:.4f}",
        "energy of the ringed / E_sim": f"{energy[s.members].sum() / true:.4f}",
    }


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
