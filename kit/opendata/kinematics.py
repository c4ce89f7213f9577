"""Kinematics of the demo's particles: how resonances are produced, decay isotropically and are boosted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Generator = np.random.Generator


class Momenta(NamedTuple):
    """Particles as flat arrays: the event of each, Cartesian momentum and energy in GeV."""

    event: IntArray
    px: FloatArray
    py: FloatArray
    pz: FloatArray
    energy: FloatArray

    @property
    def pt(self) -> FloatArray:
        """Transverse momentum in GeV."""
        return np.hypot(self.px, self.py)

    @property
    def eta(self) -> FloatArray:
        """Pseudorapidity."""
        return np.arcsinh(self.pz / self.pt)

    @property
    def phi(self) -> FloatArray:
        """Azimuth."""
        return np.arctan2(self.py, self.px)


def resonance(mass: float, width: float, n: int, rng: Generator) -> FloatArray:
    """Return `n` masses in GeV of a Breit-Wigner curve, cut 12 widths from its middle."""
    edge = np.arctan(24.0) / np.pi
    return np.asarray(mass + width / 2 * np.tan(np.pi * rng.uniform(-edge, edge, n)))


def produced(event: IntArray, mass: FloatArray, rng: Generator, scale: float = 20.0) -> Momenta:
    """Return one particle per entry of `event`; its pT falls exponentially with mean `scale` in GeV."""
    n = len(event)
    pt, phi, rapidity = rng.exponential(scale, n) + 1.0, rng.uniform(-np.pi, np.pi, n), rng.normal(0.0, 1.1, n)
    transverse = np.hypot(pt, mass)
    return Momenta(
        event, pt * np.cos(phi), pt * np.sin(phi), transverse * np.sinh(rapidity), transverse * np.cosh(rapidity)
    )


def decay(
    mother: Momenta, one: FloatArray | float, other: FloatArray | float, rng: Generator
) -> tuple[Momenta, Momenta]:
    """Return the two daughters, of masses `one` and `other` in GeV, isotropic in the rest frame of `mother`."""
    n = len(mother.event)
    squared = mother.energy**2 - mother.px**2 - mother.py**2 - mother.pz**2
    mass = np.sqrt(np.maximum(squared, 1e-12))
    momentum = np.sqrt(np.maximum((squared - (one + other) ** 2) * (squared - (one - other) ** 2), 0)) / (2 * mass)
    cosine, azimuth = rng.uniform(-1, 1, n), rng.uniform(-np.pi, np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    direction = (sine * np.cos(azimuth), sine * np.sin(azimuth), cosine)
    x, y, z = (momentum * component for component in direction)
    return _boosted(mother, mass, x, y, z, one), _boosted(mother, mass, -x, -y, -z, other)


def _boosted(
    mother: Momenta, mass: FloatArray, x: FloatArray, y: FloatArray, z: FloatArray, own: FloatArray | float
) -> Momenta:
    """Return a particle with rest-frame momentum (x, y, z) and mass `own`, in the frame where `mother` moves."""
    energy = np.sqrt(x**2 + y**2 + z**2 + own**2)
    along = (mother.px * x + mother.py * y + mother.pz * z) / mass
    factor = (along / (mother.energy / mass + 1) + energy) / mass
    boosted_energy = (mother.energy * energy) / mass + along
    return Momenta(
        mother.event, x + factor * mother.px, y + factor * mother.py, z + factor * mother.pz, boosted_energy
    )


def chosen(particles: Momenta, mask: npt.NDArray[np.bool_]) -> Momenta:
    """Return those particles where `mask` is true."""
    event, px, py, pz, energy = particles
    return Momenta(event[mask], px[mask], py[mask], pz[mask], energy[mask])


def scaled(particles: Momenta, factor: FloatArray) -> Momenta:
    """Return the particles with momentum and energy times `factor`."""
    return Momenta(
        particles.event,
        factor * particles.px,
        factor * particles.py,
        factor * particles.pz,
        factor * particles.energy,
    )
