"""Ensembles for tests: yields of small primaries, runs of `mixture`, and their columns read back."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import uproot

from kit.mu2e.mixture import MixtureParameters, mix
from kit.mu2e.yields import YieldParameters, count_yields
from kit.run import Run

COUNTED = {"processes": ["CeMLL", "DIO", "CRYCosmic"], "r_mue": 1e-12, "interactive": False}


def count(catalogue: Path, output: str = "yields", **values: Any) -> Run:
    """Count the yields of a catalogue."""
    p = YieldParameters.build(COUNTED | {"primaries": str(catalogue), "output": output} | values)
    with Run("mu2e/yields", p) as run:
        run.summary = count_yields(p, run)
    return run


def draw(yields: Run | str, **values: Any) -> Run:
    """Run `mixture` on yields."""
    path = yields if isinstance(yields, str) else str(yields.directory)
    given = {"yields": path, "subruns": 3, "export_grid": False, "interactive": False} | values
    if given.get("step") in ("build", "close"):
        del given["yields"]
    p = MixtureParameters.build(given)
    with Run("mu2e/mixture", p) as run:
        run.summary = mix(p, run)
    return run


def read(run: Run, *columns: str, folder: str = "") -> dict[str, Any]:
    """Return columns of all files of an ensemble, one behind the other."""
    files = sorted((run.directory / folder).glob("nts.*.root"))
    parts = [uproot.open(path)["ntuple"].arrays(list(columns), library="np") for path in files]
    return {name: np.concatenate([part[name] for part in parts]) for name in columns}


def delete(run: Run) -> None:
    """Delete the files of an ensemble, so that its events may be given back."""
    for path in run.directory.rglob("nts.*.root"):
        path.unlink()


def plan_of(run: Run) -> dict[str, Any]:
    """Return the plan of a run."""
    return json.loads((run.directory / "plan.json").read_text())
