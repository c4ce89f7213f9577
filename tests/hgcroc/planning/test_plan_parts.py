"""Registers and settings that a plan is made of, and what is refused in them."""

import pytest

from kit.hgcroc.planning.documents import Findings, ProcedureError
from kit.hgcroc.planning.plan_parts import events_of, started_tdcs, with_events
from kit.hgcroc.registers import register_table
from tests.hgcroc.plans import plan_of

TABLE = register_table("ld")
MENUS = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 7}, "b": {"NEvents": 8}}}}


def test_events_come_from_the_active_menu():
    assert plan_of([], MENUS).events() == 7
    assert plan_of([], MENUS, n_events=3).events() == 3
    assert plan_of([], {"daq": {"NEvents": 5}}).events() == 5
    assert plan_of([], {"daq": {"NEvents": 5}}, n_events=4).events() == 4
    assert events_of({}) is None
    varied = plan_of([{"key": ["daq", "active_menu"], "values": [{"x": 1}]}], {"daq": {"active_menu": "a"}})
    assert varied.events() is None


def test_an_axis_may_change_the_events():
    plan = plan_of([{"key": ["daq", "menus", "a", "NEvents"], "values": [10, 20]}], MENUS)
    assert [plan.events(point) for point in (0, 1)] == [10, 20]
    assert plan.settings(1)["daq"]["menus"]["b"] == {"NEvents": 8}


def test_an_active_menu_that_is_none_is_refused():
    with pytest.raises(ProcedureError, match="active_menu is 'c', should be one of the menus: a, b"):
        plan_of([], {"daq": MENUS["daq"] | {"active_menu": "c"}})


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ({"target": {"roc_s0": {"Top": {0: {"phase_strobe": 16}}}}},
         r"scan\.yaml:\d+: 0\.system_settings\.override\.target\.roc_s0\.Top\.0\.phase_strobe: is 16, should"),
        ({"target": {"roc_s0": {"Topp": {}}}}, r"there is no block 'Topp' \(did you mean Top\?\)"),
        ({"roc_s0": {"Top": {0: {"RunX": 1}}}}, "there is no register 'RunX'"),
    ],
)  # fmt: skip
def test_settings_that_the_board_does_not_have_are_refused_with_their_place(override, told):
    with pytest.raises(ProcedureError, match=told):
        plan_of([], override)


def test_a_setting_out_of_range_may_be_a_warning():
    findings = Findings()
    over = {"target": {"roc_s0": {"Top": {0: {"phase_strobe": 16}}}}}
    plan = plan_of([], over, findings=findings, check="warn")
    assert "is 16, should be from 0 to 15" in findings.warnings[0]
    assert plan.initial(TABLE.reset)[TABLE.index_of(("roc_s0", "Top", 0, "phase_strobe"))] == 16


def test_a_number_of_events_goes_to_the_active_menu_alone():
    assert with_events(MENUS, 3)["daq"]["menus"] == {"a": {"NEvents": 3}, "b": {"NEvents": 8}}
    assert events_of(with_events({"daq": {}}, 4)) == 4


def test_started_time_converters_leave_their_registers_behind():
    left = started_tdcs(TABLE)
    assert len(left.index) == 6 * 2 * 3
    assert {TABLE.path_of(int(k))[1] for k in left.index} == {"MasterTdc"}
