"""The text files in which the originals keep the numbers of an ensemble, in both their dialects.

The older one, mds1, has lines ``key= value``, the newer one, mds3, ``key="value"`` with comments. Both are
read, also mixed in one file; what is written is what the original would have written, and nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kit.files import FormatError, read_text

__all__ = ["Config", "Dialect", "read_config", "typed", "write_mds1", "write_mds3"]

Dialect = Literal["mds1", "mds3"]

MDS1_KEYS = (
    "njobs", "cosmicjob", "primaries", "rmue", "dem_emin", "stops", "livetime", "BB", "Tcycle", "POT_per_cycle",
    "onspilltime", "NPOT", "CEMLL", "DIOfrac", "DIO", "CORSIKA", "InternalRPC", "ExternalRPC",
)  # fmt: skip
MDS1_LATER = ("signal", "Rmue", "livetime_combined", "npseudo_experiments")  # what a later stage appends
MDS3_KEYS = (
    "njobs", "CosmicJob", "CosmicGen", "primaries", "muon_stops", "onspilltime", "BB", "DEM_emin", "RPC_TMIN",
    "RPC_emin", "RMC_emin", "RMC_kmax", "IPA_emin", "beam_onspill_time", "beam_livetime", "beam_npot", "beam_nmot",
    "beam_pot", "dio_events", "ipa_events", "rpc_internal_events", "rpc_external_events", "rmc_internal_events",
    "rmc_external_events",
)  # fmt: skip
MEANINGS = {  # key: parameter of the stage; the printed protons and muons have 3 digits and are never read back
    "rmue": "r_mue",
    "dem_emin": "dio_emin",
    "DEM_emin": "dio_emin",
    "livetime": "livetime_wall",
    "onspilltime": "livetime_on_spill",
    "BB": "run_mode",
    "RPC_TMIN": "t_min",
    "RPC_emin": "rpc_emin",
    "RMC_emin": "rmc_emin",
    "RMC_kmax": "rmc_kmax",
    "IPA_emin": "ipa_emin",
}
LABELS = {"cosmicjob": "cosmicjob", "CosmicJob": "cosmicjob", "CosmicGen": "cosmicgen", "primaries": "primaries",
          "stops": "stops", "muon_stops": "stops", "njobs": "njobs"}  # fmt: skip
TEXTS = ("run_mode",)


@dataclass(frozen=True)
class Config:
    """A file that was read.

    Attributes
    ----------
    dialect : str
        The one that its exposure is written in.
    values : mapping
        All keys, as texts.
    parameters : mapping
        What of it sets parameters of the stage, its `labels` among them.
    unknown : tuple of str
        Keys that neither dialect knows.
    """

    dialect: Dialect
    values: Mapping[str, str]
    parameters: Mapping[str, Any]
    unknown: tuple[str, ...]


def read_config(path: Path) -> Config:
    """Return the values of a file in either dialect.

    Raises
    ------
    FormatError
        With file and line: no ``=``, a key with two values, a number that is none; no mode or exposure.
    """
    values: dict[str, str] = {}
    lines: dict[str, int] = {}
    faults = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.strip()
        if not text or text.startswith(("#", "=")):
            continue
        key, sign, value = text.partition("=")
        key, value = key.strip(), _unquoted(value.strip())
        if not sign:
            faults.append(f'{path}:{number}: {text!r}, should be key= value or key="value"')
        elif values.get(key, value) != value:
            faults.append(f"{path}:{number}: {key} is {value!r}, but {values[key]!r} in line {lines[key]}")
        else:
            values[key], lines[key] = value, number
    if "BB" not in values:
        faults.append(f"{path}: there is no BB; should say 1BB or 2BB")
    if not {"livetime", "onspilltime"} & values.keys():
        faults.append(f"{path}: there is neither livetime (wall seconds, mds1) nor onspilltime (mds3)")
    parameters: dict[str, Any] = {}
    dialect: Dialect = "mds1" if "livetime" in values else "mds3"
    for key, value in values.items():
        name = MEANINGS.get(key)
        if name is None or not value or (dialect == "mds1" and key == "onspilltime"):
            continue
        try:
            parameters[name] = value if name in TEXTS else float(value)
        except ValueError:
            faults.append(f"{path}:{lines[key]}: {key} is {value!r}, should be a number")
    if faults:
        raise FormatError("\n".join(faults))
    parameters["labels"] = {LABELS[key]: value for key, value in values.items() if key in LABELS}
    unknown = tuple(key for key in values if key not in {*MDS1_KEYS, *MDS1_LATER, *MDS3_KEYS})
    return Config(dialect, values, parameters, unknown)


def write_mds1(values: Mapping[str, Any]) -> str:
    """Return the older dialect; floats with the shortest digits that read back equal."""
    lines = [f"{key}= {' ' if key == 'stops' else ''}{_text(values[key])}" for key in MDS1_KEYS]
    return "\n".join(lines) + "\n"


def write_mds3(tag: str, values: Mapping[str, Any]) -> str:
    """Return the newer dialect."""
    quoted = {key: f'{key}="{_text(values[key])}"' for key in MDS3_KEYS}
    beam, yields = MDS3_KEYS.index("beam_onspill_time"), MDS3_KEYS.index("dio_events")
    parts = [
        f"# Configuration file for ensemble {tag}",
        "# Generated by Stage1_initate_ensemble.sh",
        *(quoted[key] for key in MDS3_KEYS[:beam]),
        "",
        "# ===== POT Calculation Details =====",
        *(quoted[key] for key in MDS3_KEYS[beam:yields]),
        "",
        "# ===== Event Yields (counts) =====",
        *(quoted[key] for key in MDS3_KEYS[yields:]),
    ]
    return "\n".join(parts) + "\n"


def typed(value: float) -> str:
    """Return a number as people type it: 95, not 95.0."""
    return repr(value).removesuffix(".0")


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
