"""Simulation efficiencies: how many muons and pions stop where, per proton on target.

A table has lines ``tag, numerator, denominator, efficiency``. The efficiency is what counts; numerator and
denominator, where they are known, tell its statistical error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.files import FormatError, read_text

__all__ = ["FIXED_PIONS", "RUN_1430", "Efficiency", "Rates", "read_efficiencies"]

TARGET_PRESCALE = 1000  # one muon in 1000 that reach the target is kept by the simulation; its stops alone
TOLERANCE = 1e-5  # of an efficiency that is printed beside its numerator and denominator
LIFETIME_TAGS = ("PiSelectedLifetimeWeight_sampler", "PiSelectedLifeimeWeight_sampler")  # public tables have both


@dataclass(frozen=True)
class Efficiency:
    """A row of the table; 0 stands for a numerator or denominator that was not published."""

    numerator: float
    denominator: float
    efficiency: float


# Mu2e database, purpose Sim_best v1_1, run 1430: as quoted in Mu2e/Production 2f2d662c, normalizations.py
RUN_1430 = {
    "MuBeamCat": Efficiency(213816, 100000000, 0.00213816),
    "MuminusStopsCat": Efficiency(1435092, 4000000000, 0.000358773),
    "IPAStopsCat": Efficiency(22519, 3584800000, 0.00000628180093729078),
    "PiBeamCat": Efficiency(0, 0, 0.001880093),
    "PiTargetStops": Efficiency(41324703, 80000000, 0.5165587875),
    "PiMinusFilter": Efficiency(6634478, 0, 0),
    "PhysicalPionStops": Efficiency(0, 10000000000, 0),
    "PiSelectedLifeimeWeight_sampler": Efficiency(0, 0, 2393.604874),
}
FIXED_PIONS = (0.01337, 0.1670, 83146 / 1287106, 1148 / 1287106, 0.178864)  # Mu2e/Production b1c10493, per POT


@dataclass(frozen=True)
class Rates:
    """Stops per proton on target.

    Attributes
    ----------
    table : mapping
        Rows by tag.
    source : str
        Where they are from.
    """

    table: Mapping[str, Efficiency]
    source: str

    @property
    def muon_stops(self) -> float:
        """Muons that stop in the target, per proton."""
        return self._of("MuBeamCat") * self._of("MuminusStopsCat") * TARGET_PRESCALE

    @property
    def ipa_stops(self) -> float:
        """Muons that stop in the inner proton absorber, per proton."""
        return self._of("MuBeamCat") * self._of("IPAStopsCat")

    @property
    def pion_stops(self) -> float:
        """Pions that stop in the target, per proton; their decay on the way is in the weight."""
        return self._of("PiBeamCat") * self._of("PiTargetStops")

    @property
    def pion_filter(self) -> float:
        """Fraction of the pion stops that the selection in time and place keeps."""
        return self._row("PiMinusFilter").numerator / self._row("PiTargetStops").numerator

    @property
    def pion_weight(self) -> float:
        """Mean survival weight of a kept pion."""
        tag = next((tag for tag in LIFETIME_TAGS if tag in self.table), LIFETIME_TAGS[0])
        return self._of(tag) / self._row("PhysicalPionStops").denominator

    @property
    def muon_error(self) -> float:
        """Relative statistical error of the muon stops."""
        return self._error("MuBeamCat", "MuminusStopsCat")

    @property
    def ipa_error(self) -> float:
        """Relative statistical error of the stops in the inner proton absorber."""
        return self._error("MuBeamCat", "IPAStopsCat")

    @property
    def pion_error(self) -> float:
        """Relative statistical error of the pion chain, from the rows whose numerator is known."""
        return self._error("PiTargetStops", "PiMinusFilter")

    def _row(self, tag: str) -> Efficiency:
        if tag not in self.table:
            message = f"{self.source}: there is no row {tag}; the yields that were asked for need it"
            raise FormatError(message)
        return self.table[tag]

    def _of(self, tag: str) -> float:
        return self._row(tag).efficiency

    def _error(self, *tags: str) -> float:
        return math.sqrt(sum(1 / row.numerator for row in map(self._row, tags) if row.numerator > 0))


def read_efficiencies(path: Path) -> tuple[Rates, list[str]]:
    """Return the rates of a table, and warnings about rows that do not agree with themselves.

    Raises
    ------
    FormatError
        With file and line, for all rows that are not a tag and three numbers, and all tags that stand twice.
    """
    table: dict[str, Efficiency] = {}
    faults, warnings = [], []
    for number, line in enumerate(read_text(path).removeprefix("\ufeff").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(("TABLE", "#")):
            continue
        tag, *texts = [word.strip() for word in line.split(",")]
        try:
            numerator, denominator, efficiency = map(float, texts)
        except ValueError:
            faults.append(f"{path}:{number}: {line.strip()!r}, should be tag, numerator, denominator, efficiency")
            continue
        if not all(math.isfinite(value) and value >= 0 for value in (numerator, denominator, efficiency)):
            faults.append(f"{path}:{number}: {tag} has {line.strip()!r}, should be numbers ≥ 0")
        name = LIFETIME_TAGS[0] if tag in LIFETIME_TAGS else tag
        if name in table:
            faults.append(f"{path}:{number}: {tag} stands here for the second time; it would be multiplied twice")
        table[name] = Efficiency(numerator, denominator, efficiency)
        if numerator > 0 and denominator > 0 and efficiency > 0:
            ratio = numerator / denominator
            if abs(efficiency - ratio) > TOLERANCE * ratio:
                warnings.append(
                    f"{path}:{number}: {tag} is {efficiency:g}, but {numerator:g}/{denominator:g} is {ratio:g};"
                    " the first is used"
                )
    if not faults and not table:
        faults.append(f"{path}: no rows, should be lines tag, numerator, denominator, efficiency")
    if faults:
        raise FormatError("\n".join(faults))
    return Rates(table, path.name), warnings
