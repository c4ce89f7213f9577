"""Patches as text: the same trees as leaf for leaf, for simple scans and for all others."""

import pytest
import yaml
from hypothesis import given, settings

from kit.hgcroc.planning.originals import expand
from kit.hgcroc.planning.patch_texts import patch_texts, write_configs
from tests.hgcroc.planning.test_originals import INITIAL, axes_lists
from tests.hgcroc.plans import CALIB, PHASE, plan_of


@given(axes_lists)
@settings(max_examples=30)
def test_the_texts_hold_the_patches(axes):
    plan = plan_of(axes, INITIAL)
    assert [yaml.safe_load(text) for text in patch_texts(plan)] == [step.patch for step in expand(plan, "1.0.15")]


@pytest.mark.parametrize("values", [[3, 1, 1, 2], [0], [1, 0, 1]])
def test_simple_scans_are_filled_in(values):
    plan = plan_of([{"key": PHASE, "values": values}, {"key": CALIB, "values": [5, 4000]}], INITIAL,
                   procedure={"repeat": 2})  # fmt: skip
    assert [yaml.safe_load(text) for text in patch_texts(plan)] == [step.patch for step in expand(plan, "1.0.15")]


def test_a_scan_without_axes_has_one_empty_patch():
    assert list(patch_texts(plan_of([]))) == ["{}\n"]


def test_the_folder_is_that_of_generate_configs(example, tmp_path):
    plan = example("small2d")
    names = [path.name for path in write_configs(plan, tmp_path, {"server": {"hostname": "h"}})]
    assert names == [
        *("default.yaml", "initial_state.yaml", "daq.yaml", "postprocessing.yaml", "network.yaml"),
        *(f"run_{number}_config.yaml" for number in range(6)),
    ]
    steps = list(expand(plan, "1.0.15"))
    assert yaml.safe_load((tmp_path / "run_3_config.yaml").read_text()) == steps[3].patch
    initial = yaml.safe_load((tmp_path / "initial_state.yaml").read_text())
    assert initial["target"]["roc_s1"]["ReferenceVoltage"][0]["Inv_vref"] == 300
    assert initial["daq"]["active_menu"] == "calibAndL1A"
