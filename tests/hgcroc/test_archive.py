"""Raw files: read back as written, cut anywhere, and the real ones."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.hgcroc.archive import HEAD, join_messages, read_archive, write_archive
from tests.hgcroc import reference
from tests.hgcroc.samples import RUNS, archive, real_file

DATA = archive(4)


def record(event, chip, vectors):
    vectors = [struct.pack(f"<Q{len(words)}I", len(words), *words) for words in vectors]
    return struct.pack("<ii", event, chip) + b"".join(vectors)


@given(st.integers(0, 5), st.integers(1, 6), st.booleans())
def test_what_is_written_reads_back(events, chips, flat):
    data = archive(events, chips, flat=flat)
    frames = read_archive(data)
    assert len(frames.event) == events * chips
    assert write_archive(frames.event, frames.chip, frames.words, flat=flat) == data
    assert (frames.used, frames.cut) == (len(data), 0)


@pytest.mark.parametrize("length", [30, 44])
def test_a_file_cut_within_its_head_is_cut(length):
    frames = read_archive(DATA[:length])
    assert (len(frames.event), frames.cut) == (0, length)


@given(st.integers(45, len(DATA)))
def test_a_file_cut_anywhere_keeps_its_complete_records(length):
    frames = read_archive(DATA[:length])
    assert len(frames.event) == (length - 45) // 392
    assert frames.cut == (length - 45) % 392
    plain = reference.read_records(DATA[:length])
    assert [tuple(words) for words in frames.words[:, 0].tolist()] == [words for _, _, words, _ in plain]


@pytest.mark.parametrize("run", RUNS)
def test_real_files_read_as_with_the_plain_reader(shared_data, run):
    data = real_file(shared_data, run)
    frames, plain = read_archive(data), reference.read_records(data)
    assert frames.cut == 352  # all were cut in the middle of a record
    assert list(zip(frames.event.tolist(), frames.chip.tolist(), strict=True)) == [entry[:2] for entry in plain]
    assert frames.words.tolist() == [[list(half0), list(half1)] for _, _, half0, half1 in plain]


def test_vectors_of_trigger_data_may_have_any_length():
    halves = [list(range(41)), list(range(100, 141))]
    data = HEAD + b"".join(
        record(number, 0, [*halves, [1] * number, [], [2, 3], [], [4] * 20]) for number in range(5)
    )
    frames = read_archive(data + b"rest")
    assert frames.event.tolist() == [0, 1, 2, 3, 4]
    assert (frames.words == np.array(halves)).all()
    assert frames.cut == 4


def test_newer_records_may_end_with_a_trigger_latency_of_any_length():
    words = list(range(86))
    data = HEAD + record(0, 0, [words, []]) + record(0, 1, [words, [7] * 20])
    frames = read_archive(data)
    assert frames.chip.tolist() == [0, 1]
    assert frames.words[1].ravel().tolist() == words[:82]


def test_reading_ends_where_lengths_make_no_sense():
    broken = bytearray(DATA)
    broken[45 + 3 * 392 + 8] = 40  # the length of a vector in the fourth record
    frames = read_archive(bytes(broken))
    assert len(frames.event) == 3
    assert frames.used == 45 + 3 * 392


def test_the_messages_of_a_run_are_one_archive():
    frames = read_archive(DATA)
    messages = [
        write_archive(frames.event[k : k + 5], frames.chip[k : k + 5], frames.words[k : k + 5]) for k in (0, 5, 10)
    ]
    assert join_messages(messages) == DATA


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "run.raw: has 0 bytes, should be a raw file"),
        (b"PK" + DATA[2:], "run.raw: byte 0: begins with .* should be a Boost binary archive"),
        (DATA[:20], "should be a Boost binary archive"),
        (DATA[:32] + b"\x04\x04\x04\x08" + DATA[36:], "with 64-bit lengths"),
    ],
)
def test_what_is_no_archive_is_refused(data, told):
    with pytest.raises(FormatError, match=told):
        read_archive(data, "run.raw")


def test_a_head_alone_has_no_records():
    frames = read_archive(HEAD)
    assert len(frames.event) == 0
    assert frames.cut == 0
