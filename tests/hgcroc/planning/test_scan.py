"""The plan: states of all points against a plain chip, hashes, settings, overlaps."""

import numpy as np
import pytest

from kit.hgcroc.planning.dialects import Layer
from kit.hgcroc.planning.documents import Document, Findings, ProcedureError
from kit.hgcroc.registers import register_table
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
