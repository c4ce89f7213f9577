"""The physics of the demo: a mixture of simulated processes, known well enough to be recognised in spectra.

Resonances decay isotropically in their rest frame and are boosted; leptons are smeared by the resolution
of a detector; jets fall steeply in pT. It is a demonstration, not a generator: rates are what makes all
final states of the spectra show, not cross sections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kit.opendata.kinematics import (
    FloatArray,
    Generator,
    IntArray,
    Momenta,
    chosen,
    decay,
    produced,
    resonance,
    scaled,
)

Z_MASS, Z_WIDTH = 91.19, 2.5  # GeV; Particle Data Group, rounded
W_MASS, W_WIDTH = 80.4, 2.1  # GeV; the same
HIGGS_MASS = 125.1  # GeV; the same
RESOLUTION = 0.012  # of lepton, photon and tau pT
# lowest pT in GeV: below them the education formats keep no leptons and jets
PT_LOWEST = {"e": 7.0, "m": 7.0, "j": 20.0, "g": 20.0, "t": 20.0}
ETA_HIGHEST = {"e": 2.47, "m": 2.7, "j": 4.4, "g": 2.37, "t": 2.5}  # acceptance of the ATLAS detector
MASS = {"e": 0.00051099895, "m": 0.1056583755, "g": 0.0, "t": 1.77693}  # GeV; Particle Data Group


@dataclass(frozen=True)
class Particles:
    """Objects of one type as flat arrays, in GeV, with the event of each; for jets a score, 0 to 1, to be a b."""

    event: IntArray
    pt: FloatArray
    eta: FloatArray
    phi: FloatArray
    mass: FloatArray
    score: FloatArray


def simulate(events: int, rng: Generator) -> dict[str, Particles]:
    """Return the objects of `events` events by letter, sorted by event and falling pT.

    Only objects inside the acceptance are returned, as a detector would.
    """
    drawn = rng.choice(len(PROCESSES), size=events, p=[share for share, _ in PROCESSES.values()])
    made: dict[str, list[Particles]] = {letter: [] for letter in PT_LOWEST}
    for letter, particles in _soft(np.arange(events), rng):
        made[letter].append(particles)
    for number, (_, process) in enumerate(PROCESSES.values()):
        for letter, particles in process(np.flatnonzero(drawn == number), rng):
            made[letter].append(particles)
    return {letter: _accepted(letter, parts) for letter, parts in made.items()}


def _accepted(letter: str, parts: list[Particles]) -> Particles:
    columns = {name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])}
    kept = (columns["pt"] > PT_LOWEST[letter]) & (np.abs(columns["eta"]) < ETA_HIGHEST[letter])
    order = np.flatnonzero(kept)
    order = order[np.lexsort((-columns["pt"][order], columns["event"][order]))]
    return Particles(**{name: values[order] for name, values in columns.items()})


Yields = list[tuple[str, Particles]]


def _z(letter: str) -> Callable[[IntArray, Generator], Yields]:
    def process(event: IntArray, rng: Generator) -> Yields:
        pair = decay(produced(event, resonance(Z_MASS, Z_WIDTH, len(event), rng), rng), 0.0, 0.0, rng)
        return [*(_detected(letter, daughter, rng) for daughter in pair), _jets(event, 0.7, rng)]

    return process


def _taus(event: IntArray, rng: Generator) -> Yields:
    one, other = decay(produced(event, resonance(Z_MASS, Z_WIDTH, len(event), rng), rng), 0.0, 0.0, rng)
    visible = [scaled(one, rng.uniform(0.4, 1, len(event))), scaled(other, rng.uniform(0.4, 1, len(event)))]
    return [_detected("t", visible[0], rng), _detected("t", visible[1], rng), _jets(event, 1.0, rng)]


def _w(event: IntArray, rng: Generator) -> Yields:
    lepton, _ = decay(produced(event, resonance(W_MASS, W_WIDTH, len(event), rng), rng), 0.0, 0.0, rng)
    return [*_either(lepton, rng), _jets(event, 1.2, rng)]


def _photons(event: IntArray, rng: Generator) -> Yields:
    one = produced(event, np.zeros(len(event)), rng, scale=35.0)
    two = event[rng.random(len(event)) < 0.4]
    other = produced(two, np.zeros(len(two)), rng, scale=30.0)
    return [_detected("g", one, rng), _detected("g", other, rng), _jets(event, 1.0, rng)]


def _multijets(event: IntArray, rng: Generator) -> Yields:
    return [_jets(event, 1.2, rng, at_least=2, slope=3.5)]


def _top(event: IntArray, rng: Generator) -> Yields:
    lepton, _ = decay(produced(event, resonance(W_MASS, W_WIDTH, len(event), rng), rng), 0.0, 0.0, rng)
    second = event[rng.random(len(event)) < 0.35]
    other, _ = decay(produced(second, resonance(W_MASS, W_WIDTH, len(second), rng), rng), 0.0, 0.0, rng)
    bottom = _jets(event, 0.0, rng, at_least=2, slope=2.5, bottom=True)
    return [*_either(lepton, rng), *_either(other, rng), bottom, _jets(event, 1.3, rng)]


def _mixed(event: IntArray, rng: Generator) -> Yields:
    parts = [_jets(event, 1.5, rng)]
    for letter, mean in (("e", 0.7), ("m", 0.7), ("g", 0.5), ("t", 0.6)):
        some = np.repeat(event, rng.poisson(mean, len(event)))
        parts.append(_detected(letter, produced(some, np.zeros(len(some)), rng, scale=22.0), rng))
    return parts


def _soft(event: IntArray, rng: Generator) -> Yields:
    """Return what lies below most cuts in any event, as real files have it."""
    parts = [_jets(event, 1.6, rng, slope=7.0)]
    for letter, mean, scale in (("e", 0.5, 6.0), ("m", 0.3, 5.0), ("g", 1.2, 8.0), ("t", 0.9, 9.0)):
        some = np.repeat(event, rng.poisson(mean, len(event)))
        parts.append(_detected(letter, produced(some, np.zeros(len(some)), rng, scale=scale), rng))
    return parts


def _higgs(event: IntArray, rng: Generator) -> Yields:
    mass = rng.normal(HIGGS_MASS, 0.01, len(event))
    near = np.minimum(resonance(Z_MASS, Z_WIDTH, len(event), rng), mass - 13.0)
    far = rng.uniform(12.0, np.minimum(mass - near - 0.5, 65.0))
    return _four_leptons(produced(event, mass, rng), near, far, rng)


def _z_to_four(event: IntArray, rng: Generator) -> Yields:
    mass = resonance(Z_MASS, Z_WIDTH, len(event), rng)
    near = rng.uniform(0.4, 0.75, len(event)) * mass
    far = rng.uniform(0.2, 0.9, len(event)) * (mass - near)
    return _four_leptons(produced(event, mass, rng), near, far, rng)


def _zz(event: IntArray, rng: Generator) -> Yields:
    one, other = (resonance(Z_MASS, Z_WIDTH, len(event), rng) for _ in range(2))
    return _four_leptons(
        produced(event, one + other + 1 + rng.exponential(60.0, len(event)), rng), one, other, rng
    )


def _four_leptons(mother: Momenta, one: FloatArray, other: FloatArray, rng: Generator) -> Yields:
    parts = [_jets(mother.event, 0.4, rng)]
    for boson in decay(mother, one, other, rng):
        electrons = rng.random(len(boson.event)) < 0.5
        for daughter in decay(boson, 0.0, 0.0, rng):
            parts += [_detected("e", chosen(daughter, electrons), rng)]
            parts += [_detected("m", chosen(daughter, ~electrons), rng)]
    return parts


PROCESSES: Mapping[str, tuple[float, Callable[[IntArray, Generator], Yields]]] = {
    "Z to ee": (0.15, _z("e")),
    "Z to mumu": (0.17, _z("m")),
    "Z to tautau": (0.04, _taus),
    "W": (0.17, _w),
    "photons": (0.10, _photons),
    "multijets": (0.12, _multijets),
    "top": (0.11, _top),
    "mixed": (0.08, _mixed),
    "Z to four leptons": (0.02, _z_to_four),
    "Higgs to four leptons": (0.015, _higgs),
    "ZZ": (0.025, _zz),
}


def _either(leptons: Momenta, rng: Generator) -> Yields:
    electrons = rng.random(len(leptons.event)) < 0.5
    return [_detected("e", chosen(leptons, electrons), rng), _detected("m", chosen(leptons, ~electrons), rng)]


def _detected(letter: str, particles: Momenta, rng: Generator) -> tuple[str, Particles]:
    n = len(particles.event)
    pt = particles.pt * (1 + RESOLUTION * rng.standard_normal(n))
    mass = np.full(n, MASS[letter])
    return letter, Particles(particles.event, pt, particles.eta, particles.phi, mass, np.zeros(n))


def _jets(
    event: IntArray, mean: float, rng: Generator, at_least: int = 0, slope: float = 3.0, bottom: bool = False
) -> tuple[str, Particles]:
    event = np.repeat(event, at_least + rng.poisson(mean, len(event)))
    n = len(event)
    pt = np.minimum(PT_LOWEST["j"] * rng.random(n) ** (-1 / slope), 2000.0)
    eta, phi = 4.6 * np.tanh(rng.normal(0, 0.35, n)), rng.uniform(-np.pi, np.pi, n)
    score = rng.beta(8.0, 0.8, n) if bottom else rng.beta(0.5, 8.0, n)
    return "j", Particles(event, pt, eta, phi, pt * rng.uniform(0.08, 0.2, n), score)
