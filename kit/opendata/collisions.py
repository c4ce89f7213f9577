"""Simulated collisions: the events of the demo files, numbered, and on wish with what goes wrong in real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kit.opendata.kinematics import IntArray
from kit.opendata.processes import Particles, simulate

__all__ = ["BLOCK", "Collisions", "collide", "reordered"]

BLOCK = 20_000  # events made and written at once: what a cluster of the file holds
RUN, LUMI_EVENTS = 358_031, 500  # the first run number; events of a luminosity block
BAD = ("pt is not a number", "pt is zero", "pt is negative", "phi is infinite", "eta beyond 10")


@dataclass(frozen=True)
class Collisions:
    """Simulated events in GeV: objects by letter, and the run, lumi and event number of each event."""

    events: int
    objects: Mapping[str, Particles]
    ids: Mapping[str, IntArray]


def collide(
    events: int,
    seed: int,
    *,
    duplicates: float = 0.0,
    bad_values: float = 0.0,
    unsorted: bool = False,
    first: int = 0,
) -> Collisions:
    """Return simulated events, the same for the same seed.

    Parameters
    ----------
    events, seed : int
        How many; which.
    duplicates : float
        Share of events that are copies of earlier ones, at the end.
    bad_values : float
        Share of objects of each type with a value no detector gives: pt NaN, 0 or negative, phi
        infinite, η beyond 10.
    unsorted : bool
        Whether the objects of an event stand in any order instead of falling pT.
    first : int
        Number of events before these: run and event numbers go on from there.
    """
    block = first // BLOCK
    objects = simulate(events, np.random.default_rng([seed, block]))
    number = first + np.arange(events, dtype=np.int64)
    spoiler = np.random.default_rng([seed, block, 1])  # of its own, so that the other events stay as they are
    if unsorted:
        objects = {letter: _shuffled(particles, spoiler) for letter, particles in objects.items()}
    if bad_values:
        objects = {letter: _spoiled(particles, bad_values, spoiler) for letter, particles in objects.items()}
    if copies := round(duplicates * events):
        order = np.concatenate((np.arange(events - copies), spoiler.integers(0, events - copies, copies)))
        objects = {letter: _taken(particles, order) for letter, particles in objects.items()}
        number = number[order]
    ids = {"run": RUN + number // BLOCK, "lumi": 1 + number // LUMI_EVENTS, "event": 1 + number}
    return Collisions(events, objects, ids)


def reordered(particles: Particles, order: IntArray) -> Particles:
    """Return the objects in another order."""
    return Particles(**{name: values[order] for name, values in vars(particles).items()})


def _shuffled(particles: Particles, rng: np.random.Generator) -> Particles:
    return reordered(particles, np.lexsort((rng.random(len(particles.event)), particles.event)))


def _spoiled(particles: Particles, share: float, rng: np.random.Generator) -> Particles:
    n = len(particles.event)
    kind = np.where(rng.random(n) < share, rng.integers(0, len(BAD), n), -1)
    pt = np.select([kind == 0, kind == 1, kind == 2], [np.nan, 0.0, -1.0], particles.pt)
    phi = np.where(kind == 3, np.inf, particles.phi)
    return replace(particles, pt=pt, phi=phi, eta=np.where(kind == 4, 11.5, particles.eta))


def _taken(particles: Particles, order: IntArray) -> Particles:
    """Return the objects of the events `order`, which may name an event more than once."""
    offsets = np.searchsorted(particles.event, np.arange(max(order) + 2))
    counts = np.diff(offsets)[order]
    begins = np.concatenate(([0], np.cumsum(counts)[:-1]))
    index = np.arange(counts.sum()) + np.repeat(offsets[order] - begins, counts)
    return replace(reordered(particles, index), event=np.repeat(np.arange(len(order)), counts))
