"""Bytes compared, found and copied eight at a time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import compiled
from kit.smartpixels.text import Text

ROOM = "kit.smartpixels.word_kernels"
LOOPS = {f"{ROOM}:equal_bytes": "u1[] u8 u1[] u8 u8 -> u8", f"{ROOM}:copy": "u1[] u8 u1[] i8 i8 -> u8"}


@pytest.fixture(scope="module")
def loops():
    return compiled.load(LOOPS)


@given(st.binary(max_size=90), st.integers(0, 7), st.data())
def test_equal_bytes_are_counted_up_to_the_first_that_differs(loops, content, start, data):
    place = data.draw(st.integers(0, len(content)))
    other = bytearray(content)
    if place < len(content):
        other[place] ^= data.draw(st.integers(1, 255))
    one, two = Text.of(bytes(start) + content), Text.of(bytes(other))
    assert loops["equal_bytes"](one.bytes, start, two.bytes, 0, len(content)) == place
    for most in range(place):
        assert loops["equal_bytes"](one.bytes, start, two.bytes, 0, most) == most


@given(st.binary(max_size=90), st.integers(0, 20), st.integers(0, 20))
def test_bytes_are_copied_to_any_place_from_any_place(loops, content, to, start):
    source, target = Text.of(bytes(start) + content), Text(200)
    behind = loops["copy"](target.bytes, to, source.bytes, start, start + len(content))
    assert behind == to + len(content)
    assert bytes(target.buffer[to:behind]) == content
    assert not np.any(target.bytes[:to])
