"""Axes as numbers: every fault of a key, a value or a template is told."""

import numpy as np
import pytest

from kit.hgcroc.planning.axes import LEFT_ALONE, make_axis, spread_axis
from kit.hgcroc.planning.dialects import AxisText
from kit.hgcroc.planning.documents import Findings, ProcedureError
from kit.hgcroc.registers import register_table
from tests.hgcroc.plans import CALIB, PHASE, legacy_plan_of, plan_of

TABLE = register_table("ld")


def axis_of(**axis):
    (made,) = plan_of([axis]).axes
    return made


def test_a_key_sets_all_its_registers_to_the_value_of_the_step():
    axis = axis_of(key=CALIB, values={"stop": 65, "step": 32})
    assert [TABLE.text_of(k) for k in axis.index[:2]] == [
        "roc_s0.ReferenceVoltage.0.Calib", "roc_s0.ReferenceVoltage.1.Calib"
    ]  # fmt: skip
    assert axis.settings.tolist() == [[0] * 6, [32] * 6, [64] * 6]
    assert (axis.label, axis.numbers.tolist(), len(axis)) == ("Calib", [0.0, 32.0, 64.0], 3)


def test_a_map_is_laid_below_the_key():
    axis = axis_of(
        key=["target", "roc_s0", "ch"], values=[{1: {"trim_inv": 5}}, {2: {"trim_inv": 6, "trim_toa": 7}}]
    )
    assert axis.settings.tolist() == [[5, LEFT_ALONE, LEFT_ALONE], [LEFT_ALONE, 6, 7]]
    assert axis.numbers.tolist() == [0, 1]


def test_below_a_template_lie_the_defaults_of_all_values():
    text = "target: {roc_s1: {ch: { {{ value }}: {HighRange: %d}}}}"
    axis = axis_of(template=text % 1, default=text % 0, values=[3, 1, 7])
    assert [TABLE.path_of(k)[2] for k in axis.index] == [1, 3, 7]
    assert axis.settings.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert axis.label == "template value"  # channels, not values of HighRange


def test_a_template_that_sets_a_register_to_its_value_has_its_name():
    text = "target: {roc_s1: {ch: {3: {HighRange: 1, trim_inv: {{ value }} }}}}"
    assert axis_of(template=text, values=[3, 1, 7]).label == "trim_inv"


def test_a_template_may_couple_keys_of_both_sections():
    text = "target: {roc_s0: {Top: {0: {phase_strobe: {{ value.phase }} }}}}\ndaq: {delay: {{ value.delay }} }"
    axis = axis_of(template=text, values=[{"phase": 1, "delay": 2}, {"phase": 3, "delay": 4}])
    assert axis.settings.tolist() == [[1], [3]]
    assert axis.others == [{"daq": {"delay": 2}}, {"daq": {"delay": 4}}]


def test_an_axis_of_the_acquisition_sets_no_register():
    axis = axis_of(key=["daq", "menus", ["a", "b"], "bx"], values=[1, 2])
    assert axis.settings.shape == (2, 0)
    assert axis.others[1] == {"daq": {"menus": {"a": {"bx": 2}, "b": {"bx": 2}}}}
    assert axis.label == "bx"


def test_channels_follow_half_wise_unless_they_are_set_themselves():
    text = "target: {roc_s0: {HalfWise: {1: {trim_inv: {{ value }} }}, ch: {40: {trim_inv: 63}}}}"
    axis = spread_axis(axis_of(template=text, values=[1, 2]), TABLE)
    assert len(axis.index) == 1 + 39
    channel = np.flatnonzero(axis.index == TABLE.index_of(("roc_s0", "ch", 40, "trim_inv")))
    assert (axis.settings[:, channel] == 63).all()
    assert (np.delete(axis.settings, channel, axis=1) == [[1], [2]]).all()


def test_an_axis_without_half_wise_needs_no_spreading():
    axis = axis_of(key=PHASE, values=[1])
    assert spread_axis(axis, TABLE) is axis


@pytest.mark.parametrize(
    ("axis", "told"),
    [
        ({"key": ["target", [], "Top", 0, "RunL"], "values": [1]}, r"0\.key: fans out to nothing: an empty list"),
        ({"key": ["target", "roc_s9", "Top", 0, "RunL"], "values": [1]}, "there is no ROC 'roc_s9'"),
        ({"key": ["target", "roc_s0", "Top", 0, "phase"], "values": [1]}, "there is no register 'phase'"),
        ({"key": ["target", "roc_s0", "Top", 0], "values": [1]}, r"target\.roc_s0\.Top\.0 is no register: ROC"),
        ({"key": ["target", "roc_s0", "Top", 1.5, "RunL"], "values": [1]}, "has 1.5 at position 3, should be"),
        ({"key": PHASE, "values": {"start": 14, "stop": 20}},
         r"values: roc_s0\.Top\.0\.phase_strobe is 16, should be from 0 to 15 \(4 of 6 values\)"),
        ({"key": PHASE, "values": [-1]}, "is -1, should be from 0 to 15"),
        ({"key": ["target", "roc_s0", "Top", 0, "statusL"], "values": [1]}, "statusL is read only"),
        ({"key": ["target", "roc_s0", "ch"], "values": [{1: {"trim_inv": 99}}]}, "trim_inv: is 99, should be"),
        ({"template": "{{ valeu }}", "values": [1]}, r"template: with value 1: 'valeu' is undefined"),
        ({"template": "{% if %}", "values": [1]}, r"template: with value 1: "),
        ({"template": "a: [", "values": [1]}, "with value 1:.*should be YAML"),
        ({"template": "- {{ value }}", "values": [1]}, r"with value 1: is \[1\], should be a map"),
        ({"template": "target: {roc_s0: {ch: {99: {trim_inv: 1}}}}", "values": [1]}, "there is no number 99"),
    ],
)  # fmt: skip
def test_what_the_board_does_not_have_is_refused(axis, told):
    with pytest.raises(ProcedureError, match=told):
        plan_of([axis])


def test_faults_of_a_range_of_012_are_told_at_the_range():
    axis = {"key": ["roc_s0", "Top", 0, "phase_strobe"], "range": {"start": 0, "stop": 17}}
    with pytest.raises(ProcedureError, match=r"parameters\.0\.range: roc_s0\.Top\.0\.phase_strobe is 16"):
        legacy_plan_of([axis])


@pytest.mark.parametrize(
    "axis", [{"key": PHASE, "values": [16]}, {"key": PHASE[:2], "values": [{"Top": {0: {"RunL": 2}}}]}]
)
def test_a_value_out_of_range_may_be_a_warning_or_nothing(axis):
    findings = Findings()
    assert len(plan_of([axis], findings=findings, check="warn")) == 1
    assert "should be from 0 to" in findings.warnings[0]
    assert len(plan_of([axis], findings=(silent := Findings()), check="off")) == 1
    assert silent.warnings == []


def test_a_text_without_a_document_is_no_axis():
    from pathlib import Path

    from kit.hgcroc.planning.documents import Document

    findings = Findings()
    text = AxisText(Document(Path("x.yaml"), "", {}), (), [1], key=["target"])
    assert make_axis(text, TABLE, findings) is None
    assert "is no register" in findings.faults[0]
