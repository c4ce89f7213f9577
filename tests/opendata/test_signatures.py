"""One pair: its counts are divided without losing any, and named as asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.opendata.bumpnet import refusal
from kit.opendata.signatures import (
    Pair,
    Rules,
    from_counts,
    from_masses,
    joined_bins,
    kept_states,
    named_pairs,
)
from kit.opendata.spectra import Grid, Spectra
from kit.parameters import ParameterError

PAIR = Pair("2e_0m_1j_0g_0t_0b", "e0e1", "ROI_mass_e0e1_cat_2ex_0mx_1jx_0gx_0tx_0bx_width_10.0")
spectra = st.lists(st.integers(0, 9), min_size=1, max_size=60).map(lambda c: np.array(c, dtype=np.int64))


def entries(histogram):
    return 0 if histogram is None else histogram.entries


@given(spectra, st.integers(1, 4), st.integers(0, 5), st.integers(0, 5), st.booleans(), st.booleans())
def test_no_entry_is_lost(counts, factor, overflow, below, peak_cut, split):
    rules = Rules(10.0 * factor, peak_cut, split)
    found = from_counts(PAIR, counts, rules, factor=factor, overflow=overflow, below=below)
    assert found.entries == counts.sum() + overflow + below
    assert entries(found.before) == entries(found.main) + entries(found.outliers) + found.cut
    assert found.entries == entries(found.before) + found.overflow + found.below
    report = found.report()
    assert report["entries"] == sum(report[part] for part in ("cut", "main", "outliers", "overflow", "below"))
    assert peak_cut or report["cut"] == 0
    assert split or report["outliers"] == 0


@given(spectra, st.integers(1, 4))
def test_every_histogram_starts_and_ends_filled_on_the_grid(counts, factor):
    found = from_counts(PAIR, counts, Rules(10.0 * factor), factor=factor, overflow=0, below=0)
    for histogram in (found.before, found.main, found.outliers):
        if histogram is not None:
            assert histogram.counts[0] > 0
            assert histogram.counts[-1] > 0
            assert histogram.overflow == 0
            assert histogram.low % (10.0 * factor) == histogram.high % (10.0 * factor) == 0
    if found.main is not None:
        assert (found.peak, found.peak_bin) == (found.main.low, found.main.low / (10 * factor))


masses_by_file = st.lists(st.lists(st.floats(0, 5000), max_size=30).map(np.array), min_size=1, max_size=3)


@given(masses_by_file, st.booleans())
def test_no_mass_is_lost_on_the_grids_of_the_original(files, per_file):
    found = from_masses(PAIR, files, Rules(10.0), per_file=per_file)
    assert found.entries == sum(map(len, files)) == entries(found.before)
    assert entries(found.before) == entries(found.main) + entries(found.outliers) + found.cut
    assert found.cut >= 0


def test_moments_on_the_grids_of_the_original_are_those_of_the_masses_in_the_bins():
    found = from_masses(PAIR, [np.array([20.0, 23.0, 31.0])], Rules(10.0, peak_cut=False), per_file=False)
    assert found.main.moments() == (2.0, 43.0, 20.0**2 + 23.0**2)
    assert (found.main.counts.tolist(), found.main.overflow) == ([2, 0], 1)


def test_the_report_tells_where_a_spectrum_is_divided():
    counts = np.array([0, 2, 9, 5, 1, 0, 3, 0])
    report = from_counts(PAIR, counts, Rules(10.0), factor=1, overflow=4, below=1).report()
    assert report == {
        "final_state": PAIR.final_state,
        "combination": "e0e1",
        "name": PAIR.name,
        "entries": 25,
        "overflow": 4,
        "below": 1,
        "peak": 20.0,
        "split": 50.0,
        "peak_bin": 2,
        "split_bin": 5,
        "cut": 2,
        "main": 15,
        "outliers": 3,
        "bins": 3,
        "bumpnet": {"25": "few bins", "30": "few bins"},
    }


@pytest.mark.parametrize(("bins", "verdicts"), [(24, ("few bins", "few bins")), (27, ("accepted", "few bins")),
                                                (31, ("accepted", "accepted"))])  # fmt: skip
def test_the_verdict_is_that_of_the_reader_on_the_main_part(bins, verdicts):
    counts = np.concatenate([[0, 3, 3], np.arange(99, 99 - bins, -1), [0, 0, 7]])
    found = from_counts(PAIR, counts, Rules(10.0), factor=1, overflow=0, below=0)
    assert len(found.main.counts) == bins
    assert (found.verdict(25), found.verdict(30)) == verdicts
    assert refusal(PAIR.name, found.main.counts, 25) == verdicts[0].replace("accepted", "")


def test_a_pair_whose_masses_all_lie_beyond_the_grid_has_no_histogram():
    found = from_counts(PAIR, np.zeros(9, np.int64), Rules(10.0), factor=1, overflow=5, below=0)
    assert (found.main, found.entries, found.verdict(25)) == (None, 5, "empty")


def test_entries_of_an_incomplete_last_bin_count_as_overflow():
    found = from_counts(PAIR, np.array([1, 0, 0, 0, 6]), Rules(20.0), factor=2, overflow=1, below=0)
    assert (found.before.counts.tolist(), found.overflow) == ([1], 7)


def test_final_states_are_kept_by_falling_number_then_by_name():
    assert kept_states({"b": 100, "a": 100, "c": 99, "d": 500}, 100) == ["d", "a", "b"]


def made(events, pairs):
    rows = np.arange(len(pairs))
    return Spectra(Grid(10.0, 9), events, pairs, rows, np.ones_like(rows), np.ones_like(rows))


STATE = "2e_0m_0j_1g_0t_0b"


def test_pairs_are_named_and_ordered_by_final_state_then_combination():
    spectra = made(
        {STATE: 7, "2e_0m_1j_0g_0t_0b": 9}, [(STATE, "e0e1"), (STATE, "e0g0"), ("2e_0m_1j_0g_0t_0b", "e0j0")]
    )
    assert [(p.final_state, p.combination) for p in named_pairs(spectra, 1, 10.0)] == [
        ("2e_0m_1j_0g_0t_0b", "e0j0"),
        (STATE, "e0e1"),
        (STATE, "e0g0"),
    ]
    assert [p.final_state for p in named_pairs(spectra, 8, 10.0)] == ["2e_0m_1j_0g_0t_0b"]


def test_names_can_show_counts_and_present_types_alone():
    (pair,) = named_pairs(made({STATE: 7}, [(STATE, "e0e1g0")]), 1, 10.0, by_count=True, types={"e", "j", "g"})
    assert pair.name == "ROI_mass_e2g1_cat_2ex_0jx_1gx_width_10.0"


def test_names_that_lose_ranks_are_refused():
    spectra = made({STATE: 7}, [(STATE, "e0g0"), (STATE, "e1g0")])
    with pytest.raises(ParameterError, match=r"e0g0 and e1g0 would both be ROI_mass_e1g1_cat.* should be index"):
        named_pairs(spectra, 1, 10.0, by_count=True)


@pytest.mark.parametrize(("width", "filled", "factor"), [(10.0, 10.0, 1), (30.0, 10.0, 3), (0.3, 0.1, 3)])
def test_a_multiple_of_the_filled_width_joins_bins(width, filled, factor):
    assert joined_bins(width, Grid(filled, 100)) == factor


@pytest.mark.parametrize("width", [5.0, 15.0, 1010.0])
def test_another_width_is_refused(width):
    with pytest.raises(
        ParameterError, match=f"bin_width is {width} GeV, not a multiple of the filled width, 10.0 GeV"
    ):
        joined_bins(width, Grid(10.0, 100))
