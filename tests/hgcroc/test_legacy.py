"""Exports, read by pandas and PyTables as users of the originals do."""

import json

import numpy as np
import pandas as pd
import pytest
import tables

from kit.hgcroc.legacy import export_012, export_012_files, export_1015
from kit.hgcroc.measurements import Scan
from kit.hgcroc.recording import open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from tests.hgcroc.hands import longest_file
from tests.hgcroc.samples import measured, point_columns

TABLE = register_table("ld")


def scan_in(folder, plan, *, events=False, points=None):
    create(folder / "scan.h5", plan, TABLE.reset, {}, events=events)
    with open_again(folder / "scan.h5", plan) as recorder:
        for point in range(len(plan)) if points is None else points:
            summary, arrays = measured(events=6, seed=point)
            recorder.write(point, point_columns(n_events=6), summary, arrays if events else None)
    return Scan.open(folder / "scan.h5")


@pytest.fixture(scope="module")
def scan(example, tmp_path_factory):
    with scan_in(tmp_path_factory.mktemp("scan"), example("small2d", "0.1.2")) as opened:
        yield opened


def test_pandas_reads_the_179_columns_of_012_in_their_order(scan, tmp_path, shared_data):
    frame = pd.read_hdf(export_012(scan, tmp_path / "small2d.hdf5"), "data")
    columns = json.loads((shared_data / "hgcroc" / "hdf_columns_012.json").read_text())
    assert list(frame.columns) == columns
    assert frame.shape == (1404, 179)
    assert list(frame.index[[0, -1]]) == [0, 1403]


def test_the_table_has_types_and_values_of_the_scan(scan, tmp_path):
    frame = pd.read_hdf(export_012(scan, tmp_path / "small2d.hdf5"))
    kinds = {str(kind): list(frame.columns[frame.dtypes == kind]) for kind in frame.dtypes.unique()}
    assert {name: len(columns) for name, columns in kinds.items()} == {
        "uint32": 1, "uint16": 8, "float32": 10, "int64": 160
    }  # fmt: skip
    for name in ("chip", "channeltype", "adc_mean", "toa_median", "tot_efficiency_error"):
        np.testing.assert_array_equal(frame[name], scan.array(name).ravel())
    assert frame.Calib.to_numpy().reshape(6, 234)[:, 5].tolist() == [0, 32, 64, 0, 32, 64]
    assert (frame.Inv_vref == 300).all()  # of the init file
    assert (frame.SelTC4 == 1).all()  # its reset value; the power-on file says 0
    switched = frame[(frame.channeltype == 0) & (frame.HighRange == 1)]
    assert sorted(switched.channel.unique()) == [10, 20, 40, 50]


def test_the_registers_of_top_can_be_added(scan, tmp_path):
    frame = pd.read_hdf(export_012(scan, tmp_path / "with_top.hdf5", with_top=True))
    assert frame.shape == (1404, 179 + 43)
    assert frame.phase_strobe.to_numpy().reshape(6, 234)[:, 0].tolist() == [0, 0, 0, 1, 1, 1]
    assert {"EN_REF_BG", "Top.EN_REF_BG"} <= set(frame.columns)


def test_files_have_the_names_of_012(scan, tmp_path):
    written = export_012_files(scan, tmp_path)
    assert [path.name for path in written] == [
        *(f"small2d{number}-data.hdf5" for number in range(1, 7)), "0merged.hdf5", "1merged.hdf5", "4merged.hdf5"
    ]  # fmt: skip
    merged = pd.read_hdf(tmp_path / "4merged.hdf5")
    single = pd.read_hdf(tmp_path / "small2d5-data.hdf5")
    pd.testing.assert_frame_equal(merged.iloc[234:468].reset_index(drop=True), single)


def test_files_of_a_scan_with_gaps_are_refused(example, tmp_path):
    with scan_in(tmp_path, example("small2d"), points=[0, 3]) as scan:
        with pytest.raises(ValueError, match="has 2 of 6 points, should have all"):
            export_012_files(scan, tmp_path / "files")
        assert len(pd.read_hdf(export_012(scan, tmp_path / "part.hdf5"))) == 2 * 234


def test_pytables_reads_the_table_of_1015_with_the_columns_that_were_asked_for(scan, tmp_path):
    wanted = [
        "chip",
        "channel",
        "channeltype",
        "adc_mean",
        "toa_median",
        "toa_iqr",
        "Calib",
        "phase_strobe",
        "b_in",
    ]
    with tables.open_file(export_1015(scan, tmp_path / "small2d.h5", wanted)) as file:
        table = file.root.data.measurements
        assert table.colnames == wanted
        kinds = [str(table.coldtypes[name]) for name in wanted]
        rows = table.read()
    assert kinds == ["int32", "int16", "int16", "float32", "int16", "float32", "int16", "int8", "int64"]
    assert len(rows) == 1404
    np.testing.assert_array_equal(rows["adc_mean"], scan.array("adc_mean").ravel())
    np.testing.assert_array_equal(rows["Calib"], scan.array("Calib").ravel())


def test_no_columns_means_all(scan, tmp_path):
    with tables.open_file(export_1015(scan, tmp_path / "all.h5")) as file:
        names = file.root.data.measurements.colnames
        top = file.root.data.measurements.read(0, 1, field="EN_REF_BG")
    assert len(names) == 19 + 29 + 20 + 43 + 55 + 13 + 43 - 1
    assert top == 1


def test_events_have_rows_of_their_own_with_the_registers_of_their_channel(example, tmp_path):
    wanted = ["event", "chip", "half", "channel", "adc", "toa", "tot", "corruption", "Calib", "HighRange"]
    with scan_in(tmp_path, example("one_channel_at_a_time"), events=True, points=[0, 4]) as scan:
        with tables.open_file(export_1015(scan, tmp_path / "events.h5", wanted)) as file:
            rows = file.root.data.measurements.read()
            assert all(str(file.root.data.measurements.coldtypes[name]) == "uint32" for name in wanted[:8])
        events = scan.events(4)
    assert len(rows) == 2 * 6 * 234
    second = rows[6 * 234 :]
    one = second[(second["chip"] == 1) & (second["half"] == 1) & (second["channel"] == 36)]
    np.testing.assert_array_equal(one["adc"], events["adc"][:, 1, 1, 36])
    modes = second[(second["chip"] == 0) & (second["half"] == 0) & (second["channel"] == 38)]
    np.testing.assert_array_equal(modes["adc"], events["cm"][:, 0, 0, 1])
    assert set(second["Calib"][second["chip"] == 0]) == {400}
    high = second[(second["HighRange"] == 1) & (second["chip"] == 0) & (second["half"] == 0)]
    assert sorted(set(high["channel"])) == [9, 10, 20]  # 9 of the axis, the others of the init file


@pytest.mark.parametrize("export", [export_012, export_1015])
def test_a_table_that_may_not_grow_is_an_error_that_names_it(scan, tmp_path, export):
    with longest_file(100_000), pytest.raises(OSError, match=r"File too large.*x\.h5"):
        export(scan, tmp_path / "x.h5")
    assert list(tmp_path.glob("*x*")) == []


def test_a_column_that_is_none_is_refused(scan, tmp_path):
    with pytest.raises(KeyError, match=r"adc_men is no register .*\(did you mean adc_mean\?\)"):
        export_1015(scan, tmp_path / "x.h5", ["adc_men"])
    assert not (tmp_path / "x.h5").exists()
