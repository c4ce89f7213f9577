"""The panels without a browser: every mouse action is an attribute or a method."""

import pytest

from kit.mu2e.panel import YieldPanel
from kit.mu2e.yield_options import YieldParameters
from kit.parameters import ParameterError
from tests.mu2e.ensembles import COUNTED


@pytest.fixture
def catalogue(make_catalogue):
    return make_catalogue(CeMLL=([300], 3000), DIO=([400], 9000), CRYCosmic=([300], 8000.0))


@pytest.fixture
def panel(catalogue):
    made = YieldPanel(YieldParameters(**COUNTED, primaries=str(catalogue)), interactive=False)
    yield made
    made.close()


def _mean(panel, name):
    return next(row.mean for row in panel.view.made.rows if row.process == name)


def test_it_begins_with_table_words_and_both_pictures(panel):
    assert panel.error == ""
    assert "DIO *" in panel.table.value
    assert "1BB: 3600 s on spill, 11145.5 s wall" in panel.words.text
    assert "events expected between 50 and 150 MeV in the sample" in panel.spectrum.caption
    assert panel.headroom.caption == "no process has too few simulated events"
    bundle = panel.static()
    assert "<table>" in bundle["text/html"]
    assert bundle["image/png"]


def test_sliders_move_exposure_and_rate_and_follow_the_form(panel):
    before = _mean(panel, "CRYCosmic")
    panel.sliders.seconds.value = 4.0
    assert panel.form.parameters.livetime_on_spill == 10_000
    assert _mean(panel, "CRYCosmic") == pytest.approx(before * 10_000 / 3600)
    panel.sliders.rate.value = -11.0
    assert panel.form.parameters.r_mue == 1e-11
    panel.form.set(r_mue=1e-13)
    assert panel.sliders.rate.value == pytest.approx(-13)
    assert panel.form.parameters.r_mue == 1e-13


def test_what_a_front_end_sends_back_when_it_shows_a_slider_changes_nothing(panel):
    panel.sliders.seconds.set_state({"value": 3.56})  # the nearest step to log₁₀ 3600
    panel.sliders.rate.set_state({"value": -12.0})
    assert panel.form.parameters.livetime_on_spill == 3600
    assert panel.form.parameters.r_mue == 1e-12
    panel.form.controls.rmc_emin.slider.set_state({"value": 84.84})
    assert panel.form.parameters.rmc_emin == 85


def test_the_switch_keeps_the_exposure_and_changes_the_convention(panel):
    pot = panel.view.made.exposure["pot"]
    panel.switch()
    assert panel.form.parameters.livetime_wall == pytest.approx(3600 / 0.323)
    assert panel.view.made.exposure["pot"] == pytest.approx(pot)
    assert panel.sliders.seconds.description == "log₁₀ wall s"
    panel.sliders.seconds.value = 3.0
    assert panel.form.parameters.livetime_wall == 1000
    assert panel.form.parameters.livetime_on_spill == 0


def test_a_rate_is_chosen_by_its_conversions(panel):
    panel.number.value = "5"
    panel.set_conversions(5.0)
    number = next(row.number for row in panel.view.made.rows if row.process == "CeMLL")
    assert number == pytest.approx(5, rel=1e-5)


def test_too_large_an_exposure_says_which_process_runs_dry(panel):
    panel.form.set(livetime_on_spill=1e6)
    assert panel.headroom.caption.startswith("too few simulated events: ")
    assert "CRYCosmic" in panel.headroom.caption


def test_values_that_cannot_be_used_are_told_and_nothing_else_changes(panel):
    before = panel.table.value
    panel.form.set(livetime_wall=100.0)
    assert "livetime_on_spill and livetime_wall are set" in panel.form.faults[0]
    assert panel.table.value == before


def test_another_threshold_is_followed_and_said(panel):
    panel.form.set(dio_emin=98.0)
    assert "before selection only" in panel.words.text
    assert panel.error == ""


def test_bins_can_be_wider(panel):
    drawn = panel.spectrum.drawn
    panel.width = 5.0
    assert panel.view.factor == 20
    assert panel.spectrum.drawn == drawn + 1


def test_values_are_copied_as_parameters(panel):
    panel.form.set(r_mue=2e-13, run_mode="2BB")
    assert "run_mode: 2BB" in panel.form.yaml
    assert YieldParameters.build({"r_mue": 2e-13, "run_mode": "2BB"}).run_mode == "2BB"


@pytest.mark.parametrize("number", [-1.0, 1e30, float("nan")])
def test_a_number_of_conversions_that_is_none_changes_nothing(panel, number):
    before = panel.form.parameters.r_mue
    with pytest.raises(ParameterError, match="r_mue is"):
        panel.set_conversions(number)
    assert panel.form.checked().r_mue == before
    panel.set_conversions(5.0)
    assert panel.form.checked().r_mue != before
