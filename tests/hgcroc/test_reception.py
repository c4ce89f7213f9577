"""What came of a run: marks for all that can be wrong with data."""

import numpy as np
import pytest

from kit.hgcroc.archive import read_archive, write_archive
from kit.hgcroc.marks import Mark
from kit.hgcroc.reception import receive
from kit.hgcroc.registers import register_table
from tests.hgcroc.samples import archive, real_file
from tests.hgcroc.stands import initial

TABLE = register_table("ld")
STATE = initial()


def test_sound_data_have_no_mark():
    received = receive(archive(10), STATE, TABLE, 10)
    assert (received.marks, received.n_events, received.bad) == (Mark(0), 10, 0)


@pytest.mark.parametrize(
    ("data", "asked", "marks"),
    [
        (archive(10), 11, Mark.SHORT),
        (archive(10), 9, Mark.LONG),
        (archive(10)[:-5], 10, Mark.SHORT | Mark.CUT),
        (archive(10) + b"x", 10, Mark.CUT),
        (archive(10, chips=2), 10, Mark.SHORT | Mark.EMPTY),
        (archive(10), None, Mark(0)),
        (b"", 10, Mark.SHORT),
        (b"no archive", 10, Mark.SHORT | Mark.CUT),
    ],
)
def test_what_is_missing_or_too_much_is_marked(data, asked, marks):
    assert receive(data, STATE, TABLE, asked).marks == marks


def broken(word):
    frames = read_archive(archive(10))
    frames.words[4, 1, word] ^= np.uint32(1 << 3)
    return write_archive(frames.event, frames.chip, frames.words)


@pytest.mark.parametrize("word", [0, 1, 20, 39, 40])
def test_a_broken_half_is_counted(word):
    received = receive(broken(word), STATE, TABLE, 10)
    assert received.marks & Mark.CORRUPT
    assert received.bad == 1


def test_a_half_that_sends_nothing_cannot_be_broken():
    state = STATE.copy()
    state[TABLE.index_of(("roc_s1", "Top", 0, "RunR"))] = 0
    assert receive(broken(20), state, TABLE, 10).marks == Mark(0)


def test_words_are_read_as_the_chips_were_set():
    state = STATE.copy()
    state[TABLE.index_of(("roc_s1", "DigitalHalf", 0, "CalibrationSC"))] = 0
    state[TABLE.index_of(("roc_s2", "DigitalHalf", 1, "IdleFrame"))] = 5
    received = receive(archive(10), state, TABLE, 10)
    assert received.raw.adcm[1, 0].any()
    assert not received.raw.adcm[1, 1].any()
    assert received.bad == 10  # the idle words of that half are others


def test_the_real_files_are_short_and_cut(shared_data):
    received = receive(real_file(shared_data, 77), STATE, TABLE, 1000)
    assert received.marks == Mark.SHORT | Mark.CUT
    assert received.n_events == 322


def test_a_board_that_is_off_sends_nothing_and_says_so():
    state = STATE.copy()
    for roc in TABLE.rocs:
        for side in "LR":
            state[TABLE.index_of((roc, "Top", 0, f"Run{side}"))] = 0
    assert receive(archive(10), state, TABLE, 10).marks == Mark.OFF


def test_a_half_of_which_nothing_sound_comes_is_told():
    frames = read_archive(archive(10))
    frames.words[frames.chip == 1, 0, 20] ^= np.uint32(8)
    received = receive(write_archive(frames.event, frames.chip, frames.words), STATE, TABLE, 10)
    assert received.marks == Mark.CORRUPT | Mark.EMPTY
