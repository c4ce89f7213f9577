"""The panel, without a browser: every control is an attribute, long work runs in a thread."""

import threading

import pytest

from kit.hgcroc.acquisition import AcquisitionParameters
from kit.hgcroc.measurements import Scan
from kit.hgcroc.panel import ScanPanel
from kit.hgcroc.resuming import FILE
from tests.conftest import PROJECT
from tests.hgcroc.scans import parameters

LIMIT = 300  # s; most of it is for a busy machine
CLICK = {"event": "click"}


@pytest.fixture
def panel_on(stand):
    """Return a function that makes a panel on an emulated board in this process, and the emulator."""
    panels = []

    def make(**changes):
        emulator = stand()
        network = emulator.network("1.0.15")
        config = str(PROJECT / "parameters" / "hgcroc" / "procedures" / "main.yaml")
        values = {"config": config, "network": network, "n_events": 10, "timeout": 20.0} | changes
        panels.append(ScanPanel(AcquisitionParameters.build(values)))
        return panels[-1], emulator

    yield make
    for panel in panels:
        panel.runner.stop()
        panel.runner.wait(20)
        panel.close()


def click(panel, words):
    def buttons(widget):
        for child in getattr(widget, "children", ()):
            if getattr(child, "description", None) == words:
                yield child
            yield from buttons(child)

    next(buttons(panel))._handle_custom_msg(CLICK, [])


def built(panel):
    panel.add_axis("Top.phase_strobe", "2, 8")
    panel.add_axis("ReferenceVoltage.Calib", "0:1001:250")
    panel.build("mine")
    return panel


def test_it_says_at_once_what_the_scan_costs_and_how_it_begins(panel_on):
    panel, emulator = panel_on()
    assert panel.cost.startswith("84 points, ")
    assert panel.preview.text.splitlines()[1] == "1: phase_strobe 2, Calib 100 (6 settings)"
    assert panel.preview.text.endswith("… and 72 more")
    assert emulator.board.counters["messages"] == 0


def test_registers_are_searched_and_become_axes_and_a_procedure(panel_on):
    panel, _ = panel_on()
    panel.search = "toa vref"
    assert panel.find() == ["ReferenceVoltage.Toa_vref"]
    panel.search = "calib"
    built(panel)
    assert panel.cost.startswith("10 points, ")
    assert panel.form.parameters.procedure == "mine"
    assert panel.procedures() == ["mine"]
    panel.remove_axis()
    panel.build("mine")
    panel.look()
    assert panel.cost.startswith("2 points, ")


def test_what_means_nothing_is_told_in_the_panel(panel_on):
    panel, _ = panel_on()
    click(panel, "Pause")
    assert panel.error == "no scan is running: start one first"
    panel.form.set(procedure="nothing")
    assert "there is no daq procedure 'nothing'" in panel.error
    panel.form.set(procedure="pedestal_scan")
    assert "there is no daq" not in panel.error
    assert panel.cost.startswith("32 points, ")


def test_a_scan_is_run_watched_held_and_gone_on_with(panel_on, eventually):
    panel, emulator = panel_on()
    built(panel)
    emulator.inject("slow_run", value=0.2)
    panel.runner.start()
    assert eventually(lambda: panel.runner.progress > 0.1, 60)
    click(panel, "Pause")
    assert eventually(lambda: panel.state == "paused", 20)
    runs = emulator.board.counters["runs"]
    assert not eventually(lambda: emulator.board.counters["runs"] > runs, 0.5)
    click(panel, "Resume")
    emulator.board.faults.clear()
    assert panel.runner.wait(60)
    assert (panel.runner.status, panel.error) == ("done", "")
    assert panel.runner.result.summary["good"] == 10
    panel.curve.flush()
    panel.board.flush()
    assert panel.curve.caption == "mine, phase_strobe 8: 5 points against Calib [DAC counts]"
    assert "point 9, phase_strobe 8, Calib 1000" in panel.board.caption


def test_a_scan_that_is_aborted_goes_on_when_it_is_started_again(panel_on, eventually):
    panel, emulator = panel_on()
    built(panel)
    emulator.inject("slow_run", value=0.2)
    panel.runner.start()
    assert eventually(lambda: panel.runner.progress > 0.25, 60)
    click(panel, "Abort")
    assert panel.runner.wait(20)
    assert (panel.runner.status, panel.state) == ("idle", "failed")
    emulator.board.faults.clear()
    panel.runner.start()
    assert panel.runner.wait(60)
    summary = panel.runner.result.summary
    assert summary["good"] == 10
    assert summary["measured_now"] < 10


def test_stop_ends_a_scan_within_a_long_wait(panel_on, eventually):
    panel, emulator = panel_on()
    emulator.inject("slow_run", value=60)
    panel.runner.start()
    assert eventually(lambda: emulator.board.counters["runs"] == 1, 60)
    panel.runner.stop()
    assert panel.runner.wait(10)
    assert panel.runner.status == "idle"


def test_a_finished_file_is_looked_at_in_the_same_way(panel_on, tmp_path, example):
    from tests.hgcroc.test_legacy import scan_in

    (tmp_path / "old").mkdir()
    scan_in(tmp_path / "old", example("small2d")).close()
    panel, _ = panel_on()
    panel.look_at(tmp_path / "old" / FILE)
    panel.quantity, panel.axis, panel.point = "adc_mean", 0, 2
    for picture in (panel.curve, panel.board):
        picture.flush()
    assert panel.curve.caption == "small2d, Calib 64: 2 points against phase_strobe [25 ns / 16]"
    assert "point 2, phase_strobe 0, Calib 64" in panel.board.caption


def test_points_in_doubt_are_listed(panel_on):
    panel, emulator = panel_on(max_retries=0)
    built(panel)
    emulator.inject("lost_event", value=0.4)
    panel.runner.start()
    assert panel.runner.wait(60)
    assert panel.runner.status == "failed"
    assert "10 of 10 points are not as they should be" in panel.runner.error
    assert "point 9: fewer events than asked for" in panel.trouble.text


def test_without_a_person_the_panel_is_its_pictures(shared_data, stand):
    panel = ScanPanel(parameters(shared_data, stand()), interactive=False)
    shown = panel.static()
    assert "6 points" in panel.cost
    assert "image/png" in shown
    assert threading.active_count() < 50


def test_a_scan_file_holds_what_the_panel_has_run(panel_on):
    panel, _ = panel_on()
    panel.add_axis("Top.phase_strobe", "1, 2", rocs=["roc_s1"])
    panel.build("two")
    panel.runner.start()
    assert panel.runner.wait(60)
    with Scan.open(panel.folder / FILE) as scan:
        assert scan.register(("roc_s1", "Top", 0, "phase_strobe")).tolist() == [1, 2]
        assert scan.register(("roc_s0", "Top", 0, "phase_strobe")).tolist() == [0, 0]


def test_scans_of_the_past_are_listed_shown_and_compared(panel_on):
    panel, _ = panel_on()
    assert panel.history() == []
    for values in ("1, 2", "1, 3"):
        panel.axes = []
        panel.add_axis("Top.phase_strobe", values)
        panel.build("two")
        panel.look()
        panel.runner.start()
        assert panel.runner.wait(120)
    newest, oldest = panel.history()
    assert panel.differences(newest) == []
    assert panel.differences(oldest) == ["axes: phase_strobe (2: 1 to 2), then phase_strobe (2: 1 to 3)"]
    click(panel, "Look up")
    click(panel, "Compare")
    assert panel.error == ""
