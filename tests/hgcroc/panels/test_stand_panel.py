"""The board's part of the panel: everything that its buttons do, by clicks and by attributes."""

import pytest

from kit.hgcroc.panels.stand_panel import StandPanel
from tests.hgcroc.hands import click, control, parameters_on


@pytest.fixture
def panel_on(stand):
    made = []

    def make(emulator=None, **changes):
        p = parameters_on(emulator, board="char", **changes)
        made.append(StandPanel(lambda: p, lambda: None))
        return made[-1]

    yield make
    for panel in made:
        panel.wait(120)
        panel.close()


def test_lights_tell_in_words_and_colour_what_answers_and_what_does_not(panel_on, stand, eventually):
    emulator = stand("char")
    panel = panel_on(emulator)
    assert panel._lights.value.count("not connected") == 4
    click(panel, "Connect")
    assert panel.wait(120)
    assert (panel.connected, panel.error) == (True, "")
    assert "server answers, created" in panel._lights.value
    assert panel.description.startswith("char_board: 1 ROC")
    emulator.stop()
    assert eventually(lambda: panel.lights["server"].startswith("refuses"), 20)
    assert "kit-silent" in panel._lights.value
    click(panel, "Disconnect")
    assert (panel.connected, panel.lights) == (False, {})


def test_nobody_there_is_told_with_role_and_address(panel_on, stand):
    emulator = stand("char")
    panel = panel_on(emulator)
    emulator.stop()
    panel.connect()
    assert panel.wait(120)
    assert "slow control at tcp://127.0.0.1:" in panel.error
    assert not panel.connected


def test_registers_are_read_back_and_reset(panel_on, stand):
    emulator = stand("char")
    emulator.board.write({"roc_s0": {"Top": {0: {"phase_strobe": 9}}}})
    panel = panel_on(emulator)
    with pytest.raises(RuntimeError, match="no board is connected: connect first"):
        panel.read_back()
    panel.join()
    click(panel, "Read back")
    assert panel.wait(120)
    assert panel._read.text.splitlines() == [
        "2625 registers read from the chips",
        "1 is not as after reset:",
        "  roc_s0.Top.0.phase_strobe is 9, 0 after reset",
    ]
    click(panel, "Reset chips")
    assert panel.wait(120)
    assert (emulator.board.state == emulator.board.table.reset).all()
    click(panel, "Describe")
    assert panel.wait(120)
    assert panel.error == ""


def test_faults_are_chosen_for_an_emulated_board_alone(panel_on, stand):
    real = panel_on(stand("char"))
    real.join()
    assert real._teaching.layout.display == "none"
    panel = panel_on(fault=["slow_run 0.1"])
    panel.join()
    assert panel._teaching.layout.display == ""
    assert panel.faults == ["slow_run 0.1"]
    control(panel, "fault").value = "lost_event"
    assert panel.fault_name == "lost_event"
    assert panel._meaning.text == "an event is lost with probability VALUE"
    control(panel, "how").value = "0.25 runs=3"
    click(panel, "Inject")
    assert panel._faulty.text == "faults now: slow_run 0.1, lost_event 0.25 for 3 runs"
    control(panel, "how").value = "often"
    click(panel, "Inject")
    assert "value is 'often', should be a number from 0" in panel.error
    click(panel, "Clear")
    assert (panel.faults, panel.error) == ([], "")


def test_while_a_scan_has_the_board_nothing_else_is_asked_of_it(panel_on, stand):
    panel = panel_on(stand("char"))
    panel.join()
    panel.scanning = lambda: True
    for words in ("Describe", "Read back", "Reset chips", "Disconnect"):
        click(panel, words)
        assert panel.error == "a scan is using the board: wait for its end, or abort it"
    panel.look()
    assert panel.states == {}
