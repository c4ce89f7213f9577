"""The mustache's shape against published values, and the float32 it is computed in against the plain reference."""

import numpy as np
import pytest

from kit.ecal import mustache
from tests.ecal import reference

PUBLISHED = [  # η of the seed, energy in GeV; lower and upper edge at 0.2 rad; reach in φ
    (0.5, 1, -0.008110, 0.019760, 0.496059),
    (0.5, 50, -0.008110, 0.019760, 0.330231),
    (1.2, 5, -0.004194, 0.035497, 0.445820),
    (1.6, 20, -0.002746, 0.041429, 0.426705),
    (-2.2, 20, -0.002333, 0.043148, 0.300000),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_the_published_outline(row):
    eta, energy, lower, upper, reach = row
    assert mustache.outline(eta, energy, 0.2) == pytest.approx((lower, upper), abs=1e-6)
    assert mustache.outline(eta, energy, 0.0) == pytest.approx((-0.0087, 0.0174), abs=1e-7)
    assert mustache.phi_reach([eta], [energy], [eta]) == pytest.approx([reach], abs=1e-6)


def test_the_numbers_are_the_published_ones(numbers):
    rows = numbers["dphi"]["rows"]
    assert mustache.PHI_ROWS.tolist() == [[*row[2:6], row[6], row[7]] for row in rows]
    assert [row[1] for row in rows[:-1]] == list(mustache.PHI_EDGES)
    outline = numbers["outline"]
    assert (list(mustache.UPPER_CURVE), list(mustache.LOWER_CURVE)) == (
        outline["curvature_upper"],
        outline["curvature_lower"],
    )
    assert (list(mustache.WIDTH_0), list(mustache.WIDTH_1)) == (outline["w0"], outline["w1"])
    assert np.float32(outline["half_crystal_width"]) == mustache.HALF_CRYSTAL
    assert (-3.0, outline["sqrt_log_energy_tuning"]) == (mustache.LOG_ENERGY_MIN, mustache.ENERGY_SHIFT)


def test_every_answer_is_that_of_the_plain_reference(numbers):
    rng = np.random.default_rng(1)
    n = 3000
    seed_eta = rng.uniform(-3, 3, n).astype(np.float32)
    seed_phi = rng.uniform(-np.pi, np.pi, n).astype(np.float32)
    eta = (seed_eta + rng.normal(0, 0.03, n)).astype(np.float32)
    phi = (seed_phi + rng.normal(0, 0.25, n)).astype(np.float32)
    energy = np.exp(rng.uniform(-8, 6, n)).astype(np.float32)
    mine = mustache.in_mustache(seed_eta, seed_phi, eta, phi, energy)
    theirs = [
        reference.in_mustache(*row, numbers) for row in zip(seed_eta, seed_phi, eta, phi, energy, strict=True)
    ]
    assert 0.1 < mine.mean() < 0.9
    assert mine.tolist() == theirs


def test_below_79_mev_the_outline_is_undefined_and_nothing_is_inside():
    assert np.isnan(mustache.outline(0.5, 0.07, 0.0)).all()
    assert not mustache.in_mustache([0.5], [0.0], [0.5], [0.0], [0.07])[0]
    assert not mustache.in_mustache([0.5], [0.0], [0.5], [0.0], [0.0009])[0]
    assert mustache.in_mustache([0.5], [0.0], [0.5], [0.0], [0.09])[0]


def test_harder_clusters_reach_less_far():
    reach = mustache.phi_reach(np.full(50, 0.3), np.geomspace(0.2, 500, 50), np.full(50, 0.3))
    assert (np.diff(reach) <= 0).all()
