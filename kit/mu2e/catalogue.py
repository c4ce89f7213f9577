"""The catalogue of primaries: which simulated files there are of each process, and what they were generated as.

YAML or JSON, one entry a process::

    CeMLL: {files: [nts.*CeMLL*.root], tree: EventNtuple/ntuple, normaliser: {generated: 4000}, synthetic: false}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from kit import wording
from kit.files import FormatError, locate
from kit.mu2e.processes import canonical
from kit.parameters import read_yaml

__all__ = ["Primary", "catalogue_of", "read_catalogue"]

KEYS = {"files", "tree", "normaliser", "gen_emin", "kmax", "weight_branch", "momentum", "synthetic"}
NORMALISERS = ("generated", "livetime_s", "histogram")


@dataclass(frozen=True)
class Primary:
    """The simulated data set of one process.

    Attributes
    ----------
    files : tuple of str
        Absolute paths or addresses.
    trees : tuple of str
        Trees that are read in each file.
    normaliser : mapping
        One of `generated`, `livetime_s` (a number for all files, or a list with one for each) and `histogram` (its
        name); empty to look for a side file, then for the usual histogram.
    gen_emin, kmax : float or None
        MeV; what it was generated above, and with which endpoint.
    weight_branch : str
        Weights that entries carry; empty for none.
    momentum : str
        Branch with the measured momentum, in MeV; pictures need it.
    synthetic : bool
        A stand-in: no Mu2e simulation.
    """

    process: str
    files: tuple[str, ...]
    trees: tuple[str, ...]
    normaliser: Mapping[str, Any]
    gen_emin: float | None = None
    kmax: float | None = None
    weight_branch: str = ""
    momentum: str = "mom"
    synthetic: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self) | {"files": list(self.files), "trees": list(self.trees)}


def read_catalogue(path: Path) -> dict[str, Primary]:
    """Return the primaries of a catalogue by process.

    Raises
    ------
    FormatError
        Naming the file and every entry that cannot be used.
    FileNotFoundError
        Naming files that do not exist.
    """
    return catalogue_of(read_yaml(path), str(path))


def catalogue_of(content: Mapping[str, Any], where: str) -> dict[str, Primary]:
    """Return the primaries that `content` describes; `where` is named in errors."""
    found: dict[str, Primary] = {}
    faults: list[str] = []
    for name, entry in content.items():
        try:
            process = canonical(name)
        except ValueError as fault:
            faults.append(f"{where}: {fault}")
            continue
        if process in found:
            faults.append(f"{where}: {name} stands twice, under both its names")
        here = list(_faults(entry))
        faults += [f"{where}: {name}: {text}" for text in here]
        if not here:
            found[process] = _primary(process, entry)
    if not content:
        faults.append(f"{where}: names no process")
    if faults:
        raise FormatError("\n".join(faults))
    return found


def _faults(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [f"is {entry!r}, should be a map with {', '.join(sorted(KEYS))}"]
    faults = [
        f"{key} is not known{wording.suggestion(key, KEYS)}"
        for key in entry
        if key not in KEYS | {"trees", "process"}
    ]
    if not _texts(entry.get("files")):
        faults.append(f"files is {entry.get('files')!r}, should be a list of paths and patterns")
    if not _texts(entry.get("tree", entry.get("trees"))):
        faults.append(f"tree is {entry.get('tree')!r}, should be a name or a list of names")
    normaliser = entry.get("normaliser") or {}
    if not isinstance(normaliser, dict) or len(normaliser) > 1 or not set(normaliser) <= set(NORMALISERS):
        faults.append(f"normaliser is {normaliser!r}, should be one of {', '.join(NORMALISERS)} with its value")
    faults += [
        f"{key} is {entry[key]!r}, should be a number in MeV"
        for key in ("gen_emin", "kmax")
        if not isinstance(entry.get(key), int | float | None)
    ]
    if not isinstance(entry.get("synthetic", False), bool):
        faults.append(f"synthetic is {entry['synthetic']!r}, should be true or false")
    return faults


def _texts(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value
    good = isinstance(values, list) and values and all(isinstance(text, str) and text for text in values)
    return list(values) if good else []


def _primary(process: str, entry: Mapping[str, Any]) -> Primary:
    return Primary(
        process,
        tuple(locate(_texts(entry["files"]))),
        tuple(_texts(entry.get("tree", entry.get("trees")))),
        dict(entry.get("normaliser") or {}),
        None if entry.get("gen_emin") is None else float(entry["gen_emin"]),
        None if entry.get("kmax") is None else float(entry["kmax"]),
        str(entry.get("weight_branch") or ""),
        str(entry.get("momentum") or "mom"),
        bool(entry.get("synthetic", False)),
    )
