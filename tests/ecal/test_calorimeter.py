"""Crystals and where they are."""

import numpy as np

from kit.ecal.calorimeter import BARREL_END, crystal_at, key, neighbours, position

RNG = np.random.default_rng(1)
ETA, PHI = RNG.uniform(-2.9, 2.9, 5000), RNG.uniform(-np.pi, np.pi, 5000)


def test_a_crystal_is_near_what_it_was_asked_for():
    i, j, iz = crystal_at(ETA, PHI)
    eta, phi = position(i, j, iz)
    turn = (phi - PHI + np.pi) % (2 * np.pi) - np.pi
    barrel = iz == 0
    assert np.hypot(eta - ETA, turn)[barrel].max() < 0.0175
    assert np.hypot(eta - ETA, turn)[~barrel].max() < 0.08  # near the beam a crystal is wider in η


def test_numbers_are_those_of_the_detector():
    i, j, iz = crystal_at(ETA, PHI)
    barrel = np.abs(ETA) < BARREL_END
    assert np.array_equal(iz, np.where(barrel, 0, np.sign(ETA)))
    assert 0 not in i
    assert np.abs(i[barrel]).max() == 85
    assert (j[barrel].min(), j[barrel].max()) == (1, 360)
    assert np.array_equal(np.sign(i[barrel]), np.sign(ETA[barrel]))
    assert i[~barrel].min() >= 1
    assert i[~barrel].max() <= 100


def test_neighbours_leave_out_ieta_0_go_round_in_phi_and_end_at_the_edge():
    i, j, iz = np.array([1, -1, 85, 50]), np.array([1, 360, 7, 100]), np.array([0, 0, 0, 1])
    new_i, new_j, there = neighbours(i, j, iz, np.array([-1, 1, 1, 0]), np.array([-1, 1, 0, 1]))
    assert list(zip(new_i[:2].tolist(), new_j[:2].tolist(), strict=True)) == [(-1, 360), (1, 1)]
    assert there.tolist() == [True, True, False, False]


def test_each_crystal_of_each_event_has_a_key_of_its_own():
    i, j, iz = crystal_at(ETA, PHI)
    event = RNG.integers(0, 50, len(i))
    pairs = set(zip(event.tolist(), i.tolist(), j.tolist(), iz.tolist(), strict=True))
    assert len(np.unique(key(event, i, j, iz))) == len(pairs)
