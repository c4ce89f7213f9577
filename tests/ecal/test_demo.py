"""Simulated files: what they hold fits together, and looks like the real thing."""

import numpy as np
import pytest

from kit import files
from kit.ecal import demo
from kit.ecal.branches import SHARED
from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.particles import SAMPLES
from kit.ecal.resolution import measure
from kit.ecal.windows import WindowParameters

PARTICLES = {"electrons": 4, "photons": 4, "pairs": 2, "soft": 4}


@pytest.mark.parametrize("sample", SAMPLES)
def test_each_sample_has_its_particles(demo_file, read, sample):
    events = read(demo_file(sample))
    assert set(events.calos.counts.tolist()) == {PARTICLES[sample]}
    pt = events.calos["genEnergy"] / np.cosh(events.calos["genEta"])
    assert pt.max() < {"pairs": 100.1, "soft": 4.01}.get(sample, 500.5)
    if sample == "pairs":
        eta, phi = (events.calos[name].reshape(-1, 2) for name in ("genEta", "genPhi"))
        turn = (np.diff(phi)[:, 0] + np.pi) % (2 * np.pi) - np.pi
        assert (np.hypot(np.diff(eta)[:, 0], turn) < 0.45).all()


@pytest.mark.parametrize("sample", SAMPLES)
def test_raw_energy_is_the_sum_over_hits(demo_file, read, sample):
    events = read(demo_file(sample))
    share = events.hits["rechitEnergy"].astype(float) * events.hits["fraction"]
    total = np.bincount(events.hits.owners, share, len(events.hits.offsets) - 1)
    assert np.allclose(total, events.clusters["rawEnergy"], rtol=1e-6)
    assert (events.clusters["energy"] / events.clusters["rawEnergy"]).min() >= 1.0299
    assert np.array_equal(events.clusters["nXtals"], events.hits.counts)


def test_scores_are_shares_of_the_simulated_energy(demo_file, read):
    events = read(demo_file("pairs"))
    scores, shared = events.scores["sim_fraction"], events.scores[SHARED]
    width = events.scores.counts
    assert (width == 2).all()
    total = np.tile(events.calos["simEnergy"].reshape(-1, 2)[events.clusters.owners], 1).ravel()
    assert np.allclose(shared, scores * total, rtol=1e-5)
    of_event = np.repeat(events.clusters.owners, 2) * 2 + np.tile([0, 1], len(width))
    assert np.bincount(of_event, scores).max() <= 1 + 1e-6
    assert ((scores > 0).sum(axis=0) > 0).all()


def test_neighbours_share_crystals_with_fractions_down_to_almost_nothing(demo_file, read):
    fraction = read(demo_file("pairs")).hits["fraction"]
    assert 1e-7 <= fraction.min() < 1e-4
    assert ((fraction > 0.05) & (fraction < 0.95)).any()


def test_the_same_seed_gives_the_same_events_and_another_one_others(demo_file, read, tmp_path):
    again = demo.demo(tmp_path / "again.root", 40, "pairs", 1)
    assert np.array_equal(read(again).clusters["energy"], read(demo_file("pairs")).clusters["energy"])
    other = demo.demo(tmp_path / "other.root", 40, "pairs", 2)
    assert not np.isin(read(other).event["eventId"], read(again).event["eventId"]).any()


def test_windows_look_like_those_of_real_simulation(demo_file, table, read):
    made = build(read(demo_file("electrons", 250)), Rules(table), NUMPY)
    window, cluster = made.window, made.cluster
    assert 3 < window["ncls"].mean() < 5  # upstream: 3.5
    assert 150 < window["max_et_cluster"].mean() < 300  # upstream: 234 GeV
    assert 0.25 < window["max_dphi_cluster"].mean() < 0.45  # upstream: 0.33
    assert np.abs(cluster["cluster_deta"]).max() <= 0.3
    assert 0.9 < cluster["cl_r9"].mean() < 1.05  # upstream: 0.98
    assert 0.003 < cluster["cl_sigmaIetaIeta"].mean() < 0.012  # upstream: 0.0062
    good = window["is_seed_calo_seed"]
    total = np.bincount(
        np.repeat(np.arange(len(made)), np.diff(made.offsets)), cluster["en_cluster"] * cluster["in_scluster"]
    )
    scale, _, _, w68 = measure((total / window["en_true_sim"])[good])
    assert (scale, w68) == (pytest.approx(1, abs=0.01), pytest.approx(0.007, abs=0.004))


def test_energy_is_lost_in_the_crack(demo_file, read):
    calos = read(demo_file("electrons", 250)).calos
    eta, ratio = np.abs(calos["genEta"]), calos["simEnergy"] / calos["genEnergy"]
    crack = (eta > 1.4442) & (eta < 1.566)
    assert ratio[crack].max() < 0.91
    assert ratio[~crack].min() > 0.95


def test_demo_files_are_made_once_and_only_for_the_demo():
    demo.prepare(WindowParameters(inputs=["others.root"]))
    assert not any(path.exists() for path in demo.demo_paths())
    demo.prepare(WindowParameters())
    written = [path.stat().st_mtime_ns for path in demo.demo_paths()]
    demo.prepare(WindowParameters())
    assert [path.stat().st_mtime_ns for path in demo.demo_paths()] == written
    assert demo.with_demo(["a", "demo"]) == ["a", *map(str, demo.demo_paths())]
    assert files.shown(demo.demo_paths()[0]).startswith("outputs/demo/ecal/")


def test_an_empty_file_has_all_branches(tmp_path, read):
    assert len(read(demo.demo(tmp_path / "none.root", 0))) == 0
