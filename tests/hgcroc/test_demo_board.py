"""The word demo stands for one folder; the demo is a chain of the shipped quick scans."""

from kit.hgcroc.demo_board import DEMO, FAULTS, FOLDER, demo_scans
from kit.hgcroc.options import AcquisitionParameters
from kit.manifest import load


def test_the_word_stands_for_a_folder_of_the_project(tmp_path, monkeypatch):
    monkeypatch.setenv("KIT_HOME", str(tmp_path))
    assert demo_scans([DEMO, "mine"]) == [str(tmp_path / FOLDER), "mine"]


def test_the_demo_is_measured_once_on_a_board_with_bad_channels(demo_folder):
    run = load(demo_folder)
    assert run.state == "complete"
    assert (run.summary["scans"], len(run.summary["calibrations"])) == (15, 8)
    assert run.parameters["fault"] == AcquisitionParameters(fault=FAULTS).fault
