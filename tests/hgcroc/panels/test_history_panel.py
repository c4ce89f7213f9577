"""The past's part of the panel: scans listed, shown and compared."""

import pytest

from kit.hgcroc.panels.history_panel import RUNS, HistoryPanel
from tests.hgcroc.hands import click, control
from tests.hgcroc.plans import CALIB, PHASE, plan_of
from tests.hgcroc.test_legacy import scan_in


@pytest.fixture
def panel(tmp_path, example):
    """Return the part over a project with two scans, and what it has been asked to show."""
    for number, axis in enumerate((PHASE, CALIB)):
        folder = tmp_path / RUNS / f"run_{number}" / "scan-1"
        folder.mkdir(parents=True)
        scan_in(folder, plan_of([{"key": axis, "values": [1, 2]}]), points=[0]).close()
    shown = []
    made = HistoryPanel(shown.append)
    made.shown_paths = shown
    yield made
    made.close()


def test_scans_are_listed_the_newest_first_and_shown(panel, tmp_path):
    click(panel, "Show")
    assert panel.error == "no scan is chosen: look up which there are"
    click(panel, "Look up")
    assert [path.split("/")[3] for path in panel.scans] == ["run_1", "run_0"]
    assert [path.split("/")[3] for path in (panel.chosen, panel.other)] == ["run_1", "run_0"]
    words = [text for text, _ in panel.controls["chosen"].options]
    assert words[0].endswith("scan: Calib (2), 1 pending, 1 good")
    click(panel, "Show")
    assert panel.shown_paths == [tmp_path / panel.scans[0]]


def test_the_settings_of_any_two_are_compared(panel):
    panel.look_up()
    click(panel, "Compare")
    assert panel.told == "axes: phase_strobe (2: 1 to 2), then Calib (2: 1 to 2)"
    control(panel, "scan").value = panel.scans[1]
    assert panel.chosen == panel.other
    assert panel.compare() == []
    assert panel._differing.text == "no setting differs"


def test_a_file_that_cannot_be_read_is_listed_with_what_is_wrong(panel, tmp_path):
    (tmp_path / RUNS / "run_0" / "scan-1" / "scan.h5").write_text("no HDF5")
    panel.look_up()
    assert any("should be the file of a scan" in text for text, _ in panel.controls["chosen"].options)
