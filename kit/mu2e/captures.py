"""Photon energies of radiative muon capture: the closure model, and a later one of two components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from kit.mu2e.spectra import Integration, ordered_sum

__all__ = ["Closure", "RmcModel", "TwoComponents", "muon_capture"]

FloatArray = npt.NDArray[np.float64]
RmcModel = Literal["closure", "plestid"]

RMC_FROM = 57.0  # MeV; the published rate counts photons above
STEP = 0.1  # MeV; points of the original
POWERS = (
    0.0,
    0.0,
    0.0,
    1 / 3,
    -3 / 4,
    4 / 5,
    -1 / 3,
)  # integral of the closure shape from 0 to y, with y as 1 - x
COMPONENTS = ((0.099, 101.865, 2.0), (0.901, 95.449, 3.5))  # share, endpoint in MeV, power: 0N and 1N


@dataclass(frozen=True)
class Closure:
    """The closure approximation (1 - 2x + 2x²)·x·(1 - x)², x = E/kmax, above 57 MeV."""

    kmax: float  # MeV; a strong assumption: 101.85 instead of 90.1 raises the fraction above 85 MeV 13-fold
    name: str = "RMC"

    @property
    def source(self) -> str:
        """What it is."""
        return f"closure approximation, kmax {self.kmax:g} MeV"

    def above(self, threshold: float, integration: Integration) -> float:
        """Return the fraction above `threshold`."""
        if integration == "integral":
            return float(self._tails(np.array([threshold]))[0])
        energies = RMC_FROM + STEP / 2 + STEP * np.arange(int((self.kmax - RMC_FROM - STEP / 2) / STEP))
        x = energies / self.kmax
        values = (1 - 2 * x + 2 * x * x) * x * (1 - x) * (1 - x)
        return ordered_sum(values[energies - STEP / 2 >= threshold]) / ordered_sum(values)

    def per_bin(self, edges: FloatArray) -> FloatArray:
        """Return the fraction between neighbouring edges."""
        return -np.diff(self._tails(edges))

    def _tails(self, energy: FloatArray) -> FloatArray:
        # from the endpoint down: in powers of x the terms cancel to twelve digits
        part, whole = (
            np.polynomial.polynomial.polyval(1 - at / self.kmax, POWERS)
            for at in (np.clip(energy, RMC_FROM, self.kmax), RMC_FROM)
        )
        return np.asarray(part / whole)


@dataclass(frozen=True)
class TwoComponents:
    """Capture to the ground state and to excited ones, with an endpoint each; above 57 MeV."""

    name: str = "RMC"
    source: str = "two components, endpoints 101.865 and 95.449 MeV"

    def above(self, threshold: float, integration: Integration = "integral") -> float:  # noqa: ARG002 - as others
        """Return the fraction above `threshold`; a formula, the same in both ways of integration."""
        return float(self._above(np.array([threshold]))[0])

    def per_bin(self, edges: FloatArray) -> FloatArray:
        """Return the fraction between neighbouring edges."""
        return -np.diff(self._above(edges))

    def _above(self, energy: FloatArray) -> FloatArray:
        total = np.zeros(len(energy))
        for share, kmax, power in COMPONENTS:
            x = np.clip(energy, RMC_FROM, kmax) / kmax
            total += share * _tail(x, power) / _tail(np.array([RMC_FROM / kmax]), power)
        return total


def _tail(x: FloatArray, power: float) -> FloatArray:
    return np.asarray((1 - x) ** (power + 1) * ((power + 1) * x + 1))


def muon_capture(model: RmcModel, kmax: float) -> Closure | TwoComponents:
    """Return the spectrum of the model; `kmax`, in MeV, counts for the closure model only."""
    return Closure(kmax) if model == "closure" else TwoComponents()
