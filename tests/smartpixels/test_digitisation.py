"""Noise, samples, flash ADC and late comparators."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.smartpixels.delays import DelayTable
from kit.smartpixels.digitisation import digitise, flash, noise, noise_sigma, noise_time
from kit.smartpixels.options import DigitisationParameters

P = DigitisationParameters()


def test_noise_has_the_published_size_and_memory():
    assert noise_sigma(P) == pytest.approx(4.64)
    assert noise_time(P) == pytest.approx(2.8937, abs=1e-4)
    for time, kept in ((0.2, 0.93322), (3.0, 0.35461), (5.0, 0.17766)):
        assert math.exp(-time / noise_time(P)) == pytest.approx(kept, abs=2e-5)


def test_noise_has_the_sigma_and_correlation_that_were_asked_for():
    found = noise(31, 0.2, 40_000, P, "pixel_clusters_d1", 0)
    assert found.std(axis=1) == pytest.approx(np.full(31, 4.64), rel=0.02)
    for time, steps in ((0.2, 1), (3.0, 15), (5.0, 25)):
        correlation = np.corrcoef(found[5], found[5 + steps])[0, 1]
        assert correlation == pytest.approx(math.exp(-time / noise_time(P)), abs=0.02)
    assert abs(np.corrcoef(found[0, ::2], found[0, 1::2])[0, 1]) < 0.03


def test_noise_belongs_to_seed_file_and_cluster():
    one = noise(31, 0.2, 10, P, "a", 3)
    np.testing.assert_array_equal(noise(31, 0.2, 10, P, "a", 3), one)
    for other in (noise(31, 0.2, 10, P, "b", 3), noise(31, 0.2, 10, P, "a", 4)):
        assert not np.isclose(other, one).any()
    assert not np.isclose(noise(31, 0.2, 10, DigitisationParameters(seed=2), "a", 3), one).any()


def test_a_voltage_on_a_threshold_reaches_it():
    thresholds = P.thresholds
    assert flash(np.array([0.0, 13.001227, 13.001228, 57.13501, 1e9]), thresholds).tolist() == [0, 0, 1, 3, 3]


@given(st.lists(st.floats(-100, 400), min_size=2))
def test_more_voltage_never_gives_a_lower_code(voltages):
    codes = flash(np.sort(voltages), P.thresholds)
    assert (np.diff(codes) >= 0).all()


def test_codes_are_taken_at_the_sample_times_and_levels_can_be_renamed():
    voltage = np.zeros((1, 31, 2))
    voltage[0, 10] = 15.0, 60.0
    voltage[0, 25] = 25.0, -3.0
    p = DigitisationParameters(levels=[0, 10, 20, 30])
    found = digitise(voltage, 0.2, p)
    assert found.codes.tolist() == [[[10, 30], [20, 0]]]
    assert found.codes.dtype == np.uint8
    assert found.voltage.tolist() == [[[15.0, 60.0], [25.0, -3.0]]]


def test_the_reference_case_has_its_codes(base3):
    voltage = np.load(base3 / "base3_float_ref.npz")["mV"].reshape(3, 273, 31).transpose(0, 2, 1)
    p = DigitisationParameters(sample_times=[1.0, 2.0, 5.0, 6.0])
    counts = [
        np.bincount(codes.ravel(), minlength=4).tolist()
        for codes in np.moveaxis(digitise(voltage, 0.2, p).codes, 1, 0)
    ]
    assert counts == [[812, 5, 2, 0], [792, 11, 15, 1], [786, 6, 17, 10], [786, 5, 15, 13]]
    printed = np.round(voltage, 1)
    assert voltage[0, 10, 6 * 21 + 9] == pytest.approx(21.92498, abs=1e-5)
    rounded = digitise(printed, 0.2, p).codes[:, 1]
    assert np.bincount(rounded.ravel(), minlength=4).tolist() == [792, 12, 14, 1]


RAMP = np.linspace(0, 100, 101)[None, :, None] * np.array([0.0, 0.2, 1.0])  # mV, 0.2 ns a step
FLAT = DelayTable(
    {q: (np.array([100.0, 1e5]), np.full(2, ns)) for q, ns in ((225.0, 1.0), (375.0, 2.0), (975.0, 3.0))}
)
LATE = DigitisationParameters(sample_times=[4.0, 12.0])


def test_a_pixel_is_sampled_early_by_the_delay_at_its_highest_threshold():
    found = digitise(RAMP, 0.2, LATE, FLAT)
    assert found.delay.tolist() == [[0.0, 1.0, 3.0]]
    assert found.voltage[0, 0].tolist() == pytest.approx([0.0, 0.2 * 15, 5.0])
    assert found.voltage[0, 1].tolist() == pytest.approx([0.0, 0.2 * 55, 45.0])


def test_a_threshold_fires_within_the_window_or_not_at_all():
    # the steep ramp reaches the thresholds at 2.8, 4.4 and 11.6 ns; with delays 1, 2 and 3 ns the last is too late
    found = digitise(RAMP, 0.2, LATE, FLAT)
    assert found.cap.tolist() == [[0, 0, 2]]
    assert found.codes[0].tolist() == [[0, 0, 0], [0, 0, 2]]
    longer = DigitisationParameters(sample_times=[4.0, 12.0], delay_window=14.6)
    assert digitise(RAMP, 0.2, longer, FLAT).cap.tolist() == [[0, 1, 3]]


def test_the_shift_moves_the_samples_but_not_the_window():
    p = DigitisationParameters(sample_times=[4.0], delay_shift=3.0)
    found = digitise(RAMP, 0.2, p, FLAT)
    assert found.voltage[0, 0].tolist() == pytest.approx([0.0, 0.2 * 30, 20.0])
    assert found.cap.tolist() == [[0, 0, 2]]


def test_before_the_waveform_begins_there_is_nothing():
    p = DigitisationParameters(sample_times=[1.0, 3.0])
    assert digitise(RAMP, 0.2, p, FLAT).voltage[0, :, 2].tolist() == [0.0, 0.0]


def test_a_crossing_can_be_looked_for_between_samples():
    # the slow ramp reaches 13.001228 mV between 13.0 ns and 13.2 ns
    slow = RAMP * 1.0
    p = DigitisationParameters(sample_times=[1.0], crossing="interpolated", delay_window=14.05)
    assert digitise(slow, 0.2, p, FLAT).cap[0, 1] == 1
    p = DigitisationParameters(sample_times=[1.0], crossing="sample", delay_window=14.05)
    assert digitise(slow, 0.2, p, FLAT).cap[0, 1] == 0


def test_without_delays_nothing_is_late():
    found = digitise(RAMP, 0.2, LATE)
    assert (found.delay, found.cap) == (None, None)
    assert found.codes[0].tolist() == [[0, 0, 1], [0, 0, 3]]
