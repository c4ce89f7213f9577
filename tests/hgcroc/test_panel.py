"""The whole panel, without a browser: its parts agree, every control is an attribute, long work is in threads."""

import json
import threading
from pathlib import Path

import pytest
import yaml

from kit import files
from kit.hgcroc.measurements import Scan
from kit.hgcroc.panel import ScanPanel
from kit.hgcroc.resuming import FILE
from kit.run import load
from tests.conftest import PROJECT
from tests.hgcroc.hands import click, parameters_on
from tests.hgcroc.scans import parameters

PROCEDURES = PROJECT / "parameters" / "hgcroc" / "procedures"
LIMIT = 300  # s; most of it is for a busy machine


@pytest.fixture
def panel_on(stand):
    """Return a function that makes a panel on an emulated board in this process, and the emulator."""
    panels = []

    def make(**changes):
        emulator = stand()
        panels.append(ScanPanel(parameters_on(emulator, **changes)))
        return panels[-1], emulator

    yield make
    for panel in panels:
        panel.close()


def built(panel):
    panel.builder.axes = []
    panel.builder.add("Top.phase_strobe", "2, 8")
    panel.builder.add("ReferenceVoltage.Calib", "0:1001:250")
    return panel


def test_it_says_at_once_what_the_scan_costs_and_sends_nothing(panel_on):
    panel, emulator = panel_on()
    assert panel.plan.cost.startswith("84 points, ")
    assert emulator.board.counters["messages"] == 0
    built(panel)
    assert panel.plan.cost.startswith("10 points, ")
    assert panel.plan.shown.splitlines()[7] == "7: phase_strobe 8, Calib 500 (6 writes)"
    panel.form.set(order="serpentine", repeats=2)
    assert panel.plan.cost.startswith("20 points, ")
    panel.builder.axes = panel.builder.axes[:1]
    assert panel.plan.cost.startswith("4 points, ")
    assert emulator.board.counters["messages"] == 0


def test_what_is_wrong_with_the_plan_is_told_until_it_is_mended(panel_on):
    panel, _ = panel_on()
    panel.form.set(procedure="nothing")
    assert "there is no daq procedure 'nothing'" in panel.error
    panel.form.set(procedure="pedestal_scan")
    assert panel.error == ""
    assert panel.plan.cost.startswith("32 points, ")
    panel.builder.add("Top.phase_strobe", "15, 16")
    assert "phase_strobe is 16, should be from 0 to 15" in panel.error
    assert panel.planned is None
    panel.scan.start()
    assert panel.scan.runner.wait(10)
    assert "phase_strobe is 16" in panel.scan.runner.error
    panel.builder.remove()
    assert panel.error == ""


def test_the_connected_board_has_the_last_word_on_ranges(panel_on):
    panel, emulator = panel_on()
    emulator.inject("narrow_register", path="roc_s1.ReferenceVoltage.0.Calib", value=500)
    assert panel.error == ""
    panel.stand.connect()
    assert panel.stand.wait(120)
    assert "roc_s1.ReferenceVoltage.0.Calib is 600, should be from 0 to 500 as the board describes" in panel.error
    assert panel.builder.range.text.startswith("0 to 4095") is False
    built(panel)
    assert "Calib is 750, should be from 0 to 500" in panel.error
    panel.builder.remove()
    panel.builder.add("ReferenceVoltage.Calib", "0:501:250")
    assert panel.error == ""
    panel.scan.start()
    assert panel.scan.runner.wait(150)
    assert panel.scan.runner.result.summary["good"] == 6
    assert emulator.board.counters["runs"] == 6


