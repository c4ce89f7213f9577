"""The loops in NumPy against their definitions, on numbers made at random."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ecal import twins
from kit.ecal.events import starts


def test_cosh_and_log_are_those_of_the_c_library():
    values = np.linspace(-3, 3, 1001)
    assert twins.cosh(values).tolist() == [math.cosh(x) for x in values.tolist()]
    assert twins.log1(values + 3).tolist() == [math.log(1 + x) for x in (values + 3).tolist()]


@given(st.integers(0, 5000))
def test_association_takes_the_first_of_the_largest_scores(number):
    rng = np.random.default_rng(number)
    clusters, calos = starts(rng.integers(0, 5, 4)), starts(rng.integers(0, 4, 4))
    width = np.repeat(np.diff(calos), np.diff(clusters))
    rows = starts(width)
    scores = rng.choice([-1.0, 0.0, 1e-4, 0.01, 0.5], int(rows[-1]))
    calo, best, main = twins.associate(clusters, calos, rows, scores, 1e-4)
    for i in range(len(rows) - 1):
        row = scores[rows[i] : rows[i + 1]].tolist()
        top = max(row, default=-1)
        assert (calo[i], best[i]) == ((row.index(top), top) if top > 1e-4 else (-1, -1))
    event = np.repeat(np.arange(4), np.diff(clusters))
    for e in range(4):
        for j in range(calos[e + 1] - calos[e]):
            own = [i for i in range(len(calo)) if event[i] == e and calo[i] == j]
            assert main[calos[e] + j] == (min(own, key=lambda i: (-best[i], i)) if own else -1)


def test_equal_et_keeps_the_order():
    order = twins.order(np.array([0, 3, 5]), np.array([1.0, 2.0, 1.0, 4.0, 4.0]))
    assert order.tolist() == [1, 0, 2, 3, 4]


@pytest.mark.parametrize("number", [1, 2, 7, 8, 9, 16, 33, 128, 129, 300])
def test_means_add_as_numpy_adds(number):
    values = np.random.default_rng(number).exponential(size=number)
    largest, smallest, mean = twins.spans(np.array([0, number]), values)
    assert (largest[0], smallest[0], mean[0]) == (values.max(), values.min(), np.mean(values))


def test_no_window_has_no_span():
    assert [len(x) for x in twins.spans(np.zeros(1, np.int64), np.zeros(0))] == [0, 0, 0]


def open_three(overlapping):
    """Three seeds: the second in the window of the first, the third in that of the second only."""
    eta, phi, iz = np.array([0.5, 0.5, 0.5]), np.array([0.0, 0.5, 1.0]), np.zeros(3, np.int64)
    limits = (np.full(3, 0.1), np.full(3, -0.1), np.full(3, 0.6))
    return twins.open_windows(
        np.array([0, 3]), np.arange(3), np.ones(3, bool), (eta, phi, iz), limits, overlapping
    )


def test_only_windows_that_were_opened_block():
    seeds, blocked = open_three(False)
    assert (seeds.tolist(), blocked.tolist()) == ([0, 2], [1])
    seeds, blocked = open_three(True)
    assert (seeds.tolist(), blocked.tolist()) == ([0, 1, 2], [2])
