"""The demo: stand-in primaries of all processes, and a catalogue of them."""

from __future__ import annotations

from typing import Any

from kit import files
from kit.mu2e.processes import COSMICS, family
from kit.mu2e.standins import TREE, VERSION, Standin, write_standin
from kit.parameters import Parameters

__all__ = ["DEMO", "DEMO_YIELDS", "catalogue_path", "prepare", "with_demo"]

DEMO = "demo"  # the word in place of a catalogue
FILES = 4  # of each process
DEMO_YIELDS: dict[str, Any] = {"livetime_on_spill": 36000.0, "r_mue": 1e-12, "primaries": DEMO}
POOLS = {  # process: entries and normaliser of all files; about twice what the demo needs
    "CeMLL": (800, 4_000),
    "DIO": (2_000, 10_000),
    "CRYCosmic": (1_440, 72_000.0),
    "RPCExternal": (1_000, 500_000),
    "RPCInternal": (600, 6_000),
    "RMCExternal": (1_600, 32_000_000),
    "RMCInternal": (1_000, 333_000),
    "IPAMichel": (1_000, 20_000),
}
THRESHOLDS = {"dio": 95.0, "rpc": 50.0, "rmc": 85.0, "ipa": 70.0}  # MeV


def catalogue_path() -> str:
    """Return where the catalogue of the demo lies, from the project's root."""
    return f"outputs/demo/mu2e/v{VERSION}/primaries.yaml"


def with_demo(primaries: str) -> str:
    """Return the catalogue's path in place of the word demo."""
    return catalogue_path() if primaries == DEMO else primaries


def prepare(p: Parameters) -> None:
    """Make the stand-ins and their catalogue where `p` asks for the demo and they do not exist."""
    asked = getattr(p, "primaries", None) == DEMO or getattr(p, "yields", None) == ""
    catalogue = files.resolve(catalogue_path())
    if asked and not catalogue.is_file():
        # the catalogue comes last: where it stands, all files do
        files.write_json(catalogue, {process: _make(process) for process in POOLS})


def _make(process: str) -> dict[str, Any]:
    entries, normaliser = POOLS[process]
    kind = family(process)
    folder = f"outputs/demo/mu2e/v{VERSION}"
    names = []
    for number in range(FILES):
        names.append(f"{folder}/nts.mu2e.{process}-standin.MDC2025af.001430_{number:08d}.root")
        seed = 100 * list(POOLS).index(process) + number
        made = Standin(process, entries // FILES, normaliser / FILES, THRESHOLDS.get(kind), seed, subrun=number)
        with files.whole(files.resolve(names[-1])) as part:
            write_standin(part, made)
    key = "livetime_s" if process in COSMICS else "histogram"
    # livetimes as real files have them, with odd ends
    value: Any = [normaliser / FILES + 137.125 * (number - 1.5) for number in range(FILES)]
    entry: dict[str, Any] = {
        "files": names,
        "tree": TREE,
        "normaliser": {key: value if process in COSMICS else "genCountLogger/numEvents"},
    }
    if kind in THRESHOLDS:
        entry["gen_emin"] = THRESHOLDS[kind]
    if kind == "rmc":
        entry["kmax"] = 90.1
    return entry | {"synthetic": True}