def test_a_changed_procedure_is_saved_run_seen_and_found_again(panel_on):
    panel, _ = panel_on()
    built(panel)
    panel.builder.name = "mine"
    click(panel, "Start")
    assert panel.scan.runner.wait(150)
    assert (panel.scan.runner.status, panel.error, panel.scan.error) == ("done", "", "")
    panel.view.flush()
    assert panel.view.curve.caption.startswith("mine, phase_strobe 8: 5 points against Calib [DAC counts]; chip 0")
    assert panel.view.board.caption == "median ADC [counts], point 9, phase_strobe 8, Calib 1000"
    assert panel.view.error == ""
    assert (panel.form.parameters.config, panel.form.parameters.procedure) == (
        "outputs/hgcroc/procedures/mine.yaml", "mine",
    )  # fmt: skip
    assert "procedure: mine" in panel.form.yaml
    assert not panel.builder.draft.changed
    panel.builder.chosen = 0
    panel.builder.remove()
    panel.scan.start()
    assert panel.scan.runner.wait(150)
    _, oldest = panel.history.look_up()
    assert panel.history.compare()[0].startswith(
        "axes: phase_strobe (2: 2 to 8) by Calib (5: 0 to 1000), then Calib"
    )
    panel.history.chosen = oldest
    click(panel, "Show")
    panel.view.flush()
    assert "5 points against Calib" in panel.view.curve.caption
    assert panel.view.file.parent.name in oldest


@pytest.fixture
def onlooker():
    """A thread that reads every scan all the time; returns what went wrong for it."""
    over, faults = threading.Event(), []

    def look():
        while not over.wait(0.001):
            for path in Path(files.home(), "outputs").rglob("scan.h5"):
                try:
                    with Scan.open(path) as scan:
                        scan.array("adc_mean")
                except OSError as fault:
                    faults.append(repr(fault))

    thread = threading.Thread(target=look)
    thread.start()
    yield faults
    over.set()
    thread.join()


def test_scans_that_wait_keep_their_axes_and_may_be_read_meanwhile(panel_on, onlooker):
    panel, _ = panel_on()
    for values in ("0, 500", "0, 600, 700", "800"):
        panel.builder.axes = []
        panel.builder.add("ReferenceVoltage.Calib", values)
        panel.scan.enqueue()
    assert [p.config.rpartition("/")[2] for p in panel.scan.queue] == [
        "panel_scan.yaml", "panel_scan_2.yaml", "panel_scan_3.yaml",
    ]  # fmt: skip
    panel.scan.start()
    assert panel.scan.runner.wait(120)
    assert panel.scan.runner.status == "done", (panel.scan.runner.error, panel.error)
    found = []
    for path in reversed(panel.history.look_up()):
        with Scan.open(files.resolve(path)) as scan:
            found.append(scan.axis_values(0))
    assert found == [[0, 500], [0, 600, 700], [800]]
    assert onlooker == []


def test_a_run_of_the_panel_notes_the_files_that_it_was_made_from(panel_on):
    panel, _ = panel_on(procedure="pedestal_scan")
    panel.scan.start()
    assert panel.scan.runner.wait(120)
    read = {entry["path"].rpartition("/")[2] for entry in load(panel.scan.run.directory).manifest["inputs"]}
    assert read >= {"main.yaml", "as_reset.yaml", "daq.yaml", "characterisation.yaml"}


def test_a_scan_without_a_network_runs_on_a_board_that_the_panel_starts_and_ends():
    panel = ScanPanel(parameters_on(board="char", procedure="pedestal_scan"))
    try:
        assert "there is no ROC 'roc_s1'" in panel.error  # the axis that comes with it is of an LD board
        panel.builder.axes = []
        panel.builder.add("HalfWise.trim_inv", "0:8")
        assert panel.error == ""
        panel.scan.start()
        assert panel.scan.runner.wait(150)
        assert panel.scan.runner.result.summary["good"] == 8
        emulator = panel.stand.stand.emulator
        panel.stand.disconnect()
        assert not emulator.running
    finally:
        panel.close()


def test_faults_are_injected_while_a_scan_runs(eventually):
    panel = ScanPanel(parameters_on(max_retries=0))
    try:
        built(panel)
        panel.stand.join()
        panel.stand.inject("slow_run 0.2")
        panel.scan.start()
        assert eventually(lambda: panel.scan.runner.progress > 0.1, 60)
        panel.stand.inject("lost_event 0.4 runs=2")  # the run that is going on counts, too
        assert eventually(lambda: panel.scan.doubtful != {}, 30)
        panel.stand.clear()
        assert panel.scan.runner.wait(150)
        assert panel.scan.runner.status == "failed"
        panel.scan.retry()
        assert panel.scan.runner.wait(150)
        assert panel.scan.runner.status == "done"
    finally:
        panel.close()


