"""The text of a cluster file, out of a plain or gzipped file, sound or damaged."""

import gzip
import hashlib
import re

import pytest

from kit.files import FormatError
from kit.smartpixels.stream import TextStream, file_name, stem_of

LINES = b"".join(b"line %d of a text that is long enough to be read in parts\n" % n for n in range(3000))


def text_of(path, room=1 << 16):
    """Read a stream to its end, a third of what is at hand at a time."""
    found = b""
    with TextStream(str(path), room) as stream:
        while not (stream.ended and stream.begin == stream.end):
            stream.fill()
            part = stream.end if stream.ended else stream.begin + (stream.end - stream.begin) * 2 // 3
            found += bytes(stream.text.buffer[stream.begin : part])
            stream.use_up(part)
        return found, stream


@pytest.fixture
def write(tmp_path):
    def write_bytes(content, name="pixel_clusters_d1.out.gz"):
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write_bytes


@pytest.mark.parametrize(
    "stored",
    [
        LINES,
        gzip.compress(LINES),
        gzip.compress(LINES[:1000]) + gzip.compress(LINES[1000:]),
        gzip.compress(LINES) + bytes(512),
    ],
    ids=["plain", "gzip", "two members", "padded with zeros"],
)
def test_all_text_comes_out_whatever_the_name_says(write, stored):
    found, stream = text_of(write(stored, "misleading.txt"))
    assert found == LINES
    assert stream.damage == ""
    assert stream.line == 3001
    assert stream.checksum == f"sha256:{hashlib.sha256(stored).hexdigest()}"


def test_the_buffer_is_one_and_the_same_while_there_is_room(write):
    with TextStream(str(write(gzip.compress(LINES))), 1 << 16) as stream:
        stream.fill()
        buffer = stream.text.buffer
        for _ in range(5):
            stream.use_up(stream.end - 100)
            stream.fill()
            assert stream.text.buffer is buffer


def test_the_buffer_grows_where_nothing_is_used_up(write):
    with TextStream(str(write(LINES)), 1 << 10) as stream:
        while not stream.ended:
            stream.fill()
        assert bytes(stream.text.buffer[: stream.end]) == LINES


def test_zeros_stand_behind_the_text(write):
    with TextStream(str(write(LINES)), 1 << 12) as stream:
        stream.fill()
        stream.use_up(stream.end)
        stream.fill()
        assert not any(stream.text.buffer[stream.end : stream.end + 64])


def test_a_cut_stream_gives_all_before_the_cut_and_says_where_it_is(write):
    stored = gzip.compress(LINES)
    found, stream = text_of(write(stored[:-100]))
    assert LINES.startswith(found)
    assert len(found) > len(LINES) * 0.9
    assert stream.damage == f"gzip stream ends early, at compressed byte {len(stored) - 100}"


def test_a_flipped_byte_is_found(write):
    stored = bytearray(gzip.compress(LINES))
    stored[len(stored) // 2] ^= 0xFF
    _, stream = text_of(write(bytes(stored)))
    assert stream.damage.startswith(("corrupt gzip stream", "wrong checksum"))
    place = int(re.search(r"byte (\d+)", stream.damage)[1])
    assert len(stored) // 2 - 1 <= place <= len(stored)


@pytest.mark.parametrize("place", [10, 11, 500, 5000])
def test_a_stream_that_cannot_be_is_refused(write, place):
    stored = bytearray(gzip.compress(LINES))
    stored[place : place + 40] = b"\xff" * 40
    _, stream = text_of(write(bytes(stored)))
    assert stream.damage.startswith(("corrupt gzip stream", "wrong checksum"))
    assert place <= int(re.search(r"byte (\d+)", stream.damage)[1]) <= len(stored)


def test_a_wrong_checksum_is_found_though_all_text_is_there(write):
    stored = bytearray(gzip.compress(LINES))
    stored[-8] ^= 1
    found, stream = text_of(write(bytes(stored)))
    assert found == LINES
    assert stream.damage.startswith("wrong checksum (incorrect data check) at compressed byte")


def test_what_follows_the_last_member_must_be_a_member(write):
    stored = gzip.compress(LINES)
    _, stream = text_of(write(stored + b"rubbish"))
    assert stream.damage == f"bytes that are no gzip from compressed byte {len(stored)} on"


def test_a_server_that_fails_is_no_damage(write, monkeypatch):
    stored = gzip.compress(LINES)

    class Failing:
        def __init__(self, _path):
            self.left = stored[:1000]

        def read(self, count):
            block, self.left = self.left[:count], self.left[count:]
            if not block:
                message = "XRootD error: [FATAL] Connection error"
                raise OSError(message)
            return block

        def close(self):
            pass

    monkeypatch.setattr("kit.smartpixels.stream.open_bytes", Failing)
    with pytest.raises(OSError, match="Connection error"):
        text_of(write(stored))


def test_an_empty_file_is_refused(write):
    with pytest.raises(FormatError, match=r"pixel_clusters_d1.out.gz: is empty, should hold PixelAV clusters"):
        TextStream(str(write(b"")))


def test_a_part_that_was_read_and_the_rest_give_the_checksum(write):
    stored = gzip.compress(LINES)
    with TextStream(str(write(stored)), 1 << 10) as stream:
        stream.fill()
        stream.finish()
        assert stream.checksum == f"sha256:{hashlib.sha256(stored).hexdigest()}"


def test_names_of_files_and_addresses():
    assert (
        file_name("root://eos.cern.ch//eos/user/p/pixel_clusters_d16401.out.gz") == "pixel_clusters_d16401.out.gz"
    )
    assert stem_of("/some/where/pixel_clusters_d16401.out.gz") == "pixel_clusters_d16401"
    assert stem_of("signal_pixelav_0.out") == "signal_pixelav_0"
