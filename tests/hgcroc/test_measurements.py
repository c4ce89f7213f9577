"""Looking at a scan: columns, tables, states."""

import h5py
import numpy as np
import pytest

from kit.files import FormatError
from kit.hgcroc.measurements import Scan
from kit.hgcroc.recording import open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.samples import measured, point_columns
from tests.hgcroc.test_recording import PLAN

TABLE = register_table("ld")


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    path = tmp_path_factory.mktemp("scan") / "scan.h5"
    create(path, PLAN, TABLE.reset, {"board_id": "x"}, events=True)
    with open_again(path, PLAN) as recorder:
        for point in (0, 1, 2, 4, 5):
            recorder.write(point, point_columns(), *measured(seed=point))
    with Scan.open(path) as opened:
        yield opened


def test_a_scan_tells_what_it_is(scan):
    assert (len(scan), scan.lengths, scan.labels) == (6, (1, 2, 3), ["phase_strobe", "Calib"])
    assert (scan.about["hash"], scan.about["board_id"], scan.has_events) == (PLAN.hash, "x", True)
    assert scan.axis_values(1) == [0, 5, 9]
    assert scan.measured().tolist() == [0, 1, 2, 4, 5]


def test_columns_of_rows_points_summary_and_registers(scan):
    assert scan.array("chip").shape == (6, 234)
    assert scan.array("point", [4, 1])[:, 0].tolist() == [4, 1]
    np.testing.assert_array_equal(scan.array("adc_mean", [4])[0], measured(seed=4)[0]["adc_mean"])
    assert (scan.array("Calib", [1, 2])[:, 5] == [5, 9]).all()
    assert (scan.array("Top.phase_strobe")[:, 5] == [2, 2, 2, 3, 3, 3]).all()
    assert set(scan.columns) >= {"adc_mean", "Calib", "phase_strobe", "trim_inv", "point", "chip"}


def test_every_column_that_is_named_can_be_had(scan):
    for column in scan.columns:
        assert scan.array(column, [0]).shape == (1, 234)


def test_a_scan_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no .*gone\.h5; should be the file of a scan"):
        Scan.open(tmp_path / "gone.h5")


def test_an_unknown_column_is_refused_with_the_nearest(scan):
    with pytest.raises(KeyError, match=r"no column adc_men \(did you mean adc_mean\?\)"):
        scan.array("adc_men")


def test_the_table_has_the_rows_of_all_points_with_data(scan):
    frame = scan.frame()
    assert len(frame) == 5 * 234
    assert list(frame.columns[:7]) == [
        "chip",
        "channel",
        "channeltype",
        "point",
        "phase_strobe",
        "Calib",
        "adc_median",
    ]
    row = frame[(frame.point == 4) & (frame.chip == 2) & (frame.channeltype == 100)].iloc[1]
    assert (row.channel, row.Calib, row.phase_strobe) == (1, 5, 3)
    assert row.adc_median == measured(seed=4)[0]["adc_median"][2 * 78 + 75]
    assert len(scan.frame(["Calib"], points=[3])) == 234


def test_the_state_of_a_point_is_a_whole_board(scan):
    state = scan.state(5)
    assert state["roc_s2"]["ReferenceVoltage"][1]["Calib"] == 9
    assert sum(len(names) for roc in state.values() for block in roc.values() for names in block.values()) == 7875


def test_events_of_a_summary_are_refused(tmp_path):
    create(tmp_path / "s.h5", PLAN, TABLE.reset, {})
    with Scan.open(tmp_path / "s.h5") as scan, pytest.raises(KeyError, match="keeps no single events"):
        scan.events(0)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.h5").write_text("text")
    with pytest.raises(FormatError, match=r"a\.h5: .*should be the file of a scan"):
        Scan.open(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w", libver="latest"):
        pass
    with pytest.raises(FormatError, match="is HDF5 without the mark of a scan"):
        Scan.open(tmp_path / "b.h5")
    with pytest.raises(FileNotFoundError):
        Scan.open(tmp_path / "c.h5")


def test_points_are_counted_by_how_they_stand(scan):
    assert scan.summary() == {"pending": 1, "good": 5, "flagged": 0, "failed": 0}
    assert scan.point_table()["n_events"].tolist() == [20, 20, 20, 0, 20, 20]
    assert np.isfinite(scan.point_table()["time"]).all()
