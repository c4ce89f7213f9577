"""What stands in bins: counts and sums of weights add, join and tell their errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.opendata.contents import Contents, contents_of, nothing_in
from kit.opendata.drawing import poisson_errors
from kit.opendata.spectra import Grid, Spectra

PAIR = ("2e_0m_0j_0g_0t_0b", "e0e1")
COUNTS = np.array([3, 0, 2, 1])
numbers = st.lists(st.integers(0, 99), min_size=1, max_size=30)


def spectra(*weights: np.ndarray) -> Spectra:
    rows = np.arange(4)
    return Spectra(Grid(10.0, 4), {PAIR[0]: 6}, [PAIR], 0 * rows, rows, COUNTS, *weights)


def test_without_weights_they_are_counts_with_poisson_errors():
    found = contents_of(spectra(), PAIR)
    assert found.values.tolist() == COUNTS.tolist()
    assert (found.errors == poisson_errors(COUNTS)).all()
    assert found.filled.tolist() == [True, False, True, True]
    assert (found.total, found.text, found.noun(), found.least) == (6.0, "6", "Events", 1.0)


def test_with_weights_they_are_their_sums_with_the_root_of_the_sum_of_squares():
    found = contents_of(spectra(np.array([0.3, 0, -0.1, 0.05]), np.array([0.04, 0, 0.01, 0.0025])), PAIR)
    assert found.errors[1].tolist() == pytest.approx([0.2, 0, 0.1, 0.05])
    assert found.filled.tolist() == [True, False, True, True]  # also where weights are negative
    assert (found.text, found.noun("Masses"), found.least) == ("0.25", "Masses, weighted (Σw)", 0.05)
    assert found.reach == pytest.approx(0.5)


def test_a_sum_that_nearly_cancels_does_not_stretch_the_scale():
    assert Contents(np.array([1.0, 1e-17]), np.array([1.0, 2.0])).least == 1e-5


@given(numbers, st.integers(1, 9))
def test_joined_bins_lose_nothing(values: list[int], factor: int):
    found = Contents(np.array(values), np.array(values) * 0.5)
    bins = -(-len(values) // factor)
    joined = found.joined(bins, factor)
    assert len(joined) == bins
    assert joined.total == found.total
    assert joined.variances.sum() == pytest.approx(found.variances.sum())


def test_a_sum_of_both_kinds_has_the_variances_of_both():
    both = Contents(np.array([4, 1])) + Contents(np.array([0.5, 0.0]), np.array([0.25, 0.0]))
    assert both.values.tolist() == [4.5, 1.0]
    assert both.variances.tolist() == [4.25, 1.0]


def test_nothing_is_of_the_kind_of_the_spectra():
    assert nothing_in(spectra()).squares is None
    assert nothing_in(spectra(np.ones(4), np.ones(4))).squares is not None
    assert not nothing_in(spectra()).filled.any()
