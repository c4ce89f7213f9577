"""Processes and their expected number of events before selection, from protons on target.

Each number from nature has its source on its line. `compat` computes as one of two versions of the original did,
where they were wrong as well; the default is right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kit.mu2e.beam import MODES, Exposure
from kit.mu2e.captures import Closure, TwoComponents
from kit.mu2e.efficiencies import FIXED_PIONS, Rates
from kit.mu2e.spectra import Integration, IpaTable, Points

__all__ = [
    "ALIASES",
    "COSMICS",
    "DEFAULT_PROCESSES",
    "FAMILIES",
    "Compat",
    "PionChain",
    "Spectra",
    "Thresholds",
    "canonical",
    "conversions",
    "cosmic_seconds",
    "expected",
    "family",
    "fixed_pions",
    "fraction",
    "rate_for",
]

Compat = Literal["none", "mds1", "mds3"]
PionChain = Literal["simeff", "fixed_2024"]

CAPTURES_PER_STOPPED_MUON = 0.609  # on aluminium; Suzuki, Measday & Roalsvig, Phys. Rev. C 35, 2212 (1987)
DECAYS_PER_STOPPED_MUON = 0.391  # the rest of them
RMC_PER_CAPTURE = 1.43e-5  # photons above 57 MeV; Phys. Rev. C 59, 2853 (1999)
RMC_PER_CAPTURE_PLESTID = 1.41e-5  # the same, as the two-component model has it
RPC_PER_STOPPED_PION = 0.0215  # Mu2e DocDB-469
RPC_ERROR = 0.002  # of the line above; same
INTERNAL_PER_EXTERNAL = 0.00690  # of radiative pion capture, DocDB-717; muon capture takes it over
DECAYS_PER_IPA_STOP = 0.92990  # carbon 0.922, hydrogen 0.999, by volume; Mu2e/Production 2f2d662c
DECAYS_PER_IPA_STOP_MDS1 = 0.92  # Mu2e/Production b1c10493

COSMICS = ("CRYCosmic", "CORSIKACosmic")
DEFAULT_PROCESSES = (
    "CeMLL",
    "DIO",
    "CRYCosmic",
    "RPCExternal",
    "RPCInternal",
    "RMCExternal",
    "RMCInternal",
    "IPAMichel",
)
FAMILIES = {  # process: what its number depends on
    "CeMLL": "ce",
    "DIO": "dio",
    "CRYCosmic": "cosmic",
    "CORSIKACosmic": "cosmic",
    "RPCExternal": "rpc",
    "RPCInternal": "rpc",
    "RMCExternal": "rmc",
    "RMCInternal": "rmc",
    "IPAMichel": "ipa",
}
ALIASES = {"CE": "CeMLL", "ExternalRPC": "RPCExternal", "InternalRPC": "RPCInternal"}


def canonical(name: str) -> str:
    """Return the one name of a process.

    Raises
    ------
    ValueError
        If it is none.
    """
    known = ALIASES.get(name, name)
    if known not in FAMILIES:
        message = f"there is no process {name}; should be one of {', '.join([*FAMILIES, *ALIASES])}"
        raise ValueError(message)
    return known


def family(process: str) -> str:
    """Return what the number of a process depends on: ce, dio, cosmic, rpc, rmc or ipa."""
    return FAMILIES[process]


@dataclass(frozen=True)
class Thresholds:
    """Smallest energy at birth that counts, in MeV; of the photon for radiative captures."""

    dio: float
    rpc: float
    rmc: float
    ipa: float

    def of(self, process: str) -> float | None:
        """Return the threshold of a process, None where it has none."""
        return getattr(self, FAMILIES[process], None)


@dataclass(frozen=True)
class Spectra:
    """One spectrum for each family that has a threshold."""

    dio: Points
    rpc: Points
    rmc: Closure | TwoComponents
    ipa: IpaTable


def fraction(
    process: str, spectra: Spectra, thresholds: Thresholds, integration: Integration, compat: Compat
) -> float:
    """Return which part of the spectrum of a process lies above its threshold; 1 where it has none."""
    kind = FAMILIES[process]
    threshold = thresholds.of(process)
    if threshold is None or (kind == "rpc" and compat == "mds1"):
        return 1.0
    if kind == "ipa":
        if compat == "mds1":
            return 1.0
        return spectra.ipa.above(threshold) if compat == "none" else spectra.ipa.first_row_above(threshold)
    spectrum: Points | Closure | TwoComponents = getattr(spectra, kind)
    return spectrum.above(threshold, integration)


def expected(
    process: str,
    exposure: Exposure,
    rates: Rates,
    spectra: Spectra,
    thresholds: Thresholds,
    *,
    r_mue: float,
    integration: Integration = "bins",
    pion_chain: PionChain = "simeff",
    compat: Compat = "none",
) -> float:
    """Return the expected number of events of a process before selection; for cosmics, seconds on spill.

    Products run from left to right as the originals have them, so that their texts come out to the last digit.

    Raises
    ------
    ValueError
        If the original that `compat` names could not compute it.
    """
    kind = FAMILIES[process]
    pot = exposure.pot
    share = fraction(process, spectra, thresholds, integration, compat)
    if kind == "cosmic":
        return exposure.on_spill
    if kind == "ce":
        return conversions(pot, rates, r_mue)
    if kind == "dio":
        decays = pot * rates.muon_stops * DECAYS_PER_STOPPED_MUON
        if compat == "mds1" and integration == "bins":
            return decays * spectra.dio.sums(thresholds.dio) / spectra.dio.total
        return decays * share
    if kind == "ipa":
        if compat == "mds1":  # whatever the mode
            return (
                exposure.wall
                / MODES["1BB"].cycle
                * MODES["1BB"].protons_per_cycle
                * rates.ipa_stops
                * DECAYS_PER_IPA_STOP_MDS1
            )
        return pot * rates.ipa_stops * DECAYS_PER_IPA_STOP * share
    if kind == "rpc":
        number = _pion_captures(pot, rates, pion_chain, share, compat)
    else:
        if compat == "mds1":
            message = f"{process} cannot be computed as in mds1: the original stops there with an error"
            raise ValueError(message)
        rate = RMC_PER_CAPTURE if isinstance(spectra.rmc, Closure) else RMC_PER_CAPTURE_PLESTID
        number = pot * rates.muon_stops * CAPTURES_PER_STOPPED_MUON * rate * share
    return number * INTERNAL_PER_EXTERNAL if process.endswith("Internal") else number


def fixed_pions(chain: PionChain, compat: Compat) -> bool:
    """Tell whether pion stops are the constants of 2024, which need no row of a table of efficiencies."""
    return compat == "mds1" or chain == "fixed_2024"


def _pion_captures(pot: float, rates: Rates, chain: PionChain, share: float, compat: Compat) -> float:
    """Return the photons of radiative pion capture that are selected."""
    if fixed_pions(chain, compat):
        beam, stop, kept, sampled, weight = FIXED_PIONS
        number = pot * (beam * stop) * kept * RPC_PER_STOPPED_PION * sampled * weight / 1148
        return number if compat == "mds1" else number * share
    return pot * rates.pion_stops * rates.pion_filter * rates.pion_weight * RPC_PER_STOPPED_PION * share


def conversions(pot: float, rates: Rates, r_mue: float) -> float:
    """Return the expected conversions for a conversion rate per capture."""
    return pot * rates.muon_stops * CAPTURES_PER_STOPPED_MUON * r_mue


def rate_for(number: float, pot: float, rates: Rates) -> float:
    """Return the conversion rate per capture that so many expected conversions mean."""
    return number / (pot * rates.muon_stops * CAPTURES_PER_STOPPED_MUON)


def cosmic_seconds(exposure: Exposure, off_spill: bool, compat: Compat) -> float:
    """Return for how many seconds cosmic rays are counted: on spill, and off spill if asked for.

    Raises
    ------
    ValueError
        If off-spill cosmics are asked for as in mds3, which has none.
    """
    if not off_spill:
        return exposure.on_spill
    if compat == "mds3":
        message = "off_spill: mds3 has no cosmics off spill; leave it false, or compat none"
        raise ValueError(message)
    # mds1 counts the duty factor instead of what it leaves
    return exposure.on_spill + (exposure.on_spill if compat == "mds1" else exposure.off_spill)
