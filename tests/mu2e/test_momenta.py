"""Spectra to look at: as many events as expected, wherever they lie."""

import numpy as np
import pytest
import uproot

from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.momenta import EDGES, born, coarser, expected_momenta, histogram
from kit.mu2e.primaries import Source, measure
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
