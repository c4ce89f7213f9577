"""Flat tables: what parquet and CSV readers find."""

import numpy as np
import pandas as pd
import pytest

from kit.hgcroc.flat import write_flat
from tests.hgcroc.test_legacy import scan_in


@pytest.fixture(scope="module")
def scan(example, tmp_path_factory):
    with scan_in(tmp_path_factory.mktemp("scan"), example("small2d"), points=[0, 2, 5]) as opened:
        yield opened


@pytest.mark.parametrize(("name", "read"), [("t.parquet", pd.read_parquet), ("t.csv", pd.read_csv)])
def test_the_table_is_the_frame_of_the_scan(scan, tmp_path, name, read):
    table = read(write_flat(scan, tmp_path / name))
    frame = scan.frame()
    assert list(table.columns) == list(frame.columns)
    np.testing.assert_allclose(table.to_numpy(float), frame.to_numpy(float), rtol=1e-6)


def test_columns_can_be_chosen(scan, tmp_path):
    table = pd.read_parquet(
        write_flat(scan, tmp_path / "t.parquet", ["point", "Calib", "Top.phase_strobe", "adc_mean"])
    )
    assert table.groupby("point")["Calib"].first().to_dict() == {0: 0, 2: 64, 5: 64}


def test_other_endings_are_refused(scan, tmp_path):
    with pytest.raises(ValueError, match=r"t\.root should end with \.parquet or \.csv"):
        write_flat(scan, tmp_path / "t.root")


def test_many_points_are_written_in_pieces(scan, tmp_path, monkeypatch):
    monkeypatch.setattr("kit.hgcroc.flat.POINTS_AT_ONCE", 1)
    table = pd.read_parquet(write_flat(scan, tmp_path / "t.parquet"))
    assert table["point"].unique().tolist() == [0, 2, 5]
