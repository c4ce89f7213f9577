"""Local excesses: none where a spectrum is straight, one where there is a bump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.opendata.excesses import FAR, largest_excesses, pulls, smooth


@given(st.integers(10, 1000), st.integers(-9, 9), st.integers(20, 60))
def test_a_straight_spectrum_is_its_own_neighbourhood(level: int, slope: int, bins: int):
    counts = np.maximum(level + slope * np.arange(bins), 0)
    inside = slice(FAR, bins - FAR)
    straight = (counts > 0).all()
    if straight:
        np.testing.assert_allclose(smooth(counts)[inside], counts[inside], rtol=1e-12)


def test_a_bump_is_found_where_it_is():
    counts = np.full(60, 400)
    counts[30] = 520
    ((excess, place),) = largest_excesses([counts])
    assert place == 30
    assert excess == pytest.approx(120 / 20, rel=0.06)


def test_what_is_expected_is_the_mean_of_both_sides():
    counts = np.arange(20)
    by_hand = 0.5 * (counts[4:9].mean() + counts[12:17].mean())
    assert smooth(counts)[10] == pytest.approx(by_hand)


@pytest.mark.parametrize("counts", [[], [3], [1] * 40, [0] * 20])
def test_few_entries_make_no_excess(counts: list[int]):
    assert largest_excesses([counts]) == [(0.0, -1)]


def test_bins_without_neighbours_are_not_judged():
    assert np.isnan(pulls(np.full(30, 100))[-1])
    assert np.isfinite(pulls(np.full(30, 100))[10])


@given(st.lists(st.lists(st.integers(0, 300), max_size=40), max_size=8))
def test_many_spectra_at_once_are_judged_as_one_by_one(spectra: list[list[int]]):
    together = largest_excesses(spectra)
    assert together == [found for counts in spectra for found in largest_excesses([counts])]
    for counts, (excess, place) in zip(spectra, together, strict=True):
        known = pulls(counts)
        if place < 0:
            assert not np.isfinite(known).any()
        else:
            assert (excess, place) == (np.nanmax(known), np.nanargmax(known))
