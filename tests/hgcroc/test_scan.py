"""The plan: states of all points against a plain chip, hashes, settings, overlaps."""

import numpy as np
import pytest

from kit.hgcroc.dialects import Layer
from kit.hgcroc.documents import Document, Findings, ProcedureError
from kit.hgcroc.registers import register_table
from kit.hgcroc.scan import events_of
from tests.hgcroc.plans import CALIB, PHASE, plan_of

TABLE = register_table("ld")
MENUS = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 7}, "b": {"NEvents": 8}}}}


def layer(kind, target, path="over.yaml"):
    from pathlib import Path

    return Layer(kind, Document(Path(path), "", {}), {}, {"target": target})


def test_the_later_axis_wins_with_a_warning():
    findings = Findings()
    plan = plan_of(
        [{"key": CALIB, "values": [1, 2]}, {"key": [*CALIB[:3], 1, "Calib"], "values": [7]}], findings=findings
    )
    assert (
        "roc_s0.ReferenceVoltage.1.Calib is set by axis 1, too: the later axis wins (3 registers)"
        in findings.warnings[0]
    )
    state = plan.states(plan.initial(TABLE.reset)).state(0)
    assert [state[TABLE.index_of(("roc_s0", "ReferenceVoltage", half, "Calib"))] for half in (0, 1)] == [1, 7]


def test_defaults_are_never_written(example):
    plan = example("small2d", "0.1.2")  # its power-on file says 0 of nearly everything
    initial = plan.initial(TABLE.reset)
    assert (plan.default == 0).sum() > 7000
    untouched = np.setdiff1d(np.arange(TABLE.size), plan.written)
    assert (initial[untouched] == TABLE.reset[untouched]).all()
    assert len(plan.written) < 200


@pytest.mark.parametrize(("compat", "wins"), [("none", 7), ("1.0.15", 7), ("0.1.2", 5)])
def test_a_calibration_wins_over_init_except_as_in_012(compat, wins):
    vref = {"roc_s0": {"ReferenceVoltage": {0: {"Inv_vref": 7}}}}
    override = {"target": {"roc_s0": {"ReferenceVoltage": {0: {"Inv_vref": 5}}}}}
    plan = plan_of([], override, calibrations=[layer("calibration", vref)], compat=compat)
    assert plan.initial(TABLE.reset)[TABLE.index_of(("roc_s0", "ReferenceVoltage", 0, "Inv_vref"))] == wins


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


def test_the_hash_follows_what_is_measured():
    base = plan_of([{"key": PHASE, "values": [0, 1]}], MENUS)
    same = plan_of([{"key": PHASE, "values": {"stop": 2}}], MENUS)
    others = [
        plan_of([{"key": PHASE, "values": [0, 2]}], MENUS),
        plan_of([{"key": PHASE, "values": [0, 1]}], MENUS, repeats=2),
        plan_of([{"key": PHASE, "values": [0, 1]}], MENUS, n_events=9),
        plan_of([{"key": PHASE, "values": [0, 1]}], MENUS | {"target": {"roc_s0": {"Top": {0: {"RunL": 1}}}}}),
        plan_of([{"key": [*PHASE[:1], "roc_s0", *PHASE[2:]], "values": [0, 1]}], MENUS),
    ]
    assert base.hash == same.hash
    assert len({base.hash, *(plan.hash for plan in others)}) == 6
    assert len(base.hash) == 12


def test_lists_of_unequal_length_in_settings_are_refused(tmp_path):
    bad = Layer("init", layer("init", {}).document, {}, {"daq": {"elinks": [1]}})
    with pytest.raises(ProcedureError, match=r"elinks: a list of 1 is laid over one of 2"):
        plan_of([], {"daq": {"elinks": [1, 2]}}, calibrations=[Layer("calibration", bad.document, {}, bad.tree)])
