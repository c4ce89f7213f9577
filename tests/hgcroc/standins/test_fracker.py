import h5py
import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.events import event_arrays, event_columns
from kit.hgcroc.rawdata import decode
from kit.hgcroc.standins.fracker import FrackError, frack, main
from kit.hgcroc.standins.unpack import EVENT_TREE, SUMMARY_TREE, summary_columns, write_trees
from tests.hgcroc.stands import init_tree


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with a ROOT file, a full configuration, and what they were made of."""
    folder = tmp_path_factory.mktemp("fracker")
    board = Hexaboard()
    tree = init_tree()
    for chip, roc in enumerate(board.table.rocs):
        tree[roc] = {**tree[roc], "calib": {1: {"trim_inv": 7 + chip}}, "cm": {2: {"trim_inv": 40 + chip}}}
    board.write(tree)
    read = decode(HEAD + b"".join(board.take(RunPlan(Trigger(), 20, 44, "current"))))
    trees = {SUMMARY_TREE: summary_columns(read, 3), EVENT_TREE: event_columns(event_arrays(read, 3))}
    write_trees(folder / "run.root", trees)
    (folder / "full.yaml").write_text(yaml.safe_dump({"target": tree, "daq": {}}))
    return folder, board, trees


def table(path):
    with h5py.File(path) as file:
        return file["data/measurements"][:]


def test_rows_of_a_summary_carry_the_registers_of_their_channel_half_and_chip(made):
    folder, _, trees = made
    names = ["trim_inv", "Calib", "chip", "Inv_vref", "phase_strobe", "adc_median", "channel"]
    assert frack(folder / "full.yaml", folder / "run.root", folder / "s.h5", names, mode="summary") == 234
    rows = table(folder / "s.h5")
    assert rows.dtype.names == ("chip", "adc_median", "channel", "trim_inv", "Calib", "Inv_vref", "phase_strobe")
    assert rows["adc_median"].tolist() == trees[SUMMARY_TREE]["adc_median"].tolist()
    assert (rows["Inv_vref"] == 300).all()
    assert (rows["phase_strobe"] == 3).all()
    trims = rows["trim_inv"].reshape(3, 78)
    assert trims[:, 73].tolist() == [7, 8, 9]  # the second calibration channel
    assert trims[:, 76].tolist() == [40, 41, 42]  # the third common-mode channel
    assert trims.sum() == 7 + 8 + 9 + 40 + 41 + 42


def test_rows_of_events_do_so_too_in_parts_of_any_size(made):
    folder, _, trees = made
    names = ["event", "chip", "half", "channel", "adc", "trim_inv", "HighRange"]
    parts = [table_of(folder, names, rows) for rows in (100_000, 977)]
    assert (parts[0] == parts[1]).all()
    rows = parts[0]
    assert len(rows) == 20 * 3 * 2 * 39
    assert (rows["adc"] == trees[EVENT_TREE]["adc"]).all()
    assert rows["adc"].dtype == np.uint32
    assert set(rows["trim_inv"][(rows["channel"] == 36) & (rows["half"] == 1) & (rows["chip"] == 2)]) == {9}
    assert set(rows["trim_inv"][(rows["channel"] == 37) & (rows["half"] == 1) & (rows["chip"] == 2)]) == {42}
    assert set(rows["HighRange"][(rows["channel"] == 4) & (rows["half"] == 1)]) == {1}  # channel 40


def table_of(folder, names, rows):
    frack(folder / "full.yaml", folder / "run.root", folder / "e.h5", names, mode="full", rows=rows)
    return table(folder / "e.h5")


def test_no_columns_mean_all_and_a_name_of_two_blocks_that_of_top(made):
    folder, *_ = made
    frack(folder / "full.yaml", folder / "run.root", folder / "a.h5", [], mode="summary")
    rows = table(folder / "a.h5")
    assert len(rows.dtype.names) == 19 + 29 + 20 + 43 + 55 + 13 + 43 - 1  # EN_REF_BG has one column
    assert rows["ClrAdcTot_trig"].dtype == np.int64


def test_the_command_line_is_that_of_the_original(made, tmp_path):
    folder, *_ = made
    words = ["-c", folder / "full.yaml", "-i", folder / "run.root", "-o", tmp_path / "c.h5", "-b", 10,
             "-s", "chip", "adc_mean", "Calib", "-p", 3, "-f", "summary"]  # fmt: skip
    answer = CliRunner().invoke(main, list(map(str, words)))
    assert answer.exit_code == 0, answer.output
    assert table(tmp_path / "c.h5").dtype.names == ("chip", "adc_mean", "Calib")


def test_columns_that_there_are_not_are_all_named_with_the_nearest(made, tmp_path):
    folder, *_ = made
    with pytest.raises(
        FrackError, match=r"Calibb \(did you mean Calib\?\), adc_medium \(did you mean adc_median\?\)"
    ):
        frack(
            folder / "full.yaml", folder / "run.root", tmp_path / "x.h5", ["Calibb", "adc_medium"], mode="summary"
        )
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_the_tree_is_told(made, tmp_path):
    folder, _, trees = made
    write_trees(tmp_path / "only.root", {SUMMARY_TREE: trees[SUMMARY_TREE]})
    with pytest.raises(FrackError, match="has no tree unpacker_data/hgcroc"):
        frack(folder / "full.yaml", tmp_path / "only.root", tmp_path / "x.h5", [], mode="full")
