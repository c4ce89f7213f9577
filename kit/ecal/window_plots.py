"""The pictures of many windows: what is in them, how much of the energy, where seeds are, what gets lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.ecal.access import Part
from kit.ecal.events import AnyArray
from kit.ecal.resolution import measure
from kit.figures import COLOURS

__all__ = [
    "FIELDS",
    "Gathered",
    "clusters",
    "energy",
    "features",
    "gather",
    "response",
    "seeds",
]

ET_EDGES = np.array([1, 10, 25, 50, 100, 200, 500.0])  # GeV
CRACKS = (1.4442, 1.566)  # |η|; between barrel and endcaps
FIELDS = (
    *("in_scluster", "in_geom_mustache", "in_mustache", "in_scluster_deepsc", "in_scluster_fixed"),
    *("et_cluster", "en_cluster", "cluster_dphi", "cluster_deta", "cl_nxtals", "cl_r9"),
    *("et_seed", "seed_eta", "seed_phi", "en_true_sim", "en_true_gen", "en_mustache_raw", "gen_true_eta"),
    *("is_seed_calo_matched", "is_seed_calo_seed", "et_true_gen", "run_id", "lumi_id", "event_id"),
)
FEW = 3  # windows in a bin, below which it has no width
NOTHING = "no window was kept"


class Gathered:
    """Fields of all windows behind each other."""

    def __init__(self, parts: Sequence[Part]) -> None:
        names = ({name for part in parts for name in getattr(part, kind)} for kind in ("window", "cluster"))
        of_windows, of_clusters = names
        self.window = {name: np.concatenate([part.window[name] for part in parts]) for name in of_windows}
        self.cluster = {name: np.concatenate([part.cluster[name] for part in parts]) for name in of_clusters}
        counts = [np.diff(part.offsets) for part in parts]
        self.counts = np.concatenate([np.zeros(0, np.int64), *counts])

    def __len__(self) -> int:
        return len(self.counts)

    def summed(self, values: AnyArray) -> AnyArray:
        """Return for each window the sum of a number of its clusters."""
        owner = np.repeat(np.arange(len(self)), self.counts)
        return np.bincount(owner, values, len(self))


def gather(parts: Sequence[Part]) -> Gathered:
    """Return the parts as one."""
    return Gathered(list(parts))


def new_figure(rows: int = 1, columns: int = 1) -> tuple[figures.Picture, Any]:
    """Return a labelled picture and its axes."""
    picture, axes = figures.grid(rows, columns, experiment="CMS")
    figures.label(axes[0, 0], "CMS", "Simulation")
    return picture, axes


def of_nothing(text: str = NOTHING) -> figures.Picture:
    """Return a picture that says so."""
    picture, axes = figures.figure(experiment="CMS")
    figures.label(axes, "CMS", "Simulation")
    figures.say(axes, text)
    return picture


def clusters(g: Gathered) -> figures.Picture:
    """Draw how many clusters a window has: all, true ones, those in the mustache; by ET of the seed."""
    if not len(g):
        return of_nothing()
    lines = [("all", np.ones(int(g.counts.sum())), "o")]
    named = [
        ("in_scluster", "in the supercluster", "s"),
        ("in_geom_mustache", "in the mustache's shape", "^"),
        ("in_mustache", "in the mustache", "v"),
    ]
    lines += [(text, g.cluster[name], marker) for name, text, marker in named if name in g.cluster]
    with figures.style("CMS"):
        picture, axes = new_figure(columns=2)
        middle = np.sqrt(ET_EDGES[1:] * ET_EDGES[:-1])
        place = np.digitize(g.window["et_seed"], ET_EDGES) - 1
        for (text, values, marker), colour in zip(lines, COLOURS, strict=False):
            number = g.summed(values.astype(float))
            means = [number[place == b].mean() if (place == b).any() else np.nan for b in range(len(middle))]
            axes[0, 0].plot(middle, means, marker=marker, color=colour, label=text)
            bins = np.arange(0, 17) - 0.5
            axes[0, 1].stairs(np.histogram(number, bins)[0] / len(g), bins, color=colour, lw=1.8, label=text)
        axes[0, 0].set(xscale="log", xlabel=r"$E_T$ of the seed [GeV]", ylabel="Clusters per window, mean")
        axes[0, 0].set_ylim(0, None)
        axes[0, 1].set(xlabel="Clusters in a window", ylabel="Share of the windows")
        for each in axes[0]:
            each.legend()
        return picture


def energy(g: Gathered) -> figures.Picture:
    """Draw the energy of true clusters, and of the mustache, over that of the particle; both label settings."""
    good = g.window.get("is_seed_calo_seed", np.zeros(0, bool)).astype(bool) if len(g) else np.zeros(0, bool)
    if not good.any():
        return of_nothing("no window of a particle's main cluster")
    true = np.where(good, g.window["en_true_sim"], np.nan)
    lines = [("labels", g.summed(g.cluster["in_scluster"] * g.cluster["en_cluster"]) / true, "-")]
    for other in ("deepsc", "fixed"):
        if f"in_scluster_{other}" in g.cluster:
            this = "fixed" if other == "deepsc" else "deepsc"
            lines[0] = (f"labels {this}", *lines[0][1:])
            summed = g.summed(g.cluster[f"in_scluster_{other}"] * g.cluster["en_cluster"])
            lines.append((f"labels {other}", summed / true, "--"))
    lines.append(("mustache", g.window["en_mustache_raw"] / true, ":"))
    bins = np.linspace(0.5, 1.7, 121)
    with figures.style("CMS"):
        picture, axes = new_figure()
        for (text, values, line), colour in zip(lines, COLOURS, strict=False):
            values = values[good]
            scale, _, _, width = measure(values)
            outside = ((values < bins[0]) | (values > bins[-1])).sum()
            told = f"{text}: scale {scale:.4f}, w68 {width:.4f}" + (f", {outside} outside" if outside else "")
            axes[0, 0].stairs(np.histogram(values, bins)[0], bins, color=colour, ls=line, lw=1.8, label=told)
        axes[0, 0].set(xlabel=r"$\Sigma E / E_{sim}$", ylabel="Windows / 0.01", yscale="log")
        axes[0, 0].set_ylim(0.6, 30 * axes[0, 0].get_ylim()[1])
        axes[0, 0].legend(loc="upper left")
        return picture


def seeds(g: Gathered) -> figures.Picture:
    """Draw where seeds are, and their spectra in ET and η; the cracks between barrel and endcaps."""
    if not len(g):
        return of_nothing()
    with figures.style("CMS"):
        picture, axes = new_figure(columns=3)
        eta, phi, et = (g.window[name] for name in ("seed_eta", "seed_phi", "et_seed"))
        *_, drawn = axes[0, 0].hist2d(eta, phi, bins=(30, 18), range=((-3, 3), (-np.pi, np.pi)), cmin=1)
        picture.colorbar(drawn, ax=axes[0, 0], label="Seeds")
        axes[0, 0].set(xlabel=r"$\eta$ of the seed", ylabel=r"$\phi$ of the seed [rad]")
        axes[0, 1].hist(eta, np.linspace(-3, 3, 61), color=COLOURS[0], alpha=0.7)
        axes[0, 1].set(xlabel=r"$\eta$ of the seed", ylabel="Windows / 0.1")
        for crack in (-CRACKS[0], -CRACKS[1], *CRACKS):
            axes[0, 1].axvline(crack, color="k", ls=":", lw=1)
        axes[0, 2].hist(et, np.geomspace(1, 600, 41), color=COLOURS[0], alpha=0.7)
        axes[0, 2].set(xscale="log", xlabel=r"Raw $E_T$ of the seed [GeV]", ylabel="Windows / bin")
        return picture


def features(g: Gathered) -> figures.Picture:
    """Draw features of clusters, apart for those in the supercluster and the others; seeds are left out."""
    if not len(g):
        return of_nothing()
    panels: tuple[tuple[str, str, Any, str], ...] = (
        ("et_cluster", r"Raw $E_T$ of the cluster [GeV]", np.geomspace(0.1, 500, 41), "log"),
        ("cluster_dphi", r"$\phi_{seed} - \phi$ [rad]", np.linspace(-0.75, 0.75, 51), "linear"),
        ("cluster_deta", r"$\Delta\eta$ away from 0", np.linspace(-0.3, 0.3, 51), "linear"),
        ("cl_nxtals", "Crystals", np.arange(0, 41) - 0.5, "linear"),
    )
    inside = g.cluster["in_scluster"].astype(bool)
    with figures.style("CMS"):
        picture, axes = new_figure(rows=2, columns=2)
        for each, (name, text, bins, scale) in zip(axes.flat, panels, strict=True):
            for which, colour, line, told in (
                (inside, COLOURS[0], "-", "in the supercluster"),
                (~inside, COLOURS[2], "--", "not in it"),
            ):
                counts = np.histogram(g.cluster[name][which], bins)[0]
                each.stairs(counts / max(counts.sum(), 1), bins, color=colour, ls=line, lw=1.8, label=told)
            each.set(xscale=scale, xlabel=text, ylabel="Share of the clusters", yscale="log")
        axes[0, 1].legend(loc="upper right")
        return picture


def response(g: Gathered) -> figures.Picture:
    """Draw simulated over generated energy against η and ET of the particle."""
    matched = g.window.get("is_seed_calo_matched", np.zeros(0, bool)).astype(bool) if len(g) else np.zeros(0, bool)
    if not matched.any():
        return of_nothing("no window is matched")
    ratio = g.window["en_true_sim"][matched] / g.window["en_true_gen"][matched]
    with figures.style("CMS"):
        picture, axes = new_figure(columns=2)
        for each, name, bins, text in (
            (axes[0, 0], "gen_true_eta", np.linspace(-3, 3, 61), r"$\eta$ of the generated particle"),
            (axes[0, 1], "et_true_gen", np.linspace(0, 500, 26), r"$E_T$ of the generated particle [GeV]"),
        ):
            place = np.digitize(g.window[name][matched], bins) - 1
            known = [b for b in range(len(bins) - 1) if (place == b).sum() >= FEW]
            spread = [np.quantile(ratio[place == b], (0.16, 0.5, 0.84)) for b in known]
            low, middle, high = np.array(spread).reshape(-1, 3).T
            x = (bins[1:] + bins[:-1])[known] / 2
            each.errorbar(x, middle, (middle - low, high - middle), fmt="o", ms=4, color=COLOURS[0], lw=1)
            if not known:
                figures.say(each, f"fewer than {FEW} windows in every bin")
            each.axhline(1, color="k", lw=0.8, ls=":")
            each.set(xlabel=text, ylabel=r"$E_{sim} / E_{gen}$, median and central 68 %")
        for crack in (-CRACKS[0], -CRACKS[1], *CRACKS):
            axes[0, 0].axvline(crack, color="0.5", ls=":", lw=1)
        return picture
