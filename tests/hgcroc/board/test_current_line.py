"""What the asking side of dialect 1.0.15 makes of answers that are not as they should be."""

import pytest

from kit.hgcroc import messages
from kit.hgcroc.board.current_line import CurrentLine
from kit.hgcroc.board.errors import BoardError, NackError, RefusedError
from kit.hgcroc.board.exchange import Role
from kit.hgcroc.wire import Responder, Wire
from tests.hgcroc.stands import CURRENT


@pytest.fixture
def line():
    """Return a line to two far ends, whose next answers a test puts into `says`."""
    with Wire() as wire:
        said, heard = {"slow control": [], "server": []}, []

        def far(name):
            def answer(_who, parts):
                heard.append((name, [part.decode() for part in parts]))
                return [said[name].pop(0).encode()]

            return answer

        responders = [Responder(wire, "127.0.0.1", 0, far(name), name) for name in said]
        for each in responders:
            each.start()
        roles = [
            Role(wire, name, "127.0.0.1", each.port, 2.0) for name, each in zip(said, responders, strict=True)
        ]
        made = CurrentLine(*roles, None, 8888)
        made.says, made.heard = said, heard
        yield made
        for each in responders:
            each.stop()


def reply(kind, status="success", args=None, **more):
    return messages.dump({"type": kind, "status": status, "args": {} if args is None else args, **more})


def test_a_refused_write_is_told_with_its_reason(line):
    line.says["slow control"] = [reply("set", "error", errmsg="out of range")]
    with pytest.raises(NackError, match="asked to set, refuses: out of range"):
        line.write({})


def test_a_refused_question_is_not_worth_asking_again(line):
    line.says["slow control"] = [reply("get", "error", errmsg="unknown")]
    with pytest.raises(RefusedError, match="asked to get, refuses: unknown"):
        line.read({})


@pytest.mark.parametrize(
    ("answer", "words"),
    [("{", "answers what cannot be read"),
     (reply("get"), "answers a get with status success"),
     (reply("set", "perhaps"), "answers a set with status perhaps"),
     ("{type: set, status: success, args: null}", "answers without args")],
)  # fmt: skip
def test_an_answer_to_another_question_is_not_taken(line, answer, words):
    line.says["slow control"] = [answer]
    with pytest.raises(BoardError, match=words):
        line.write({})


def test_initialising_brings_settings_with_the_data_port_and_then_the_active_menu(line):
    line.says["server"] = ["initialized", "configured"]
    line.initialise(CURRENT, None)
    (_, first), (_, second) = line.heard
    assert first[0] == "initialize"
    assert messages.as_map(first[1]) == {"daq": CURRENT["daq"] | {"zmqPushPull_port": 8888}}
    menu = CURRENT["daq"]["menus"]["calibAndL1A"]
    assert messages.as_map(second[1]) == {"daq": {"active_menu": "calibAndL1A", "menus": {"calibAndL1A": menu}}}


def test_a_menu_is_sent_only_when_it_has_changed(line):
    line.says["server"] = ["initialized", "configured", "configured"]
    line.initialise(CURRENT, None)
    line.configure(CURRENT)
    line.configure({"daq": {"menus": {"calibAndL1A": {"bxL1A": 33}}}})
    assert [parts[0] for _, parts in line.heard] == ["initialize", "configure", "configure"]
    with pytest.raises(BoardError, match="have no menu 'other', which is to be active"):
        line.configure({"daq": {"active_menu": "other"}})


def test_a_state_that_is_none_of_the_wanted_is_told(line):
    line.says["server"] = ["created"]
    with pytest.raises(BoardError, match="asked to status, answers 'created', should be 'configured'"):
        line.start(1)
    line.says["server"] = ["configured", "error"]
    with pytest.raises(BoardError, match="asked to start, answers 'error', should be 'running'"):
        line.start(1)
    line.says["server"] = ["destroyed"]
    with pytest.raises(BoardError, match="should be 'running' or 'configured'"):
        line.running()


def test_links_that_do_not_align_are_tried_until_patience_ends(line):
    line.says["server"] = ["configured", "configured", "configured", "running"]
    line.start(5)
    line.says["server"] = ["configured"] * 100
    with pytest.raises(BoardError, match=r"does not align its links: \d+ attempts in 0\.1 s"):
        line.start(0.1)
