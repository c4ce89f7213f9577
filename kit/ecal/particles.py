"""Simulated electrons and photons, and the showers they and pileup leave: where, and how much energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kit.ecal.calorimeter import BARREL_END, MAX_ETA
from kit.ecal.events import FloatArray, IntArray

__all__ = ["SAMPLES", "Particles", "Sample", "Showers", "make_particles", "make_showers"]

Sample = Literal["electrons", "photons", "pairs", "soft"]
SAMPLES: tuple[Sample, ...] = ("electrons", "photons", "pairs", "soft")

PILEUP_CLUSTERS = 160  # in an event, mean
PILEUP_ET = (0.2, 0.45)  # GeV; least, and mean above it
BEND = 0.6  # rad·GeV; how far an electron of 1 GeV pT turns in 3.8 T on the way to the crystals
MERGED = 0.035  # rad; what is nearer than two crystals is one cluster
SATELLITES = 0.8  # soft clusters beside a particle, mean
CRACK = (1.4442, 1.566)  # |η|; between barrel and endcap energy is lost


@dataclass(frozen=True)
class Particles:
    """Generated particles, event by event; energies in GeV."""

    event: IntArray
    pt: FloatArray
    eta: FloatArray
    phi: FloatArray
    energy: FloatArray
    charge: IntArray
    deposited: FloatArray


@dataclass(frozen=True)
class Showers:
    """What will be clusters: `signal` GeV of particle `calo` (−1 for none) and `pileup` GeV at η, φ."""

    event: IntArray
    calo: IntArray
    eta: FloatArray
    phi: FloatArray
    signal: FloatArray
    pileup: FloatArray


def make_particles(sample: Sample, events: int, rng: np.random.Generator) -> Particles:
    """Return the particles of `events` events.

    `electrons` and `photons`: four, pT 1–500 GeV, one in each quarter of η; `soft`: the same with pT 1–4 GeV;
    `pairs`: two electrons with ΔR below 0.45 and pT 1–100 GeV.
    """
    each = 2 if sample == "pairs" else 4
    event = np.repeat(np.arange(events), each)
    low, high = {"pairs": (1, 100), "soft": (1, 4)}.get(sample, (1, 500))
    pt = rng.uniform(low, high, events * each)
    if sample == "pairs":
        distance, angle = 0.45 * np.sqrt(rng.uniform(0.005, 0.99, events)), rng.uniform(-np.pi, np.pi, events)
        eta = np.repeat(rng.uniform(-2.5, 2.5, events), 2)
        phi = np.repeat(rng.uniform(-np.pi, np.pi, events), 2)
        eta[1::2] += distance * np.sin(angle)
        phi[1::2] += distance * np.cos(angle)
    else:
        bounds = np.array([-MAX_ETA, -BARREL_END, 0, BARREL_END, MAX_ETA])
        quarter = np.tile(np.arange(4), events)
        eta = rng.uniform(bounds[quarter], bounds[quarter + 1])
        phi = rng.uniform(-np.pi, np.pi, len(eta))
    charge = np.zeros(len(pt), np.int64) if sample == "photons" else rng.choice([-1, 1], len(pt))
    energy = pt * np.cosh(eta)
    in_crack = (np.abs(eta) > CRACK[0]) & (np.abs(eta) < CRACK[1])
    kept = np.where(in_crack, rng.uniform(0.4, 0.9, len(pt)), rng.uniform(0.96, 1.0, len(pt)))
    return Particles(event, pt, eta, _around(phi), energy, charge, kept * energy)


def make_showers(particles: Particles, events: int, rng: np.random.Generator) -> Showers:
    """Return what particles and pileup leave: main cluster, bremsstrahlung along φ, soft satellites, pileup."""
    p = particles
    number = np.arange(len(p.pt))
    bent = p.charge * BEND / p.pt
    # electrons radiate the more the more material they cross, photons convert
    material = np.where(p.charge == 0, 0.25, 0.45) * (1 + 1.2 * np.minimum(np.abs(p.eta), 1.8) / 1.8)
    brem = np.repeat(number, rng.poisson(2 * material))
    share = rng.beta(0.7, 5.0, len(brem))
    way = np.where(p.charge[brem] == 0, rng.choice([-1, 1], len(brem)), -p.charge[brem])
    far = np.minimum(rng.exponential(1.0, len(brem)) * (0.08 + 2.5 / p.pt[brem]), 0.6)
    share = np.where(far < MERGED, 0, share)  # stays in the main cluster
    total = np.minimum(np.bincount(brem, share, len(number)), 0.9)
    given = share * (total / np.maximum(np.bincount(brem, share, len(number)), 1e-9))[brem]
    satellite = np.repeat(number, rng.poisson(SATELLITES, len(number)))
    angle, distance = rng.uniform(-np.pi, np.pi, len(satellite)), rng.uniform(0.05, 0.3, len(satellite))
    stray = np.minimum(np.exp(rng.normal(-7.5, 1.6, len(satellite))), 0.02)
    main = 1 - total - np.bincount(satellite, stray, len(number))
    calo = np.concatenate([number, brem[far >= MERGED], satellite])
    eta = np.concatenate(
        [
            p.eta,
            (p.eta[brem] + rng.normal(0, 0.006, len(brem)))[far >= MERGED],
            p.eta[satellite] + 0.4 * distance * np.sin(angle),
        ]
    )
    phi = np.concatenate(
        [p.phi, (p.phi[brem] + way * far)[far >= MERGED], p.phi[satellite] + distance * np.cos(angle)]
    )
    fraction = np.concatenate([main, given[far >= MERGED], stray])
    soft = np.concatenate(
        [np.zeros(len(number) + int((far >= MERGED).sum())), rng.exponential(0.5, len(satellite))]
    )
    signal = fraction * p.deposited[calo]
    bend = bent[calo]
    own = Showers(p.event[calo], calo, eta, phi + bend, signal, soft * np.cosh(eta))
    return _joined(own, _pileup(events, rng))


def _pileup(events: int, rng: np.random.Generator) -> Showers:
    event = np.repeat(np.arange(events), rng.poisson(PILEUP_CLUSTERS, events))
    eta, phi = rng.uniform(-MAX_ETA, MAX_ETA, len(event)), rng.uniform(-np.pi, np.pi, len(event))
    et = PILEUP_ET[0] + rng.exponential(PILEUP_ET[1], len(event))
    return Showers(event, np.full(len(event), -1), eta, phi, np.zeros(len(event)), et * np.cosh(eta))


def _joined(own: Showers, pileup: Showers) -> Showers:
    """Return all showers sorted by event; those beyond the calorimeter are lost."""
    columns = {name: np.concatenate([values, vars(pileup)[name]]) for name, values in vars(own).items()}
    columns["phi"] = _around(columns["phi"])
    inside = np.flatnonzero(np.abs(columns["eta"]) < MAX_ETA + 0.03)
    order = inside[np.argsort(columns["event"][inside], kind="stable")]
    return Showers(**{name: values[order] for name, values in columns.items()})


def _around(phi: FloatArray) -> FloatArray:
    turned: FloatArray = (phi + np.pi) % (2 * np.pi) - np.pi
    return turned
