"""All windows together: against the public original to the last bit, and the plain reference everywhere."""

import dataclasses
import functools
import json

import numpy as np
import pytest

from kit.ecal.building import Rules, build
from kit.ecal.engine import NUMPY, compiled_engine
from kit.ecal.tally import Tally
from tests.ecal import reference

COMPARED = 16  # events of each kind
HITS = ("ieta", "iphi", "iz", "energy", "share", "fraction")


@pytest.fixture(scope="module")
def public(ecal_data):
    return np.load(ecal_data / "ele4_50_overlapping_all.npz")


@pytest.mark.parametrize("labels", ["fixed", "deepsc"])
def test_every_number_of_the_overlapping_windows_is_the_originals(public, ecal_data, table, read, loops, labels):
    rules = Rules(table, overlapping=True, unmatched="all", labels=labels)
    made = build(read(ecal_data / "ele4_50.root"), rules, loops)
    assert np.array_equal(np.diff(made.offsets), public["nc"])
    for key in public:
        if key[:2] in ("W.", "C."):
            mine = (made.window if key[0] == "W" else made.cluster)[key[2:]]
            assert np.array_equal(mine, public[key], equal_nan=mine.dtype.kind == "f"), key
    assert np.array_equal(np.diff(made.hits.offsets), public["nh"])
    assert np.array_equal(np.diff(made.seed_hits.offsets), public["n_seed_hits"])
    assert np.array_equal(np.stack([made.hits[part] for part in HITS], 1), public["hits"])


def numbers_of(windows):
    kept = (
        *("windows", "windows_matched", "calo_seeds", "mustache_matched", "clusters_in_windows"),
        *("in_scluster", "in_geom_mustache", "hits"),
    )
    tally = dataclasses.asdict(Tally.of(windows, 50, 0, 0))
    return [tally[name] for name in kept]


def test_the_numbers_of_the_specification(ecal_data, table, read):
    events = read(ecal_data / "ele4_50.root")
    apart = build(events, Rules(table), NUMPY)
    assert numbers_of(apart) == [201, 201, 199, 201, 675, 346, 272, 6814]
    assert int(np.isnan(apart.cluster["cluster_den_seed_log"]).sum()) == 1
    sums = {"et_seed": 46601.6167567947, "en_true_sim": 159580.8415713310, "wtot_simen_sig": 157745.1158186842}
    for name, total in sums.items():
        assert apart.window[name].sum() == pytest.approx(total, abs=1e-9 * total)
    over = build(events, Rules(table, overlapping=True, unmatched="all"), NUMPY)
    assert numbers_of(over) == [1263, 257, 199, 1218, 3961, 1490, 1541, 18282]
    assert int(np.isnan(over.cluster["cluster_den_seed_log"]).sum()) == 240


@pytest.mark.parametrize(("overlapping", "numbers"), [(False, (1029, 602, 199)), (True, (1263, 714, 253))])
def test_how_many_windows_are_kept(ecal_data, table, read, overlapping, numbers):
    events = read(ecal_data / "ele4_50.root")

    def number(**values):
        return len(build(events, Rules(table, overlapping=overlapping, **values), NUMPY))

    assert (number(unmatched="all"), number(unmatched=4), number(gen_position=True)) == numbers


@functools.cache
def first_events(path):
    """Return the events that the plain reference makes windows of."""
    return list(reference.events_in(path, most=COMPARED))


def same(mine, theirs):
    return mine == theirs or (mine != mine and theirs != theirs)


