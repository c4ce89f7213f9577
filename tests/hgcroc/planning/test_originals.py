"""The worked expansion of both dialects, and the incremental patches against the plain deep merge."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.hgcroc.planning.originals import expand, merged_files
from tests.hgcroc import plain_expansion as plain
from tests.hgcroc.plans import CALIB, PHASE, plan_of

ROCS = ["roc_s0", "roc_s1", "roc_s2"]
words = st.one_of(st.sampled_from(ROCS), st.lists(st.sampled_from(ROCS), min_size=1, max_size=2, unique=True))
numbers = st.one_of(st.integers(0, 1), st.just([0, 1]), st.just([1, 0]))
key_axes = st.builds(
    lambda roc, block, number, values: {"key": ["target", roc, block, number, "trim_inv"], "values": values},
    words, st.sampled_from(["HalfWise", "ch", "calib"]), numbers,
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
)  # fmt: skip
map_axes = st.builds(
    lambda roc, values: {"key": ["target", roc], "values": [{"ch": {n: {"trim_inv": v}}} for n, v in values]},
    words, st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=3),
)  # fmt: skip
TEXT = "target:\n  roc_s0:\n    ch:\n      {{ value }}: {trim_inv: %d}\n"
templates = st.builds(
    lambda channels, deep: {"values": channels, "template": TEXT % 3, "default": TEXT % 1 if deep else ""},
    st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True), st.booleans(),
)  # fmt: skip
menu_axes = st.builds(
    lambda values: {"key": ["daq", "menus", "calibAndL1A", "bxCalib"], "values": values},
    st.lists(st.integers(8, 12), min_size=1, max_size=3),
)
axes_lists = st.lists(st.one_of(key_axes, map_axes, templates, menu_axes), min_size=1, max_size=3)
MENU = {"daq": {"active_menu": "calibAndL1A", "menus": {"calibAndL1A": {"NEvents": 10, "bxCalib": 10}}}}
INITIAL = MENU | {
    "target": {"roc_s0": {"ch": {0: {"trim_inv": 2}, 1: {"trim_inv": 1}}, "HalfWise": {0: {"trim_inv": 1}}}}
}


@given(axes_lists, st.integers(1, 2))
@settings(max_examples=60)
def test_patches_are_those_of_the_plain_deep_merge(axes, repeat):
    plan = plan_of(axes, INITIAL, procedure={"repeat": repeat})
    assert [step.patch for step in expand(plan, "1.0.15")] == list(plain.patches_1015(INITIAL, axes, repeat))


def test_the_worked_expansion_in_dialect_1015(example, shared_data):
    worked = json.loads((shared_data / "hgcroc" / "expansion_2x3.json").read_text())
    steps = list(expand(example("small2d"), "1.0.15"))
    assert [json.loads(json.dumps(step.patch)) for step in steps] == [p["patch_1015"] for p in worked["points"]]
    assert [step.file for step in steps] == [p["files_1015"] for p in worked["points"]]
    assert [step.values for step in steps] == [[p["phase_strobe"], p["Calib"]] for p in worked["points"]]
    assert sum(step.writes for step in steps) == worked["writes_incremental"]


def test_the_worked_expansion_in_dialect_012(example, shared_data):
    worked = json.loads((shared_data / "hgcroc" / "expansion_2x3.json").read_text())
    for step, point in zip(expand(example("small2d", "0.1.2"), "0.1.2"), worked["points"], strict=True):
        assert (step.number, step.file) == (point["id_012"], point["file_012"])
        roc = step.patch["target"]["roc_s1"]
        leaves = roc["ReferenceVoltage"][1] | roc["Top"][0]
        sent = {name: leaves[name] for name in ("Calib", "phase_strobe") if name in leaves}
        assert sent == point["sent_by_012_for_the_axes"]


def test_the_numbers_of_012_name_its_merged_files(shared_data):
    worked = json.loads((shared_data / "hgcroc" / "expansion_2x3.json").read_text())
    assert merged_files([2, 3]) == worked["merged_files_012"]
    assert list(merged_files([2, 2, 2])) == [f"{n}merged.hdf5" for n in (0, 1, 2, 4, 5, 6, 8)]


@pytest.mark.parametrize(
    ("points", "last"), [(1, "run_0_config.yaml"), (10, "run_9_config.yaml"), (11, "run_10_config.yaml")]
)
def test_run_numbers_are_padded_to_equal_length(points, last):
    steps = list(expand(plan_of([{"key": CALIB, "values": {"stop": points}}]), "1.0.15"))
    assert steps[-1].file == last
    assert {len(step.file) for step in steps} == {len(last)}


def test_a_scan_without_axes_is_one_point():
    (step,) = expand(plan_of([]), "1.0.15")
    assert (step.values, step.patch) == ([], {})


def test_repeats_go_through_the_whole_list(example):
    steps = list(expand(example("one_channel_at_a_time"), "1.0.15"))
    assert len(steps) == 24 == 4 * 3 * 2
    assert [step.values for step in steps[:12]] == [step.values for step in steps[12:]]


@pytest.mark.parametrize(("name", "points"), [("timewalk_scan", 64), ("timewalk_phase_scan", 160), ("small2d", 6)])
@pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
def test_examples_have_their_number_of_points(example, name, dialect, points):
    assert len(list(expand(example(name, dialect), dialect))) == points


def test_the_first_axis_is_the_slowest():
    plan = plan_of([{"key": PHASE, "values": [3, 1]}, {"key": CALIB, "values": [5, 4]}])
    assert [step.values for step in expand(plan, "1.0.15")] == [[3, 5], [3, 4], [1, 5], [1, 4]]
