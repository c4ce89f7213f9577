"""The board against the emulator: what it does to the device, and every fault that can come between."""

import contextlib
import time

import numpy as np
import pytest

from kit.hgcroc.archive import join_messages
from kit.hgcroc.board.errors import BoardError, NackError
from kit.hgcroc.rawdata import BAD_HEADER, decode
from kit.hgcroc.registers import register_table
from kit.hgcroc.wire import WaitEndedError
from tests.hgcroc.stands import SETTINGS, changed, initial

TABLE = register_table("char")

each_dialect = pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
each_path = pytest.mark.parametrize("data_path", ["direct", "client"])


@pytest.fixture
def stood(stand):
    return stand("char")


@pytest.fixture
def ready(stood, joined):
    """Return a function that joins a board and brings it to where a scan starts."""

    def bring(dialect, **options):
        board = joined(stood, dialect, board="char", **options)
        board.base_state()
        board.initialise(SETTINGS[dialect])
        board.become(initial("char"))
        return board

    return bring


def calib(value, **more):
    return changed(initial("char"), TABLE, ReferenceVoltage={"Calib": value}, **more)


@contextlib.contextmanager
def impatient(board):
    """Let all roles of a board have 0.5 s for an answer."""
    before = [role.timeout for role in board.line.roles]
    for role in board.line.roles:
        role.timeout = 0.5
    yield
    for role, timeout in zip(board.line.roles, before, strict=True):
        role.timeout = timeout


def taken(board, limit=20.0):
    return decode(join_messages(board.take(limit).archives))


@each_dialect
def test_the_base_state_comes_from_the_device_and_not_from_a_file(stand, joined, dialect):
    stood = stand("char", power_on="zeros")
    board = joined(stood, dialect, board="char")
    base = board.base_state()
    assert (base == stood.board.state).all()
    # the current dialect can reset; the other takes the board as it is
    assert stood.board.counters["resets"] == (dialect == "1.0.15")
    assert (base == (TABLE.reset if dialect == "1.0.15" else 0)).all()


@each_dialect
def test_states_are_reached_from_anywhere_by_the_fewest_writes(stood, ready, dialect):
    board = ready(dialect)
    before = stood.board.counters["register_writes"]
    assert board.become(calib(32)) == 2
    assert board.become(calib(32)) == 0
    assert board.become(calib(0, Top={"phase_strobe": 9})) == 3
    assert stood.board.counters["register_writes"] - before == 5
    assert (stood.board.state == calib(0, Top={"phase_strobe": 9})).all()
    assert (board.state == stood.board.state).all()


@each_dialect
@each_path
def test_a_run_brings_its_data_and_leaves_the_board_ready_for_the_next(stood, ready, dialect, data_path):
    board = ready(dialect, data_path=data_path)
    for value in (0, 1000, 0):
        board.become(calib(value))
        board.configure(SETTINGS[dialect])
        read = taken(board)
        assert len(read.frames.event) == 50
        assert read.corruption.max() == 0
        assert ((read.tot[:, 0, 10] > 0).all()) == (value == 1000)
        assert (stood.board.state_of(stood.board.stretches[-1]) == calib(value)).all()


@each_dialect
def test_settings_of_a_run_reach_the_server(ready, dialect):
    board = ready(dialect)
    if dialect == "1.0.15":
        board.configure({"daq": {"menus": {"calibAndL1A": {"NEvents": 7}}}})
    else:
        board.configure({"server": SETTINGS[dialect]["server"] | {"NEvents": 7}})
    assert len(taken(board).frames.event) == 7


@each_dialect
def test_an_upset_register_is_found_by_reading_back_and_put_right(stood, ready, dialect):
    board = ready(dialect)
    wanted = calib(500)
    board.become(wanted)
    assert board.differences(np.arange(TABLE.size), wanted) == []
    stood.inject("register_upset", path="roc_s0.ReferenceVoltage.0.Calib")
    wrong = board.differences(np.arange(TABLE.size), wanted)
    assert [(each.path, each.expected, each.found) for each in wrong] == [
        ("roc_s0.ReferenceVoltage.0.Calib", 500, 0)
    ]
    assert board.become(wanted) == 1  # what was found is known
    assert (stood.board.state == wanted).all()


@each_dialect
def test_a_power_cycle_in_mid_run_is_found_afterwards_and_restored_absolutely(stood, ready, dialect):
    board = ready(dialect)
    wanted = calib(500)
    board.become(wanted)
    stood.inject("power_cycle", at_event=10)
    assert (taken(board).corruption[10:] & BAD_HEADER > 0).any()
    assert len(board.differences(np.flatnonzero(wanted != TABLE.reset), wanted)) > 15
    board.restore(wanted)
    assert (stood.board.state == wanted).all()
    assert taken(board).corruption.max() == 0


@each_dialect
def test_a_write_that_fails_leaves_the_state_unknown_and_the_next_one_reads_first(stood, ready, dialect):
    board = ready(dialect)
    stood.inject("i2c_nack", value=1)
    with pytest.raises(NackError, match=r"slow control .* refuses: .*NACK"):
        board.become(calib(500))
    assert board.state is None
    stood.board.faults.clear()
    stood.inject("power_cycle")
    board.become(calib(500))
    assert (stood.board.state == calib(500)).all()


