"""Which clusters open a window, which of the windows belong to a particle, and which are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.ecal.association import Association
from kit.ecal.engine import Engine
from kit.ecal.events import BoolArray, Events, FloatArray, IntArray
from kit.ecal.geometry import inside, offsets, reach
from kit.ecal.twins import Limits, Positions

__all__ = ["Field", "Opened", "keep", "near_generated", "open_windows", "prepare"]


@dataclass(frozen=True)
class Field:
    """All clusters of a chunk, ready to be searched.

    Attributes
    ----------
    positions, limits : tuple of ndarray
        η, φ, iz; and reach of the window that each would open.
    cosh : ndarray
        Of η.
    order : ndarray of int
        Places by event and falling calibrated ET.
    et : ndarray
        Calibrated, in GeV.
    """

    positions: Positions
    limits: Limits
    cosh: FloatArray
    order: IntArray
    et: FloatArray


@dataclass(frozen=True)
class Opened:
    """Windows in order of creation.

    Attributes
    ----------
    seed, event : ndarray of int
        Place of the seed in the chunk; event.
    calo : ndarray of int
        Particle of a matched window, counted within the event; −1 for the others.
    """

    seed: IntArray
    event: IntArray
    calo: IntArray

    @property
    def matched(self) -> BoolArray:
        """Which windows belong to a particle."""
        return self.calo >= 0

    def take(self, chosen: IntArray | BoolArray) -> Opened:
        """Return the chosen windows."""
        return Opened(self.seed[chosen], self.event[chosen], self.calo[chosen])


def prepare(events: Events, version: int, engine: Engine) -> Field:
    """Return the clusters of a chunk, sorted by calibrated ET, with the windows they would open."""
    clusters = events.clusters
    eta, phi = clusters["eta"].astype(np.float64), clusters["phi"].astype(np.float64)
    cosh = engine.cosh(eta)
    et = clusters["energy"].astype(np.float64) / cosh
    positions = (eta, phi, clusters["iz"].astype(np.int64))
    return Field(positions, reach(eta, version), cosh, engine.order(clusters.offsets, et), et)


def open_windows(
    events: Events,
    field: Field,
    found: Association,
    engine: Engine,
    *,
    et_min: float,
    score_min: float,
    overlapping: bool,
    gen_position: bool = False,
) -> tuple[Opened, IntArray, IntArray]:
    """Return the windows, and for each event the seeds inside earlier windows and those far from their particle.

    Parameters
    ----------
    et_min : float
        Least calibrated ET of a seed, in GeV.
    score_min : float
        What the score of the seed of a matched window must exceed.
    overlapping : bool
        Whether seeds inside earlier windows open one, too.
    gen_position : bool
        Whether a matched window's seed must lie near the generated position of its particle.
    """
    clusters = events.clusters
    seed, blocked = engine.open_windows(
        clusters.offsets, field.order, field.et >= et_min, field.positions, field.limits, overlapping
    )
    event = np.searchsorted(clusters.offsets, seed, side="right") - 1
    calo = np.where((found.calo[seed] >= 0) & (found.score[seed] > score_min), found.calo[seed], -1)
    far = (calo >= 0) & ~near_generated(events, field, seed, event, calo)
    strays = np.bincount(event[far], minlength=len(events))
    if gen_position:
        calo = np.where(far, -1, calo)
    return Opened(seed, event, calo), blocked, strays


def near_generated(events: Events, field: Field, seed: IntArray, event: IntArray, calo: IntArray) -> BoolArray:
    """Tell which seeds lie in a box, as large as their window, around the generated position of their particle."""
    near = np.zeros(len(seed), np.bool_)
    known = calo >= 0
    seed, particle = seed[known], events.calos.offsets[event[known]] + calo[known]
    eta, phi, iz = (values[seed] for values in field.positions)
    gen_eta, gen_phi = (events.calos[name][particle].astype(np.float64) for name in ("genEta", "genPhi"))
    e, p = offsets(gen_eta, gen_phi, eta, phi)
    up, down, width = (limit[seed] for limit in field.limits)
    near[known] = inside(e, p, iz == events.calos["simIz"][particle], (up, down, width))
    return near


def keep(opened: Opened, events: Events, unmatched: int | Literal["all"], seed: int) -> BoolArray:
    """Tell which windows are kept.

    Matched ones always; of the others as many as there are matched ones in the event, and up to `unmatched` more,
    drawn by `seed` and the numbers of the event: independent of files and jobs.
    """
    matched = opened.matched
    if unmatched == "all":
        return np.ones(len(matched), np.bool_)
    kept = matched.copy()
    if unmatched == 0:
        return kept
    events_number = len(events)
    m = np.bincount(opened.event[matched], minlength=events_number)
    u = np.bincount(opened.event[~matched], minlength=events_number)
    others = np.flatnonzero(~matched)
    bounds = np.searchsorted(opened.event[others], np.arange(events_number + 1))
    few = u <= m
    kept[others[few[opened.event[others]]]] = True
    for event in np.flatnonzero(~few):
        places = others[bounds[event] : bounds[event + 1]]
        first, rest = places[: m[event]], places[m[event] :]
        numbers = [int(events.event[name][event]) for name in ("runId", "lumiId", "eventId")]
        draw = np.random.default_rng([seed, *numbers]).permutation(len(rest))[:unmatched]
        kept[first] = True
        kept[rest[draw]] = True
    return kept
