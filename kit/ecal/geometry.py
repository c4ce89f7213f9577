"""The window around a seed: how far it reaches in η and φ, and what lies inside.

Source: public DeepSuperCluster repository, `windows_creator`; version 3 is that of Run 3.
"""

from __future__ import annotations

import numpy as np

from kit.ecal.events import AnyArray, BoolArray, FloatArray

__all__ = ["TWO_PI", "inside", "offsets", "reach", "wrap"]

TWO_PI = 2 * np.pi


def reach(eta: FloatArray, version: int = 3) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return how far the windows of seeds reach.

    Parameters
    ----------
    eta : ndarray
        Pseudorapidity of the seeds.
    version : int
        1 for the windows of the public truth ntuples, 2, or 3.

    Returns
    -------
    up, down, width : ndarray
        Largest and smallest Δη, away from η = 0; largest |Δφ| in rad.
    """
    a = np.abs(eta)
    if version == 1:
        return _first_version(a)
    beyond = a > 1.5
    up = np.where(beyond, (0.1 / 1.5) * (a - 1.5) + 0.2, (0.1 / 1.5) * a + 0.1)
    low = -0.1 + (-0.2 / 1.5) * (a - 1.5) if version == 3 else (-0.1 / 1.5) * (a - 1.5) - 0.1
    return up, np.where(beyond, low, -0.1), 0.7 + (-0.1 / 3) * a


def _first_version(a: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    parabola = 0.0758929 - 0.0178571 * a + 0.0892857 * a**2
    up = np.select(
        [a < 0.1, a < 1.3, a < 1.7, a < 1.9], [np.full_like(a, 0.075), parabola, 0.2, 0.625 - 0.25 * a], 0.15
    )
    down = np.select([a < 2.1, a < 2.5], [np.full_like(a, -0.075), 0.31875 - 0.1875 * a], -0.15)
    return up, down, np.select([a < 1.9, a < 2.7], [np.full_like(a, 0.6), 1.075 - 0.25 * a], 0.4)


def wrap(angle: AnyArray) -> FloatArray:
    """Return differences of angles, brought once by 2π into −π…π."""
    return np.where(angle > np.pi, angle - TWO_PI, np.where(angle < -np.pi, angle + TWO_PI, angle))


def offsets(seed_eta: AnyArray, seed_phi: AnyArray, eta: AnyArray, phi: AnyArray) -> tuple[FloatArray, FloatArray]:
    """Return e, the distance in η away from η = 0 (below it: towards smaller η), and p = φ_seed − φ."""
    distance = eta - seed_eta
    return np.where(seed_eta < 0, -distance, distance), wrap(seed_phi - phi)


def inside(
    e: FloatArray, p: FloatArray, same_side: BoolArray, limits: tuple[FloatArray, FloatArray, FloatArray]
) -> BoolArray:
    """Tell what lies in the window, its edges included."""
    up, down, width = limits
    return same_side & (e >= down) & (e <= up) & (np.abs(p) <= width)
