"""The run's part of the panel: hold, go on, end, try again, queue; what it tells of points in doubt."""

import threading
import time

import pytest

from kit.hgcroc.measurements import Scan
from kit.hgcroc.panels.run_panel import RunPanel
from kit.hgcroc.resuming import FILE
from tests.hgcroc.hands import click
from tests.hgcroc.scans import parameters, twins_of

LIMIT = 300  # s; most of it is for a busy machine


@pytest.fixture
def panel_on(shared_data, stand):
    """Return a function that makes the part over small2d of the examples, and the emulator."""
    made = []

    def make(**changes):
        emulator = stand()
        state = {"p": parameters(shared_data, emulator, **changes).with_values(interactive=True)}
        made.append(RunPanel(lambda: state["p"], lambda p, _: p, lambda _: None))
        made[-1].present = state
        return made[-1], emulator

    yield make
    for panel in made:
        panel.runner.stop()
        assert panel.runner.wait(30)
        panel.close()


def test_a_scan_is_held_and_gone_on_with(panel_on, eventually):
    panel, emulator = panel_on()
    click(panel, "Pause")
    assert panel.error == "no scan is running: start one first"
    emulator.inject("slow_run", value=0.3)
    panel.start()
    assert eventually(lambda: panel.runner.progress > 0, 60)
    click(panel, "Pause")
    assert eventually(lambda: panel.state == "paused", 20)
    assert panel._state.text == "‖ paused"
    runs = emulator.board.counters["runs"]
    assert not eventually(lambda: emulator.board.counters["runs"] > runs, 0.5)
    click(panel, "Resume")
    assert eventually(lambda: "left" in panel.runner.words.text, 60)  # from the median of the points so far
    emulator.board.faults.clear()
    assert panel.runner.wait(150)
    assert (panel.runner.status, panel.state, panel.error) == ("done", "done", "")
    assert panel.runner.result.summary["good"] == 6


def test_an_aborted_scan_goes_on_when_it_is_started_again(panel_on, eventually):
    panel, emulator = panel_on()
    emulator.inject("slow_run", value=0.3)
    panel.start()
    assert eventually(lambda: panel.runner.progress > 0.3, 60)
    click(panel, "Abort")
    assert panel.runner.wait(20)
    assert (panel.runner.status, panel.state) == ("idle", "aborted")
    emulator.board.faults.clear()
    panel.start()
    assert panel.runner.wait(150)
    summary = panel.runner.result.summary
    assert summary["good"] == 6
    assert summary["measured_now"] < 5
    assert "goes on with outputs/" in panel._trouble.text


def test_a_scan_can_be_ended_while_the_board_is_being_reached(panel_on, eventually):
    panel, _ = panel_on()
    reached = threading.Event()

    def reach(p, interrupt):
        reached.set()
        while not interrupt():
            time.sleep(0.01)
        return p

    panel._reach = reach
    panel.start()
    assert reached.wait(20)
    assert panel.state == "preparing"
    click(panel, "Pause")
    assert panel.error == "the scan is being prepared: wait until it runs, or abort it"
    click(panel, "Abort")
    assert panel.runner.wait(20)
    assert (panel.runner.status, panel.state, panel.session, panel.error) == ("idle", "aborted", None, "")


def test_a_board_that_falls_silent_holds_the_scan_and_says_who(panel_on, eventually):
    panel, emulator = panel_on(timeout=5.0, max_retries=0)
    emulator.inject("slow_run", value=0.2)
    panel.start()
    assert eventually(lambda: panel.runner.progress > 0, 60)
    emulator.inject("silent", role="server", value=1000)
    assert eventually(lambda: panel.state == "paused", 30)
    assert eventually(lambda: "held: server at tcp://" in panel._trouble.text, 5)
    emulator.board.faults.clear()
    click(panel, "Resume")
    assert panel.runner.wait(150)
    assert panel.runner.status == "done"


def test_points_in_doubt_are_listed_and_tried_again(panel_on):
    panel, emulator = panel_on(max_retries=0)
    click(panel, "Try again")
    assert panel.error == "there is no point to try again"
    emulator.inject("lost_event", value=0.4, runs=2)
    panel.start()
    assert panel.runner.wait(150)
    assert panel.runner.status == "failed"
    assert "2 of 6 points are not as they should be" in panel.runner.error
    assert sorted(panel.doubtful) == [0, 1]
    assert "2 points in doubt:\npoint 0: fewer events than asked for" in panel._trouble.text
    folder = panel.session.folder
    click(panel, "Try again")
    assert panel.runner.wait(150)
    assert (panel.runner.status, panel.runner.error) == ("done", "")
    assert panel.doubtful == {}
    assert panel.session.folder == folder
    with Scan.open(folder / FILE) as scan:
        assert scan.summary()["good"] == 6
        assert scan.array("n").min() == 20


def test_what_only_the_whole_scan_shows_is_listed_too(panel_on, shared_data, tmp_path):
    panel, emulator = panel_on()
    panel.present["p"] = twins_of(panel.present["p"], shared_data, tmp_path)
    panel._follow = lambda _: emulator.board.counters.__setitem__("runs", 0)  # the same noise for each run
    panel.start()
    assert panel.runner.wait(150)
    assert panel.doubtful == {0: "same data as another point", 1: "same data as another point"}


def test_scans_wait_for_their_turn(panel_on):
    panel, emulator = panel_on()
    first = panel.present["p"]
    click(panel, "Queue")
    panel.present["p"] = first.with_values(n_events=7)
    click(panel, "Queue")
    assert [line.split()[1] for line in panel._queued.text.splitlines()[1:]] == ["small2d", "small2d"]
    panel.start()
    assert panel.runner.wait(120)
    assert (panel.runner.status, panel.queue, panel._queued.text) == ("done", [], "")
    assert emulator.board.counters["runs"] == 12
    assert panel.runner.result.summary["events"] == 42
    click(panel, "Queue")
    click(panel, "Empty queue")
    assert panel.queue == []


def test_stop_ends_a_long_wait_and_the_queue(panel_on, eventually):
    panel, emulator = panel_on()
    emulator.inject("slow_run", value=60)
    panel.enqueue()
    panel.enqueue()
    panel.start()
    assert eventually(lambda: emulator.board.counters["runs"] == 1, 60)
    panel.runner.stop()
    assert panel.runner.wait(15)
    assert (panel.runner.status, panel.queue) == ("idle", [])
