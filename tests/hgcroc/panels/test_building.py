"""Fields of the panel: ranges, searches, and axes of every kind."""

import pytest

from kit.hgcroc.board.self_description import ABSENT
from kit.hgcroc.panels.building import (
    axis_of,
    axis_values,
    axis_words,
    coupled,
    find_registers,
    find_settings,
    numbers_of,
    range_of,
    setting_axis,
    template_axis,
    values_of,
)
from kit.hgcroc.registers import register_table
from tests.hgcroc.plans import plan_of
from tests.hgcroc.stands import CURRENT

TABLE = register_table("ld")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("all", list(range(72))), ("", list(range(72))), ("3", [3]), ("0-71:24", [0, 24, 48]),
     ("8-10, 1,9", [8, 9, 10, 1])],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(text, numbers):
    assert numbers_of(text, 72) == numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [("0:65:32", [0, 32, 64]), ("1, 2 5", [1, 2, 5]), ("lin 0 10 3", [0, 5, 10]), ("log 1 100 3", [1, 10, 100]),
     ("5:0:-2", [5, 3, 1])],
)  # fmt: skip
def test_values_are_ranges_lists_and_steps(text, values):
    assert values_of(text) == values


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: numbers_of("a", 72), r"'a' should be all, a number, or a range"),
        (lambda: numbers_of("70-75", 72), "there is no number 72, should be from 0 to 71"),
        (lambda: values_of("a:b"), "should be start:stop:step"),
        (lambda: values_of("0:100000000000"), "means 100000000000 values, should be 10000 or fewer"),
        (lambda: values_of("lin 0 10 1000000000"), "means 1000000000 values, should be 10000 or fewer"),
        (lambda: values_of("0:0"), "means no value"),
        (lambda: values_of(""), "means no value"),
        (lambda: values_of("log 0 5"), "should be start:stop:step"),
        (
            lambda: axis_of(TABLE, "Top.phase_strob", "1"),
            r"no register 'Top\.phase_strob' \(did you mean Top\.phase_strobe",
        ),
        (lambda: axis_of(TABLE, "Top.RunL", "1", rocs=["roc_s7"]), "there is no ROC 'roc_s7', should be one of"),
        (lambda: setting_axis("target.roc_s0", "1"), "should be the path of a setting that begins with daq or"),
    ],
)
def test_what_means_nothing_is_refused(call, told):
    with pytest.raises(ValueError, match=told):
        call()


def test_registers_are_found_by_parts_of_their_names():
    assert find_registers(TABLE, "toa vref") == ["ReferenceVoltage.Toa_vref"]
    assert find_registers(TABLE, "phase strobe") == ["Top.phase_strobe"]
    assert range_of(TABLE, "ReferenceVoltage.Toa_vref") == "0 to 1023, 112 after reset"


def test_a_range_is_that_of_the_board_where_it_has_told_it():
    limits = TABLE.maximum.copy()
    limits[TABLE.index_of(("roc_s1", "ReferenceVoltage", 1, "Toa_vref"))] = 511
    told = range_of(TABLE, "ReferenceVoltage.Toa_vref", limits)
    assert told == "0 to 511 (elsewhere 1023) by the board's own description, 112 after reset"
    limits[TABLE.index_of(("roc_s1", "ReferenceVoltage", 1, "Toa_vref"))] = ABSENT
    assert range_of(TABLE, "ReferenceVoltage.Toa_vref", limits) == "this board does not have it everywhere"


def test_settings_of_the_programs_are_found_and_stepped():
    assert find_settings(CURRENT, "calib nevents") == ["daq.menus.calibAndL1A.NEvents"]
    assert find_settings(CURRENT, "hw_type") == []  # no number
    axis = setting_axis("daq.menus.calibAndL1A.NEvents", "10, 20")
    plan = plan_of([axis], override=CURRENT)
    assert [plan.events(point) for point in (0, 1)] == [10, 20]


