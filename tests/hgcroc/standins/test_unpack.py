import gzip

import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from kit.hgcroc.standins.unpack import EVENT_TREE, SUMMARY_TREE, main


@pytest.fixture
def raw(shared_data, tmp_path):
    """Return a real raw file, cut in the middle of a record as they all are."""
    path = tmp_path / "run.raw"
    path.write_bytes(gzip.decompress((shared_data / "hgcroc" / "raw" / "test_run_1.raw.gz").read_bytes()))
    return path


def call(*words):
    return CliRunner().invoke(main, list(map(str, words)))


def test_the_summary_is_that_of_the_reference_values(raw, tmp_path):
    answer = call("-i", raw, "-o", tmp_path / "run.root", "-t", "unpacked")
    assert answer.exit_code == 0  # the original deletes a raw file whose unpacking fails
    assert "ends in the middle of a record" in answer.stderr
    with uproot.open(tmp_path / "run.root") as file:
        tree = file[f"{SUMMARY_TREE};1"]
        columns = tree.arrays(library="np")
        assert EVENT_TREE not in file
    assert list(columns)[:5] == ["chip", "channel", "channeltype", "adc_median", "adc_iqr"]
    assert len(columns) == 19
    assert len(columns["chip"]) == 234
    row = 10  # chip 0, channel 10
    assert (columns["adc_median"][row], columns["adc_iqr"][row]) == (402, 2)
    assert columns["adc_mean"][row] == pytest.approx(401.8398, abs=1e-4)
    assert columns["adc_stdd"][row] == pytest.approx(1.2518, abs=1e-4)


def test_events_come_where_they_are_asked_for(raw, tmp_path):
    meta = tmp_path / "meta.yaml"
    meta.write_text("metaData: {characMode: 1, keepRawData: 1, keepSummary: 0, chip_params: {}}\n")
    assert call("-i", raw, "-o", tmp_path / "run.root", "-M", meta).exit_code == 0
    with uproot.open(tmp_path / "run.root") as file:
        columns = file[EVENT_TREE].arrays(library="np")
        assert SUMMARY_TREE not in file
    assert len(columns["adc"]) == 1553 * 2 * 39
    assert columns["adc"][columns["channel"] < 37].sum(dtype=np.int64) == 33_406_017
    assert columns["adc"][columns["channel"] > 36].sum(dtype=np.int64) == 1_658_934
    assert columns["toa"].sum() == columns["tot"].sum() == 0


def test_a_file_that_is_no_archive_is_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "run.raw").write_bytes(b"nothing of the kind" * 10)
    answer = call("-i", tmp_path / "run.raw", "-o", tmp_path / "run.root")
    assert answer.exit_code == 1
    assert "run.raw" in answer.output
    assert not (tmp_path / "run.root").exists()
