"""Fields of clusters in windows."""

import numpy as np

from kit.ecal.quantities import pileup_fraction


def seeds(made, name):
    return made.cluster[name][made.cluster["is_seed"]]


def test_the_seed_among_the_clusters_is_the_seed_of_the_window(made):
    for cluster, window in (("en_cluster", "en_seed"), ("cluster_eta", "seed_eta"), ("cl_f5_r9", "seed_f5_r9")):
        assert np.array_equal(seeds(made, cluster), made.window[window])
    for name in ("cluster_deta", "cluster_dphi", "cluster_den_seed", "cluster_det_seed_log"):
        assert not seeds(made, name).any()


def test_a_logarithm_is_none_exactly_where_the_cluster_is_more_than_1_gev_above_the_seed(made):
    gone = np.isnan(made.cluster["cluster_den_seed_log"])
    assert np.array_equal(gone, made.cluster["cluster_den_seed"] < -1)


def test_the_seed_of_a_supercluster_is_a_member_of_it(made):
    matched = made.window["is_seed_mustache_matched"]
    assert matched.any()
    assert np.array_equal(seeds(made, "in_mustache"), matched)


def test_the_fraction_of_pileup_is_a_ratio_and_minus_one_without_a_particle(demo_file, read):
    events = read(demo_file("pairs"), pileup=True)
    fraction = pileup_fraction(events, np.array([0, 0]), np.array([0, -1]))
    signal = events.scores["simEnergy_sharedXtals"][0]
    pileup = events.clusters["simEnergy_sharedXtalsPU"][0]
    expected = pileup / signal if signal else (np.inf if pileup else np.nan)
    assert np.array_equal(fraction, [expected, -1], equal_nan=True)
