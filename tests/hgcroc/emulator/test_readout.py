import time

import pytest

from kit.hgcroc.archive import HEAD, join_messages
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.packing import END_OF_RUN, START_OF_RUN
from kit.hgcroc.emulator.readout import RECORDS_AT_ONCE, Readout
from kit.hgcroc.emulator.run_plans import current_plan
from kit.hgcroc.rawdata import decode
from kit.hgcroc.wire import Publisher, Puller, Wire
from tests.hgcroc.stands import CURRENT, init_tree


@pytest.fixture
def wire():
    with Wire() as made:
        yield made


@pytest.fixture
def readout(wire):
    board = Hexaboard()
    board.write(init_tree())
    warnings = []
    made = Readout(board, wire, "127.0.0.1", 0, current_plan, time_scale=0, warn=warnings.append)
    made.warnings = warnings
    made.change(CURRENT["daq"])
    made.state = "configured"
    yield made
    made.close()


@pytest.fixture
def pull(wire, readout):
    return Puller(wire, f"tcp://127.0.0.1:{readout.port}")


def run(readout, pull):
    assert readout.start()
    messages = [pull.receive(10)]
    while messages[-1] != END_OF_RUN:
        messages.append(pull.receive(10))
    while readout.state == "running":  # its end mark is out before it is over
        time.sleep(0.001)
    return messages


def events(readout, number):
    readout.change({"menus": {"calibAndL1A": {"NEvents": number}}})


def test_a_run_is_a_start_mark_whole_archives_and_an_end_mark(readout, pull, eventually):
    events(readout, 600)
    messages = run(readout, pull)
    assert messages[0] == START_OF_RUN
    assert len(messages) - 2 == -(-1800 // RECORDS_AT_ONCE)
    assert all(message.startswith(HEAD) for message in messages[1:-1])
    assert len(decode(join_messages(messages[1:-1])).frames.event) == 1800
    assert eventually(lambda: readout.state == "configured")


def test_links_that_are_not_aligned_keep_a_run_from_starting(readout, pull):
    readout.board.inject("link_misaligned", value=1)
    assert not readout.start()
    assert readout.state == "configured"
    assert run(readout, pull)


def test_a_slow_run_says_so_until_it_ends(readout, pull):
    readout.board.inject("slow_run", value=0.3, runs=1)
    begun = time.monotonic()
    readout.start()
    assert readout.state == "running"
    while pull.receive(10) != END_OF_RUN:
        pass
    assert time.monotonic() - begun > 0.3


def test_a_cut_run_lacks_the_bytes_it_was_asked_to_lose(readout, pull):
    whole = sum(map(len, run(readout, pull)))
    readout.board.inject("truncated_file", value=1000, runs=1)
    assert whole - sum(map(len, run(readout, pull))) == 1000
    assert sum(map(len, run(readout, pull))) == whole


def test_without_a_reader_a_run_goes_on_until_it_is_stopped(readout):
    readout.start()
    time.sleep(0.1)
    assert readout.state == "running"
    readout.stop()
    assert readout.state == "configured"


def test_settings_may_move_the_data_socket(readout, wire):
    spare = Publisher(wire, "127.0.0.1", 0)
    port = spare.port
    spare.close()
    readout.change({"zmqPushPull_port": str(port)})
    assert readout.port == port
    assert run(readout, Puller(wire, f"tcp://127.0.0.1:{port}"))


def test_a_taken_port_leaves_a_warning(readout, wire):
    other = Publisher(wire, "127.0.0.1", 0)
    readout.change({"zmqPushPull_port": other.port})
    assert "handed over within the process" in readout.warnings[-1]


def test_settings_that_make_no_run_change_nothing_that_goes_on(readout, pull):
    with pytest.raises(ValueError, match="should be a whole number"):
        readout.change({"zmqPushPull_port": "here"})
    assert run(readout, pull)
