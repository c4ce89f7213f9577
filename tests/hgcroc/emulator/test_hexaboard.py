import numpy as np
import pytest

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.hexaboard import AT_ONCE, Hexaboard, NackError
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.faults import FaultError
from kit.hgcroc.rawdata import BAD_COUNTER, BAD_CRC, BAD_HEADER, decode
from kit.hgcroc.registers import RegisterError
from tests.hgcroc.stands import init_tree, initial

PULSED = Trigger(pulsed=True, distance=22)
PHASE = "roc_s1.Top.0.phase_strobe"


@pytest.fixture
def board():
    made = Hexaboard()
    made.write(init_tree())
    return made


def taken(board, events=100, trigger=PULSED):
    plan = RunPlan(trigger, events, 44, "current")
    return decode(HEAD + b"".join(board.take(plan)))


def calib(board, value):
    board.write({roc: {"ReferenceVoltage": {"all": {"Calib": value}}} for roc in board.table.rocs})


def test_a_board_powers_up_with_its_reset_values(board):
    assert (Hexaboard().state == board.table.reset).all()
    assert (board.state == initial()).all()


def test_a_write_is_whole_or_not_at_all(board):
    before = board.state.copy()
    tree = {"roc_s0": {"Top": {0: {"phase_strobe": 5}}, "ReferenceVoltage": {0: {"Calib": 5000}}}}
    with pytest.raises(RegisterError, match="is 5000, should be from 0 to 4095"):
        board.write(tree)
    board.inject("i2c_nack", value=1)
    with pytest.raises(NackError, match="did not acknowledge"):
        board.write({"roc_s0": {"Top": {0: {"phase_strobe": 5}}}})
    assert (board.state == before).all()


@pytest.mark.parametrize("name", ["ld", "hd", "char"])
def test_a_run_brings_as_many_events_as_asked_from_every_chip(name):
    board = Hexaboard(name)
    board.write(init_tree(board.table))
    read = taken(board, AT_ONCE + 70)
    assert np.bincount(read.frames.chip).tolist() == [AT_ONCE + 70] * len(board.table.rocs)
    assert (np.diff(read.frames.event[read.frames.chip == 0]) == 1).all()
    assert read.corruption.max() == 0
    assert (read.bx == 44).all()


def test_the_same_seed_gives_the_same_bytes_and_another_run_other_noise():
    first, second = (Hexaboard(seed=5) for _ in range(2))
    for board in (first, second):
        board.write(init_tree())
    assert (taken(first).adc == taken(second).adc).all()
    assert (taken(first).adc != taken(Hexaboard(seed=6)).adc).any()
    assert (taken(first).adc != taken(first).adc).any()


def test_every_trigger_knows_the_registers_that_it_found(board):
    states = []
    for value in (0, 500, 500, 0):
        calib(board, value)
        states.append(board.state.copy())
        taken(board)
    board.reset()
    assert [stretch.run for stretch in board.stretches] == [1, 2, 3, 4]
    for stretch, state in zip(board.stretches, states, strict=True):
        assert (board.state_of(stretch) == state).all()


def test_a_power_cycle_within_a_run_parts_its_triggers(board):
    calib(board, 1500)
    before = board.state.copy()
    board.inject("power_cycle", at_event=30)
    read = taken(board)
    assert [(each.first, each.events) for each in board.stretches] == [(0, 30), (30, 70)]
    assert (board.state_of(board.stretches[0]) == before).all()
    assert (board.state_of(board.stretches[1]) == board.table.reset).all()
    # after reset no half runs any more, and only idle words come
    assert (read.corruption[:90] == 0).all()
    assert (read.corruption[90:] & BAD_HEADER == BAD_HEADER).all()


def test_an_upset_register_falls_back_alone(board):
    board.write({"roc_s1": {"Top": {0: {"phase_strobe": 9}}}})
    before = board.state.copy()
    board.inject("register_upset", path=PHASE)
    changed = np.flatnonzero(before != board.state)
    assert [board.table.text_of(place) for place in changed] == [PHASE]
    assert board.state[changed] == board.table.reset[changed]


