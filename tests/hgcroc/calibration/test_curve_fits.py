"""Efficiency curves: the greatest likelihood is the one that a minimiser finds channel by channel."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_ndtr, ndtr

from kit.hgcroc.calibration.curve_fits import fit_curves

X = np.arange(8.0, 16.0, 0.25)
TRIALS = 300


def simulated(channels=40, seed=1, sign=1):
    rng = np.random.default_rng(seed)
    middle, width = rng.normal(12, 0.6, channels), rng.uniform(0.2, 0.8, channels)
    hits = rng.binomial(TRIALS, ndtr(sign * (X[:, None] - middle) / width)).astype(float)
    return hits, np.full(hits.shape, float(TRIALS)), middle, width


def loss(p, hits):
    u = (X - p[0]) / p[1]
    return -(hits * log_ndtr(u) + (TRIALS - hits) * log_ndtr(-u)).sum()


def test_curves_are_those_of_a_minimiser():
    hits, trials, _, _ = simulated(8)
    found = fit_curves(X[:, None], hits, trials)
    for row in range(8):
        best = minimize(loss, [12, 0.5], (hits[:, row],), "Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9})
        assert found.middle[row] == pytest.approx(best.x[0], abs=1e-6)
        assert found.width[row] == pytest.approx(best.x[1], abs=1e-6)


def test_errors_are_where_the_likelihood_has_fallen_by_one_half():
    hits, trials, _, _ = simulated(5, seed=2)
    found = fit_curves(X[:, None], hits, trials)
    for row in range(5):
        top = loss([found.middle[row], found.width[row]], hits[:, row])
        for away in (-found.below[row], found.above[row]):
            middle = found.middle[row] + away
            profile = minimize(
                lambda w, m=middle, h=hits[:, row]: loss([m, abs(w[0])], h),
                [found.width[row]],
                method="Nelder-Mead",
            )
            assert profile.fun - top == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_pulls_of_many_channels_have_width_one(sign):
    hits, trials, middle, width = simulated(400, sign=sign)
    found = fit_curves(X[:, None], hits, trials)
    assert found.resolved.all()
    assert (np.sign(found.width) == sign).all()
    pull = (found.middle - middle) / ((found.below + found.above) / 2)
    assert np.std(pull) == pytest.approx(1, abs=0.12)
    pull = (np.abs(found.width) - width) / found.width_error
    assert np.std(pull) == pytest.approx(1, abs=0.12)
    assert np.mean(found.deviance) < len(X)


def test_a_step_between_two_points_is_half_way_and_says_so():
    hits = np.where(X < 10.1, 0.0, 100.0)[:, None]
    found = fit_curves(X[:, None], hits, np.full(hits.shape, 100.0))
    assert not found.resolved[0]
    assert found.middle[0] == pytest.approx(10.125)
    assert found.below[0] == found.above[0] == pytest.approx(0.25 / 12**0.5)
    assert np.isfinite(found.width[0])


def test_channels_without_a_crossing_have_nan_and_hurt_no_other():
    hits, trials, middle, _ = simulated(6)
    hits[:, 1], hits[:, 2] = 0, TRIALS
    trials[:, 3] = hits[:, 3] = 0
    found = fit_curves(X[:, None], hits, trials)
    assert np.isnan(found.middle[1:4]).all()
    assert np.abs(found.middle[[0, 4, 5]] - middle[[0, 4, 5]]).max() < 0.2
    alone = fit_curves(X[:, None], hits[:, :1], trials[:, :1])
    assert alone.middle[0] == pytest.approx(found.middle[0], abs=1e-9)
