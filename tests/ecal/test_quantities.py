"""Fields of windows and clusters that hang together."""

import numpy as np
import pytest

from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY
from kit.ecal.quantities import pileup_fraction


@pytest.fixture(scope="module")
def made(demo_file, table, read):
    return build(read(demo_file("pairs"), pileup=True), Rules(table, unmatched="all", pileup=True), NUMPY)


def seeds(made, name):
    return made.cluster[name][made.cluster["is_seed"]]


def test_the_seed_among_the_clusters_is_the_seed_of_the_window(made):
    for cluster, window in (("en_cluster", "en_seed"), ("cluster_eta", "seed_eta"), ("cl_f5_r9", "seed_f5_r9")):
        assert np.array_equal(seeds(made, cluster), made.window[window])
    for name in ("cluster_deta", "cluster_dphi", "cluster_den_seed", "cluster_det_seed_log"):
        assert not seeds(made, name).any()


def test_spans_enclose_the_mean(made):
    for kind in ("en", "et", "deta", "dphi", "den", "det"):
        low, mean, high = (made.window[f"{span}_{kind}_cluster"] for span in ("min", "mean", "max"))
        assert (low <= mean + 1e-9).all()
        assert (mean <= high + 1e-9).all()


def test_a_logarithm_is_none_exactly_where_the_cluster_is_more_than_1_gev_above_the_seed(made):
    gone = np.isnan(made.cluster["cluster_den_seed_log"])
    assert np.array_equal(gone, made.cluster["cluster_den_seed"] < -1)


def test_truth_and_mustache_are_zero_where_there_is_none(made):
    unmatched = ~made.window["is_seed_calo_matched"]
    assert unmatched.any()
    for name in ("en_true_sim", "et_true_gen", "sim_true_eta", "seed_simen_sig", "nclusters_insc"):
        assert not made.window[name][unmatched].any(), name
    assert (made.window["max_en_cluster_insc"][unmatched] == -1).all()
    without = ~made.window["is_seed_mustache_matched"]
    assert not made.window["et_mustache_raw"][without].any()
    assert (made.window["mustache_seed_index"][without] == -1).all()


def test_the_seed_of_a_supercluster_is_a_member_of_it(made):
    matched = made.window["is_seed_mustache_matched"]
    assert matched.any()
    assert np.array_equal(seeds(made, "in_mustache"), matched)


def test_pileup_is_filled(made):
    assert (made.window["event_tot_simen_PU"] > 0).all()
    assert (made.cluster["calo_simen_PU"] > 0).any()
    assert (made.window["seed_PUfrac"][~made.window["is_seed_calo_matched"]] == -1).all()


def test_the_fraction_of_pileup_is_a_ratio_and_minus_one_without_a_particle(demo_file, read):
    events = read(demo_file("pairs"), pileup=True)
    fraction = pileup_fraction(events, np.array([0, 0]), np.array([0, -1]))
    signal = events.scores["simEnergy_sharedXtals"][0]
    pileup = events.clusters["simEnergy_sharedXtalsPU"][0]
    expected = pileup / signal if signal else (np.inf if pileup else np.nan)
    assert np.array_equal(fraction, [expected, -1], equal_nan=True)
