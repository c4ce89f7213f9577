"""The amplifier: templates on the grid, models, and the plain response of one pixel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.smartpixels.amplifier import (
    impulse_response,
    krummenacher_times,
    measured_templates,
    model_template,
    resample,
    respond,
)
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pulses import ELECTRON_CHARGE, read_pulses
from tests.smartpixels import reference, samples

P = AmplifierParameters()


def test_templates_are_those_of_the_reference_case(base3):
    found = measured_templates(read_pulses(str(base3 / "pulses28.csv.gz"), P), P)
    wanted = np.load(base3 / "base3_float_ref.npz")
    np.testing.assert_allclose(found.samples, wanted["V601"], rtol=1e-11)
    assert (found.samples[:, 0] == 0).all()
    np.testing.assert_array_equal(found.charges, wanted["charges"])


def test_templates_are_those_of_the_plain_loop(pulses, pulses_text):
    for origin in ("first_sample", "pulse_start"):
        p = AmplifierParameters(kernel_origin=origin, kernel_step=20, **samples.SHORT)
        options = reference.Options(kernel_origin=origin, kernel_step=20, pulse_end=60.0)
        found = measured_templates(read_pulses(pulses, p), p).samples
        _, plain = reference.read_pulses(pulses_text)
        wanted = [reference.template(times, values, options)[: found.shape[1]] for times, values in plain]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e3)


def test_the_delay_depends_on_the_grid_of_the_file_unless_the_origin_is_the_pulse_start(tmp_path, pulses_text):
    lines = pulses_text.splitlines(keepends=True)
    late = tmp_path / "late.csv"  # the same pulses, their first 300 samples after the injection left out
    late.write_text("".join(lines[:61] + lines[361:]))
    first, start = (AmplifierParameters(kernel_origin=o, **samples.SHORT) for o in ("first_sample", "pulse_start"))
    whole = tmp_path / "whole.csv"
    whole.write_text(pulses_text)

    def at_one_ns(path, p):
        return measured_templates(read_pulses(str(path), p), p).samples[:, 100]

    assert abs(at_one_ns(late, start) / at_one_ns(whole, start) - 1).max() < 1e-3
    assert abs(at_one_ns(late, first) / at_one_ns(whole, first) - 1).max() > 5e-3


def test_the_feedback_capacitance_sets_the_plateau():
    # 58.5 uV/e- of arXiv:2510.07485 are 2.739 fF
    long = AmplifierParameters(response="simple", window=40.0, rise_time=0.5, fall_time=1e6)
    plateau = model_template(long).samples.max() * ELECTRON_CHARGE * 1e6
    assert plateau == pytest.approx(58.5, rel=1e-3)


def test_equal_time_constants_are_the_limit_of_nearly_equal_ones():
    times = np.linspace(0, 20e-9, 50)
    equal = impulse_response(times, 2.739e-15, 3e-9, 3e-9)
    nearly = impulse_response(times, 2.739e-15, 3e-9, 3.00001e-9)
    np.testing.assert_allclose(nearly, equal, rtol=1e-4, atol=1e-4 * equal.max())
    assert times[equal.argmax()] == pytest.approx(3e-9, abs=3e-10)  # t exp(-t/tau) is largest at tau


def test_a_krummenacher_feedback_has_the_time_constants_of_its_formulas():
    rise, fall = krummenacher_times(AmplifierParameters(response="krummenacher"))
    thermal = 1.380649e-23 * 293.15 / 1.602176634e-19
    assert fall == pytest.approx(2 * 2.739e-15 / (20e-9 / (2 * 1.5 * thermal)), rel=1e-6)
    assert rise == pytest.approx(100e-15 * 20e-15 / (50e-6 * 2.739e-15))


def test_models_are_one_template_for_all_charges():
    for response in ("simple", "krummenacher"):
        found = model_template(AmplifierParameters(response=response, window=20.0))
        assert found.samples.shape == (1, 2001)
        assert found.samples[0, 0] == 0
        assert (found.samples[0, 1:] > 0).all()


@given(
    st.lists(st.integers(-9999, 9999), min_size=2, max_size=12),
    st.sampled_from([(50.0, 10), (200.0, 10), (25.0, 10), (5.0, 10)]),
)
def test_resampled_charge_is_linear_from_nothing_and_flat_where_slices_are(tenths, steps):
    charge = np.array([tenths]) / 10
    found = resample(charge, *steps)[0]
    wanted = reference.fine_charge(charge[0], *steps)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    flat = resample(np.full((1, 5), 7.3), *steps)[0]
    assert (flat[int(steps[0] / steps[1]) :] == 7.3).all()


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("slices", [5, 900])
def test_a_plain_response_is_that_of_the_plain_loop(slices, corrected):
    random = np.random.default_rng(3)
    charge, response = random.normal(size=slices), random.normal(size=601) * 1e14
    current = (reference.corrected_current if corrected else reference.original_current)(charge, 1e-11)
    wanted = (1000 * 1e-11 * np.convolve(current, response))[:601:20]
    found = respond(charge, response, 1e-11, 20, 31, corrected=corrected)
    np.testing.assert_allclose(found[: len(wanted)], wanted, rtol=1e-9, atol=1e-12)
    assert found.shape == (31,)
