"""Scale and width in bins, against published numbers and hand-made distributions."""

import dataclasses

import numpy as np
import pytest

from kit.ecal.association import associate
from kit.ecal.engine import NUMPY
from kit.ecal.match_tables import matched_of
from kit.ecal.matches import list_matches
from kit.ecal.resolution import Matched, bins_of, choose, measure, ratios, scan, scan_limits
from kit.ecal.seeding import prepare

THRESHOLDS = np.array([0, 1e-3, 1e-2, 0.1])
PUBLISHED = [  # ET and |η| of the bin, particles; scale and w68 at each threshold, then of the mustache
    (
        *((1.0, 100.0), (0.0, 1.4442), 26),
        *([0.962389, 0.962389, 0.962389, 0.951095, 0.951095], [0.031191, 0.031191, 0.029977, 0.039681, 0.035087]),
    ),
    (
        *((100.0, 500.0), (0.0, 1.4442), 74),
        *([0.994754, 0.994754, 0.991404, 0.989684, 0.990973], [0.006332, 0.006332, 0.008178, 0.013244, 0.011650]),
    ),
    (
        *((100.0, 500.0), (1.566, 3.0), 75),
        *([0.996914, 0.995784, 0.994056, 0.991643, 0.992025], [0.007075, 0.006469, 0.007382, 0.012507, 0.010163]),
    ),
]


@pytest.fixture(scope="module")
def particles(ecal_data, read):
    events = read(ecal_data / "ele4_50.root")
    found = associate(events, "sim_fraction", 1e-4, NUMPY)
    return matched_of(list_matches(events, prepare(events, 3, NUMPY), found, NUMPY), 0.01, "sim_good")


@pytest.mark.parametrize("row", PUBLISHED)
def test_the_published_bins(particles, row):
    et, eta, number, scale, width = row
    found = scan(particles, THRESHOLDS, np.array(et), np.array(eta))
    assert found.entries.tolist() == [[number]]
    assert [*found.scale[0, 0], found.mustache[0, 0, 0]] == pytest.approx(scale, abs=1e-6)
    assert [*found.w68[0, 0], found.mustache[0, 0, 3]] == pytest.approx(width, abs=1e-6)


def test_bins_take_their_upper_edge_and_not_the_lower():
    assert bins_of(np.array([1, 1.5, 2, 3, 3.1]), np.array([1.0, 2, 3])).tolist() == [-1, 0, 0, 1, -1]


def one(energy, score, true=10.0):
    number = np.array([0, len(energy)])
    single = np.array([5.0])
    return Matched(
        number, np.array(energy), np.array(score), np.array([true]), np.array([np.nan]), single, single / 10
    )


def test_the_seed_counts_always_the_others_above_the_threshold():
    particle = one([6.0, 3.0, 1.0], [0.002, 0.1, 0.01])
    assert [ratios(particle, particle.score > x)[0] for x in (0, 0.01, 0.1)] == pytest.approx([1.0, 0.9, 0.6])


def test_both_widths_of_a_normal_distribution_are_its_standard_deviation():
    values = np.random.default_rng(1).normal(1, 0.05, 20_000)
    for width in ("quantile", "shortest"):
        scale, low, high, w68 = measure(values, width)
        assert (scale, w68) == (pytest.approx(1, abs=1e-3), pytest.approx(0.05, rel=0.03))
        assert ((values >= low) & (values <= high)).mean() == pytest.approx(0.68, abs=0.01)


def test_the_shortest_interval_leaves_a_tail_out():
    values = np.concatenate([np.linspace(0.9, 1.0, 80), np.linspace(0, 0.9, 20)])
    assert measure(values, "shortest")[3] < measure(values)[3]


def test_nothing_has_no_width():
    assert np.isnan(measure(np.zeros(0))).all()


def scanned(n=400, seed=1):
    """Particles whose clusters below a score of 0.01 are noise: the best threshold is the one that cuts them."""
    rng = np.random.default_rng(seed)
    main = rng.normal(8, 0.3, n)
    own = np.stack([main, 10 - main + rng.normal(0, 0.02, n), rng.exponential(2, n)], 1)
    score = np.tile([0.8, 0.2, 0.005], n)
    et, eta = rng.uniform(0, 10, n), rng.uniform(0, 2, n)
    offsets = np.arange(0, 3 * n + 1, 3)
    return Matched(offsets, own.ravel(), score, np.full(n, 10.0), np.full(n, 8.0) + rng.normal(0, 1, n), et, eta)


def test_noise_is_cut_by_the_chosen_threshold_and_the_first_of_equal_ones_is_taken():
    edges = np.array([0.0, 5, 10]), np.array([0.0, 1, 2])
    found = scan(scanned(), np.array([1e-3, 0.01, 0.05, 0.5]), *edges)
    chosen = choose(found, np.array([1e-3, 0.01, 0.05, 0.5]), 20)
    assert (chosen.thresholds == 0.01).all()
    assert not chosen.borrowed.any()
    assert (chosen.gain > 50).all()


def test_clusters_that_pileup_spoils_are_left_out_below_a_limit_and_the_seed_stays():
    particles = scanned()
    share = np.tile([9.0, 0.5, 0.0], 400)  # the seed's own does not count
    spoilt = dataclasses.replace(particles, spoilt={"pileup": share})
    edges, limits = (np.array([0.0, 10]), np.array([0.0, 2])), np.array([0.1, 0.5, 0.6, np.inf])
    found = scan_limits(spoilt, "pileup", limits, lambda et, _: np.full(len(et), 0.2), *edges)
    own = particles.energy.reshape(-1, 3)
    alone, both = np.median(own[:, 0]) / 10, np.median(own[:, :2].sum(axis=1)) / 10
    assert found.scale[0, 0] == pytest.approx([alone, alone, both, both])
    assert found.tried.tolist() == limits.tolist()


def test_a_cluster_at_the_working_point_counts_as_in_windows():
    spoilt = dataclasses.replace(scanned(), spoilt={"noise": np.zeros(1200)})
    edges = np.array([0.0, 10]), np.array([0.0, 2])
    at, above = (
        scan_limits(spoilt, "noise", np.array([np.inf]), lambda et, _, x=x: np.full(len(et), x), *edges).scale
        for x in (0.2, 0.2000001)
    )
    assert at > above


def test_a_bin_that_is_too_empty_takes_the_choice_of_the_nearest_in_et():
    thresholds = np.array([1e-3, 0.01])
    found = scan(scanned(), thresholds, np.array([0.0, 5, 10, 20]), np.array([0.0, 1, 2, 3]))
    chosen = choose(found, thresholds, 20)
    assert chosen.borrowed.tolist() == [[False, False, True], [False, False, True], [True, True, True]]
    assert (chosen.thresholds == 0.01).all()
    assert np.isnan(chosen.gain[chosen.borrowed]).all()


def test_no_bin_with_enough_particles_is_an_error():
    found = scan(scanned(12), np.array([0.01]), np.array([0.0, 10]), np.array([0.0, 2]))
    with pytest.raises(
        ValueError, match="no bin has 20 particles, the fullest has 12: entries_min should be smaller"
    ):
        choose(found, np.array([0.01]), 20)
