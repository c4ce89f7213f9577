"""The beam: how running time becomes protons on target.

Two times are called livetime in the literature, and they differ by the duty factor, 3 to 4: the *wall* time of
running, spill or not, and the *on-spill* time in which beam is delivered. Here both always carry their name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["MODES", "Exposure", "PotMethod", "RunMode", "from_on_spill", "from_pot", "from_wall"]

RunMode = Literal["1BB", "2BB"]
PotMethod = Literal["spill", "cycle"]

SPILL_PERIOD = 1.695e-6  # s; revolution time of the delivery ring, one microbunch


@dataclass(frozen=True)
class Mode:
    """One or two booster batches in an accelerator cycle."""

    cycle: float  # s; Mu2e/su2020 pot_normalization.org
    protons_per_cycle: float  # same
    duty: float  # on-spill time over wall time; same
    protons_per_spill: float  # mean of a microbunch; Mu2e/Production 2f2d662c, normalizations.py


MODES: dict[RunMode, Mode] = {
    "1BB": Mode(1.33, 4e12, 0.323, 1.58e7),
    "2BB": Mode(1.4, 8e12, 0.246, 3.93e7),
}


@dataclass(frozen=True)
class Exposure:
    """How long there was beam, and how many protons that makes.

    Attributes
    ----------
    wall, on_spill : float
        Seconds of running; seconds in which beam was delivered.
    pot : float
        Protons on target.
    """

    wall: float
    on_spill: float
    pot: float
    mode: RunMode
    method: PotMethod

    @property
    def off_spill(self) -> float:
        """Seconds of running without beam."""
        return self.wall * (1 - MODES[self.mode].duty)

    def scaled(self, factor: float) -> Exposure:
        """Return `factor` times the exposure."""
        return Exposure(self.wall * factor, self.on_spill * factor, self.pot * factor, self.mode, self.method)


def from_wall(wall: float, mode: RunMode, method: PotMethod) -> Exposure:
    """Return the exposure of so many seconds of running, spill or not."""
    on_spill = wall * MODES[mode].duty
    return Exposure(wall, on_spill, _pot(wall, on_spill, mode, method), mode, method)


def from_on_spill(on_spill: float, mode: RunMode, method: PotMethod) -> Exposure:
    """Return the exposure of so many seconds of delivered beam."""
    wall = on_spill / MODES[mode].duty
    return Exposure(wall, on_spill, _pot(wall, on_spill, mode, method), mode, method)


def from_pot(pot: float, mode: RunMode, method: PotMethod) -> Exposure:
    """Return the exposure that delivers so many protons."""
    of = MODES[mode]
    if method == "spill":
        on_spill = pot / of.protons_per_spill * SPILL_PERIOD
        return Exposure(on_spill / of.duty, on_spill, pot, mode, method)
    wall = pot / of.protons_per_cycle * of.cycle
    return Exposure(wall, wall * of.duty, pot, mode, method)


def _pot(wall: float, on_spill: float, mode: RunMode, method: PotMethod) -> float:
    # in this order: the texts that the originals print depend on the last bit
    of = MODES[mode]
    if method == "spill":
        return (on_spill / SPILL_PERIOD) * of.protons_per_spill
    return (wall / of.cycle) * of.protons_per_cycle
