"""Spectra to look at: as many events as expected, wherever they lie."""

from dataclasses import replace

import awkward as ak
import numpy as np
import pytest
import uproot

from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.momenta import EDGES, born, coarser, expected_momenta, flat_values, histogram, missing_text
from kit.mu2e.primaries import measure
from kit.mu2e.sources import Source
from kit.mu2e.table import Row
from tests.mu2e.test_primaries import REAL

WIDE = np.linspace(0, 200, 801)


@pytest.mark.parametrize("process", ["CeMLL", "DIO", "RPCExternal", "RMCInternal", "IPAMichel"])
def test_what_is_born_above_a_threshold_is_its_fraction(spectra, process):
    threshold = {"DIO": 95.0, "RPCExternal": 60.0, "RMCInternal": 85.0, "IPAMichel": 70.0}.get(process)
    kind = {"DIO": "dio", "RPCExternal": "rpc", "RMCInternal": "rmc", "IPAMichel": "ipa"}.get(process)
    whole = 1.0 if kind is None else getattr(spectra, kind).above(threshold, "integral")
    beyond = spectra.ipa.above(100.0) if kind == "ipa" else 0.0  # nothing is known above the table
    assert born(process, spectra, threshold, WIDE).sum() == pytest.approx(whole - beyond, rel=1e-9)


def test_electrons_of_a_photon_take_a_flat_share(spectra):
    shares = born("RPCExternal", spectra, 100.0, WIDE)
    below = shares[WIDE[:-1] < 99]
    assert below.min() == pytest.approx(below.max(), rel=1e-9)
    assert np.all(np.diff(shares[WIDE[:-1] >= 100]) <= 1e-12)


def test_cosmics_are_born_nowhere(spectra):
    assert not born("CRYCosmic", spectra, None).any()


def test_pools_are_counted_in_one_branch(make_catalogue):
    pool = measure(read_catalogue(make_catalogue(DIO=([150, 90], 1000)))["DIO"])
    found = histogram(pool.sources, "mom")
    values = np.concatenate([uproot.open(s.path)[s.tree]["mom"].array(library="np") for s in pool.sources])
    assert found.tolist() == np.histogram(values, EDGES)[0].tolist()
    assert histogram(pool.sources, "nothing") is None


def test_a_member_of_a_structure_is_a_branch_too(public):
    source = Source(str(public / REAL), "TrkAnaNeg/trkana", 101, "", 0)
    values = uproot.open(source.path)[source.tree]["deent"].array(library="np")["mom"]
    assert histogram([source], "deent.mom").sum() == np.histogram(values, EDGES)[0].sum() > 50


@pytest.mark.parametrize("name", ["mom", "demcent._mom", "deent", "nothing.mom"])
def test_only_a_column_with_one_number_an_entry_is_counted(public, name):
    source = Source(str(public / REAL), "TrkAnaNeg/trkana", 101, "", 0)
    assert histogram([source], name) is None


@pytest.mark.parametrize("name", ["demfit", "demfit.mom", "mom"])
def test_members_of_nested_lists_are_no_column_of_one_number(public, name):
    source = Source(str(public / "uproot-issue-1221.root"), "TrkAna/trkana", 1, "", 0)
    assert histogram([source], name) is None


def test_a_nested_member_of_an_ensemble_is_no_column(tmp_path):
    path = tmp_path / "e.root"
    nested = ak.Array([[{"mom": 105.0}], []])
    with uproot.recreate(path) as file:
        file.mkrntuple("ntuple", {"fit": nested.type.content, "lists": "var * float64", "mean": "float64"})
        file["ntuple"].extend({"fit": nested, "lists": ak.Array([[1.0], []]), "mean": np.array([104.0, 103.0])})
    tree = uproot.open(path)["ntuple"]
    assert [flat_values(tree, name) for name in ("mom", "fit", "lists")] == [None] * 3
    assert flat_values(tree, "mean").tolist() == [104, 103]


def test_samples_without_a_column_of_the_momentum_are_named(spectra):
    rows = [Row(name, "", 1, 3, 1e15, None, None, 40.0, reco=200.0, mean=8.0) for name in ("CeMLL", "CRYCosmic")]
    some = expected_momenta(rows, spectra, {"CeMLL": np.full(len(EDGES) - 1, 0.5)})
    assert missing_text(some) == "no column of the momentum in the primaries of CRYCosmic: left out"
    none = expected_momenta(rows, spectra, {})
    assert missing_text(none).endswith("of CRYCosmic, CeMLL: so these are energies at birth")
    assert missing_text(expected_momenta([replace(row, mean=None) for row in rows], spectra, {})) == ""


def test_pools_are_scaled_to_the_expected_events(spectra):
    rows = [Row("DIO", "", 1, 3, 1e15, 95.0, 3.6e-11, 40.0, reco=200.0, mean=8.0, synthetic=True)]
    shape = np.zeros(len(EDGES) - 1)
    shape[[180, 190]] = 150, 50
    made = expected_momenta(rows, spectra, {"DIO": shape})
    assert made.measured
    assert made.counts["DIO"].sum() == pytest.approx(8.0)
    assert made.synthetic == ("DIO",)
    assert coarser(made.counts["DIO"], 4).sum() == pytest.approx(8.0)


def test_without_pools_what_is_born_is_scaled_to_the_number(spectra):
    row = Row("DIO", "", 1, 3, 1e15, 95.0, spectra.dio.above(95.0, "bins"), 40.0)
    made = expected_momenta([row], spectra, {})
    assert not made.measured
    assert made.counts["DIO"].sum() == pytest.approx(40.0, rel=5e-3)
