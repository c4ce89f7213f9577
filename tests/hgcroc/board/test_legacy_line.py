"""What the asking side of dialect 0.1.2 makes of answers that are not as they should be."""

import pytest

from kit.hgcroc import messages
from kit.hgcroc.board.errors import BoardError, NackError, RefusedError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.board.legacy_line import LegacyLine
from kit.hgcroc.wire import Responder, Wire
from tests.hgcroc.stands import LEGACY

READY = "ReadyForConfig"


@pytest.fixture
def line():
    """Return a line to three far ends, whose next answers a test puts into `says`."""
    with Wire() as wire:
        said, heard = {"slow control": [], "server": [], "data client": []}, []

        def far(name):
            def answer(_who, parts):
                heard.append((name, parts[0].decode()))
                return [said[name].pop(0).encode()]

            return answer

        responders = [Responder(wire, "127.0.0.1", 0, far(name), name) for name in said]
        for each in responders:
            each.start()
        roles = [
            Role(wire, name, "127.0.0.1", each.port, 2.0) for name, each in zip(said, responders, strict=True)
        ]
        made = LegacyLine(*roles, 8888)
        made.says, made.heard = said, heard
        yield made
        for each in responders:
            each.stop()


@pytest.mark.parametrize("answer", ["Configured", "ROC(s) CONFIGURED\n...\n"])
def test_both_ways_to_say_configured_are_taken(line, answer):
    line.says["slow control"] = [READY, answer]
    line.write({"roc_s0": {}})
    assert line.heard == [("slow control", "configure"), ("slow control", "roc_s0: {}\n")]


@pytest.mark.parametrize("answer", ["configured", "Error: NACK", "", "ROC(s) CONFIGURED"])
def test_any_other_answer_is_a_write_that_failed(line, answer):
    line.says["slow control"] = [READY, answer]
    with pytest.raises(NackError, match="asked to configure, refuses"):
        line.write({})


def test_a_target_that_is_not_ready_gets_no_settings(line):
    line.says["slow control"] = ["busy"]
    with pytest.raises(BoardError, match="answers 'busy', should be 'ReadyForConfig'"):
        line.write({})


def test_what_is_read_has_to_be_a_map(line):
    line.says["slow control"] = [READY, "Error: what?", READY, "- 1"]
    with pytest.raises(RefusedError, match="refuses: Error: what"):
        line.read({})
    with pytest.raises(BoardError, match="answers what cannot be read"):
        line.read({})


def test_the_server_gets_all_settings_whenever_one_has_changed(line):
    line.says["server"] = [READY, "Configured"] * 2
    line.says["data client"] = [READY, "Configured"]
    line.initialise(LEGACY, "/folder")
    line.configure(LEGACY)
    line.configure(LEGACY | {"server": LEGACY["server"] | {"NEvents": 3}})
    sent = [messages.as_map(text) for role, text in line.heard if role == "server" and text.startswith("daq")]
    assert [each["daq"]["NEvents"] for each in sent] == [50, 3]
    assert all(each["daq"]["zmqPushPull_port"] == "8888" for each in sent)
    client = messages.as_map(line.heard[1][1])["global"]
    assert client == {
        "hw_type": "LD",
        "serverIP": "127.0.0.1",
        "data_push_port": 8888,
        "outputDirectory": "/folder",
        "run_type": "kit",
    }


def test_settings_that_are_refused_are_told(line):
    line.says["data client"] = [READY, "ConfigError"]
    with pytest.raises(BoardError, match=r"data client .* answers 'ConfigError', should be 'Configured'"):
        line.initialise(LEGACY, "/folder")


def test_a_run_is_started_and_stopped_on_both_sides(line):
    line.says["data client"] = ["Data puller running", "Data puller stopped"]
    line.says["server"] = ["links not aligned", "running", "notdone", "done", "Stopped"]
    line.start(5)
    assert [line.running(), line.running()] == [True, False]
    line.stop()
    assert [text for role, text in line.heard if role == "data client"] == ["start", "stop"]


def test_a_start_that_is_refused_for_good_is_not_repeated(line):
    line.says["data client"] = ["Data puller running"] * 2
    line.says["server"] = ["Error: not configured"]
    with pytest.raises(BoardError, match="refuses: Error: not configured"):
        line.start(5)
    line.says["server"] = ["no"] * 100
    with pytest.raises(BoardError, match=r"does not align its links: \d+ attempts in 0\.1 s"):
        line.start(0.1)
