"""Words and columns: against the plain decoder, the real files, and each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.hgcroc.archive import read_archive, write_archive
from kit.hgcroc.rawdata import BAD_COUNTER, BAD_CRC, BAD_HEADER, BAD_IDLE, checksum, decode, pack, unpack
from tests.hgcroc import reference
from tests.hgcroc.samples import RUNS, archive, columns, real_file

seeds = st.integers(0, 2**32 - 1)


def rows_of(raw, record, half):
    """Return the columns of one half in the form of the plain decoder, in order of the channels."""
    channels = [
        {"channel": k, "adc": raw.adc[record, half, k], "adcm": raw.adcm[record, half, k]}
        | {"toa": raw.toa[record, half, k], "tot": raw.tot[record, half, k], "totflag": raw.flags[record, half, k]}
        for k in range(37)
    ]
    none = {"adcm": 0, "toa": 0, "tot": 0, "totflag": 0}
    return channels + [{"channel": 37 + k, "adc": raw.cm[record, half, k]} | none for k in (0, 1)]


def assert_as_plain(data, characterisation=True, every=1):
    raw, plain = decode(data, characterisation=characterisation), reference.read_records(data)
    assert raw.corruption.tolist() == reference.corruption_of(plain)
    for record in range(0, len(plain), every):
        for half in (0, 1):
            wanted = reference.decode_half(plain[record][2 + half], characterisation)
            assert rows_of(raw, record, half) == sorted(wanted, key=lambda row: row["channel"])


@pytest.mark.parametrize("run", RUNS)
def test_real_files_decode_as_with_the_plain_decoder(shared_data, run):
    assert_as_plain(real_file(shared_data, run), every=40)


@given(seeds, st.booleans())
def test_any_words_decode_as_with_the_plain_decoder(seed, characterisation):
    words = np.random.default_rng(seed).integers(0, 2**32, (3, 2, 41), dtype=np.uint32)
    assert_as_plain(write_archive(np.arange(3), np.arange(3), words), characterisation)


@given(seeds, st.booleans())
def test_columns_come_back_from_the_words(seed, characterisation):
    made = columns(4, seed, characterisation)
    words = pack(**made, bx=3000, counter=63, orbit=5, characterisation=characterisation)
    frames = read_archive(write_archive(np.zeros(4), np.arange(4), words))
    raw = unpack(frames, characterisation=characterisation)
    for name, values in made.items():
        assert (getattr(raw, name) == values).all(), name
    assert [(raw.bx == 3000).all(), (raw.counter == 63).all(), (raw.orbit == 5).all()] == [True] * 3
    assert not raw.corruption.any()


@pytest.mark.parametrize("run", RUNS)
def test_real_words_come_back_from_their_columns(shared_data, run):
    raw = decode(real_file(shared_data, run))
    header = {"bx": raw.bx, "counter": raw.counter, "orbit": raw.orbit}
    assert (pack(raw.adc, raw.toa, raw.tot, raw.flags, raw.cm, **header) == raw.frames.words).all()
    assert not raw.corruption.any()


def test_run_1_has_the_sums_of_the_reference(shared_data):
    data = real_file(shared_data, 1)
    raw = decode(data)
    assert (len(data), len(raw.adc), len(np.unique(raw.frames.event))) == (609_173, 1553, 518)
    assert (raw.adc.sum(dtype=int), raw.cm.sum(dtype=int)) == (33_406_017, 1_658_934)
    assert (raw.toa.sum(), raw.tot.sum()) == (0, 0)


def test_the_checksum_is_the_one_of_the_plain_rule():
    words = np.random.default_rng(1).integers(0, 2**32, (20, 41), dtype=np.uint32)
    assert checksum(words).tolist() == [reference.crc32(row) for row in words.tolist()]


@given(st.integers(0, 38), st.integers(0, 31))
def test_no_single_bit_can_flip_unseen(word, bit):
    frames = read_archive(archive(1, 1))
    frames.words[0, 1, word] ^= np.uint32(1 << bit)
    corruption = unpack(frames).corruption
    assert corruption[0, 1] & BAD_CRC
    assert not corruption[0, 0]


@pytest.mark.parametrize(
    ("word", "flip", "told"), [(0, 1 << 28, BAD_HEADER), (0, 1, BAD_HEADER), (40, 1, BAD_IDLE)]
)
def test_broken_headers_and_idle_words_are_told(word, flip, told):
    frames = read_archive(archive(3, 1))
    frames.words[1, 0, word] ^= np.uint32(flip)
    corruption = unpack(frames).corruption
    assert corruption[1, 0] & told
    assert np.count_nonzero(corruption) == 1


def test_a_lost_event_shows_where_the_counter_jumps():
    frames = read_archive(archive(70, 2))
    keep = frames.event != 30
    event = np.where(frames.event > 30, frames.event - 1, frames.event)[keep]  # the programs number what comes
    corruption = decode(write_archive(event, frames.chip[keep], frames.words[keep])).corruption
    assert np.argwhere(corruption == BAD_COUNTER).tolist() == [[60, 0], [60, 1], [61, 0], [61, 1]]


def test_a_gap_in_the_numbers_of_events_is_no_step_of_the_counter():
    frames = read_archive(archive(70, 2))
    keep = frames.event != 30
    assert not decode(write_archive(frames.event[keep], frames.chip[keep], frames.words[keep])).corruption.any()


def test_mode_and_idle_word_may_differ_between_halves():
    modes, idles = np.array([[True, False], [False, True]]), np.array([[0xA0000001, 0xA0000002]] * 2)
    made = columns(4)
    chip = np.array([0, 1, 0, 1])
    words = pack(**made, characterisation=modes[chip], idle=idles[chip])
    raw = unpack(read_archive(write_archive(np.zeros(4), chip, words)), characterisation=modes, idle=idles)
    assert not raw.corruption.any()
    assert (raw.tot[0, 0] == made["tot"][0, 0]).all()
    timed = made["flags"][0, 1] == 3
    assert (raw.tot[0, 1] == np.where(timed, made["tot"][0, 1], 0)).all()
    assert (raw.adc[0, 1] == np.where(timed, 0, made["adc"][0, 1])).all()


def test_a_broken_number_of_a_chip_does_not_stop_the_decoding():
    words = pack(**columns(1))
    raw = decode(write_archive(np.array([0]), np.array([77]), words), characterisation=np.ones((3, 2), bool))
    assert len(raw.adc) == 1
