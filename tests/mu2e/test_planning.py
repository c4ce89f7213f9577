"""Planning: numbers with the right law, refusals in words, and art's jobs."""

from dataclasses import replace

import numpy as np
import pytest

from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.planning import Request, choose, drawn_counts, parts_for
from kit.mu2e.primaries import measure
from kit.mu2e.reservations import joined
from kit.run import RunError

REQUEST = Request(
    "e", "t", "poisson", 1, 1, 2, 1000, "entry", "sequential", 1430, 0,
    {"CRYCosmic": 100.0, "CeMLL": 20.0, "DIO": 60.0}, {"wall_s": 300.0, "on_spill_s": 100.0}, {},
)  # fmt: skip


@pytest.fixture
def pools(make_catalogue):
    path = make_catalogue(CeMLL=([90, 30], 3000), DIO=([80, 50], 3000), CRYCosmic=([100, 90], 8000.0))
    found = {name: measure(primary) for name, primary in read_catalogue(path).items()}
    return dict(sorted(found.items()))


def _choose(request, pools, free=None, **more):
    parts = parts_for(pools, request)[2]
    return choose(request, pools, free or {part.shelf.key: [(0, part.items)] for part in parts}, **more)


def test_poisson_numbers_have_a_spread_of_one_standard_deviation():
    """Over 200 ensembles of ten subruns, each process varies as a Poisson number does."""
    counts = np.array([drawn_counts(replace(REQUEST, seed=seed, subruns=10)) for seed in range(200)])
    means = np.array(list(REQUEST.means.values()))
    totals = counts.sum(axis=1)
    assert np.std(totals, axis=0) / np.sqrt(means) == pytest.approx(1, abs=0.15)
    assert np.mean(totals, axis=0) == pytest.approx(means, abs=4 * np.sqrt(means.max() / 200))
    assert np.std(counts.reshape(-1, 3), axis=0) / np.sqrt(means / 10) == pytest.approx(1, abs=0.1)


def test_numbers_belong_to_a_seed():
    assert drawn_counts(REQUEST) == drawn_counts(REQUEST) != drawn_counts(replace(REQUEST, seed=2))


def test_asimov_numbers_are_the_rounded_expected_ones_split_evenly():
    counts = drawn_counts(replace(REQUEST, mode="asimov", subruns=3, means={"a": 100.4, "b": 0.2, "c": 7.0}))
    assert counts == [[34, 0, 3], [33, 0, 2], [33, 0, 2]]


def test_files_are_consumed_one_after_the_other_without_a_gap(pools):
    plan, ranges = _choose(replace(REQUEST, mode="asimov"), pools)
    assert plan.totals == {"CRYCosmic": 100, "CeMLL": 20, "DIO": 60}
    assert [one.stop - one.start for one in ranges] == pytest.approx([100, 20, 60]) or len(ranges) >= 3
    assert plan.takes[0][2] == [(4, 0, 30)]
    assert plan.takes[1][2] == [(4, 30, 60)]


def test_a_shortage_is_told_in_full_before_anything_happens(pools):
    large = replace(REQUEST, mode="asimov", means={"CRYCosmic": 100.0, "CeMLL": 150.0, "DIO": 200.0})
    with pytest.raises(RunError) as fault:
        _choose(large, pools)
    lines = str(fault.value).splitlines()
    assert lines[0] == "ensemble e cannot be drawn:"
    assert lines[1] == "  CeMLL needs 150 events, 120 are available: 30 short"
    assert lines[2] == "  DIO needs 200 events, 130 are available: 70 short"
    assert lines[3].startswith("  DIO limits: at most 49.2")
    assert "with a risk of 0.001 to run dry" in lines[3]


def test_what_is_used_is_not_available(pools):
    parts = parts_for(pools, REQUEST)[2]
    free = {part.shelf.key: [(part.items - 5, part.items)] for part in parts}
    with pytest.raises(RunError, match="DIO needs 60 events, 10 are available: 50 short"):
        _choose(replace(REQUEST, mode="asimov"), pools, free)


def test_a_random_order_takes_from_all_files(pools):
    plan, _ = _choose(replace(REQUEST, mode="asimov", order="random"), pools)
    taken = {part: sum(stop - start for p, start, stop in plan.takes[0][2] if p == part) for part in (4, 5)}
    assert sum(taken.values()) == 30
    assert min(taken.values()) > 3


def test_one_file_cannot_serve_two_processes(pools):
    with pytest.raises(RunError, match="is a primary of CeMLL and of DIO"):
        parts_for(pools | {"DIO": pools["CeMLL"]}, REQUEST)


