import numpy as np
import pytest

from kit.hgcroc.archive import HEAD
from kit.hgcroc.emulator.chip import Samples
from kit.hgcroc.emulator.packing import RECORD_BYTES, pack, records
from kit.hgcroc.rawdata import decode

SHAPE = (6, 3, 2, 39)  # events, ROCs, halves, channels
ALL = np.ones((3, 2), dtype=bool)
IDLE = np.full((3, 2), 214748364)


@pytest.fixture
def samples():
    rng = np.random.default_rng(1)
    adc, before, toa = (rng.integers(1024, size=SHAPE, dtype=np.uint16) for _ in range(3))
    flags = rng.choice(np.array([0, 1, 3], dtype=np.uint8), SHAPE)
    tot = np.where(flags == 3, rng.integers(1, 4096, size=SHAPE), 0).astype(np.uint16)
    return Samples(adc, before, toa, tot, flags)


def test_what_is_packed_is_decoded_again(samples):
    words = pack(samples, ALL, ALL, IDLE, np.arange(6) + 40, np.arange(6) + 61)
    read = decode(HEAD + records(words, 5))
    assert read.frames.event.tolist() == np.repeat(np.arange(5, 11), 3).tolist()
    assert read.frames.chip.tolist() == [0, 1, 2] * 6
    assert (read.adc == samples.adc[..., :37].reshape(18, 2, 37)).all()
    assert (read.toa == samples.toa[..., :37].reshape(18, 2, 37)).all()
    assert (read.flags == samples.flags[..., :37].reshape(18, 2, 37)).all()
    assert (read.cm == samples.adc[..., 37:].reshape(18, 2, 2)).all()
    sent = samples.tot[..., :37].reshape(18, 2, 37)
    assert (read.tot == np.where(sent < 512, sent, sent & ~np.uint16(7))).all()
    assert (read.bx[::3, 0] == np.arange(40, 46)).all()
    assert (read.counter[::3, 0] == (np.arange(6) + 61) % 64).all()
    assert read.corruption.max() == 0


def test_a_half_that_does_not_run_sends_its_idle_word_only(samples):
    running = ALL.copy()
    running[1, 0] = False
    words = pack(samples, ALL, running, IDLE, np.full(6, 44), np.arange(6))
    assert (words[:, 1, 0] == 0xACCCCCCC).all()
    assert (decode(HEAD + records(words, 0)).corruption[1::3, 0] > 0).all()


def test_normal_mode_sends_the_crossing_before_and_tot_or_adc(samples):
    words = pack(samples, ~ALL, ALL, IDLE, np.full(6, 44), np.arange(6))
    channel = words[..., 2]  # channel 0
    assert ((channel >> 20 & 1023) == samples.adc_before[..., 0]).all()
    complete = samples.flags[..., 0] == 3
    assert ((channel >> 10 & 1023)[~complete] == samples.adc[..., 0][~complete]).all()


def test_a_record_has_392_bytes(samples):
    assert RECORD_BYTES == 392
    assert len(records(pack(samples, ALL, ALL, IDLE, np.full(6, 44), np.arange(6)), 0)) == 18 * RECORD_BYTES
