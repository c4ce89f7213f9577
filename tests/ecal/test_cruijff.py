"""The Cruijff function and its fit: limits, closure, errors."""

import numpy as np
import pytest

from kit.ecal.cruijff import BOUNDS, _loss, cruijff, fit

SHAPE = {"peak": 0.98, "left": 0.03, "right": 0.015, "tail_left": 0.15, "tail_right": 0.05}


def drawn(number, seed=1, **shape):
    """Values drawn from the function by its integral."""
    x = np.linspace(0.7, 1.2, 20_001)
    summed = np.cumsum(cruijff(x, **(SHAPE | shape)))
    return np.interp(np.random.default_rng(seed).uniform(0, summed[-1], number), summed, x)


def test_without_tails_it_is_a_gaussian_on_each_side():
    x = np.linspace(-3, 3, 61)
    sigma = np.where(x < 0, 0.5, 2.0)
    assert cruijff(x, 0.0, 0.5, 2.0, 0.0, 0.0) == pytest.approx(np.exp(-(x**2) / (2 * sigma**2)))


def test_far_away_it_falls_no_more():
    assert cruijff(np.array([-1e9, 0.0, 1e9]), 0.0, 1.0, 1.0, 0.2, 0.5) == pytest.approx(
        [np.exp(-5), 1, np.exp(-2)]
    )


def test_what_was_drawn_is_found_again():
    found = fit(drawn(50_000))
    for name, value in SHAPE.items():
        assert getattr(found, name) == pytest.approx(value, abs=0.02 if "tail" in name else 0.0006), name
    assert found.sigma == pytest.approx(0.0225, abs=3 * found.sigma_error)
    assert found.at(np.array([found.peak])) == pytest.approx([1])


def test_a_sum_of_normal_errors_has_their_width_and_no_tails():
    found = fit(np.random.default_rng(1).normal(1, 0.05, 20_000))
    assert (found.left, found.right) == (pytest.approx(0.05, rel=0.03), pytest.approx(0.05, rel=0.03))
    assert max(found.tail_left, found.tail_right) < 0.02


def test_the_errors_are_those_of_many_samples():
    found = [fit(drawn(1000, seed)) for seed in range(60)]
    pulls = np.array([((f.peak - 0.98) / f.peak_error, (f.sigma - 0.0225) / f.sigma_error) for f in found])
    assert np.abs(np.nanmean(pulls, axis=0)) == pytest.approx([0, 0], abs=0.45)
    assert np.nanstd(pulls, axis=0) == pytest.approx([1, 1], abs=0.35)


def test_a_tail_beyond_the_tails_does_not_widen_the_peak():
    core = np.random.default_rng(1).normal(1, 0.02, 5000)
    lost = np.random.default_rng(2).uniform(0.2, 0.8, 500)
    found = fit(np.concatenate([core, lost]))
    assert found.sigma == pytest.approx(0.02, rel=0.08)
    assert found.outside == pytest.approx(500, abs=30)


def test_the_unit_of_the_values_is_that_of_the_fit():
    values = drawn(2000)
    one, scaled = fit(values), fit(1000 * values)
    assert scaled.peak == pytest.approx(1000 * one.peak, rel=1e-4)
    assert scaled.sigma_error == pytest.approx(1000 * one.sigma_error, rel=1e-2)


def test_the_slopes_are_those_of_the_likelihood():
    rng, x = np.random.default_rng(3), np.linspace(-6, 6, 101)
    counts = rng.poisson(20 * cruijff(x, 0.1, 0.9, 1.2, 0.1, 0.2))
    at = np.array([0.2, 0.1, -0.1, 0.12, 0.08])
    for place, step in enumerate(1e-6 * np.eye(5)):
        slope = (_loss(at + step, x, counts)[0] - _loss(at - step, x, counts)[0]) / 2e-6
        assert _loss(at, x, counts)[1][place] == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("values", [np.zeros(0), np.linspace(0.9, 1, 9), np.ones(50)])
def test_too_few_values_or_equal_ones_have_no_peak(values):
    assert fit(values) is None


def test_a_number_at_its_bound_leaves_the_errors_of_the_others():
    found = fit(np.random.default_rng(4).normal(1, 0.05, 2000))
    assert found.tail_right == pytest.approx(BOUNDS[4][0], abs=1e-6) or found.tail_left < 0.01
    assert 0 < found.sigma_error < found.sigma / 10
