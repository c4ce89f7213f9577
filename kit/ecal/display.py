"""The picture of one window: where its clusters are, which are true, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.ecal.access import Part
from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray
from kit.ecal.geometry import reach, wrap
from kit.ecal.mustache import outline, phi_reach
from kit.figures import COLOURS

__all__ = ["Shown", "crystals", "draw_crystals", "draw_scores", "draw_window", "heading", "reason", "shown"]

TRUE, FALSE, SEED = COLOURS[0], COLOURS[2], COLOURS[1]
PILEUP = "0.15"
CALOS = (COLOURS[4], COLOURS[6], COLOURS[5], COLOURS[7])
SCORE_MIN = 1e-3  # end of the colour scale of scores


@dataclass(frozen=True)
class Shown:
    """One window, ready to be drawn: coordinates along Δφ and Δη away from η = 0, ET in GeV.

    `threshold` is the working point, `in_scluster` the label it gives, `members` those of a model or the mustache.
    """

    part: Part
    dphi: FloatArray
    deta: FloatArray
    et: FloatArray
    score: FloatArray
    calo: AnyArray
    threshold: float
    in_scluster: BoolArray
    members: BoolArray

    @property
    def seed(self) -> int:
        """The place of the seed among the clusters."""
        return int(np.argmax(self.part.cluster["is_seed"]))


def shown(part: Part, threshold: float | None = None, ringed: str = "mustache") -> Shown:
    """Return the only window of `part`, ready to be drawn.

    Parameters
    ----------
    threshold : float, optional
        Working point at which labels are made, as they are meant; else they are the stored ones.
    ringed : str
        Which clusters are ringed: those of the ``mustache`` supercluster, or those in its ``shape``.
    """
    cluster, window = part.cluster, part.window
    own = int(window["calo_index"][0])
    known = "cl_calo_index" in cluster
    calo = cluster["cl_calo_index"] if known else np.where(cluster["is_calo_matched"], own, -1)
    score = cluster["calo_score"]
    limit = float(window["simfraction_wp"][0]) if "simfraction_wp" in window else np.nan
    labels = cluster["in_scluster"]
    if threshold is not None:
        limit = threshold
        labels = cluster["is_seed"] | ((own >= 0) & (calo == own) & (score >= threshold))
    deta = cluster["cluster_deta"] if window["seed_eta"][0] != 0 else -cluster["cluster_deta"]
    listed = ringed == "mustache" and "in_mustache" in cluster
    members = cluster["in_mustache"] if listed else cluster["in_geom_mustache"]
    # φ_seed − φ is what is stored; drawn is φ − φ_seed, as on the detector
    return Shown(
        part, 0.0 - cluster["cluster_dphi"], deta, cluster["et_cluster"], score, calo, limit, labels, members
    )


def heading(s: Shown) -> str:
    """Return in one line which window it is."""
    window = s.part.window
    matched = f"particle {int(window['calo_index'][0])}" if window["calo_index"][0] >= 0 else "no particle"
    flavour = f", flavour {int(window['flavour'][0])}" if "flavour" in window else ""
    place = ":".join(str(int(window[name][0])) for name in ("run_id", "lumi_id", "event_id"))
    return (
        f"{place}, seed ET {window['et_seed'][0]:.1f} GeV at η {window['seed_eta'][0]:.3f}, "
        f"{len(s.et)} clusters, {matched}{flavour}"
    )


def reason(s: Shown, place: int) -> str:
    """Return a sentence that says why a cluster is in the supercluster or not."""
    own, calo, score = int(s.part.window["calo_index"][0]), int(s.calo[place]), float(s.score[place])
    inside = "in" if s.in_scluster[place] else "out"
    if s.part.cluster["is_seed"][place]:
        return f"{inside}: it is the seed"
    if own < 0:
        return f"{inside}: the window belongs to no particle"
    if calo < 0:
        return f"{inside}: no particle above the least score"
    if calo != own:
        return f"{inside}: belongs to particle {calo}, the window to {own}"
    sign = "≥" if score >= s.threshold else "<"
    return f"{inside}: score {score:.2g} {sign} working point {s.threshold:.2g}, particle {calo}"


def draw_window(axes: Any, s: Shown, selected: int | None = None, outline_energy: float | None = None) -> None:
    """Draw clusters, area by ET, true and other ones; pileup in them as squares; the window's box, a mustache.

    The mustache is that of an energy in GeV, by default that of the `selected` cluster, or else of the seed.
    """
    window = s.part.window
    chosen = s.seed if selected is None else selected
    area = 20 + 240 * np.sqrt(s.et / s.et.max())
    for which, colour, marker, text in (
        (s.in_scluster, TRUE, "o", "in the supercluster"),
        (~s.in_scluster, FALSE, "D", "not in it"),
    ):
        axes.scatter(
            s.dphi[which], s.deta[which], area[which], color=colour, marker=marker, alpha=0.75, label=text
        )
    axes.scatter(
        s.dphi[s.members], s.deta[s.members], 2.2 * area[s.members], facecolors="none", edgecolors="0.25", lw=1.2,
        label="ringed: in the mustache",
    )  # fmt: skip
    _draw_pileup(axes, s)
    axes.plot(s.dphi[s.seed], s.deta[s.seed], "k+", ms=9, label="seed")
    if selected is not None:
        axes.plot(
            s.dphi[chosen], s.deta[chosen], "8", ms=20, mfc="none", mec="k", mew=1.8, ls="none", label="selected"
        )
    _draw_particles(axes, s)
    _draw_box(axes, s)
    eta = float(window["seed_eta"][0])
    energy = float(s.part.cluster["en_cluster"][chosen]) if outline_energy is None else outline_energy
    _draw_mustache(axes, eta, energy, f"mustache at {energy:.3g} GeV")
    axes.set_xlabel(r"$\phi - \phi_{seed}$ [rad]")
    axes.set_ylabel(r"$\Delta\eta$ away from 0")


def draw_scores(picture: Any, axes: Any, s: Shown) -> None:
    """Draw clusters coloured by score, logarithmic; without a `picture` there is no scale of colours."""
    known = s.score > 0
    area = 20 + 240 * np.sqrt(s.et / s.et.max())
    axes.scatter(s.dphi[~known], s.deta[~known], area[~known], marker="x", color="0.6", label="no particle")
    drawn = axes.scatter(
        s.dphi[known], s.deta[known], area[known], c=np.maximum(s.score[known], SCORE_MIN), norm="log",
        cmap="viridis", vmin=SCORE_MIN, vmax=1, edgecolors="k", lw=0.4,
    )  # fmt: skip
    if picture is not None:
        picture.colorbar(drawn, ax=axes, label="score: share of the particle's energy")
    _draw_box(axes, s)
    axes.set_xlabel(r"$\phi - \phi_{seed}$ [rad]")
    axes.set_ylabel(r"$\Delta\eta$ away from 0")


def draw_crystals(picture: Any, axes: Any, s: Shown, *, logarithmic: bool = True) -> None:
    """Draw the crystals by energy, and a number at the centre of each cluster; see `draw_scores`."""
    hits = s.part.hits
    assert hits is not None
    if not len(hits["ieta"]):
        axes.text(0.5, 0.5, "no hits", ha="center", transform=axes.transAxes)
        return
    barrel = int(s.part.window["seed_iz"][0]) == 0
    owner, (x, y) = crystals(s)[0], crystals(s)[1].T
    low, high = (x.min() - 1, y.min() - 1), (x.max() + 1, y.max() + 1)
    image = np.zeros((high[1] - low[1] + 1, high[0] - low[0] + 1))
    np.add.at(image, (y - low[1], x - low[0]), hits["share"])
    shown_image = np.where(image > 0, image, np.nan)
    box = (low[0] - 0.5, high[0] + 0.5, low[1] - 0.5, high[1] + 0.5)
    options = {"norm": "log"} if logarithmic else {}
    drawn = axes.imshow(shown_image, origin="lower", extent=box, aspect="auto", cmap="cividis", **options)
    if picture is not None:
        picture.colorbar(drawn, ax=axes, label="energy in the cluster [GeV]")
    else:
        scale = "logarithmic" if logarithmic else "linear"
        low_end, high_end = drawn.get_clim()
        axes.set_title(f"colour: {low_end:.2g} (dark) to {high_end:.3g} GeV (bright), {scale}", fontsize=9)
    for place in range(len(s.et)):
        own = np.flatnonzero(owner == place)
        if len(own):
            top = own[np.argmax(hits["share"][own])]
            colour = TRUE if s.in_scluster[place] else FALSE
            box_style = {"boxstyle": "circle,pad=0.15", "fc": "w", "ec": colour, "lw": 1.5}
            axes.text(x[top], y[top], str(place), fontsize=8, ha="center", va="center", bbox=box_style)
    axes.set_xlabel("iφ" if barrel else "iy")
    axes.set_ylabel("iη" if barrel else "ix")


def crystals(s: Shown) -> tuple[IntArray, IntArray]:
    """Return for each hit its cluster, and where it is drawn: (iφ, iη) in the barrel, (iy, ix) in the endcaps."""
    if s.part.hits is None:
        return np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
    hits = s.part.hits
    x, y = hits["iphi"].astype(np.int64), hits["ieta"].astype(np.int64)
    if int(s.part.window["seed_iz"][0]) == 0:  # the grid is cut between 360 and 1
        around = int(s.part.window["seed_iphi"][0])
        x = (x - around + 180) % 360 - 180 + around
    return np.repeat(np.arange(len(s.et)), hits.counts), np.stack([x, y], 1)


def _draw_pileup(axes: Any, s: Shown) -> None:
    """Draw the energy of pileup in clusters as squares, where it was read; area as that of an ET so large."""
    cluster = s.part.cluster
    if "calo_recoen_PU" not in cluster or not (cluster["calo_recoen_PU"] > 0).any():
        return
    et = cluster["calo_recoen_PU"] * s.et / cluster["en_cluster"]
    some = et > 0
    area = 20 + 240 * np.sqrt(et[some] / s.et.max())
    axes.scatter(
        s.dphi[some], s.deta[some], area, marker="s", facecolors="none", edgecolors=PILEUP, lw=1.6, hatch="////",
        label="energy of pileup",
    )  # fmt: skip


def _draw_particles(axes: Any, s: Shown) -> None:
    """Draw where the particles of the window were generated, and where they reached the calorimeter."""
    calos, window = s.part.calos, s.part.window
    if calos is None:
        return
    sign = -1 if window["seed_eta"][0] < 0 else 1
    for place, index in enumerate(calos["index"].tolist()):
        colour = CALOS[index % len(CALOS)]
        for kind, marker in (("gen", "*"), ("sim", "X")):
            dphi = wrap(np.array([calos[f"{kind}_phi"][place] - window["seed_phi"][0]]))[0]
            deta = sign * (calos[f"{kind}_eta"][place] - window["seed_eta"][0])
            text = f"particle {index}, {calos['gen_energy'][place]:.3g} GeV" if kind == "gen" else None
            axes.plot(dphi, deta, marker, color=colour, ms=9, mec="k", mew=0.5, ls="none", label=text, zorder=4)


def _draw_box(axes: Any, s: Shown) -> None:
    up, down, width = (float(x[0]) for x in reach(s.part.window["seed_eta"][:1]))
    axes.plot([-width, width, width, -width, -width], [down, down, up, up, down], color="0.5", lw=1, ls="--")
    axes.set_xlim(-1.08 * width, 1.08 * width)
    axes.set_ylim(down - 0.03, up + 0.03)


def _draw_mustache(axes: Any, eta: float, energy: float, text: str) -> None:
    far = float(phi_reach([eta], [energy], [eta])[0])
    d = np.linspace(-far, far, 101)
    edges = outline(np.full(101, eta), np.full(101, energy), d)
    if np.isfinite(edges.lower).all():
        axes.fill_between(d, edges.lower, edges.upper, color=SEED, alpha=0.25, lw=0, label=text)
