"""Adding spectra is exact, in any order and in any parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata import spectra as module
from kit.opendata.spectra import BELOW, Grid, Spectra, merge

calm = settings(deadline=None)  # machines that tests share are slow at times
GRID = Grid(10.0, 6)
PAIRS = [("1e_0m_1j", "e0j0"), ("2e_0m_1j", "e0e1"), ("2e_0m_1j", "e0j0"), ("2e_0m_1j", "e0e1j0")]

lines = st.lists(st.integers(0, 5), min_size=GRID.bins + 2, max_size=GRID.bins + 2).filter(any)
tables = st.dictionaries(st.sampled_from(PAIRS), lines)


def _spectra(table: dict[tuple[str, str], list[int]], events: int = 1) -> Spectra:
    """Return spectra with the counts below, in the bins and beyond, of each pair."""
    rows = [
        (i, slot + BELOW, number)
        for i, pair in enumerate(pair for pair in PAIRS if pair in table)
        for slot, number in enumerate(table[pair])
        if number
    ]
    columns = np.array(rows, np.int64).reshape(-1, 3).T
    states = dict.fromkeys(sorted({state for state, _ in table}), events)
    return Spectra(GRID, states, [pair for pair in PAIRS if pair in table], *columns)


@given(tables)
@calm
def test_what_is_below_inside_and_beyond_reads_back(table):
    found = _spectra(table)
    for pair, line in table.items():
        assert [found.below(pair), *found.counts(pair).tolist(), found.overflow(pair)] == line
    assert found.total == sum(map(sum, table.values()))
    assert found.total_overflow == sum(line[-1] for line in table.values())
    assert found.total_below == sum(line[0] for line in table.values())


@given(st.lists(tables, min_size=1, max_size=5), st.randoms(use_true_random=False))
@calm
def test_the_sum_is_that_of_all_counts_in_any_order(parts, random):
    total = merge(map(_spectra, parts))
    for pair in total.pairs:
        expected = np.sum([part[pair] for part in parts if pair in part], axis=0).tolist()
        assert [total.below(pair), *total.counts(pair).tolist(), total.overflow(pair)] == expected
    assert set(total.pairs) == set().union(*parts)
    random.shuffle(parts)
    assert merge(map(_spectra, parts)) == total


@given(st.lists(tables, min_size=2, max_size=5))
@calm
def test_sums_of_sums_are_the_sum(parts):
    made = [_spectra(part) for part in parts]
    assert merge([merge(made[:1]), merge(made[1:])]) == merge(made)


def test_long_lists_of_parts_are_added_on_the_way(monkeypatch: pytest.MonkeyPatch):
    part = _spectra({PAIRS[0]: [1] * 8, PAIRS[2]: [2] * 8})
    expected = merge([part] * 50)
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 40)
    assert merge([part] * 50) == expected
    assert expected.counts(PAIRS[2]).tolist() == [100] * GRID.bins
    assert expected.events == {"1e_0m_1j": 50, "2e_0m_1j": 50}


def test_pairs_come_by_final_state_and_then_in_the_order_of_combinations():
    parts = [_spectra({pair: [1] * 8}) for pair in reversed(PAIRS)]
    assert merge(parts).pairs == PAIRS


def test_final_states_without_pairs_are_counted():
    alone = Spectra(GRID, {"1e_0m_0j": 3})
    assert merge([alone, alone]).events == {"1e_0m_0j": 6}


def test_nothing_is_a_valid_sum_on_a_grid():
    assert merge([], GRID) == Spectra(GRID)


def test_spectra_on_different_grids_are_refused():
    with pytest.raises(ValueError, match="different grids cannot be added"):
        merge([Spectra(GRID), Spectra(Grid(5.0, 6))])


def test_a_sum_of_nothing_needs_a_grid():
    with pytest.raises(ValueError, match="nothing to add, and no grid"):
        merge([])
