"""From a chunk of events to its windows: seeds, clusters, labels and fields, all in flat arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.ecal.association import associate
from kit.ecal.content import Content
from kit.ecal.engine import Engine
from kit.ecal.events import AnyArray, Events, IntArray, Lists, expand, starts
from kit.ecal.geometry import inside, offsets
from kit.ecal.labels import Labels, Pairs, deepsc_labels, fixed_labels
from kit.ecal.quantities import cluster_fields, pileup_fraction
from kit.ecal.seeding import Opened, keep, open_windows, prepare
from kit.ecal.window_quantities import INSC, insc_fields, window_fields
from kit.ecal.working_points import WorkingPoint

__all__ = ["DIFFERING", "Rules", "Windows", "build"]

DIFFERING = ("in_scluster", "is_calo_matched_diffcalo", "other_calo_index", "cluster_PUfrac")
LabelName = Literal["fixed", "deepsc"]


@dataclass(frozen=True)
class Rules:
    """What decides the windows of an event; the parameters of the stage have the same names and say more."""

    working_point: WorkingPoint
    association: str = "sim_fraction"
    cluster_score_min: float = 1e-4
    seed_score_min: float = 1e-2
    window_version: int = 3
    overlapping: bool = False
    et_seed_min: float = 1.0
    unmatched: int | Literal["all"] = 0
    labels: LabelName = "fixed"
    both_labels: bool = False
    gen_position: bool = False
    pileup: bool = False
    pileup_limit: float = 1e7
    seed: int = 1


@dataclass(frozen=True)
class Windows:
    """The windows of a chunk.

    Attributes
    ----------
    window, cluster : dict
        Fields of windows, and of the clusters in them, by name.
    offsets : ndarray of int
        Where the clusters of each window begin.
    hits, seed_hits : Lists
        For each cluster in a window, and for each seed: ieta, iphi, iz, energy, share (energy·fraction), fraction.
    calos : Lists
        For each window the particles that one of its clusters belongs to, or that lie in it.
    counts : dict
        One number for each event: clusters, seeds, blocked, strays, matched, unmatched.
    undefined : int
        Events in which the original's labels are not defined.
    """

    window: dict[str, AnyArray]
    cluster: dict[str, AnyArray]
    offsets: IntArray
    hits: Lists
    seed_hits: Lists
    calos: Lists
    counts: dict[str, IntArray]
    undefined: int

    def __len__(self) -> int:
        return len(self.offsets) - 1


def build(events: Events, rules: Rules, engine: Engine) -> Windows:
    """Return the windows that are kept."""
    field = prepare(events, rules.window_version, engine)
    found = associate(events, rules.association, rules.cluster_score_min, engine)
    opened, blocked, strays = open_windows(
        events,
        field,
        found,
        engine,
        et_min=rules.et_seed_min,
        score_min=rules.seed_score_min,
        overlapping=rules.overlapping,
        gen_position=rules.gen_position,
    )
    kept = keep(opened, events, rules.unmatched, rules.seed)
    undefined = 0
    emulated = "deepsc" in (rules.labels, rules.both_labels and "deepsc")
    # the original's labels hang on windows that are not kept; else these need not be filled
    filled = opened if emulated else opened.take(kept)
    window, cluster, dphi = engine.fill(
        filled.seed, filled.event, events.clusters.offsets, field.order, field.positions, field.limits
    )
    content = Content(
        events,
        field,
        found,
        filled,
        starts(np.bincount(window, minlength=len(filled.seed))),
        cluster,
        dphi,
        rules.pileup,
    )
    labels = _label(content, rules)
    if emulated:
        undefined = _count_undefined(opened)
        content, labels = _only(content, labels, kept)
    clusters = cluster_fields(content, labels[rules.labels], engine)
    windows = window_fields(content, clusters, engine)
    windows["simfraction_wp"] = _thresholds(content, rules)
    for name, made in labels.items():
        insc = insc_fields(content, clusters, made.in_scluster)
        suffix = "" if name == rules.labels else f"_{name}"
        windows |= {f"{field_name}{suffix}": insc[field_name] for field_name in INSC}
        if suffix:
            clusters |= {f"{field_name}{suffix}": getattr(made, field_name) for field_name in DIFFERING}
    counts = _count(events, field.et >= rules.et_seed_min, opened, blocked, strays, kept)
    hits, seed_hits = (_hits(events, places) for places in (content.cluster, content.opened.seed))
    return Windows(windows, clusters, content.offsets, hits, seed_hits, _calos(content), counts, undefined)


def _thresholds(c: Content, rules: Rules) -> AnyArray:
    seed = c.opened.seed
    et = c.of_clusters("rawEnergy", seed) / c.field.cosh[seed]
    return rules.working_point.at(et, np.abs(c.field.positions[0][seed]))


def _label(c: Content, rules: Rules) -> dict[str, Labels]:
    """Return the labels of all pairs, by their name: one of the two definitions, or both."""
    window, rank = c.window, np.empty(len(c.field.order), np.int64)
    rank[c.field.order] = np.arange(len(rank))
    calo = c.opened.calo[window]
    pairs = Pairs(
        window=window,
        rank=rank[c.cluster],
        event=c.opened.event[window],
        window_calo=calo,
        cluster_calo=c.found.calo[c.cluster],
        is_seed=c.cluster == c.opened.seed[window],
        is_main=c.found.is_main[c.cluster],
        score=c.found.score[c.cluster],
        threshold=_thresholds(c, rules)[window],
        pileup=pileup_fraction(c.events, c.cluster, calo) if rules.pileup else None,
        pileup_limit=rules.pileup_limit,
    )
    made: dict[str, Labels] = {}
    if rules.labels == "fixed" or rules.both_labels:
        made["fixed"] = fixed_labels(pairs)
    if rules.labels == "deepsc" or rules.both_labels:
        made["deepsc"] = deepsc_labels(pairs, _last_fractions(c)[window] if rules.pileup else None)
    return made


def _last_fractions(c: Content) -> AnyArray:
    """Return for each window the fraction of pileup of the seed of its event's last window."""
    fractions = pileup_fraction(c.events, c.opened.seed, c.opened.calo)
    last = np.searchsorted(c.opened.event, c.opened.event, side="right") - 1
    return fractions[last]


