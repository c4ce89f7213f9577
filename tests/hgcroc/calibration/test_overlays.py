"""Calibrations read back as they were written, with their source in comments; others' trees are taken as well."""

import pytest

from kit.hgcroc.calibration.overlays import layer_of, overlay_text, write_overlay
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.registers import register_table

TREE = {"roc_s0": {"ReferenceVoltage": {0: {"Inv_vref": 470}}, "ch": {5: {"trim_inv": 12}}}}


def test_an_overlay_reads_back_and_names_its_source(tmp_path):
    write_overlay(tmp_path / "overlay.yaml", TREE, "inv_vref", ["vrefinv-0123"], ["a remark\nof two lines"])
    layer = layer_of(tmp_path / "overlay.yaml")
    assert (layer.kind, layer.tree) == ("calibration", {"target": TREE})
    lines = (tmp_path / "overlay.yaml").read_text().splitlines()
    assert lines[0].startswith("# Registers found by inv_vref, kit ")
    assert lines[1:3] == ["# from scan vrefinv-0123", "# a remark of two lines"]


@pytest.mark.parametrize(
    "text",
    [
        "roc_s0: {ch: {5: {trim_inv: 12}}}",
        "target: {roc_s0: {ch: {5: {trim_inv: 12}}}}",
        "roc_s0: {sc: {ch: {5: {trim_inv: 12}}}}",
        "hostname: localhost\nport: 5555\nroc_s0: {ch: {5: {trim_inv: 12}}}",
    ],
)
def test_trees_are_taken_in_every_spelling(tmp_path, text):
    (tmp_path / "mine.yaml").write_text(text)
    table = register_table("ld")
    index, value = table.leaves(layer_of(tmp_path / "mine.yaml").tree["target"])
    assert (index.tolist(), value.tolist()) == ([table.index_of(("roc_s0", "ch", 5, "trim_inv"))], [12])


@pytest.mark.parametrize(
    ("text", "told"), [("- 1", "is a list, should be a tree of registers"), ("a: [", "should be YAML")]
)
def test_what_is_no_tree_is_refused(tmp_path, text, told):
    (tmp_path / "mine.yaml").write_text(text)
    with pytest.raises(ProcedureError, match=rf"mine.yaml:?\d*:.*{told}"):
        layer_of(tmp_path / "mine.yaml")
    with pytest.raises(ProcedureError, match=r"nothing.yaml: No such file"):
        layer_of(tmp_path / "nothing.yaml")


def test_the_text_is_short_and_plain():
    assert "!!" not in overlay_text(TREE, "x", [])
