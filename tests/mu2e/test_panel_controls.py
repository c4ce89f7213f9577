"""Sliders steer a form and follow it, and say nothing of their own."""

import pytest

from kit.mu2e.panel_controls import Sliders
from kit.mu2e.yield_options import YieldParameters
from kit.widgets import ParameterForm


@pytest.fixture
def form():
    return ParameterForm(YieldParameters(livetime_on_spill=12345.0, r_mue=3e-13), interactive=False)


@pytest.fixture
def sliders(form):
    made = Sliders(form, lambda action: action)
    made.follow(form.parameters)
    return made


def test_each_slider_sets_its_value_and_no_other(form, sliders):
    before = form.parameters.model_dump()
    sliders.seconds.value = 5.0
    sliders.rate.value = -12.0
    sliders.mode.value = "2BB"
    for name, value in {"dio_emin": 97.5, "rpc_emin": 60.0, "rmc_emin": 87.0, "ipa_emin": 75.3}.items():
        sliders.thresholds[name].value = value
    changed = {name: value for name, value in form.parameters.model_dump().items() if value != before[name]}
    assert changed == {
        "livetime_on_spill": 1e5, "r_mue": 1e-12, "run_mode": "2BB", "dio_emin": 97.5, "rpc_emin": 60.0,
        "rmc_emin": 87.0, "ipa_emin": 75.3,
    }  # fmt: skip


def test_what_a_front_end_sends_back_of_a_value_between_steps_changes_nothing(form, sliders):
    sliders.seconds.value = 4.09  # log₁₀ 12345 is 4.0915
    sliders.rate.value = -12.52
    sliders.thresholds["dio_emin"].value = 95.04
    assert form.parameters == YieldParameters(livetime_on_spill=12345.0, r_mue=3e-13)


def test_sliders_follow_what_the_form_says_also_beyond_their_ends(form, sliders):
    form.set(livetime_on_spill=0.0, livetime_wall=1e12, run_mode="2BB", dio_emin=70.0)
    sliders.follow(form.parameters)
    assert sliders.seconds.description == "log₁₀ wall s"
    assert (sliders.seconds.value, sliders.mode.value, sliders.thresholds["dio_emin"].value) == (9.0, "2BB", 85.0)
    assert form.parameters.livetime_wall == 1e12
    assert form.parameters.dio_emin == 70.0


def test_a_slider_of_time_keeps_the_convention(form, sliders):
    form.set(livetime_on_spill=0.0, livetime_wall=1000.0)
    sliders.follow(form.parameters)
    sliders.seconds.value = 4.0
    assert (form.parameters.livetime_wall, form.parameters.livetime_on_spill) == (1e4, 0.0)