def _only(c: Content, labels: dict[str, Labels], kept: AnyArray) -> tuple[Content, dict[str, Labels]]:
    """Return the kept windows alone."""
    places, new = expand(c.offsets, np.flatnonzero(kept))
    content = Content(
        c.events, c.field, c.found, c.opened.take(kept), new, c.cluster[places], c.dphi[places], c.pileup
    )
    return content, {
        name: Labels(**{field: values[places] for field, values in vars(made).items()})
        for name, made in labels.items()
    }


def _count_undefined(opened: Opened) -> int:
    """Return in how many events the hardest seed is not matched: there the original ends."""
    first = np.concatenate([np.ones(1, np.bool_), opened.event[1:] != opened.event[:-1]])[: len(opened.event)]
    return int((first & ~opened.matched).sum())


def _count(
    events: Events, candidate: AnyArray, opened: Opened, blocked: IntArray, strays: IntArray, kept: AnyArray
) -> dict[str, IntArray]:
    number = len(events)
    counted = {
        "matched": opened.event[opened.matched],
        "unmatched": opened.event[~opened.matched],
        "kept": opened.event[kept],
        "seeds": events.clusters.owners[candidate],
    }
    counts = {name: np.bincount(places, minlength=number) for name, places in counted.items()}
    return {**counts, "clusters": events.clusters.counts, "blocked": blocked, "strays": strays}


def _hits(events: Events, clusters: IntArray) -> Lists:
    hits = events.hits.take(clusters)
    energy, fraction = (hits[name].astype(np.float64) for name in ("rechitEnergy", "fraction"))
    places = {name: hits[name].astype(np.int64) for name in ("ieta", "iphi", "iz")}
    return Lists(hits.offsets, {**places, "energy": energy, "share": energy * fraction, "fraction": fraction})


def _calos(c: Content) -> Lists:
    """Return for each window the particles that a cluster belongs to, or that were simulated inside."""
    calos, event = c.events.calos, c.opened.event
    particle, first = expand(calos.offsets, event)
    window = np.repeat(np.arange(len(event)), np.diff(first))
    seed = c.opened.seed[window]
    eta, phi, iz = (values[seed] for values in c.field.positions)
    e, p = offsets(eta, phi, calos["simEta"][particle].astype(float), calos["simPhi"][particle].astype(float))
    limits = c.field.limits
    chosen = inside(e, p, iz == calos["simIz"][particle], (limits[0][seed], limits[1][seed], limits[2][seed]))
    own = c.found.calo[c.cluster]
    chosen[(first[:-1][c.window] + own)[own >= 0]] = True
    taken = particle[chosen]
    columns: dict[str, AnyArray] = {"index": taken - calos.offsets[event][window[chosen]]}
    names = ("simEta", "simPhi", "genEta", "genPhi", "simEnergy", "genEnergy")
    shown = ("sim_eta", "sim_phi", "gen_eta", "gen_phi", "sim_energy", "gen_energy")
    columns |= {new: calos[name][taken].astype(np.float64) for new, name in zip(shown, names, strict=True)}
    return Lists(starts(np.bincount(window[chosen], minlength=len(event))), columns)
