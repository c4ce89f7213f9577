"""From parameters to a plan: the mode, and the place where calibrations come in."""

from pathlib import Path

import pytest

from kit.hgcroc.options import AcquisitionParameters
from kit.hgcroc.planning.dialects import sections
from kit.hgcroc.planning.documents import Document, Findings, ProcedureError
from kit.hgcroc.planning.from_parameters import keeps_events, plan_of
from tests.conftest import PROJECT
from tests.hgcroc.scans import FOLDERS


@pytest.fixture
def asked(shared_data):
    def make(procedure, dialect="1.0.15", **changes):
        config = str(shared_data / "hgcroc" / FOLDERS[dialect] / "main.yaml")
        return AcquisitionParameters(config=config, procedure=procedure, **changes)

    return make


def overlay(tree):
    return sections("calibration", Document(Path("overlay.yaml"), "", tree), (), tree, Findings())


def test_parameters_change_repeats_events_and_hash_of_the_plan(asked):
    plan, _ = plan_of(asked("small2d"))
    other, _ = plan_of(asked("small2d", repeats=3, n_events=7, board_id="LD-17"))
    assert (len(plan), len(other), other.events()) == (6, 18, 7)
    assert plan.hash != other.hash


def test_single_events_are_kept_where_the_entry_or_the_parameters_say_so(asked):
    for name, mode, kept in (
        ("small2d", "file", False),
        ("small2d", "full", True),
        ("one_channel_at_a_time", "file", True),
        ("one_channel_at_a_time", "summary", False),
    ):
        p = asked(name, mode=mode)
        assert keeps_events(p, plan_of(p)[0]) is kept


def test_a_procedure_that_wants_a_calibration_has_it_over_init_and_below_the_axes(asked):
    p = asked("timewalk_scan_calibrated", "0.1.2")
    with pytest.raises(ProcedureError, match="asks for calibration pedestal_target"):
        plan_of(p, ())
    _, findings = plan_of(p)  # to look at
    assert [text for text in findings.warnings if "asks for calibration pedestal_target" in text]
    layer = overlay({"roc_s0": {"ReferenceVoltage": {0: {"Inv_vref": 777, "Calib": 1}}}})
    plan, _ = plan_of(p, [layer])
    states = plan.states(plan.initial(plan.table.reset))
    inv_vref, calib = (
        plan.table.index_of(("roc_s0", "ReferenceVoltage", 0, name)) for name in ("Inv_vref", "Calib")
    )
    assert states.state(3)[inv_vref] == 777
    assert states.state(0)[calib] == plan.axes[-1].settings[0, 0] != 1
    assert inv_vref in plan.written
    other, _ = plan_of(p, [overlay({"roc_s0": {"ReferenceVoltage": {0: {"Inv_vref": 778, "Calib": 1}}}})])
    assert other.hash != plan.hash


def test_of_a_workflow_the_last_scan_is_looked_at():
    config = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "quick.yaml")
    plan, findings = plan_of(AcquisitionParameters(config=config, procedure="characterisation"))
    assert plan.procedure.name == "timewalk_scan"
    assert any("which is made before and is not in this plan" in text for text in findings.warnings)
