"""Peak cut and split: the values of the table in the specification, and what must always hold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.opendata.peaks import divide, divide_masses, divide_masses_per_file, fill, rebin

EXPONENTIAL = np.random.default_rng(1).exponential(60, 500) + 20
TABLE = [  # masses in GeV; linspace: peak, kept, main, outliers; aligned: the same
    (np.repeat([205.0, 210.0, 250.0], 40), (205.0, 120, 120, 0), (250, 40, 40, 0)),
    (EXPONENTIAL, (20.1531, 500, 491, 9), (20, 500, 483, 17)),
    (np.array([91.2]), (None, 1, 1, 0), (90, 1, 1, 0)),
    (np.array([50.0, 50.0]), (None, 2, 2, 0), (50, 2, 2, 0)),
    (np.array([10.0, 95.0, 101.0]), (91.9, 2, 2, 0), (100, 1, 1, 0)),
]
spectra = st.lists(st.integers(0, 4), max_size=60).map(np.array)
mass_lists = st.lists(st.floats(0.0, 9999.0), max_size=80).map(lambda m: np.array(m, dtype=np.float64))


def aligned(masses):
    """Count masses in bins of 10 GeV, as the masses stage does."""
    return np.bincount(np.floor(masses / 10).astype(int), minlength=1000)


@pytest.mark.parametrize(("masses", "expected", "_"), TABLE)
def test_dividing_masses_gives_the_numbers_of_the_original(masses, expected, _):
    found = divide_masses(masses, 10.0)
    assert found.peak == (None if expected[0] is None else pytest.approx(expected[0], abs=1e-4))
    assert (len(found.main) + len(found.outliers), len(found.main), len(found.outliers)) == expected[1:]


@pytest.mark.parametrize(("masses", "_", "expected"), TABLE)
def test_dividing_aligned_counts_gives_the_numbers_of_the_specification(masses, _, expected):
    counts = aligned(masses)
    found = divide(counts)
    main, outliers = counts[found.main].sum(), counts[found.outliers].sum()
    assert (10 * found.peak, main + outliers, main, outliers) == expected


def test_an_empty_spectrum_has_no_division():
    assert divide(np.zeros(1000, dtype=np.int64)) is None
    assert divide(np.zeros(0, dtype=np.int64)) is None
    assert divide_masses(np.empty(0), 10.0).peak is None


def test_of_equal_peaks_the_rightmost_counts():
    assert divide(np.array([0, 3, 1, 3, 2])).peak == 3


def test_a_gap_right_behind_the_peak_is_ignored_and_so_are_later_ones():
    assert divide(np.array([5, 0, 1, 0, 1])).split is None


def test_the_first_gap_that_counts_splits():
    found = divide(np.array([0, 1, 5, 2, 0, 1, 0, 0, 1, 0]))
    assert (found.first, found.peak, found.split, found.last) == (1, 2, 4, 8)


def test_without_peak_cut_all_filled_bins_are_kept():
    counts = np.array([0, 1, 2, 5, 2, 0, 1])
    found = divide(counts, peak_cut=False)
    assert (found.cut, found.main, found.outliers) == (slice(1, 1), slice(1, 5), slice(5, 7))


@given(spectra, st.booleans())
def test_every_entry_is_cut_or_main_or_outlier(counts, peak_cut):
    found = divide(counts, peak_cut=peak_cut)
    if found is None:
        assert counts.sum() == 0
        return
    parts = [counts[found.cut], counts[found.main], counts[found.outliers]]
    assert np.array_equal(np.concatenate(parts), counts[found.before])
    assert counts[found.before].sum() == counts.sum()


@given(spectra.filter(np.any))
def test_the_main_part_starts_with_the_highest_bin_and_ends_filled(counts):
    found = divide(counts)
    main = counts[found.main]
    assert main[0] == counts.max()
    assert main[-1] > 0
    if found.split is not None:
        assert counts[found.split] == 0
        assert np.all(main > 0)
        assert counts[found.outliers].sum() > 0


@given(mass_lists, st.booleans())
def test_every_mass_is_cut_or_main_or_outlier(masses, peak_cut):
    found = divide_masses(masses, 10.0, peak_cut=peak_cut)
    cut = masses[masses < found.peak] if found.peak is not None else np.empty(0)
    assert np.array_equal(np.sort(np.concatenate([cut, found.main, found.outliers])), np.sort(masses))


@given(st.lists(mass_lists, max_size=4))
def test_dividing_file_by_file_pools_what_each_file_gives(files):
    found = divide_masses_per_file(files, 10.0)
    alone = [divide_masses(masses, 10.0) for masses in files]
    assert found.main.tolist() == [m for part in alone for m in part.main]
    assert found.outliers.tolist() == [m for part in alone for m in part.outliers]


def test_one_file_is_divided_as_a_whole():
    whole, single = divide_masses(EXPONENTIAL, 10.0), divide_masses_per_file([EXPONENTIAL], 10.0)
    assert np.array_equal(whole.main, single.main)


@given(mass_lists.filter(len))
def test_filling_keeps_every_mass_and_puts_the_largest_into_the_overflow(masses):
    counts, overflow, low, high = fill(masses, 10.0)
    assert counts.sum() + overflow == len(masses)
    assert overflow == np.count_nonzero(masses == masses.max())
    assert (low, high) == (masses.min(), masses.max())
    assert (high - low) / len(counts) <= 10.0 * (1 + 1e-12)


def test_filling_agrees_with_numpy_away_from_the_edges():
    counts, overflow, low, high = fill(EXPONENTIAL, 10.0)
    expected = np.histogram(EXPONENTIAL, bins=np.linspace(low, high, len(counts) + 1))[0]
    expected[-1] -= overflow  # numpy closes the last bin, ROOT does not
    assert np.array_equal(counts, expected)


@given(spectra, st.integers(1, 7))
def test_joining_bins_keeps_every_entry(counts, factor):
    joined, rest = rebin(counts.astype(np.int64), factor)
    assert joined.sum() + rest == counts.sum()
    assert len(joined) == len(counts) // factor


def test_joined_bins_start_at_zero():
    joined, rest = rebin(np.array([1, 2, 3, 4, 5]), 2)
    assert (joined.tolist(), rest) == ([3, 7], 5)
