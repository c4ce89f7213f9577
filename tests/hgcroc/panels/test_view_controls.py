"""A slider over the steps of an axis: field, slider and words are one."""

from kit.hgcroc.panels.view_controls import AxisDial


def test_field_slider_and_words_move_together_and_tell_once():
    heard = []
    dial = AxisDial("Calib", [0, 100, 300], heard.append)
    dial.field.value = 2
    assert (dial.slider.value, dial.told.text, heard) == (2, "= 300", [2])
    dial.slider.value = 1
    assert (dial.field.value, dial.told.text, heard) == (1, "= 100", [2, 1])
    dial.show(0)
    assert (dial.field.value, dial.slider.value, heard) == (0, 0, [2, 1])


def test_steps_of_coupled_axes_are_told_as_they_are():
    dial = AxisDial("both", [{"a": 1}, {"a": 2}], lambda _: None)
    dial.show(1)
    assert dial.told.text == "= a 2"
