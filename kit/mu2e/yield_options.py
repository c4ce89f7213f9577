"""The parameters of `yields`: which exposure they ask for, and a config file below them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from kit.mu2e.beam import MODES, Exposure, PotMethod, RunMode, from_on_spill, from_pot, from_wall
from kit.mu2e.captures import RmcModel
from kit.mu2e.configs import Config
from kit.mu2e.processes import DEFAULT_PROCESSES, Compat, PionChain, canonical
from kit.mu2e.spectra import Integration
from kit.parameters import Parameters, parameter

__all__ = ["EXPOSURES", "YieldParameters", "with_config"]

EXPOSURES = ("livetime_on_spill", "livetime_wall", "pot", "from_cosmics")
T_MIN = 350.0  # ns; part of the pion filter chain, so that it enters no formula here


class YieldParameters(Parameters):
    """The parameters of `yields`."""

    tag: str = parameter("demo", "name of the ensemble", pattern=r"^[A-Za-z0-9_][-A-Za-z0-9_]*$")
    livetime_on_spill: float = parameter(
        3600.0, "seconds of delivered beam; 0 where another exposure is given", unit="s", ge=0
    )
    livetime_wall: float = parameter(
        0.0, "seconds of running, spill or not; 3 to 4 times the on-spill time", unit="s", ge=0
    )
    pot: float = parameter(0.0, "protons on target", ge=0)
    from_cosmics: bool = parameter(False, "exposure is the livetime of the cosmic files")
    run_mode: RunMode = parameter("1BB", "one or two booster batches a cycle: low or high intensity")
    pot_method: PotMethod = parameter("spill", "protons by microbunch or by accelerator cycle; 0.1 to 0.2 % apart")
    r_mue: float = parameter(1e-13, "conversion rate per muon capture", ge=0, le=1e-9)
    efficiencies: str = parameter("", "table of simulation efficiencies; empty for those of run 1430")
    pion_chain: PionChain = parameter("simeff", "pion stops from the table, or the constants of 2024")
    processes: list[str] = parameter(list(DEFAULT_PROCESSES), "what to count", min_length=1)
    primaries: str = parameter(
        "", "catalogue of primaries; demo for stand-ins; empty counts before selection only"
    )
    dio_emin: float = parameter(95.0, "smallest electron energy, decays in orbit", unit="MeV", ge=0, le=104.97)
    rpc_emin: float = parameter(50.0, "smallest photon energy, radiative pion capture", unit="MeV", ge=0, le=140)
    rmc_emin: float = parameter(85.0, "smallest photon energy, radiative muon capture", unit="MeV", ge=57, le=105)
    ipa_emin: float = parameter(70.0, "smallest electron energy, IPA Michel", unit="MeV", ge=50, le=100)
    rmc_kmax: float = parameter(
        90.1, "endpoint of the closure model; a strong assumption", unit="MeV", ge=57.2, le=105
    )
    rmc_model: RmcModel = parameter("closure", "shape of radiative muon capture")
    integration: Integration = parameter("bins", "fractions as sums over rows, or as areas")
    t_min: float = parameter(
        T_MIN, "time cut; recorded only, it is inside the pion filter chain", unit="ns", ge=0, le=1695
    )
    off_spill: bool = parameter(False, "add cosmics between the spills")
    dio_table: str = parameter("", "spectrum of decays in orbit; empty for the published polynomial")
    rpc_table: str = parameter("", "spectrum of radiative pion capture; empty for a coarse curve")
    ipa_table: str = parameter("", "fractions of IPA Michel decays; empty for a coarse curve")
    systematics: dict[str, float] = parameter(
        {"RPCInternal": 0.093, "RPCExternal": 0.093}, "relative systematic errors by process"
    )
    ledger: str = parameter("outputs/mu2e/ledger.sqlite", "which events earlier ensembles have used")
    compat: Compat = parameter("none", "reproduce a version of the original, where it was wrong, too")
    config: str = parameter("", "config.txt to start from; values given here override it")
    write_config: Literal["none", "mds1", "mds3"] = parameter("none", "also write a config.txt of this dialect")
    labels: dict[str, str] = parameter({}, "texts of the config: njobs, cosmicjob, cosmicgen, primaries, stops")

    def named_inputs(self) -> list[str]:
        """Return the tables that are read."""
        tables = (self.dio_table, self.rpc_table, self.ipa_table)
        return [*filter(None, (self.efficiencies, self.primaries, self.config, *tables))]

    def contradictions(self) -> Iterator[str]:
        """Yield what does not fit together."""
        given = [name for name in EXPOSURES if getattr(self, name)]
        if len(given) != 1:
            yield _one_exposure(self, given)
        names = []
        for name in self.processes:
            try:
                names.append(canonical(name))
            except ValueError as fault:
                yield f"processes: {fault}"
        if twice := sorted({name for name in names if names.count(name) > 1}):
            yield f"processes names {', '.join(twice)} twice"
        if self.rmc_model == "closure" and self.rmc_emin >= self.rmc_kmax:
            yield f"rmc_emin is {self.rmc_emin:g} MeV, not below rmc_kmax, {self.rmc_kmax:g} MeV"
        for name, value in self.systematics.items():
            try:
                canonical(name)
            except ValueError as fault:
                yield f"systematics: {fault}"
            if value < 0:
                yield f"systematics of {name} is {value:g}, should be a relative error ≥ 0"
        if self.from_cosmics and not self.primaries:
            yield "from_cosmics needs primaries: a catalogue with the cosmic files"
        yield from _label_faults(self.labels)

    def exposure(self, cosmics: float = 0.0) -> Exposure:
        """Return the exposure asked for; `cosmics` is the livetime of the cosmic files, in seconds."""
        mode: RunMode = self.run_mode
        method: PotMethod = "cycle" if self.compat == "mds1" else self.pot_method
        if self.from_cosmics:
            if self.compat == "none":
                return from_on_spill(cosmics, mode, method)
            printed = float(f"{cosmics:g}")  # the originals print the sum with 6 digits, and go on with that
            return (
                from_wall(printed, mode, method) if self.compat == "mds1" else from_on_spill(printed, mode, method)
            )
        if self.livetime_wall:
            return from_wall(self.livetime_wall, mode, method)
        if self.pot:
            return from_pot(self.pot, mode, method)
        return from_on_spill(self.livetime_on_spill, mode, method)


def _label_faults(labels: Mapping[str, str]) -> Iterator[str]:
    """Yield which texts of a config it does not have, or could not hold."""
    known = {"njobs", "cosmicjob", "cosmicgen", "primaries", "stops"}
    if strange := sorted(set(labels) - known):
        yield f"labels names {', '.join(strange)}; known are {', '.join(sorted(known))}"
    for name, text in labels.items():
        if len(text.splitlines()) > 1 or '"' in text:
            yield f"labels: {name} is {text!r}, should be one line without double quotes"


def _one_exposure(p: YieldParameters, given: list[str]) -> str:
    """Say that one exposure must be given, and what a livetime would be in both conventions."""
    if not given:
        return f"no exposure: set one of {', '.join(EXPOSURES)} above 0"
    words = f"{' and '.join(given)} are set, should be one of {', '.join(EXPOSURES)}"
    if "livetime_on_spill" in given:
        words += "; one that is not meant is 0: livetime_on_spill: 0"
    duty = MODES[p.run_mode].duty
    seconds = p.livetime_on_spill or p.livetime_wall or 1.0
    return (
        f"{words} ({seconds:g} s on spill are {seconds / duty:.6g} s of wall time in {p.run_mode}, "
        f"{seconds:g} s of wall time are {seconds * duty:.6g} s on spill)"
    )


def with_config(p: YieldParameters, config: Config, path: Path) -> tuple[YieldParameters, list[str]]:
    """Return parameters in which a config file stands below those that were given, and each override in words."""
    given = {name: value for name, value in p.changed().items() if name not in ("config", "output", "interactive")}
    values: dict[str, Any] = dict(config.parameters)
    told = []
    exposures = [name for name in EXPOSURES if given.get(name)]
    if exposures:
        others = [name for name in EXPOSURES if name in values and name not in exposures]
        told += [f"{name} is {values.pop(name)} in {path.name}, overridden by {exposures[0]}" for name in others]
        values["livetime_on_spill"] = 0.0
    elif "livetime_on_spill" not in values:
        values["livetime_on_spill"] = 0.0
    for name, value in given.items():
        if name in values and name != "labels" and value != values[name] and name not in ("livetime_on_spill",):
            told.append(f"{name} is {values[name]} in {path.name}, overridden by {value}")
    labels: Mapping[str, str] = values.get("labels", {})
    merged = values | given | {"labels": {**labels, **p.labels}}
    if exposures and "livetime_on_spill" not in exposures:
        merged["livetime_on_spill"] = 0.0
    merged |= {"config": p.config, "output": p.output, "interactive": p.interactive}
    return YieldParameters.build(merged, str(path)), told
