"""The two definitions of the labels, on pairs written by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kit.ecal.labels import Pairs, deepsc_labels, fixed_labels
from tests.ecal import reference


def pairs(window, rank, window_calo, cluster_calo, score, threshold=0.1, is_seed=None, is_main=None, event=None):
    n = len(window)
    off = np.zeros(n, bool)
    return Pairs(
        window=np.array(window, np.int64),
        rank=np.array(rank, np.int64),
        event=np.zeros(n, np.int64) if event is None else np.array(event),
        window_calo=np.array(window_calo, np.int64),
        cluster_calo=np.array(cluster_calo, np.int64),
        is_seed=off if is_seed is None else np.array(is_seed),
        is_main=off if is_main is None else np.array(is_main),
        score=np.array(score, float),
        threshold=np.full(n, threshold),
    )


def test_the_working_point_belongs_to_the_supercluster_and_what_lies_below_does_not():
    made = fixed_labels(pairs([0] * 3, [0, 1, 2], [0] * 3, [0] * 3, [0.1, 0.0999, 0.5]))
    assert made.in_scluster.tolist() == [True, False, True]


def test_clusters_of_another_particle_never_are_true():
    made = fixed_labels(pairs([0, 0], [0, 1], [0, 0], [0, 1], [0.9, 0.9], is_main=[True, True]))
    assert made.in_scluster.tolist() == [True, False]
    assert made.is_calo_matched_diffcalo.tolist() == [False, True]
    assert made.other_calo_index.tolist() == [-1, 1]
    assert made.is_calo_seed.tolist() == [True, True]


def test_the_original_lets_them_take_the_label_of_the_pair_before():
    these = pairs([0, 0, 0], [0, 1, 2], [0, 0, 0], [0, 1, -1], [0.9, 0.9, -1])
    assert deepsc_labels(these).in_scluster.tolist() == [True, True, False]
    assert fixed_labels(these).in_scluster.tolist() == [True, False, False]


def test_the_seed_is_in_also_without_a_particle():
    made = fixed_labels(pairs([0, 0], [0, 1], [-1, -1], [-1, 0], [-1, 0.9], is_seed=[True, False]))
    assert made.in_scluster.tolist() == [True, False]
    assert not made.is_calo_matched.any()


def plain_deepsc(these):
    """Go through the pairs as the original does, by the plain reference's rule for one pair."""
    order = sorted(range(len(these.window)), key=lambda i: (these.event[i], these.rank[i], these.window[i]))
    found, kept, event = {}, {}, None
    for i in order:
        if these.event[i] != event:
            event, kept = these.event[i], {"p": False, "d": False, "o": -1}
        calo = [int(these.cluster_calo[i])]
        main = {calo[0]: 0 if these.is_main[i] else 1}
        found[i] = reference.label(
            0, int(these.window_calo[i]), calo, [these.score[i]], main, these.threshold[i], "deepsc", kept
        )
    return [found[i] for i in range(len(order))]


@given(st.integers(0, 10_000))
def test_any_sequence_of_pairs_gives_what_the_original_gives(number):
    rng = np.random.default_rng(number)
    n = int(rng.integers(1, 25))
    window = np.sort(rng.integers(0, 5, n))
    event = np.array([0, 0, 0, 1, 1])[window]
    these = pairs(
        window,
        rng.permutation(n) + n * event,
        np.array([-1, 0, 1, 0, 1])[window],
        rng.integers(-1, 3, n),
        rng.uniform(0, 0.3, n),
        is_main=rng.random(n) < 0.3,
        event=event,
    )
    made, expected = deepsc_labels(these), plain_deepsc(these)
    assert made.in_scluster.tolist() == [pair["pass"] for pair in expected]
    for name in ("is_calo_matched_diffcalo", "other_calo_index", "is_calo_seed", "is_calo_matched"):
        assert getattr(made, name).tolist() == [pair[name] for pair in expected], name


def test_no_pair_has_no_label():
    nothing = pairs([], [], [], [], [])
    assert len(deepsc_labels(nothing).in_scluster) == 0
    assert len(fixed_labels(nothing).in_scluster) == 0
