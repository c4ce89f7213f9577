"""Falling powers: a curve gives back its constants, and scipy finds the same through noisy points."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from kit.hgcroc.calibration.power_fits import fit_powers

X = np.arange(96.0, 4000.0, 62.5)


def power(x, scale, pole, exponent, end):
    return scale / (x - pole) ** exponent + end


def test_a_curve_gives_back_its_constants():
    y = power(X, 2.7e5, 25.4, 1.58, 400.0)[:, None]
    found = fit_powers(X[:, None], y, np.ones(y.shape))
    assert found.pole[0] == pytest.approx(25.4, rel=1e-4)
    assert found.power[0] == pytest.approx(1.58, rel=1e-4)
    assert found.end[0] == pytest.approx(400.0, rel=1e-6)
    assert np.abs(found.residual).max() < 1e-3


def test_scipy_finds_the_same_through_noisy_points():
    rng = np.random.default_rng(5)
    y = power(X, 2.7e5, 25.4, 1.58, 400.0)[:, None] + rng.normal(0, 0.05, (len(X), 6))
    found = fit_powers(X[:, None], y, np.ones(y.shape))
    for row in range(6):
        best, covariance = curve_fit(power, X, y[:, row], [2.7e5, 25, 1.6, 400], maxfev=20_000)
        assert found.power[row] == pytest.approx(best[2], abs=2e-4)
        assert found.end[row] == pytest.approx(best[3], abs=1e-3)
        assert found.errors[2, row] == pytest.approx(np.sqrt(covariance[2, 2]), rel=0.05)


def test_too_few_points_are_no_curve_and_hurt_no_other():
    y = np.repeat(power(X, 2.7e5, 25.4, 1.58, 400.0)[:, None], 2, axis=1)
    weight = np.ones(y.shape)
    weight[4:, 1] = 0
    found = fit_powers(X[:, None], y, weight)
    assert found.power[0] == pytest.approx(1.58, rel=1e-4)
    assert np.isnan(found.power[1])
