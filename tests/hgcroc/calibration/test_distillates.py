"""A distillate reads back as it was written; its registers are a tree."""

import csv
import io

import numpy as np

from kit.hgcroc.calibration.distillates import LEAVE, Distillate, load_distillate, spread_rows, summary_text
from kit.hgcroc.calibration.reasons import Reason
from kit.hgcroc.registers import register_table
from kit.hgcroc.summaries import row_columns


def made():
    row = row_columns(1)
    reasons = np.zeros(78, np.uint32)
    reasons[3] = Reason.DEAD
    trims = np.arange(78.0) % 64
    trims[3] = np.nan
    vref = np.array([[470, LEAVE]])
    return Distillate(
        "trim_inv", row["chip"], row["channel"], row["channeltype"], {"trim_inv": trims}, reasons,
        {"target": np.array([1.0, 2.0])},
        {**spread_rows(trims, 1, "trim_inv"), ("ReferenceVoltage", "Inv_vref"): vref},
        {"x": np.ones((4, 78))}, {"reached": 70, "target": [1.5, None]}, ("a word",), ("scan-1",),
    )  # fmt: skip


def test_what_is_written_reads_back_the_same(tmp_path):
    found = made()
    found.save(tmp_path)
    again = load_distillate(tmp_path)
    for name in ("chip", "channel", "kind", "reasons"):
        assert np.array_equal(getattr(found, name), getattr(again, name))
    for group in ("rows", "halves", "registers", "curves"):
        one, other = getattr(found, group), getattr(again, group)
        assert list(one) == list(other)
        assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
    assert (again.name, again.summary, again.remarks, again.sources) == (
        found.name, found.summary, found.remarks, found.sources
    )  # fmt: skip


def test_the_tree_leaves_out_what_was_not_found_and_fits_the_board():
    tree = made().tree
    assert 3 not in tree["roc_s0"]["ch"]
    assert tree["roc_s0"]["ReferenceVoltage"] == {0: {"Inv_vref": 470}}
    index, _ = register_table("char").leaves(tree)
    assert len(index) == 78  # 77 trims and one voltage


def test_the_table_has_a_line_for_each_row_with_reasons_in_words():
    rows = list(csv.DictReader(io.StringIO(summary_text(made()))))
    assert len(rows) == 78
    assert (rows[3]["trim_inv"], rows[3]["reasons"]) == ("", "dead: no noise")
    assert (rows[4]["trim_inv"], rows[4]["reasons"]) == ("4", "")
