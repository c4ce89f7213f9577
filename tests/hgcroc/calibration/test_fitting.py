"""Lines of all channels at once are those that numpy finds one by one."""

import numpy as np
import pytest

from kit.hgcroc.calibration.fitting import fit_lines

RNG = np.random.default_rng(3)


def test_lines_and_their_errors_are_those_of_a_fit_channel_by_channel():
    x = np.sort(RNG.uniform(0, 100, (20, 30)), axis=0)
    y = 3 + 0.5 * x + RNG.normal(0, 1, x.shape)
    weight = RNG.random(x.shape) < 0.7
    found = fit_lines(x, y, weight)
    for row in range(30):
        use = weight[:, row]
        (slope, offset), covariance = np.polyfit(x[use, row], y[use, row], 1, cov=True)
        assert found.slope[row] == pytest.approx(slope)
        assert found.offset[row] == pytest.approx(offset)
        assert found.slope_error[row] == pytest.approx(np.sqrt(covariance[0, 0]), rel=1e-6)
        assert found.offset_error[row] == pytest.approx(np.sqrt(covariance[1, 1]), rel=1e-6)
        assert found.points[row] == use.sum()


def test_a_channel_without_two_places_has_no_line_and_hurts_no_other():
    x = np.array([0.0, 1.0, 2.0])[:, None]
    y = np.array([[1.0, 5.0, np.nan], [2.0, np.nan, np.nan], [3.0, np.nan, np.nan]])
    found = fit_lines(x, y, np.ones(y.shape))
    assert found.slope[0] == pytest.approx(1)
    assert np.isnan(found.slope[1:]).all()
    assert found.points.tolist() == [3, 1, 0]