def test_every_event_is_kept_and_seen_where_that_is_wished(panel_on):
    panel, _ = panel_on(mode="full")
    built(panel)
    panel.scan.start()
    assert panel.scan.runner.wait(150)
    panel.view.flush()
    assert panel.view.spectra.layout.display == ""
    assert panel.view.spectra.caption.startswith("10 events of point 9, phase_strobe 8, Calib 1000")
    panel.view.event = 3
    panel.view.flush()
    assert panel.view.board.caption.startswith("ADC [counts], event 3 of 10, point 9")


def test_without_a_person_the_panel_is_its_pictures(shared_data, stand, tmp_path):
    panel = ScanPanel(parameters(shared_data, stand()), interactive=False)
    shown = panel.static()
    assert "6 points" in shown["text/plain"]
    assert "image/png" in shown
    panel.scan.start()
    assert panel.scan.runner.result.summary["good"] == 6
    assert "3 points against Calib" in panel.static()["text/plain"]
    assert threading.active_count() < 50
    panel.close()


def test_a_scan_file_holds_what_the_panel_has_run(panel_on):
    panel, _ = panel_on()
    panel.builder.axes = []
    panel.builder.add("Top.phase_strobe", "1, 2", rocs=["roc_s1"])
    panel.scan.start()
    assert panel.scan.runner.wait(150)
    with Scan.open(panel.scan.session.folder / FILE) as scan:
        assert scan.register(("roc_s1", "Top", 0, "phase_strobe")).tolist() == [1, 2]
        assert scan.register(("roc_s0", "Top", 0, "phase_strobe")).tolist() == [0, 0]


def test_the_parameters_that_were_given_stay_as_they_were(panel_on):
    panel, _ = panel_on()
    before = panel.form.start.model_dump()
    built(panel)
    panel.builder.save()
    assert panel.form.start.model_dump() == before
    assert panel.form.parameters.procedure == "panel_scan"


def test_a_procedure_that_asks_for_a_calibration_is_shown_without_it_and_says_so(shared_data, stand):
    p = parameters(shared_data, stand(), "0.1.2", "timewalk_scan_calibrated")
    panel = ScanPanel(p.with_values(interactive=True))
    assert panel.error == ""
    assert "calibrations pedestal_target are made before" in panel.plan.static()["text/plain"]
    assert len(panel.planned) > 1
    panel.close()


def test_a_workflow_is_told_scan_by_scan_and_measured_each_with_what_it_needs(panel_on, tmp_path):
    main = {"libraries": [str(PROCEDURES / "quick_scans.yaml"), str(PROCEDURES / "analyses.yaml")]}
    main["workflows"] = [{"name": "voltages", "tasks": ["vrefnoinv"]}]
    (tmp_path / "main.yaml").write_text(json.dumps(main))
    panel, emulator = panel_on(config=str(tmp_path / "main.yaml"), procedure="voltages", n_events=20)
    assert panel.error == ""
    assert panel.plan.cost.startswith("2 scans, 24 points, about ")
    assert panel.plan.shown.splitlines()[0].startswith("vrefinv: 13 points, ")
    panel.scan.start()
    assert panel.scan.runner.wait(150)
    assert (panel.scan.runner.status, panel.scan.error, panel.scan.state) == ("done", "", "done")
    assert panel.scan.runner.result.summary["calibrations"] == ["inv_vref"]
    found = yaml.safe_load(next(panel.scan.run.directory.glob("inv_vref-*/overlay.yaml")).read_text())["target"]
    index, value = emulator.board.table.leaves(found)
    assert (emulator.board.state[index] == value).all()
    panel.builder.add("ReferenceVoltage.Calib", "0, 1")
    assert panel.error == "voltages is a workflow: choose one of its scans to change axes"
