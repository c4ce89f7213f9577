"""How long a pool lasts, against plain sums of Poisson probabilities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.headroom import RISK, largest_mean, longest, p_exhaust


def _tail(available: int, mean: float) -> float:
    term = below = math.exp(-mean)
    for n in range(1, available + 1):
        term *= mean / n
        below += term
    return 1 - below


@given(st.integers(0, 60), st.floats(0.1, 60))
def test_the_chance_to_run_dry_is_the_poisson_tail(available, mean):
    assert p_exhaust(available, mean) == pytest.approx(_tail(available, mean), abs=1e-12)


@given(st.integers(0, 10**6))
def test_the_largest_mean_runs_dry_with_just_the_accepted_risk(available):
    mean = largest_mean(available)
    assert p_exhaust(available, mean) == pytest.approx(RISK, rel=1e-6)
    assert p_exhaust(available, 1.01 * mean) > RISK


def test_the_process_that_limits_is_named():
    factor, name = longest({"a": 1000, "b": 50, "c": 1e9}, {"a": 100.0, "b": 10.0, "c": 0.0})
    assert name == "b"
    assert factor == pytest.approx(largest_mean(50) / 10)
    assert longest({}, {}) == (math.inf, "")


def test_nothing_expected_runs_never_dry():
    assert p_exhaust(0, 0.0) == 0.0
