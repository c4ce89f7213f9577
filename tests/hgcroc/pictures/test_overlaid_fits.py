"""Fits over curves: what made the points comes back, and few points have none."""

import numpy as np
import pytest
from scipy.special import ndtr

from kit.hgcroc.pictures.overlaid_fits import FINE, kind_for, overlay


def through(kind, x, y, n=1000.0, fired=1.0):
    y = np.asarray(y, float).reshape(len(x), -1)
    return overlay(kind, np.asarray(x, float), y, np.full(y.shape, n), np.full(y.shape, fired))


@pytest.mark.parametrize(
    ("column", "register", "kind"),
    [
        ("toa_efficiency", "Calib", "S-curve"),
        ("tot_efficiency", "trim_tot", "S-curve"),
        ("toa_efficiency_error", "Calib", "none"),
        ("toa_median", "Calib", "time-walk"),
        ("toa_median", "phase_strobe", "none"),
        ("adc_median", "Inv_vref", "line"),
        ("adc_median", "phase_strobe", "none"),
        ("tot_mean_hit", "Calib", "line"),
        ("tot_median", "Tot_vref", "none"),
        ("n_bad", "Calib", "none"),
    ],
)
def test_a_quantity_has_the_fit_of_its_law(column, register, kind):
    assert kind_for(column, register) == kind


def test_a_line_stands_on_the_slope_and_not_on_the_plateaus():
    x = np.arange(0, 1000, 50)
    y = np.clip(700 - 0.8 * x, 100, 620)
    found = through("line", x, y)
    assert found.words == ("slope -0.8",)
    drawn = np.isfinite(found.y[:, 0])
    np.testing.assert_allclose(found.y[drawn, 0], 700 - 0.8 * found.x[drawn])
    assert found.y[drawn].min() >= 100  # it is drawn where points are
    assert found.y[drawn].max() <= 620


def test_an_efficiency_curve_has_middle_and_width():
    x = np.arange(0, 60, 2)
    found = through("S-curve", x, ndtr((x - 31.0) / 4.0))
    assert found.words == ("half at 31, width 4",)
    np.testing.assert_allclose(found.y[:, 0], ndtr((found.x - 31) / 4), atol=1e-3)


def test_an_efficiency_that_jumps_has_no_curve():
    found = through("S-curve", [0, 1, 2, 3], [0, 0, 1, 1])
    assert found.words == ("no slope",)
    assert np.isnan(found.y).all()


def test_time_walk_goes_round_the_circle():
    x = np.arange(100, 2000, 50)
    law = 95_000 / (x - 13.0) ** 1.58 + 900
    found = through("time-walk", x, law % 1024)
    drawn = np.isfinite(found.y[:, 0])
    wanted = (95_000 / (found.x - 13.0) ** 1.58 + 900) % 1024
    assert drawn.mean() > 0.95
    np.testing.assert_allclose(found.y[drawn, 0], wanted[drawn], atol=0.5)
    assert found.words[0].endswith("^1.58")


def test_channels_that_do_not_fire_have_no_time_walk():
    x = np.arange(100, 2000, 50)
    found = through("time-walk", x, np.zeros(len(x)), fired=0.0)
    assert found.words == ("too few hits",)
    assert np.isnan(found.y).all()


def test_few_points_have_no_fit_and_points_without_data_take_no_part():
    assert through("line", [1, 2], [1, 2]) is None
    assert through("none", [1, 2, 3], [1, 2, 3]) is None
    found = through("line", [0, 1, 2, 3], [0, 1, np.nan, 3])
    assert found.words == ("slope 1",)
    assert found.y.shape == (FINE, 1)
