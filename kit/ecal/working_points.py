"""Working points: the least share of a particle's energy that makes a cluster part of it, by ET and |η|.

A table is a file in the JSON form of correctionlib, schema 2, with one correction of one kind; no other library is
needed to read it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kit.ecal.events import FloatArray
from kit.files import FormatError, read_json, resolve

__all__ = ["DEMO", "WorkingPoint", "find", "named", "read", "table"]

DEMO = "demo"
SHIPPED = Path(__file__).parent / "shipped" / "simfraction_demo.json"
NAME, INPUTS = "simfraction_thres", ["seed_et", "seed_eta"]


@dataclass(frozen=True)
class WorkingPoint:
    """Thresholds in bins of ET, in GeV, and |η| of the seed.

    Attributes
    ----------
    name, sha256 : str
        What the table is called, and the checksum of its file.
    et_edges, eta_edges : ndarray
        Rising.
    thresholds : ndarray, shape (bins in ET, bins in |η|)
    """

    name: str
    sha256: str
    et_edges: FloatArray
    eta_edges: FloatArray
    thresholds: FloatArray

    def at(self, et: FloatArray, abs_eta: FloatArray) -> FloatArray:
        """Return the threshold for each seed; what lies beyond the table takes the nearest bin."""
        i = np.clip(np.searchsorted(self.et_edges, et, side="right") - 1, 0, len(self.et_edges) - 2)
        j = np.clip(np.searchsorted(self.eta_edges, abs_eta, side="right") - 1, 0, len(self.eta_edges) - 2)
        return self.thresholds[i, j]


def named(name: str | None) -> list[str]:
    """Return `name` where it is the path of a file, and not a table's name."""
    return [name] if name and ("/" in name or name.endswith(".json")) else []


def find(name: str) -> Path:
    """Return the file of a table: `demo`, a path, or a name in ``working_points`` of the public data.

    Raises
    ------
    FileNotFoundError
        Naming where it was looked for.
    """
    if name == DEMO:
        return SHIPPED
    paths = [resolve(name)]
    if folder := os.environ.get("KIT_SHARED_DATA"):
        paths.append(Path(folder) / "ecal" / "working_points" / f"simfraction_{name}.json")
    for path in paths:
        if path.is_file():
            return path
    looked = ", ".join(map(str, paths))
    message = f"working point {name}: no such file, nor a table of this name ({looked})"
    raise FileNotFoundError(message)


def read(path: Path) -> WorkingPoint:
    """Return the table in a file.

    Raises
    ------
    FormatError
        Naming the file and the item that is not as it should be.
    """
    try:
        return _read(path, read_json(path))
    except FormatError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as fault:  # lists for maps, texts for numbers
        raise FormatError(f"{path}: {fault}; should be a table of correctionlib, schema 2") from fault  # noqa: EM102


def _read(path: Path, content: Any) -> WorkingPoint:
    if not isinstance(content, dict) or content.get("schema_version") != 2:
        found = content.get("schema_version") if isinstance(content, dict) else type(content).__name__
        raise FormatError(f"{path}: schema_version is {found}, should be 2")  # noqa: EM102
    entries = {entry.get("name"): entry for entry in content.get("corrections", [])}
    if NAME not in entries:
        raise FormatError(f"{path}: corrections are {', '.join(map(str, entries)) or 'none'}, should be {NAME}")  # noqa: EM102
    binning = entries[NAME].get("data", {})
    _refuse(path, entries[NAME], binning)
    et, eta = (np.array(edges, np.float64) for edges in binning["edges"])
    values = np.array(binning["content"], np.float64).reshape(len(et) - 1, len(eta) - 1)
    if len(wrong := np.argwhere(~((values >= 0) & (values <= 1)))):
        i, j = wrong[0]
        place = f"seed_et {et[i]:g} to {et[i + 1]:g}, seed_eta {eta[j]:g} to {eta[j + 1]:g}"
        message = f"{path}: content at {place} is {values[i, j]:g}, should be a share within 0 and 1"
        raise FormatError(message + (f"; {len(wrong) - 1} more are wrong" if len(wrong) > 1 else ""))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return WorkingPoint(path.stem.removeprefix("simfraction_"), digest, et, eta, values)


def _refuse(path: Path, entry: dict[str, Any], binning: Any) -> None:
    """Raise if a table is not one that this room understands."""
    names = [given.get("name") for given in entry.get("inputs", [])]
    items = (
        ("inputs", names, INPUTS),
        ("nodetype", binning.get("nodetype"), "multibinning"),
        ("binning's inputs", binning.get("inputs"), INPUTS),
        ("flow", binning.get("flow"), "clamp"),
    )
    faults = [f"{item} is {found}, should be {wanted}" for item, found, wanted in items if found != wanted]
    edges = binning.get("edges", [])
    if len(edges) != 2:
        faults.append(f"edges has {len(edges)} lists, should be 2")
    else:
        faults += [
            f"edges of {name} are not rising"
            for name, values in zip(INPUTS, edges, strict=True)
            if len(values) < 2 or not np.all(np.diff(np.array(values, np.float64)) > 0)
        ]
        number = (len(edges[0]) - 1) * (len(edges[1]) - 1)
        if len(binning.get("content", [])) != number:
            faults.append(f"content has {len(binning.get('content', []))} values, the edges ask for {number}")
    if faults:
        message = f"{path}: " + "; ".join(faults)
        raise FormatError(message)


def table(
    name: str, description: str, et_edges: FloatArray, eta_edges: FloatArray, values: FloatArray
) -> dict[str, Any]:
    """Return the JSON form of a table of `values`, shape (bins in ET, bins in |η|)."""
    binning = {
        "nodetype": "multibinning",
        "inputs": INPUTS,
        "edges": [np.asarray(et_edges).tolist(), np.asarray(eta_edges).tolist()],
        "content": np.asarray(values).ravel().tolist(),
        "flow": "clamp",
    }
    inputs = [{"name": "seed_et", "type": "real", "description": "raw ET of the seed, GeV"}]
    inputs += [{"name": "seed_eta", "type": "real", "description": "|η| of the seed"}]
    entry = {
        "name": name,
        "description": description,
        "version": 0,
        "inputs": inputs,
        "output": {"name": "weight", "type": "real"},
        "data": binning,
    }
    return {"schema_version": 2, "description": description, "corrections": [entry]}
