"""Names of rows: written and read back, every one of them."""

import pytest

from kit.hgcroc.pictures.channels import row_text, row_words, rows_of


def test_every_row_of_a_board_is_written_and_read_back():
    for chips in (1, 3, 6):
        rows = tuple(range(78 * chips))
        assert rows_of(" ".join(map(row_text, rows)), chips) == rows


def test_rows_have_names_to_be_read():
    assert row_words(10) == "chip 0, channel 10"
    assert row_words(78 + 73) == "chip 1, calibration 1"
    assert row_words(2 * 78 + 77) == "chip 2, common mode 3"


def test_channels_may_be_a_range_and_count_once():
    assert rows_of("0.10-12, 0.11 1.calib0", 3) == (10, 11, 12, 78 + 72)
    assert rows_of("", 3) == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [("10", "'10' should be chip and channel, such as 1.20"),
     ("3.1", "there is no chip 3, should be from 0 to 2"),
     ("0.72", "there is no channel 72, should be from 0 to 71"),
     ("0.cm4", "there is no common mode 4, should be from 0 to 3")],
)  # fmt: skip
def test_what_is_no_channel_is_refused(text, told):
    with pytest.raises(ValueError, match=told):
        rows_of(text, 3)
