"""What a run of `yields` says in the words of a config file."""

from __future__ import annotations

from typing import Any

from kit.mu2e.beam import MODES
from kit.mu2e.calculation import Calculation, Inputs
from kit.mu2e.configs import typed, write_mds1, write_mds3
from kit.mu2e.processes import COSMICS, DEFAULT_PROCESSES, expected
from kit.mu2e.yield_options import YieldParameters

__all__ = ["config_text"]


def config_text(p: YieldParameters, made: Calculation, inputs: Inputs) -> str:
    """Return the config file of the dialect that `p.write_config` names.

    One calculation serves both it and the table. Processes that were not asked for are computed, too, where the
    dialect has them.
    """
    numbers = {name: _number(p, made, inputs, name) for name in DEFAULT_PROCESSES if name not in COSMICS}
    if p.write_config == "mds1":
        return write_mds1(_mds1(p, made, inputs, numbers))
    return write_mds3(p.tag, _mds3(p, made, inputs, numbers))


def _number(p: YieldParameters, made: Calculation, inputs: Inputs, process: str) -> float | None:
    for row in made.rows:
        if row.process == process:
            return row.number
    if p.compat == "mds1" and process.startswith("RMC"):
        return None  # not in this dialect, and the original cannot compute it
    return expected(
        process, made.exposure, inputs.rates, inputs.spectra, made.thresholds,
        r_mue=p.r_mue, integration=p.integration, pion_chain=p.pion_chain, compat=p.compat,
    )  # fmt: skip


def _mds1(p: YieldParameters, made: Calculation, inputs: Inputs, numbers: dict[str, Any]) -> dict[str, Any]:
    mode = MODES[made.exposure.mode]
    wall = made.exposure.wall
    return {
        "njobs": p.labels.get("njobs", "0"),
        "cosmicjob": p.labels.get("cosmicjob", ""),
        "primaries": p.labels.get("primaries", ""),
        "rmue": typed(p.r_mue),
        "dem_emin": typed(p.dio_emin),
        "stops": p.labels.get("stops", ""),
        "livetime": f"{wall:g}" if p.compat == "mds1" else wall,
        "BB": made.exposure.mode,
        "Tcycle": mode.cycle,
        "POT_per_cycle": mode.protons_per_cycle,
        "onspilltime": made.exposure.on_spill,
        "NPOT": made.exposure.pot,
        "CEMLL": numbers["CeMLL"],
        "DIOfrac": inputs.spectra.dio.above(p.dio_emin, p.integration),
        "DIO": numbers["DIO"],
        "CORSIKA": made.exposure.on_spill,
        "InternalRPC": numbers["RPCInternal"],
        "ExternalRPC": numbers["RPCExternal"],
    }


def _mds3(p: YieldParameters, made: Calculation, inputs: Inputs, numbers: dict[str, Any]) -> dict[str, Any]:
    exposure = made.exposure
    return {
        "njobs": p.labels.get("njobs", "0"),
        "CosmicJob": p.labels.get("cosmicjob", ""),
        "CosmicGen": p.labels.get("cosmicgen", ""),
        "primaries": p.labels.get("primaries", ""),
        "muon_stops": p.labels.get("stops", ""),
        "onspilltime": typed(exposure.on_spill),
        "BB": exposure.mode,
        "DEM_emin": typed(p.dio_emin),
        "RPC_TMIN": typed(p.t_min),
        "RPC_emin": typed(p.rpc_emin),
        "RMC_emin": typed(p.rmc_emin),
        "RMC_kmax": typed(p.rmc_kmax),
        "IPA_emin": typed(p.ipa_emin),
        "beam_onspill_time": exposure.on_spill,
        "beam_livetime": exposure.wall,
        "beam_npot": f"{exposure.pot:.2e}",
        "beam_nmot": f"{exposure.pot * inputs.rates.muon_stops:.2e}",
        "beam_pot": "",  # always empty in the original
        "dio_events": numbers["DIO"],
        "ipa_events": numbers["IPAMichel"],
        "rpc_internal_events": numbers["RPCInternal"],
        "rpc_external_events": numbers["RPCExternal"],
        "rmc_internal_events": numbers["RMCInternal"],
        "rmc_external_events": numbers["RMCExternal"],
    }
