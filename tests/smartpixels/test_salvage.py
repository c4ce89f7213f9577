"""What zlib still gives of a damaged file."""

import gzip
import io
import re

import pytest

from kit.smartpixels.salvage import Salvage

TEXT = b"".join(b"%d bottles of beer on the wall\n" % n for n in range(20_000))
STORED = gzip.compress(TEXT)


def salvaged(stored, skip=0):
    found, room = b"", memoryview(bytearray(1000))
    salvage = Salvage(io.BytesIO(stored), skip)
    while count := salvage.readinto1(room):
        found += bytes(room[:count])
    return found, salvage.damage


def test_a_sound_file_gives_all_text_and_no_damage():
    assert salvaged(STORED) == (TEXT, "")
    assert salvaged(STORED + STORED) == (TEXT + TEXT, "")


@pytest.mark.parametrize("skip", [1, 31, 100_000, len(TEXT)])
def test_what_is_known_is_left_out(skip):
    assert salvaged(STORED, skip) == (TEXT[skip:], "")


def test_every_byte_before_a_cut_is_used():
    found, damage = salvaged(STORED[:-9])
    assert found == TEXT
    assert damage == f"gzip stream ends early, at compressed byte {len(STORED) - 9}"


def test_the_byte_that_cannot_be_is_found():
    broken = STORED[:5000] + b"\xff\xff\xff\xff" + STORED[5004:]
    found, damage = salvaged(broken)
    assert found.startswith(TEXT[:10_000])
    assert damage.startswith(("corrupt gzip stream", "wrong checksum"))
    assert 5000 <= int(re.search(r"byte (\d+)", damage)[1]) < len(STORED)
