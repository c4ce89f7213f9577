"""Fields of windows."""


def test_spans_enclose_the_mean(made):
    for kind in ("en", "et", "deta", "dphi", "den", "det"):
        low, mean, high = (made.window[f"{span}_{kind}_cluster"] for span in ("min", "mean", "max"))
        assert (low <= mean + 1e-9).all()
        assert (mean <= high + 1e-9).all()


def test_truth_and_mustache_are_zero_where_there_is_none(made):
    unmatched = ~made.window["is_seed_calo_matched"]
    assert unmatched.any()
    for name in ("en_true_sim", "et_true_gen", "sim_true_eta", "seed_simen_sig", "nclusters_insc"):
        assert not made.window[name][unmatched].any(), name
    assert (made.window["max_en_cluster_insc"][unmatched] == -1).all()
    without = ~made.window["is_seed_mustache_matched"]
    assert not made.window["et_mustache_raw"][without].any()
    assert (made.window["mustache_seed_index"][without] == -1).all()


def test_pileup_is_filled(made):
    assert (made.window["event_tot_simen_PU"] > 0).all()
    assert (made.cluster["calo_simen_PU"] > 0).any()
    assert (made.window["seed_PUfrac"][~made.window["is_seed_calo_matched"]] == -1).all()
