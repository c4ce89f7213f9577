"""From showers to clusters: energy is shared, scores come from the hits."""

import numpy as np
import pytest

from kit.ecal.particles import Particles, Showers
from kit.ecal.showers import make_clusters


def one_particle(energy=50.0):
    single = np.array([energy])
    return Particles(np.zeros(1, np.int64), single, np.zeros(1), np.zeros(1), single, np.ones(1, np.int64), single)


def showers(*rows):
    event, calo, eta, phi, signal, pileup = zip(*rows, strict=True)
    return Showers(np.array(event), np.array(calo), *(np.array(x, float) for x in (eta, phi, signal, pileup)))


def test_a_lonely_shower_keeps_its_energy_and_has_score_one():
    made = make_clusters(showers((0, 0, 0.3, 1.0, 50.0, 0.0)), one_particle(), np.random.default_rng(1))
    assert made.columns["rawEnergy"][0] == pytest.approx(50, rel=0.05)
    assert made.scores["sim_fraction"][0] == pytest.approx(1, abs=0.05)
    assert made.hits["fraction"].tolist() == [1.0] * len(made.hits["fraction"])


def test_two_showers_in_the_same_crystals_share_them_and_the_score():
    rows = (0, 0, 0.3, 1.0, 40.0, 0.0), (0, -1, 0.318, 1.0, 0.0, 20.0)
    made = make_clusters(showers(*rows), one_particle(40.0), np.random.default_rng(1))
    signal, pileup = np.argsort(-made.columns["rawEnergy"])
    fraction = made.hits["fraction"]
    assert ((fraction > 0) & (fraction < 1)).any()
    scores = made.scores["sim_fraction"]
    assert scores[signal] > 0.5
    assert 1e-4 < scores[pileup] < 0.5
    assert scores.sum() <= 1
    assert made.columns["simEnergy_sharedXtalsPU"][signal] > 0


def test_what_is_below_threshold_is_no_cluster():
    made = make_clusters(showers((0, -1, 0.3, 1.0, 0.0, 0.05)), one_particle(), np.random.default_rng(1))
    assert len(made.event) == 0


def test_clusters_of_the_barrel_come_first():
    rows = [(0, -1, eta, 1.0 + 0.3 * k, 0.0, 20.0) for k, eta in enumerate([2.0, 0.3, -2.2, -0.4, 1.7, 1.0])]
    made = make_clusters(showers(*rows), one_particle(), np.random.default_rng(1))
    endcap = (made.columns["iz"] != 0).tolist()
    assert endcap == sorted(endcap)


def test_a_wide_shower_is_wide():
    narrow = make_clusters(showers((0, 0, 0.3, 1.0, 1.0, 0.0)), one_particle(1.0), np.random.default_rng(1))
    wide = make_clusters(showers((0, 0, 0.3, 1.0, 400.0, 0.0)), one_particle(400.0), np.random.default_rng(1))
    assert len(wide.hits["fraction"]) > len(narrow.hits["fraction"])
    assert wide.columns["sigmaIetaIeta"][0] >= narrow.columns["sigmaIetaIeta"][0]
