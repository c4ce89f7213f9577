"""Scans are found by file, folder, run and name; of several boards, or none, is refused."""

import shutil

import pytest

from kit.files import FormatError
from kit.hgcroc.calibration.scan_sources import find_sources, tables_of
from tests.hgcroc.plans import CALIB, plan_of
from tests.hgcroc.test_legacy import scan_in


def test_scans_come_in_the_order_in_which_they_were_measured(demo_folder):
    names = [path.parent.name.rpartition("-")[0] for path in find_sources([str(demo_folder)]).scans]
    assert names[:3] == ["pedestal_run", "vrefinv", "vrefnoinv"]
    assert names[-1] == "timewalk_scan"
    assert len(names) == 15


def test_a_file_a_folder_and_one_named_twice(demo_folder):
    (path,) = demo_folder.glob("vrefinv-*/scan.h5")
    assert find_sources([str(path), str(path.parent)]).scans == [path]


def test_a_chain_is_found_by_its_name(demo_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    run = tmp_path / "outputs" / "hgcroc" / "acquisition" / "run_1"
    shutil.copytree(demo_folder, run)
    found = find_sources(["characterisation"])
    assert {path.parents[1] for path in found.scans} == {run}
    with pytest.raises(FileNotFoundError, match="characterization: is no file or folder, and no complete run"):
        find_sources(["characterization"])


def test_labelled_raw_files_are_a_source(shared_data):
    found = find_sources([str(shared_data / "hgcroc" / "raw")])
    assert len(found.files) == 6
    with tables_of(found, min_events=50) as (table,):
        assert len(table) == 5


def test_scans_of_several_boards_are_refused(demo_folder, tmp_path):
    scan_in(tmp_path, plan_of([{"key": CALIB, "values": [0, 1]}])).close()
    with pytest.raises(FormatError, match=r"scans of 2 boards cannot be distilled together: .*is of ld demo"):
        find_sources([str(demo_folder), str(tmp_path)])


def test_a_folder_without_scans_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no scan, should have scan.h5 in it or below"):
        find_sources([str(tmp_path)])


def test_patterns_find_scans_and_raw_files(demo_folder, shared_data):
    found = find_sources([str(demo_folder / "vref*" / "scan.h5"), str(demo_folder / "tot_*")])
    assert [path.parent.name.rpartition("-")[0] for path in found.scans] == [
        "vrefinv", "vrefnoinv", "tot_vref", "tot_vref_high", "tot_trim",
    ]  # fmt: skip
    raw = shared_data / "hgcroc" / "raw"
    assert len(find_sources([str(raw / "test_run_*.raw.gz")]).files) == 6
    with pytest.raises(FileNotFoundError, match="no scan fits this pattern"):
        find_sources([str(raw / "run_*")])


def test_one_labelled_raw_file_is_a_source_and_one_without_label_is_refused(shared_data, tmp_path):
    raw = shared_data / "hgcroc" / "raw" / "test_run_1.raw.gz"
    with tables_of(find_sources([str(raw)]), min_events=50) as (table,):
        assert len(table) == 1
    shutil.copy(raw, tmp_path)
    with pytest.raises(FormatError, match=r"has no label, should have its settings beside it in test_run_1\.yaml"):
        find_sources([str(tmp_path / raw.name)])


def test_a_scan_that_is_cut_is_told_by_its_name(demo_folder, tmp_path):
    (path,) = demo_folder.glob("vrefinv-*/scan.h5")
    content = path.read_bytes()
    (tmp_path / "scan.h5").write_bytes(content[: int(0.6 * len(content))])
    with pytest.raises(FormatError, match=r"scan\.h5"), tables_of(find_sources([str(tmp_path)]), min_events=1):
        pass