@each_dialect
def test_status_registers_are_neither_written_nor_compared(stood, ready, dialect):
    board = ready(dialect)
    wanted = initial("char")
    wanted[TABLE.read_only] = 1
    assert board.become(wanted) == 0
    assert board.differences(np.arange(TABLE.size), wanted) == []


@each_dialect
def test_links_that_align_late_are_waited_for_and_those_that_never_do_are_told(stood, ready, dialect):
    board = ready(dialect)
    stood.inject("link_misaligned", value=5)
    assert len(taken(board).frames.event) == 50
    stood.inject("link_misaligned", value=100000)
    with pytest.raises(BoardError, match=r"server .* does not align its links: \d+ attempts in 1 s"):
        board.take(20.0)
    stood.board.faults.clear()
    assert len(taken(board).frames.event) == 50


@each_dialect
def test_a_slow_run_is_waited_for_and_one_without_end_given_up_and_stopped(stood, ready, dialect):
    board = ready(dialect)
    stood.inject("slow_run", value=1.5, runs=1)
    assert len(taken(board).frames.event) == 50
    stood.inject("slow_run", value=1000, runs=1)
    begun = time.monotonic()
    with pytest.raises(BoardError, match=r"the run does not end in 1\.5 s"):
        board.take(1.5)
    assert time.monotonic() - begun < 60
    assert len(taken(board).frames.event) == 50


@each_dialect
@pytest.mark.parametrize("role", ["slow control", "server"])
def test_a_silent_role_is_told_in_time_and_all_goes_on_afterwards(stood, ready, dialect, role):
    names = {"slow control": "slow-control", "server": "server"}
    name = (
        names[role] if dialect == "1.0.15" else {"slow control": "legacy-target", "server": "legacy-server"}[role]
    )
    board = ready(dialect)
    stood.inject("silent", role=name, value=1)
    begun = time.monotonic()
    fault = rf"{role} at tcp://127\.0\.0\.1:\d+, asked to .*, gives no answer in 0\.5 s"
    with impatient(board), pytest.raises(BoardError, match=fault):
        board.become(calib(100))
        board.take(20.0)
    assert time.monotonic() - begun < 20
    board.recover(SETTINGS[dialect])
    board.become(calib(100))
    assert len(taken(board).frames.event) == 50
    assert (stood.board.state_of(stood.board.stretches[-1]) == calib(100)).all()


@each_dialect
def test_a_dead_client_is_told(stood, ready, dialect):
    board = ready(dialect, data_path="client")
    stood.inject("dead_client")
    with impatient(board), pytest.raises(BoardError, match=r"data client .* gives no answer|it wrote no file"):
        board.take(20.0)
    with impatient(board), pytest.raises(BoardError, match=r"data client .* gives no answer"):
        board.initialise(SETTINGS[dialect])
    stood.board.faults.clear()
    board.recover(SETTINGS[dialect])
    assert len(taken(board).frames.event) == 50


@each_dialect
def test_a_server_that_dies_is_told_and_a_new_one_at_its_place_is_taken(stand, joined, dialect):
    first = stand("char")
    board = joined(first, dialect, board="char")
    board.base_state()
    board.initialise(SETTINGS[dialect])
    ports = dict(first.ports)
    first.stop()
    with impatient(board), pytest.raises(BoardError, match="gives no answer"):
        board.become(calib(100))
    second = stand("char", ports=ports)
    board.recover(SETTINGS[dialect])
    board.become(calib(100))
    assert (second.board.state == calib(100)).all()
    assert len(taken(board).frames.event) == 50


@each_dialect
def test_a_cut_or_short_run_comes_as_it_is(stood, ready, dialect):
    board = ready(dialect)
    stood.inject("truncated_file", value=100, runs=1)
    assert len(taken(board).frames.event) == 49
    stood.inject("lost_event", value=0.5, runs=1)
    assert 0 < len(taken(board).frames.event) < 50
    assert len(taken(board).frames.event) == 50


@each_dialect
def test_waits_end_within_a_second_when_their_owner_wants(stood, ready, dialect):
    begun = [float("inf")]
    board = ready(dialect, interrupt=lambda: time.monotonic() > begun[0] + 0.3)
    stood.inject("slow_run", value=1000)
    begun[0] = time.monotonic()
    with pytest.raises(WaitEndedError):
        board.take(100.0)
    assert time.monotonic() - begun[0] < 1.3
    begun[0] = float("inf")
    stood.board.faults.clear()
    assert len(taken(board).frames.event) == 50  # the run that was left is not going on


@each_dialect
def test_what_another_program_writes_between_is_found(stood, ready, dialect):
    board = ready(dialect)
    board.become(calib(200))
    stood.board.write({"roc_s0": {"ReferenceVoltage": {1: {"Calib": 4000}}}})
    assert [each.found for each in board.differences(np.arange(TABLE.size), calib(200))] == [4000]


def test_two_dialects_steer_one_board(stood, joined):
    legacy = joined(stood, "0.1.2", board="char")
    current = joined(stood, "1.0.15", board="char")
    current.become(calib(300))
    assert (legacy.read_all() == calib(300)).all()