def assert_equal(windows, expected):
    """Hold every field of every window, cluster and hit against the plain reference."""
    assert len(windows) == len(expected)
    listed = {name: values.tolist() for name, values in windows.window.items()}
    clusters = {name: values.tolist() for name, values in windows.cluster.items()}
    hits = list(zip(*(windows.hits[part].tolist() for part in HITS), strict=True))
    for w, wanted in enumerate(expected):
        for key in set(wanted) - {"clusters", "seed_hits"}:
            assert same(listed[key][w], wanted[key]), (w, key)
        first, last = windows.offsets[w : w + 2].tolist()
        assert last - first == len(wanted["clusters"])
        for i, cluster in enumerate(wanted["clusters"], first):
            for key in set(cluster) - {"cl_hits"}:
                assert same(clusters[key][i], cluster[key]), (w, i, key)
            begin, end = windows.hits.offsets[i : i + 2].tolist()
            assert [list(hit) for hit in hits[begin:end]] == cluster["cl_hits"]


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("labels", ["fixed", "deepsc"])
@pytest.mark.parametrize("sample", ["electrons", "photons", "pairs", "soft", "edge"])
def test_generated_events_of_every_kind_agree_with_the_plain_reference(
    demo_file, ecal_data, table, table_path, numbers, read, sample, labels, overlapping
):
    path = ecal_data / "edge.root" if sample == "edge" else demo_file(sample)
    correction = json.loads(table_path.read_text())
    expected = [
        window
        for event in first_events(path)
        for window in reference.windows_of(event, correction, numbers, labels, overlapping, keep="all")
    ]
    rules = Rules(table, labels=labels, overlapping=overlapping, unmatched="all")
    assert_equal(build(read(path, 0, COMPARED), rules, compiled_engine()), expected)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_shape_of_windows_agrees_with_the_plain_reference(
    demo_file, table, table_path, numbers, read, version
):
    correction = json.loads(table_path.read_text())
    expected = [
        window
        for event in first_events(demo_file("electrons"))
        for window in reference.windows_of(event, correction, numbers, version=version, gen_position=True)
    ]
    rules = Rules(table, window_version=version, gen_position=True)
    assert_equal(build(read(demo_file("electrons"), 0, COMPARED), rules, NUMPY), expected)


@pytest.mark.parametrize("sample", ["pairs", "soft"])
def test_compiled_loops_and_numpy_give_the_same_bits(demo_file, table, read, sample):
    rules = Rules(table, overlapping=True, unmatched=4, both_labels=True)
    one, other = (build(read(demo_file(sample)), rules, loops) for loops in (NUMPY, compiled_engine()))
    for field in ("window", "cluster"):
        for name, values in getattr(one, field).items():
            equal = np.array_equal(values, getattr(other, field)[name], equal_nan=values.dtype.kind == "f")
            assert equal, name


def windows_of(events, table, **values):
    return build(events, Rules(table, unmatched="all", **values), NUMPY)


def test_every_window_contains_its_seed_once(demo_file, table, read):
    made = windows_of(read(demo_file("pairs")), table, overlapping=True)
    window = np.repeat(np.arange(len(made)), np.diff(made.offsets))
    assert (np.bincount(window, made.cluster["is_seed"]) == 1).all()


def test_overlapping_windows_include_the_seeds_of_the_others(demo_file, table, read):
    events = read(demo_file("electrons"))
    apart, over = (windows_of(events, table, overlapping=which).window["window_index"] for which in (False, True))
    assert set(apart) < set(over)


def test_a_higher_working_point_never_adds_a_true_label(demo_file, table, read):
    events = read(demo_file("pairs"))
    low = windows_of(events, table).cluster["in_scluster"]
    higher = dataclasses.replace(table, thresholds=10 * table.thresholds)
    high = windows_of(events, higher).cluster["in_scluster"]
    assert (low | ~high).all()
    assert high.sum() < low.sum()


def test_true_labels_are_of_the_windows_particle_and_reach_the_working_point(demo_file, table, read):
    made = windows_of(read(demo_file("pairs")), table)
    cluster = made.cluster
    limit = np.repeat(made.window["simfraction_wp"], np.diff(made.offsets))
    true = cluster["in_scluster"] & ~cluster["is_seed"]
    assert true.any()
    assert cluster["is_calo_matched"][true].all()
    assert (cluster["calo_score"] >= limit)[true].all()


