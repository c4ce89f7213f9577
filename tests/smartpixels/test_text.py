"""Text in buffers that loops may read and write beyond its end."""

from kit.smartpixels.text import MARGIN, Tags, Text


def test_a_text_has_a_margin_of_zeros_behind_it():
    text = Text.of(b"<cluster>\n")
    assert bytes(text.buffer[:10]) == b"<cluster>\n"
    assert len(text.bytes) >= 10 + MARGIN
    assert not text.bytes[10:].any()


def test_bytes_and_buffer_are_the_same_memory():
    text = Text(20)
    text.bytes[3] = ord("x")
    assert text.buffer[3:4] == b"x"


def test_tags_know_where_each_begins():
    tags = Tags([b"<time slice 10.000000 ps>\n", b"<time slice 20.000000 ps>\n"])
    assert tags.bounds.tolist() == [0, 26, 52]
    assert bytes(tags.text.buffer[26:52]) == tags.lines[1]
