"""The window around a seed."""

import numpy as np
import pytest

from kit.ecal.geometry import inside, offsets, reach, wrap
from tests.ecal import reference

PUBLISHED = [  # |η|, up, down, width; of version 3
    (0.5, 0.13333, -0.1, 0.68333),
    (1.0, 0.16667, -0.1, 0.66667),
    (1.479, 0.1986, -0.1, 0.6507),
    (2.0, 0.23333, -0.16667, 0.63333),
    (2.5, 0.26667, -0.23333, 0.61667),
    (3.0, 0.3, -0.3, 0.6),
]


@pytest.mark.parametrize("row", PUBLISHED)
def test_the_published_sizes(row):
    assert np.array(reach(np.array([-row[0]]))).ravel() == pytest.approx(row[1:], abs=5e-6)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_agrees_with_the_plain_reference(version):
    eta = np.linspace(-3.2, 3.2, 641)
    assert np.array_equal(
        np.array(reach(eta, version)).T, [reference.window_size(x, version) for x in eta.tolist()]
    )


def test_version_2_is_less_deep_in_the_endcaps():
    a = np.array([0.5, 1.4, 2.0, 2.9])
    (up, down, width), (up2, down2, width2) = reach(a), reach(a, 2)
    assert np.array_equal(up, up2)
    assert np.array_equal(width, width2)
    assert (down2 >= down).all()
    assert (down2[a > 1.5] > down[a > 1.5]).all()


def test_angles_are_turned_once():
    assert wrap(np.array([np.pi, -np.pi, np.pi + 0.1, -np.pi - 0.1])) == pytest.approx(
        [np.pi, -np.pi, 0.1 - np.pi, np.pi - 0.1]
    )


def test_a_cluster_across_the_cut_in_phi_is_near():
    e, p = offsets(np.array([0.2]), np.array([3.13]), np.array([0.22]), np.array([-3.13]))
    assert (e, p) == (pytest.approx([0.02]), pytest.approx([-0.0231853], abs=1e-6))


def test_e_points_away_from_the_middle_and_edges_belong_to_the_window():
    seed = np.array([-1.0])
    limits = tuple(reach(seed))
    for eta, expected in ((-1.0 - limits[0][0], True), (-1.0 + 0.1, True), (-1.0 + 0.101, False)):
        e, p = offsets(seed, np.zeros(1), np.array([eta]), np.zeros(1))
        assert inside(np.round(e, 12), p, np.ones(1, bool), tuple(np.round(x, 12) for x in limits))[0] == expected
    assert not inside(np.zeros(1), np.zeros(1), np.zeros(1, bool), limits)[0]
