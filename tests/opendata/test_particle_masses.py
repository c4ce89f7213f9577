"""Which masses particles have, seen in the invariant mass of two that fly side by side: the sum of theirs."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from kit.opendata.massarrays import read_arrays
from kit.opendata.masses import MassParameters, make_masses
from kit.run import Run

# tree, and for each type the beginning of its branches and the name of its mass
FORMS: dict[str, tuple[str, dict[str, tuple[str, str]]]] = {
    "GeV": ("Events", {"e": ("Electron_", "mass"), "m": ("Muon_", "mass"), "j": ("Jet_", "mass")}),
    "MeV": (
        "CollectionTree",
        {
            "e": ("AnalysisElectronsAuxDyn.", "m"),
            "m": ("AnalysisMuonsAuxDyn.", ""),
            "j": ("AnalysisJetsAuxDyn.", "m"),
        },
    ),
}
PER_GEV = {"GeV": 1.0, "MeV": 1000.0}


def _side_by_side(path: Path, unit: str, mass: float | None) -> Path:
    """Write an event of two electrons, one of two muons, one of two jets: pT of 2 GeV, the same direction."""
    tree, forms = FORMS[unit]
    columns = {}
    for place, (stem, name) in enumerate(forms.values()):
        counts = [2 if event == place else 0 for event in range(3)]
        values = {"pt": 2 * PER_GEV[unit], "eta": 0.0, "phi": 0.0}
        if name and mass is not None:
            values[name] = mass * PER_GEV[unit]
        for quantity, value in values.items():
            columns[stem + quantity] = ak.unflatten(np.full(2, value, "f4"), counts)
    with uproot.recreate(path) as file:
        types = {name: column.type.content for name, column in columns.items()}
        file.mktree(tree, types, counter_name=lambda name: "n" + name).extend(columns)
    return path


def _masses(path: Path, **values: Any) -> dict[str, float]:
    p = MassParameters(inputs=[str(path)], pt_min={}, keep_masses=True, **values)
    with Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    rows = read_arrays(run.directory / "mass_arrays.parquet")
    return {combination: masses.item() for *_, combination, masses in rows}


@pytest.mark.parametrize("unit", ["GeV", "MeV"])
def test_files_without_masses_have_those_of_the_particle_data_group(tmp_path: Path, unit: str):
    # S. Navas et al., Phys. Rev. D 110, 030001 (2024): electron 0.51099895 MeV, muon 105.6583755 MeV
    found = _masses(_side_by_side(tmp_path / "two.root", unit, None))
    assert found["e0e1"] == pytest.approx(2 * 0.51099895e-3, rel=1e-7)
    assert found["m0m1"] == pytest.approx(2 * 105.6583755e-3, rel=1e-9)
    assert found["j0j1"] == 0.0


@pytest.mark.parametrize("unit", ["GeV", "MeV"])
def test_masses_of_the_file_are_taken_where_it_has_them(tmp_path: Path, unit: str):
    found = _masses(_side_by_side(tmp_path / "two.root", unit, 7.0))
    muon = 7.0 if unit == "GeV" else 105.6583755e-3  # PHYSLITE has no mass of muons
    assert found == pytest.approx({"e0e1": 14.0, "m0m1": 2 * muon, "j0j1": 14.0}, rel=1e-9)


@pytest.mark.parametrize(("unit", "electron", "muon"), [("GeV", 0.000511, 0.105), ("MeV", 0.000511e-3, 0.105e-3)])
def test_known_masses_are_those_of_the_original_in_the_unit_of_the_file(
    tmp_path: Path, unit: str, electron: float, muon: float
):
    found = _masses(_side_by_side(tmp_path / "two.root", unit, 7.0), mass_source="known")
    # the square of 0.511 eV all but drowns beside that of 2 GeV in float64
    assert found["e0e1"] == pytest.approx(2 * electron, rel=1e-7 if unit == "GeV" else 0.02)
    assert found["m0m1"] == pytest.approx(2 * muon, rel=1e-6)
    assert found["j0j1"] == 0.0
