"""The mustache: the shape in Δη–Δφ in which the classical algorithm gathers clusters of an electron or photon.

A magnetic field spreads energy in φ, and the spread bends with η. Formulas and numbers are those of CMSSW,
RecoEcal/EgammaCoreTools, Mustache and dynamic Δφ window, in its mixture of single and double precision.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kit.ecal.events import BoolArray, FloatArray

__all__ = ["Outline", "in_mustache", "outline", "phi_reach"]

Singles = npt.NDArray[np.float32]

LOG_ENERGY_MIN = -3.0  # log10(E/GeV); softer clusters are never inside
ENERGY_SHIFT = 1.1  # added to log10(E/GeV) under the root
HALF_CRYSTAL = np.float32(0.0087)  # in η; half the width of a barrel crystal
UPPER_CURVE = (-0.107537, 0.590969, -0.076494)  # of the upper parabola, as a polynomial of η sin η
LOWER_CURVE = (-0.0268843, 0.147742, -0.0191235)
WIDTH_0 = (-0.00681785, -0.00239516)  # slope in η sin η, and in 1/√log E
WIDTH_1 = (0.000699995, -0.00554331)
PHI_EDGES = (1.479, 1.75, 2.0)  # |η| at which the next row of the following begins
PHI_ROWS = np.array(
    [  # offset, scale, middle, slope, least, most: a logistic curve of log10(ET/GeV), in rad
        [0.0280506, 0.946048, -0.101172, 0.432767, 0.14, 0.6],
        [0.0497038, 0.975707, -0.18149, 0.431729, 0.14, 0.55],
        [0.05643, 1.60429, -0.642352, 0.458106, 0.12, 0.45],
        [0.0928887, 1.22321, -0.260256, 0.345852, 0.12, 0.3],
    ]
)


class Outline(NamedTuple):
    """Lower and upper edge in Δη, away from η = 0."""

    lower: Singles
    upper: Singles


def outline(seed_eta: npt.ArrayLike, energy: npt.ArrayLike, dphi: npt.ArrayLike) -> Outline:
    """Return the edges of the mustache at a distance in φ.

    Parameters
    ----------
    seed_eta : ndarray
        Pseudorapidity of the seed.
    energy : ndarray
        Raw energy of the cluster that is asked about, in GeV: below 0.079 GeV the edges are NaN.
    dphi : ndarray
        Distance in φ, in −π…π.
    """
    seed_eta, energy = np.asarray(seed_eta, np.float32), np.asarray(energy, np.float32)
    d = np.asarray(dphi, np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        s = seed_eta * np.sin(seed_eta)
        q = np.sqrt(np.log10(energy) + np.float32(ENERGY_SHIFT))
        low, high = (_single(value) for value in WIDTH_0), (_single(value) for value in WIDTH_1)
        (low_slope, low_energy), (high_slope, high_energy) = low, high
        a = high_slope * s + high_energy / q
        b = low_slope * s + low_energy / q
        middle = (a + low_slope * s) + low_energy / q
        edges = []
        for edge, curve in ((a, UPPER_CURVE), (b, LOWER_CURVE)):
            p0, p1, p2 = (_single(value) for value in curve)
            shift = (edge.astype(np.float64) - 0.5 * middle.astype(np.float64)).astype(np.float32)
            bend = s * (p0 * s + p1) + p2
            curvature = ((1 / (4.0 * bend.astype(np.float64))) - np.abs(shift).astype(np.float64)).astype(
                np.float32
            )
            edges.append((shift, np.maximum(1.0 / (4.0 * curvature.astype(np.float64)), 0.0)))
        (up_shift, up_bend), (low_shift, low_bend) = edges
        upper = (up_bend * d**2 + np.maximum(up_shift, HALF_CRYSTAL).astype(np.float64)) + float(HALF_CRYSTAL)
        lower = low_bend * d**2 + np.minimum(low_shift, -HALF_CRYSTAL).astype(np.float64)
    return Outline(lower.astype(np.float32), upper.astype(np.float32))


def phi_reach(seed_eta: npt.ArrayLike, energy: npt.ArrayLike, eta: npt.ArrayLike) -> FloatArray:
    """Return the largest distance in φ, in rad, for a cluster of raw `energy` in GeV at `eta`."""
    rows = PHI_ROWS[np.digitize(np.abs(np.asarray(seed_eta, np.float32)), PHI_EDGES)]
    offset, scale, middle, slope, least, most = rows.T
    with np.errstate(over="ignore"):
        et = np.asarray(energy, np.float32) / np.cosh(np.asarray(eta, np.float32))
        log_et = np.log10(et).astype(np.float64)
        curve = offset + scale / (1 + np.exp((log_et - middle) * slope))
    found: FloatArray = np.maximum(np.minimum(curve, most), least)
    return found


def in_mustache(
    seed_eta: npt.ArrayLike, seed_phi: npt.ArrayLike, eta: npt.ArrayLike, phi: npt.ArrayLike, energy: npt.ArrayLike
) -> BoolArray:
    """Tell which clusters lie inside the mustache of a seed, its edges excluded; `energy` is raw, in GeV."""
    seed_eta, seed_phi, eta, phi, energy = (
        np.asarray(values, np.float32) for values in (seed_eta, seed_phi, eta, phi, energy)
    )
    lower, upper = outline(seed_eta, energy, _wrapped(phi - seed_phi))
    distance = np.where(seed_eta < 0, -(eta - seed_eta), eta - seed_eta)
    near = np.abs(_wrapped(seed_phi - phi)) < phi_reach(seed_eta, energy, eta)
    hard = np.log10(energy) >= LOG_ENERGY_MIN
    with np.errstate(invalid="ignore"):
        found: BoolArray = hard & (lower < distance) & (distance < upper) & near
    return found


def _single(value: float) -> Any:
    return np.float32(value)


def _wrapped(angle: Singles) -> FloatArray:
    """Return an angle in −π…π, in double precision."""
    wide = angle.astype(np.float64)
    turns: FloatArray = (wide + np.pi) % (2 * np.pi) - np.pi
    return np.where((wide >= -np.pi) & (wide < np.pi), wide, turns)
