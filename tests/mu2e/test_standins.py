"""Stand-in primaries: physics in outline, named as what they are, and the same for the same seed."""

import numpy as np
import pytest
import uproot

from kit.mu2e.processes import DEFAULT_PROCESSES
from kit.mu2e.standins import LABEL, TREE, Standin, write_standin

THRESHOLDS = {
    "DIO": 95.0,
    "RPCExternal": 50.0,
    "RPCInternal": 50.0,
    "RMCExternal": 85.0,
    "RMCInternal": 85.0,
    "IPAMichel": 70.0,
}


def _read(path, *names):
    with uproot.open(path) as file:
        return file[TREE].arrays(list(names), library="np")


@pytest.fixture
def make(tmp_path):
    def write(process, entries=4000, **more):
        made = Standin(process, entries, 10 * entries, THRESHOLDS.get(process), 7)
        return write_standin(tmp_path / f"{process}.root", made, **more)

    return write


@pytest.mark.parametrize("process", DEFAULT_PROCESSES)
def test_every_process_has_momenta_where_they_belong(make, process):
    read = _read(make(process), "mom", "mcmom", "t0")
    low, high = {
        "CeMLL": (90, 105), "DIO": (95, 105), "CRYCosmic": (70, 150), "RPCExternal": (0, 134.5),
        "RPCInternal": (0, 134.5), "RMCExternal": (0, 90.2), "RMCInternal": (0, 90.2), "IPAMichel": (70, 100),
    }[process]  # fmt: skip
    assert low <= read["mcmom"].min() < read["mcmom"].max() <= high
    assert np.std(read["mom"] - read["mcmom"]) == pytest.approx(0.15, rel=0.05)
    assert 0 <= read["t0"].min() < read["t0"].max() <= 1695


def test_times_fall_with_the_lifetime_of_muons_and_of_pions(make):
    muon = _read(make("DIO"), "t0")["t0"]
    assert np.mean(muon) == pytest.approx(864 - 1695 / np.expm1(1695 / 864), rel=0.03)
    pion = _read(make("RPCExternal"), "t0")["t0"]
    assert np.median(pion) < 30
    assert np.mean(pion > 300) == pytest.approx(0.1 * (1 - 300 / 1695), abs=0.02)


def test_decays_in_orbit_fall_towards_the_endpoint(make):
    momentum = _read(make("DIO"), "mcmom")["mcmom"]
    assert np.mean(momentum > 100) == pytest.approx(0.0092, abs=0.005)


@pytest.mark.parametrize("ids", ["run", "evtinfo"])
def test_files_say_what_they_are_and_what_they_stand_for(make, ids):
    with uproot.open(make("DIO", 50, ids=ids)) as file:
        tree = file[TREE]
        assert tree.title == LABEL
        assert file["genCountLogger/numEvents"].values().tolist() == [500.0]
        flat = [name for name in tree.keys() if not name.startswith(("hits_", "nhits_"))]  # noqa: SIM118 - a tree is no dict
        assert len(flat) == 24
        counts = tree["nhits_"].array(library="np")
        assert (counts.min(), counts.max()) == (1, 5)
        name = "event" if ids == "run" else "evtinfo.eventid"
        assert tree[name].array(library="np").tolist() == list(range(1, 51))


def test_the_same_seed_gives_the_same_file(tmp_path):
    made = Standin("CeMLL", 500, 1000, None, 3)
    one, two = (write_standin(tmp_path / name, made, basket=200) for name in ("a.root", "b.root"))
    other = write_standin(tmp_path / "c.root", Standin("CeMLL", 500, 1000, None, 4))
    identities = []
    for path in (one, two, other):
        with uproot.open(path) as file:
            identities.append(file.file.uuid)
    assert identities[0] == identities[1] != identities[2]
    np.testing.assert_array_equal(_read(one, "mom")["mom"], _read(two, "mom")["mom"])