def test_an_upset_comes_between_the_messages_it_was_asked_for(board):
    board.write({"roc_s1": {"Top": {0: {"phase_strobe": 9}}}})
    board.inject("register_upset", path=PHASE, after_messages=1)
    place = board.table.index_of(("roc_s1", "Top", 0, "phase_strobe"))
    seen = []
    for _ in range(3):
        board.message_passed()
        seen.append(int(board.state[place]))
    assert seen == [9, 0, 0]


def test_lost_events_make_a_short_run_whose_counters_are_out_of_step(board):
    board.inject("lost_event", value=0.2)
    read = taken(board, 500)
    events = len(read.frames.event) // 3
    assert events == pytest.approx(400, abs=40)
    assert read.frames.event.max() == events - 1
    assert (read.corruption & BAD_COUNTER).any()


def test_damaged_headers_and_checksums_are_seen_as_such(board):
    board.inject("bad_header", value=0.1)
    read = taken(board, 500)
    assert (read.corruption & BAD_HEADER > 0).mean() == pytest.approx(0.1, abs=0.02)
    assert (read.corruption & BAD_CRC == 0).all()
    board.faults.clear()
    board.inject("bad_crc", value=0.1)
    read = taken(board, 500)
    assert (read.corruption & BAD_CRC > 0).mean() == pytest.approx(0.1, abs=0.02)
    assert (read.corruption & BAD_HEADER == 0).all()


def test_outliers_show_the_codes_of_real_data(board):
    calib(board, 1000)
    board.inject("tot_outlier", value=0.05)
    read = taken(board, 1000)
    fired = read.tot[read.tot > 0]
    codes = {(code & 511) << 3 for code in (855, 1009, 1022)}
    assert np.isin(fired, list(codes)).mean() == pytest.approx(0.05, abs=0.01)


def test_a_dead_tdc_and_bad_channels_belong_to_the_board_from_then_on(board):
    calib(board, 1500)
    board.inject("dead_tdc", value=1)
    board.inject("dead_channel", chip=0, channel=40)
    board.faults.clear()
    read = taken(board)
    chip = read.frames.chip
    assert read.toa[chip == 1].max() == 0
    assert (read.flags[chip == 1][:, 0, 10] == 1).all()
    assert read.toa[chip == 0].max() > 0
    assert read.adc[chip == 0][:, 1, 4].std() == 0


@pytest.mark.parametrize(
    ("name", "wish", "words"),
    [
        ("dead_tdc", {"value": 3}, "there is no chip 3, should be from 0 to 2"),
        ("dead_channel", {"chip": 0, "channel": 72}, "there is no channel 72, should be from 0 to 71"),
        ("register_upset", {"path": "roc_s0.Top.0.phase_strob"}, "phase_strobe"),
    ],
)
def test_faults_of_what_the_board_does_not_have_are_refused(board, name, wish, words):
    with pytest.raises(FaultError, match=words):
        board.inject(name, **wish)
    assert not board.faults.registers


def test_all_is_counted(board):
    taken(board, 30)
    board.message_passed()
    index, _ = board.table.leaves(init_tree())
    assert board.counters == {"register_writes": len(index), "runs": 1, "triggers": 30, "messages": 1}
    assert board.history() == [{"run": 1, "first": 0, "events": 30, "journal": 1, "dialect": "current"}]


def test_a_register_can_be_made_narrower_than_in_the_table(board):
    board.inject("narrow_register", path=PHASE, value=7)
    board.write({"roc_s1": {"Top": {0: {"phase_strobe": 7}}}})
    with pytest.raises(RegisterError, match=r"roc_s1\.Top\.0\.phase_strobe: is 8, should be from 0 to 7"):
        board.write({"roc_s1": {"Top": {0: {"phase_strobe": 8}}}})
    with pytest.raises(FaultError, match=r"narrow_register: .*there is no block 'Tip'"):
        board.inject("narrow_register", path="roc_s1.Tip.0.phase_strobe")