ART = replace(REQUEST, mode="art", means={"CRYCosmic": 100.0, "CeMLL": 20.0, "DIO": 40.0})


def test_art_jobs_end_with_the_cosmics_each_with_a_seed_of_its_own(pools):
    plan, _ = _choose(ART, pools)
    assert plan.seeds == [1, 2]
    assert plan.stopped_by == ["CRYCosmic", "CRYCosmic"]
    assert [counts[0] for counts in plan.counts] == [100, 90]
    assert plan.weights == [float(f"{x:e}") for x in (100 / 160, 20 / 160, 40 / 160)]
    assert [takes[0][0][0] for takes in plan.takes[0:2]] == [0, 1]
    legacy, _ = _choose(replace(ART, legacy_seed=True), pools)
    assert legacy.seeds == [1, 1]


def test_art_jobs_that_another_process_ends_are_refused_or_cut_short_as_before(pools):
    heavy = replace(ART, means={"CRYCosmic": 10.0, "CeMLL": 20.0, "DIO": 40.0})
    with pytest.raises(RunError, match=r"job 0 ends after \d+ events, when (DIO|CeMLL) runs dry"):
        _choose(heavy, pools)
    plan, _ = _choose(replace(heavy, legacy_exhaustion=True), pools)
    assert set(plan.stopped_by) <= {"DIO", "CeMLL"}


def test_art_numbers_spread_as_the_sampler_makes_them(pools):
    """With the cosmics running out, n is negative binomial: variance μ (1 + w / w_cosmic)."""
    found = []
    for seed in range(1, 201):
        plan, _ = _choose(replace(ART, sampling_seed=seed * 7919, subruns=1), pools)
        found.append(plan.counts[0])
    counts = np.array(found)
    assert set(counts[:, 0]) == {100}
    for i, ratio in ((1, 0.2), (2, 0.4)):
        mean = 100 * ratio
        assert counts[:, i].mean() == pytest.approx(mean, abs=4 * np.sqrt(mean * (1 + ratio) / 200))
        assert counts[:, i].std() / np.sqrt(mean * (1 + ratio)) == pytest.approx(1, abs=0.2)


def test_one_seed_for_all_jobs_would_spread_the_sum_by_the_root_of_their_number(make_catalogue):
    path = make_catalogue(DIO=([120] * 5, 3000), CRYCosmic=([60] * 5, 8000.0))
    found = {name: measure(primary) for name, primary in read_catalogue(path).items()}
    five = dict(sorted(found.items()))
    spread = {}
    for legacy in (False, True):
        art = replace(ART, means={"CRYCosmic": 60.0, "DIO": 60.0}, subruns=5, legacy_seed=legacy)
        sums = [_choose(replace(art, sampling_seed=1000 * seed), five)[0].totals["DIO"] for seed in range(1, 41)]
        spread[legacy] = np.std(sums)
    assert spread[True] / spread[False] == pytest.approx(np.sqrt(5), rel=0.5)


def test_art_needs_a_file_for_each_job_and_a_process_that_ends_it(pools):
    with pytest.raises(RunError, match="for each of 3 subruns, but CRYCosmic has 2, CeMLL has 2, DIO has 2"):
        _choose(replace(ART, subruns=3), pools)
    without = {name: pools[name] for name in ("CeMLL", "DIO")}
    few = replace(ART, means={"CeMLL": 2.0, "DIO": 4.0})
    with pytest.raises(RunError, match="needs livetime_process"):
        _choose(few, without)
    plan, _ = _choose(replace(few, livetime_process="DIO", means={"CeMLL": 0.1, "DIO": 9.0}), without)
    assert plan.stopped_by == ["DIO", "DIO"]


def test_weights_may_be_relative_to_another_total_as_the_originals_have_it(pools):
    plan, _ = _choose(replace(REQUEST, mode="asimov", total=200), pools)
    assert plan.weights == [0.5, 0.1, 0.3]


def test_blocks_are_reserved_whatever_is_drawn(pools):
    blocks = {"CRYCosmic": 150, "CeMLL": 60, "DIO": 110}
    reserved = []
    for seed in (1, 2):
        _, ranges = _choose(replace(REQUEST, seed=seed), pools, blocks=blocks)
        reserved.append(joined(ranges))
    assert reserved[0] == reserved[1]
    with pytest.raises(
        RunError, match="the block that a blinded ensemble reserves is 80 events larger than what is left"
    ):
        _choose(REQUEST, pools, blocks=blocks | {"CeMLL": 200})
