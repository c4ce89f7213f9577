"""Where the crystals of the electromagnetic calorimeter are, as far as simulated clusters need to know.

The barrel is a grid in η–φ, the endcaps are flat and a grid in x–y. Numbers: CMS ECAL TDR, CERN/LHCC 97-33,
rounded.
"""

from __future__ import annotations

import numpy as np

from kit.ecal.events import BoolArray, FloatArray, IntArray

__all__ = ["BARREL_END", "MAX_ETA", "crystal_at", "key", "neighbours", "position"]

PHI_CRYSTALS, ETA_CRYSTALS = 360, 85  # around the barrel; in one half of it
STEP = 2 * np.pi / PHI_CRYSTALS  # rad; a barrel crystal is as wide in η
BARREL_END = 1.479  # |η|
ENDCAP_Z, ENDCAP_PITCH = 317.0, 2.862  # cm; distance from the collision point, side of a crystal
ENDCAP_CRYSTALS = 100  # along x and y
MAX_ETA = 2.95


def crystal_at(eta: FloatArray, phi: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return i, j and iz of crystals: ieta, iphi, 0 in the barrel; ix, iy, ±1 in the endcaps."""
    barrel = np.abs(eta) < BARREL_END
    rank = np.minimum(np.floor(np.abs(eta) / STEP).astype(np.int64) + 1, ETA_CRYSTALS)
    radius = ENDCAP_Z / np.sinh(np.maximum(np.abs(eta), BARREL_END))
    x, y = radius * np.cos(phi), radius * np.sin(phi)
    i = np.where(barrel, np.where(eta < 0, -rank, rank), _place(x))
    j = np.where(barrel, np.floor(phi / STEP).astype(np.int64) % PHI_CRYSTALS + 1, _place(y))
    return i, j, np.where(barrel, 0, np.where(eta < 0, -1, 1))


def position(i: IntArray, j: IntArray, iz: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return η and φ of the middle of crystals, φ in −π…π."""
    barrel = iz == 0
    x, y = (ENDCAP_PITCH * (place - (ENDCAP_CRYSTALS + 1) / 2) for place in (i, j))
    radius = np.hypot(x, y)
    eta = np.where(
        barrel, np.sign(i) * (np.abs(i) - 0.5) * STEP, iz * np.arcsinh(ENDCAP_Z / np.maximum(radius, 1))
    )
    phi = np.where(barrel, (j - 0.5) * STEP, np.arctan2(y, x))
    return eta, (phi + np.pi) % (2 * np.pi) - np.pi


def neighbours(
    i: IntArray, j: IntArray, iz: IntArray, di: IntArray, dj: IntArray
) -> tuple[IntArray, IntArray, BoolArray]:
    """Return i and j of the crystals `di`, `dj` away, and whether they exist; there is no ieta 0."""
    barrel = iz == 0
    line = np.where(i > 0, i - 1, i) + di
    rank = np.where(line >= 0, line + 1, line)
    new_i = np.where(barrel, rank, i + di)
    new_j = np.where(barrel, (j + dj - 1) % PHI_CRYSTALS + 1, j + dj)
    last = np.where(barrel, ETA_CRYSTALS, ENDCAP_CRYSTALS)
    there = (np.abs(new_i) <= last) & (barrel | ((new_i > 0) & (new_j > 0) & (new_j <= last)))
    return new_i, new_j, there


def key(event: IntArray, i: IntArray, j: IntArray, iz: IntArray) -> IntArray:
    """Return one number for each crystal of each event."""
    found: IntArray = ((event * 3 + iz + 1) * 256 + i + 128) * 512 + j
    return found


def _place(distance: FloatArray) -> IntArray:
    whole = np.rint(distance / ENDCAP_PITCH + (ENDCAP_CRYSTALS + 1) / 2).astype(np.int64)
    placed: IntArray = np.clip(whole, 1, ENDCAP_CRYSTALS)
    return placed