def test_an_axis_fans_out_to_rocs_and_numbers():
    axis = axis_of(TABLE, "ch.trim_inv", "0:64:8", rocs=["roc_s1"], numbers="0-71:36")
    assert axis["key"] == ["target", ["roc_s1"], "ch", [0, 36], "trim_inv"]
    assert axis_words(axis) == "ch.trim_inv of roc_s1, number 0 36: 8 values, 0 to 56"
    everywhere = axis_of(TABLE, "ch.trim_inv", "5")
    assert axis_words(everywhere).startswith("ch.trim_inv of roc_s0 roc_s1 roc_s2, number 0 … 71 (72): 1 value, 5")


def test_coupled_axes_step_together():
    inv = axis_of(TABLE, "ReferenceVoltage.Inv_vref", "lin 300 400 3")
    noinv = axis_of(TABLE, "ReferenceVoltage.Noinv_vref", "10, 20, 30", numbers="0")
    both = coupled(inv, noinv)
    assert axis_values(both)[1] == {"Inv_vref": 350, "Noinv_vref": 20}
    words = "Inv_vref with Noinv_vref: 3 values, Inv_vref 300 Noinv_vref 10 to Inv_vref 400 Noinv_vref 30"
    assert axis_words(both) == words
    third = coupled(both, axis_of(TABLE, "Top.phase_strobe", "1:4"))
    plan = plan_of([third])
    states = plan.states(plan.initial(TABLE.reset))
    paths = [("roc_s2", "ReferenceVoltage", 1, "Inv_vref"), ("roc_s0", "ReferenceVoltage", 0, "Noinv_vref"),
             ("roc_s1", "Top", 0, "phase_strobe")]  # fmt: skip
    index = [TABLE.index_of(path) for path in paths]
    assert [states.state(point)[index].tolist() for point in range(3)] == [
        [300, 10, 1],
        [350, 20, 2],
        [400, 30, 3],
    ]
    assert states.state(0)[TABLE.index_of(("roc_s0", "ReferenceVoltage", 1, "Noinv_vref"))] == 128  # untouched


def test_the_same_register_of_two_blocks_is_coupled_under_two_names():
    halves = [axis_of(TABLE, "ReferenceVoltage.Calib", values, numbers=half)
              for values, half in (("0, 1", "0"), ("7, 8", "1"))]  # fmt: skip
    assert axis_values(coupled(*halves)) == [{"Calib": 0, "Calib_2": 7}, {"Calib": 1, "Calib_2": 8}]


def test_what_cannot_step_together_is_refused():
    short, long = axis_of(TABLE, "Top.phase_strobe", "1, 2"), axis_of(TABLE, "Top.RunL", "0, 1, 0")
    with pytest.raises(ValueError, match="need as many values: 2 and 3"):
        coupled(short, long)
    with pytest.raises(ValueError, match="not made of coupled axes cannot be coupled"):
        coupled(template_axis("target: {roc_s0: {Top: {0: {RunL: {{ value }}}}}}", "0, 1"), short)


def test_a_template_is_filled_in_with_numbers_or_maps():
    numbers = template_axis("target: {roc_s0: {ch: { {{ value }}: {HighRange: 1}}}}", "0:72:36",
                            "target: {roc_s0: {ch: { {{ value }}: {HighRange: 0}}}}")  # fmt: skip
    assert axis_words(numbers) == "template: 2 values, 0 to 36"
    plan = plan_of([numbers])
    places = [TABLE.index_of(("roc_s0", "ch", channel, "HighRange")) for channel in (0, 36)]
    states = plan.states(plan.initial(TABLE.reset))
    assert [states.state(point)[places].tolist() for point in (0, 1)] == [[1, 0], [0, 1]]
    maps = template_axis("target: {roc_s0: {Top: {0: {RunL: {{ value.left }}}}}}", "[{left: 1}, {left: 0}]")
    assert axis_values(maps) == [{"left": 1}, {"left": 0}]
