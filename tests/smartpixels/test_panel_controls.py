"""The controls of the cluster panel: they show a scene silently, and tell what a person sets."""

import pytest

from kit.smartpixels.panel_controls import Controls, Dial, Dials
from kit.smartpixels.scene import PER_SLICE, PIXEL_COLOURS, Scene

PATHS = ["/some/where/one.out", "/some/where/two.out.gz"]


@pytest.fixture
def heard():
    return []


@pytest.fixture
def controls(heard):
    return Controls(PATHS, lambda name, value: heard.append((name, value)))


@pytest.fixture
def shown(controls, view):
    scene = Scene(view(), time=1.3, pixels=tuple(view().touched()[:2]), overlay=False, sample=1, scale=PER_SLICE)
    controls.show(scene, PATHS[1])
    return controls


def test_a_scene_is_shown_without_a_word(shown, heard, view):
    assert heard == []
    assert shown.time.value == 1.3
    assert shown.play.value == 13
    assert shown.file.value == PATHS[1]
    assert [words for words, _ in shown.file.options] == ["one.out", "two.out.gz"]
    assert (shown.sample.value, shown.sample.label) == (1, "5 ns")
    assert (shown.overlay.value, shown.scale.value) == (False, PER_SLICE)
    assert list(shown.pixels.value) == view().touched()[:2]
    assert [dial.value for dial in shown.thresholds.children] == view().p.thresholds
    assert [dial.value for dial in shown.sample_times.children] == [2.0, 5.0]


def test_what_a_person_sets_is_told_by_name(shown, heard, view):
    shown.file.value = PATHS[0]
    shown.overlay.value = True
    shown.sample.value = 0
    shown.scale.value = "over time"
    shown.play.value = 25
    shown.time.field.value = 0.75
    shown.time.slider.value = 0.8
    shown.thresholds.children[0].slider.value = 12.5
    shown.sample_times.children[1].field.value = 4.0
    touched = view().touched()
    shown.pixels.value = touched[:1]
    assert heard == [
        ("file", PATHS[0]),
        ("overlay", True),
        ("sample", 0),
        ("scale", "over time"),
        ("time", 2.5),
        ("time", 0.75),
        ("time", 0.8),
        ("thresholds", [12.5, *view().p.thresholds[1:]]),
        ("sample_times", [2.0, 4.0]),
        ("pixels", (touched[0],)),
    ]


def test_no_more_pixels_are_told_than_have_a_colour(shown, heard, view):
    touched = view().touched()
    assert len(touched) > len(PIXEL_COLOURS)
    shown.pixels.value = touched
    assert len(heard[-1][1]) == len(PIXEL_COLOURS)


def test_the_time_ends_with_the_window(controls, view):
    controls.show(Scene(view(window=20.0, response="simple"), time=19.0), PATHS[0])
    assert controls.time.field.max == controls.time.slider.max == 20.0
    assert controls.play.max == 200
    controls.show(Scene(view(), time=2.0), PATHS[0])
    assert controls.time.slider.max == 6.0


def test_field_and_slider_of_a_dial_go_together():
    heard = []
    dial = Dial("threshold [mV]", 0.0, 10.0, 0.5, heard.append)
    dial.field.value = 3.25
    assert dial.slider.value == dial.value == 3.25
    dial.slider.value = 7.0
    assert dial.field.value == 7.0
    dial.show(20.0, 30.0, 1.0)
    assert (dial.value, dial.slider.max, dial.field.step) == (20.0, 30.0, 1.0)
    assert heard == [3.25, 7.0]


def test_a_slider_that_moves_to_its_next_step_by_itself_is_not_a_person():
    heard = []
    dial = Dial("threshold [mV]", 0.0, 200.0, 0.1, heard.append)
    dial.show(13.001228, 200.0)
    dial.slider.value = 13.0
    assert (dial.value, heard) == (13.001228, [])
    dial.slider.value = 13.1
    assert heard == [13.1]


def test_there_is_a_dial_for_each_number_with_its_unit():
    heard = []
    dials = Dials("threshold", "mV", heard.append)
    dials.show([1.0, 2.0], 10.0, 0.1)
    assert [dial.field.description for dial in dials.children] == ["threshold 1 [mV]", "threshold 2 [mV]"]
    first = dials.children[0]
    dials.show([1.0, 3.0], 10.0, 0.1)
    assert dials.children[0] is first  # a slider that is dragged must not be replaced
    dials.show([1.0, 3.0, 4.0], 10.0, 0.1)
    assert [dial.value for dial in dials.children] == [1.0, 3.0, 4.0]
    assert heard == []
