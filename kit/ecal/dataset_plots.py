"""The pictures of a dataset: balance of the flavours before and after weights, features, sizes of its parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.ecal.access import Part
from kit.ecal.events import AnyArray
from kit.figures import COLOURS

__all__ = ["BALANCE_FIELDS", "balance", "normalisation", "sizes"]

BALANCE_FIELDS = ("flavour", "et_seed", "seed_eta", "ncls", "is_seed_calo_matched")
FLAVOURS = {11: ("electrons", COLOURS[0], "-"), 22: ("photons", COLOURS[1], "--"), 1: ("jets", COLOURS[2], ":")}


def balance(parts: Sequence[Part], weights: Sequence[AnyArray]) -> figures.Picture:
    """Draw ET, η and number of clusters by flavour, as they are and, below, with weights where there are some."""
    columns = {
        name: np.concatenate([np.zeros(0), *(part.window[name] for part in parts)]) for name in BALANCE_FIELDS
    }
    weight = np.concatenate([np.zeros(0), *weights])
    rows = 2 if weights else 1
    panels = (
        ("et_seed", np.linspace(0, 500, 26), r"Raw $E_T$ of the seed [GeV]"),
        ("seed_eta", np.linspace(-3, 3, 31), r"$\eta$ of the seed"),
        ("ncls", np.arange(0, 18) + 0.5, "Clusters in the window"),
    )
    with figures.style("CMS"):
        picture, axes = figures.grid(rows, 3, size=(16, 4.4 * rows), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        for row in range(rows):
            for each, (name, bins, text) in zip(axes[row], panels, strict=True):
                for pdg in np.unique(columns["flavour"]).astype(int).tolist():
                    told, colour, line = FLAVOURS.get(pdg, (f"flavour {pdg}", COLOURS[3], "-."))
                    own = columns["flavour"] == pdg
                    filled = np.histogram(columns[name][own], bins, weights=weight[own] if row else None)[0]
                    each.stairs(filled / max(filled.sum(), 1e-9), bins, color=colour, ls=line, lw=1.8, label=told)
                each.set(xlabel=text, ylabel="Share of the windows" + (", weighted" if row else ""))
                each.set_ylim(0, None)
            axes[row, 2].set_xticks(range(0, 18, 3))
        if axes[0, 0].patches:
            axes[0, 2].legend(loc="upper right")  # large windows are rare
        return picture


def normalisation(told: Mapping[str, Any]) -> figures.Picture:
    """Draw mean, width and range of each feature in units of its own width around its mean."""
    with figures.style("CMS"):
        picture, axes = figures.grid(1, 2, size=(15, 8), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        for each, kind in zip(axes[0], ("cluster", "window"), strict=True):
            numbers = told[kind]
            names = [name for name, std in numbers["std"].items() if std]
            y = np.arange(len(names))[::-1]
            mean, std, low, high = (
                np.array([numbers[n][name] for name in names]) for n in ("mean", "std", "min", "max")
            )
            each.hlines(y, (low - mean) / std, (high - mean) / std, color=COLOURS[0], lw=1.5, label="range")
            each.plot(np.zeros(len(y)), y, "|", color="k", ms=9, label="mean")
            each.axvspan(-1, 1, color=COLOURS[1], alpha=0.25, lw=0, label="one standard deviation")
            each.set_yticks(
                y, [f"{n}: {m:.3g} ± {s:.3g}" for n, m, s in zip(names, mean, std, strict=True)], fontsize=8
            )
            each.tick_params(axis="y", which="both", left=False, right=False)
            each.set_xscale("symlog")
            each.set_ylim(-0.14 * len(names), len(names))
            each.set_xlabel(f"Features of {kind}s, standard deviations from the mean")
            each.legend(loc="lower right", fontsize=9)
        return picture


def sizes(summary: Mapping[str, Any], waits: Sequence[float] = ()) -> figures.Picture:
    """Draw how many windows each part and each flavour has; tell in which time, in ms, one was read."""
    named = {name.removeprefix("windows_"): n for name, n in summary.items() if name.startswith("windows_")}
    bars = {f"part {name}": n for name, n in named.items() if isinstance(n, int) and name != "read"}
    flavours = summary.get("windows_by_flavour", {})
    bars |= {f"flavour {pdg}, {FLAVOURS.get(int(pdg), ('other',))[0]}": n for pdg, n in flavours.items()}
    bars |= {
        text: summary[name] for name, text in (("matched", "of a particle"), ("calo_seeds", "of its main cluster"))
    }
    with figures.style("CMS"):
        picture, axes = figures.figure(size=(7.2, 1.2 + 0.35 * len(bars)), experiment="CMS")
        figures.label(axes, "CMS", "Simulation")
        y = np.arange(len(bars))[::-1]
        axes.barh(y, list(bars.values()), color=COLOURS[0], alpha=0.7)
        for place, number in zip(y, bars.values(), strict=True):
            axes.text(number, place, f" {number:,}".replace(",", " "), va="center", fontsize=10)
        axes.set_yticks(y, list(bars))
        axes.tick_params(axis="y", which="both", left=False, right=False)
        axes.set_xlim(0, 1.25 * max(*bars.values(), 1))
        axes.set_xlabel("Windows")
        if len(waits):
            axes.set_title(f"one window is read in {np.median(waits):.0f} ms", loc="right", fontsize=10)
        return picture
