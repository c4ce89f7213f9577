"""The pictures of the truth study: chosen scores, gain, how far energy reaches, shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.ecal.events import AnyArray, FloatArray
from kit.ecal.geometry import reach
from kit.ecal.working_points import WorkingPoint
from kit.figures import COLOURS

__all__ = ["REACH_FIELDS", "contained", "extents", "gain", "pileup", "shares", "working_points"]

LEAST = 1e-4  # least score that has a colour of its own
HATCH = "0.7"  # seen on dark colours and on white
SHARES = (0.98, 0.99, 0.999)
REACH_FIELDS = (
    *("eta", "deta_seed", "dphi_seed", "simen_sig", "simfrac_sig", "is_seed", "simen_sig_frac"),
    *("simen_pu_frac", "PUsimen_frac", "noise_en"),  # only with pileup
)
TEXTS = {
    "simfrac_sig": "Score: share of the particle's energy",
    "simen_sig_frac": "Energy of the particle / energy of the cluster",
    "simen_pu_frac": "Energy of pileup / energy of the cluster",
    "PUsimen_frac": "Energy of pileup / energy of the particle in it",
    "noise_en": "Noise of the cluster [GeV]",
}
VERSIONS = {1: ":", 2: "--", 3: "-"}
Columns = Mapping[str, AnyArray]


def working_points(points: WorkingPoint, borrowed: AnyArray, other: WorkingPoint | None) -> figures.Picture:
    """Draw the chosen scores in bins, borrowed ones hatched, beside another table where there is one."""
    tables = [(points, borrowed)] + ([(other, np.zeros_like(other.thresholds, bool))] if other else [])
    with figures.style("CMS"):
        picture, axes = figures.grid(1, len(tables), size=(7.5 * len(tables), 5.2), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        for each, (table, empty) in zip(axes[0], tables, strict=True):
            scores = np.maximum(table.thresholds, LEAST / 2)  # 0 has no logarithm
            drawn = _map(each, table.et_edges, table.eta_edges, scores, empty, norm="log", vmin=LEAST, vmax=0.2)
            drawn.set_cmap(drawn.get_cmap().with_extremes(under=COLOURS[2]))
            below = bool((scores < LEAST).any())
            picture.colorbar(
                drawn, ax=each, label="Least score of a true cluster", extend="min" if below else "neither"
            )
            if below:
                each.plot(
                    [], [], "s", color=COLOURS[2], label=f"0, or below {LEAST:g}: all clusters of the particle"
                )
                _legend(each)
            each.set_title(table.name, loc="right", fontsize=10)
        return picture


def gain(told: Mapping[str, Any]) -> figures.Picture:
    """Draw by how much the width is smaller than that of the mustache."""
    values = np.array([[np.nan if x is None else x for x in row] for row in told["gain"]])
    with figures.style("CMS"):
        picture, axes = figures.figure(size=(7.5, 5.2), experiment="CMS")
        figures.label(axes, "CMS", "Simulation")
        edges = np.array(told["et_edges"]), np.array(told["eta_edges"])
        drawn = _map(axes, *edges, values, np.array(told["borrowed"]), cmap="cividis")
        picture.colorbar(drawn, ax=axes, label="Gain in width over the mustache [%]")
        return picture


def _map(axes: Any, et: FloatArray, eta: FloatArray, values: AnyArray, empty: AnyArray, **options: Any) -> Any:
    drawn = axes.pcolormesh(eta, et, values, **options)
    if empty.any():
        told = "too few particles: a neighbour's choice"
        row, column = np.nonzero(empty)
        sides = {"height": np.diff(et)[row], "width": np.diff(eta)[column], "bottom": et[row], "align": "edge"}
        axes.bar(eta[column], **sides, fill=False, hatch="///", ec=HATCH, lw=0, label=told)
        axes.set(xlim=(eta[0], eta[-1]), ylim=(et[0], et[-1]))
        _legend(axes)
    axes.set(yscale="log", xlabel=r"$|\eta|$ of the seed", ylabel=r"Raw $E_T$ of the seed [GeV]")
    return drawn


def _legend(axes: Any) -> None:
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2, fontsize=10)


def contained(distance: AnyArray, energy: AnyArray, shares: Sequence[float]) -> FloatArray:
    """Return within which distance these shares of the energy lie; NaN where there is none."""
    if not len(distance) or not energy.sum() > 0:
        return np.full(len(shares), np.nan)
    order = np.argsort(distance)
    summed = np.cumsum(energy[order]) / energy.sum()
    place = np.minimum(np.searchsorted(summed, shares), len(order) - 1)
    found: FloatArray = distance[order][place]
    return found


def extents(rows: Columns) -> figures.Picture:
    """Draw how far clusters with the particles' energy reach from the seed, and the windows of all versions."""
    edges = np.linspace(0, 3, 16)
    middle = (edges[1:] + edges[:-1]) / 2
    seed_eta = rows["eta"] - np.where(rows["eta"] < 0, -1, 1) * rows["deta_seed"]
    place = np.digitize(np.abs(seed_eta), edges) - 1
    with figures.style("CMS"):
        picture, axes = figures.grid(1, 3, size=(18, 5), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        distances = (
            (rows["deta_seed"], r"$\Delta\eta$ away from 0", 0),
            (-rows["deta_seed"], r"$-\Delta\eta$, towards 0", 1),
            (np.abs(rows["dphi_seed"]), r"$|\Delta\phi|$ [rad]", 2),
        )
        for each, (values, text, which) in zip(axes[0], distances, strict=True):
            made = [
                contained(values[place == b], rows["simen_sig"][place == b], SHARES) for b in range(len(middle))
            ]
            for share, column, colour in zip(SHARES, np.array(made).T, COLOURS, strict=False):
                each.plot(middle, column, "o", ms=4, color=colour, label=f"{100 * share:g} % of the energy")
            fine = np.linspace(0, 3, 301)
            for version, line in VERSIONS.items():
                limit = reach(fine, version)[which]
                each.plot(
                    fine, -limit if which == 1 else limit, "k", ls=line, lw=1, label=f"window, version {version}"
                )
            each.set(xlabel=r"$|\eta|$ of the seed", ylabel=text)
            each.set_ylim(-0.02, None)
        axes[0, 1].legend(fontsize=9, loc="upper left")
        return picture


def shares(rows: Columns) -> figures.Picture:
    """Draw the share of the particle's energy in a cluster, and that of the particle in the cluster's energy."""
    return _roles(rows, ("simfrac_sig", "simen_sig_frac"))


def pileup(rows: Columns) -> figures.Picture:
    """Draw the energy of pileup in clusters over their own, over that of the particle, and their noise."""
    return _roles(rows, ("simen_pu_frac", "PUsimen_frac", "noise_en"))


def _roles(rows: Columns, names: Sequence[str]) -> figures.Picture:
    """Draw numbers of main clusters and of others side by side."""
    with figures.style("CMS"):
        picture, axes = figures.grid(1, len(names), size=(0.5 + 6 * len(names), 5), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        for each, name in zip(axes[0], names, strict=True):
            _by_role(each, rows, name, TEXTS[name])
        axes[0, 0].legend(loc="upper left")
        return picture


def _by_role(axes: Any, rows: Columns, name: str, text: str) -> None:
    """Draw a positive number of main clusters and of others; those at zero are left of the first bin."""
    values, seed = rows[name], rows["is_seed"].astype(bool)
    some = values[np.isfinite(values) & (values > 0)]
    bins = np.geomspace(max(some.min(initial=1e-2), 1e-4), max(some.max(initial=1.2), 1.2), 50)
    for which, colour, line, role in (
        (seed, COLOURS[0], "-", "main cluster"),
        (~seed, COLOURS[2], "--", "others"),
    ):
        axes.stairs(np.histogram(values[which], bins)[0], bins, color=colour, ls=line, lw=1.8, label=role)
    axes.set(xscale="log", yscale="log", xlabel=text, ylabel="Clusters / bin")
