from typing import Literal

import ipywidgets
import pytest

from kit.parameters import Parameters, parameter
from kit.widgets.controls import Control


class ScanParameters(Parameters):
    width: float = parameter(10.0, "width of a bin", unit="GeV", gt=0)
    steps: int = parameter(5, "steps of the scan", ge=1, le=20)
    share: float = parameter(0.25, "share that is kept", gt=0, le=1)
    events: int = parameter(1000, "events read", ge=1, le=1_000_000)
    grid: Literal["aligned", "linspace"] = parameter("aligned", "where bins begin")
    label: str = parameter("run", "label of the run")
    keep: bool = parameter(False, "whether masses are kept")
    types: Literal["auto"] | list[str] = parameter("auto", "types in use")
    cuts: dict[str, float] = parameter({"e": 10.0}, "cuts", unit="GeV")
    isolation: float | None = parameter(None, "largest isolation", gt=0)


def control(name):
    return Control(ScanParameters, name, getattr(ScanParameters(), name))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("width", ipywidgets.Text),
        ("steps", ipywidgets.Text),
        ("grid", ipywidgets.Dropdown),
        ("label", ipywidgets.Text),
        ("keep", ipywidgets.Checkbox),
        ("types", ipywidgets.Text),
        ("cuts", ipywidgets.Text),
        ("isolation", ipywidgets.Text),
    ],
)
def test_the_type_chooses_the_control_and_the_control_has_a_name(name, kind):
    made = control(name)
    assert type(made.field) is kind
    assert made.field.description.startswith(name)
    assert made.value == getattr(ScanParameters(), name)


def test_unit_meaning_and_bounds_can_be_read():
    made = control("width")
    assert made.field.description == "width [GeV]"
    assert made.field.tooltip == "GeV, width of a bin (> 0)"
    assert made.note.value == "width of a bin (&gt; 0)"


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("width", "2.5", 2.5),
        ("width", "wide", "wide"),
        ("width", "", None),
        ("steps", "7", 7),
        ("types", "e, m", ["e", "m"]),
        ("types", "auto", "auto"),
        ("cuts", "{e: 1, m: 2.5}", {"e": 1, "m": 2.5}),
        ("cuts", "{e: 1", "{e: 1"),
        ("isolation", "", None),
        ("label", "2e9", "2e9"),
    ],
)
def test_what_a_front_end_sends_is_read_as_on_the_command_line(name, written, value):
    made = control(name)
    made.value = "something else"
    made.field.set_state({"value": written})
    assert made.value == value
    assert made.field.value == written


def test_the_field_follows_the_value():
    made = control("types")
    made.value = ["e", "m"]
    assert made.field.value == "e, m"


def test_a_choice_that_there_is_not_shows_none():
    made = control("grid")
    made.value = "sideways"
    assert made.field.value is None
    assert made.value == "sideways"
    made.field.set_state({"index": 1})
    assert made.value == "linspace"


@pytest.mark.parametrize(
    ("name", "limits"),
    [("steps", (1, 20, 1)), ("share", (0.01, 1, 0.01)), ("width", None), ("events", None), ("grid", None)],
)
def test_a_slider_goes_with_a_number_whose_bounds_are_near_each_other(name, limits):
    slider = control(name).slider
    assert limits == (slider and pytest.approx((slider.min, slider.max, slider.step)))


def test_slider_field_and_value_go_together():
    made = control("steps")
    made.slider.set_state({"value": 7})
    assert (made.value, made.field.value) == (7, "7")
    made.field.set_state({"value": "9"})
    assert (made.value, made.slider.value) == (9, 9)
    made.value = 11
    assert (made.field.value, made.slider.value) == ("11", 11)


def test_a_value_beyond_the_slider_stays_what_it_is():
    made = control("steps")
    made.field.set_state({"value": "70"})
    assert (made.value, made.slider.value, made.field.value) == (70, 20, "70")


def test_a_finer_value_than_the_sliders_steps_stays_what_it_is():
    made = control("share")
    made.value = 0.12345
    assert made.value == 0.12345


def test_a_slider_that_a_front_end_moves_to_its_nearest_step_changes_nothing():
    made = control("share")
    made.value = 0.256
    made.slider.set_state({"value": 0.26})  # what a browser sends when it shows 0.256 in steps of 0.01
    assert (made.value, made.field.value) == (0.256, "0.256")
    made.slider.set_state({"value": 0.27})
    assert made.value == 0.27


def test_a_slider_gives_no_digits_beyond_its_step():
    made = control("share")
    made.slider.value = 0.1 + 0.2
    assert made.value == 0.3


def test_an_observer_that_sets_another_value_wins():
    made = control("width")
    made.observe(lambda _: setattr(made, "value", 1.0), "value")
    made.field.value = "3.0"
    assert (made.value, made.field.value) == (1.0, "1.0")


def test_a_change_of_type_alone_is_a_change():
    made, seen = control("steps"), []
    made.observe(lambda change: seen.append(change.new), "value")
    made.value = 5.0
    made.value = 5
    made.value = 5
    assert [type(value) for value in seen] == [float, int]


def test_a_fault_stands_in_words_beside_the_field_and_marks_it():
    made = control("width")
    made.fault = "width is <0"
    assert "✗ width is &lt;0" in made.note.value
    assert "kit-faulty" in made._dom_classes
    made.fault = ""
    assert made.note.value == "width of a bin (&gt; 0)"
    assert "kit-faulty" not in made._dom_classes
