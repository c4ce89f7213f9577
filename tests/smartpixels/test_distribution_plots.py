"""Pictures of many clusters show what was counted."""

import numpy as np
import pytest

from kit.smartpixels import distribution_plots
from kit.smartpixels.tally import CHARGE_BINS, SLOPE_BINS, VOLTAGE_BINS, WAVEFORM_BINS, Tally


@pytest.fixture
def tally():
    made = Tally(
        np.ones(3), False, np.array([5, 0, 2]), np.array([[90, 6, 3, 1]]), np.zeros((len(WAVEFORM_BINS) - 1, 31))
    )
    made.waveforms[2] = 4 * np.linspace(0, 30, 31)
    made.waveform_pixels[2] = 4
    made.charge[30], made.voltage[15] = 7, 7
    made.linearity[30, 15] = 7
    made.sizes[:, 3] = 4, 40, 404
    return made


def test_a_mean_waveform_is_the_sum_over_the_number(tally):
    (line,) = distribution_plots.mean_waveforms(tally, 200.0).axes[0].lines
    np.testing.assert_allclose(line.get_ydata(), np.linspace(0, 30, 31))
    assert line.get_xdata()[-1] == pytest.approx(6.0)
    assert line.get_label() == "500–1000 e-"


def test_sizes_have_a_mean_and_its_error(tally):
    left = distribution_plots.sizes(tally).axes[0]
    (container,) = left.containers
    assert container.lines[0].get_ydata().tolist() == [10.0]
    assert container.lines[0].get_xdata() == pytest.approx([(SLOPE_BINS[3] + SLOPE_BINS[4]) / 2])
    (low, high) = container.lines[2][0].get_segments()[0][:, 1]
    assert high - low == pytest.approx(2 * np.sqrt((404 / 4 - 100) / 4))


def test_axes_show_where_something_is(tally):
    axes = distribution_plots.linearity(tally).axes[0]
    assert axes.get_xlim() == (CHARGE_BINS[29], CHARGE_BINS[32])
    assert axes.get_ylim() == (VOLTAGE_BINS[14], VOLTAGE_BINS[17])
    charge, voltage = distribution_plots.spectra(tally).axes
    assert charge.get_ylabel() == "pixels / 100 e-"
    assert voltage.get_ylabel() == "pixels / 5 mV"


def test_bars_are_shares_of_all_pixels(tally):
    axes = distribution_plots.occupancy(tally, [2.0], [0, 1, 2, 3]).axes[0]
    assert [bars[0].get_height() for bars in axes.containers] == [6.0, 3.0, 1.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["2 ns"]