def test_a_window_holds_no_more_than_its_particle_has(demo_file, table, read):
    made = windows_of(read(demo_file("pairs")), table, overlapping=True)
    matched = made.window["is_seed_calo_matched"]
    energy, held = made.window["en_true_sim"][matched], made.window["wtot_simen_sig"][matched]
    assert (held <= energy * (1 + 1e-6)).all()


def test_labels_of_near_particles_are_what_the_original_gets_wrong(demo_file, table, read):
    made = windows_of(read(demo_file("pairs")), table, both_labels=True)
    different = made.cluster["in_scluster"] != made.cluster["in_scluster_deepsc"]
    assert different.any()
    assert made.cluster["is_calo_matched_diffcalo"][different].all()


def turned(events, **changes):
    columns = {
        name: changes.get(name, lambda values: values)(values) for name, values in events.clusters.columns.items()
    }
    return dataclasses.replace(events, clusters=dataclasses.replace(events.clusters, columns=columns))


def test_a_common_rotation_changes_nothing_but_phi(demo_file, table, read):
    events = read(demo_file("electrons"))
    angle = 2 * np.pi * 3 / 8

    def rotate(phi):
        return ((phi.astype(np.float64) + angle + np.pi) % (2 * np.pi) - np.pi).astype(np.float64)

    before, after = windows_of(events, table), windows_of(turned(events, phi=rotate), table)
    assert before.window["window_index"].tolist() == after.window["window_index"].tolist()
    assert before.cluster["cl_index"].tolist() == after.cluster["cl_index"].tolist()
    assert np.allclose(before.cluster["cluster_dphi"], after.cluster["cluster_dphi"], atol=1e-9)
    assert np.array_equal(before.cluster["in_scluster"], after.cluster["in_scluster"])


def test_a_mirror_changes_only_signs(demo_file, table, read):
    events = read(demo_file("electrons"))
    before = windows_of(events, table)
    after = windows_of(turned(events, eta=np.negative, iz=np.negative), table)
    assert before.window["window_index"].tolist() == after.window["window_index"].tolist()
    for name in ("cluster_deta", "et_cluster", "in_scluster", "in_geom_mustache"):
        assert np.array_equal(before.cluster[name], after.cluster[name]), name


def test_the_particles_of_a_window_are_those_of_its_clusters_and_those_inside(demo_file, table, read):
    made = windows_of(read(demo_file("pairs")), table)
    for w in range(len(made)):
        calos = set(made.calos["index"][made.calos.offsets[w] : made.calos.offsets[w + 1]].tolist())
        own = made.cluster["cl_calo_index"][made.offsets[w] : made.offsets[w + 1]]
        assert set(own[own >= 0].tolist()) <= calos
    assert (made.calos.counts[made.window["is_seed_calo_matched"]] > 0).all()


def test_pileup_takes_the_label_away(demo_file, table, read):
    events = read(demo_file("pairs"), pileup=True)
    clean = build(events, Rules(table, pileup=True), NUMPY)
    assert (clean.cluster["cluster_PUfrac"][clean.cluster["is_calo_matched"]] >= 0).all()
    assert (clean.cluster["cluster_PUfrac"][~clean.cluster["is_calo_matched"]] == -1).all()
    limit = 0.05
    strict = build(events, Rules(table, pileup=True, pileup_limit=limit), NUMPY)
    dirty = strict.cluster["is_calo_matched"] & (strict.cluster["cluster_PUfrac"] >= limit)
    assert dirty.any()
    assert np.array_equal(strict.cluster["in_scluster"][dirty], strict.cluster["is_seed"][dirty])
    assert not strict.cluster["is_calo_seed"][dirty].any()
    assert np.array_equal(strict.cluster["in_scluster"][~dirty], clean.cluster["in_scluster"][~dirty])


def test_an_event_without_anything_gives_no_window(ecal_data, table, read):
    made = build(read(ecal_data / "edge.root", 0, 1), Rules(table, unmatched="all"), NUMPY)
    assert (len(made), made.offsets.tolist()) == (0, [0])
