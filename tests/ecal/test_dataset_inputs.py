"""Files of windows as a dataset takes them, and the layout that they have in common."""

import numpy as np
import pytest

from kit.ecal.access import WindowFile
from kit.ecal.building import Rules, build
from kit.ecal.collecting import Source, collect
from kit.ecal.dataset_inputs import Input, common_features, open_inputs
from kit.ecal.datasets import DatasetParameters
from kit.ecal.engine import NUMPY
from kit.ecal.features import read_features
from kit.ecal.tables import TableWriter, to_table
from kit.files import FormatError, sha256
from kit.run import Run

FEATURES = read_features()


@pytest.fixture
def write(demo_file, table, read, tmp_path):
    """Return a function that writes windows of demo events, and returns them as an input."""
    windows = build(read(demo_file("pairs", 12)), Rules(table), NUMPY)

    def make(name, precision="float64", absent=-999.0):
        made = to_table(windows, FEATURES, precision, flavour=11, nan_fill=absent)
        with TableWriter(tmp_path / name, made.schema, 100) as writer:
            writer.write(made)
        return Input(Source(tmp_path / name, name), tmp_path / name, None, absent)

    return make


def test_extra_groups_that_one_file_lacks_are_left_out(write, ecal_data):
    original = ecal_data / "ele4_50_nonoverlapping.parquet"
    public = Input(Source(original, "x"), original, None, -999.0)
    assert set(common_features([write("a.parquet")], FEATURES).groups) == set(FEATURES.groups)
    common = common_features([write("a.parquet"), public], FEATURES)
    assert set(FEATURES.groups) - set(common.groups) == {"extra_cl", "extra_window", "extra_calos"}


def test_numbers_of_different_precision_are_refused(write):
    with pytest.raises(FormatError, match=r"different precision: double in .*a\.parquet, float in .*b\.parquet"):
        common_features([write("a.parquet"), write("b.parquet", "float32")], FEATURES)


def test_files_that_write_nan_differently_are_refused(write):
    with pytest.raises(FormatError, match=r"write NaN differently: -999.0 in .*a\.parquet, None in .*b\.parquet"):
        common_features([write("a.parquet"), write("b.parquet", absent=None)], FEATURES)


def test_a_file_that_is_not_what_its_run_has_written_is_refused(write):
    good = write("a.parquet").path
    stated = sha256(good)
    with Run("ecal/datasets", DatasetParameters(output="run")) as run:
        [_] = open_inputs([Source(good, "a", {"parameters": {"nan_fill": None}}, stated)], run, FEATURES, {})
    assert run.state == "complete"
    content = bytearray(good.read_bytes())
    content[len(content) // 3] ^= 1
    good.write_bytes(content)
    with (
        Run("ecal/datasets", DatasetParameters(output="again")) as run,
        pytest.raises(
            FormatError, match=rf"a\.parquet: sha256 is \w{{12}}…, {stated[:12]}… in the manifest of its"
        ),
    ):
        list(open_inputs([Source(good, "a", {}, stated)], run, FEATURES, {}))


def test_text_becomes_parquet_in_the_work_folder_once(ecal_data):
    name = str(ecal_data / "ele4_50_nonoverlapping.ndjson.tar.gz")
    with Run("ecal/datasets", DatasetParameters(output="run")) as run:
        sources = collect([name]).sources
        [made] = open_inputs(sources, run, FEATURES, {name: 22})
        written = made.path.stat().st_mtime_ns
        [again] = open_inputs(sources, run, FEATURES, {name: 22})
        assert again.path.stat().st_mtime_ns == written
        with WindowFile(made.path) as file:
            part = file.read(0, ["flavour", "et_seed"])
            assert (len(part), set(part.window["flavour"])) == (201, {22.0})
            assert part.window["et_seed"].sum() == pytest.approx(46601.6167567947)
            assert np.isfinite(part.window["et_seed"]).all()
