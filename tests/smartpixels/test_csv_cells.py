"""CSV files as they are exported."""

import gzip
import hashlib

import numpy as np
import pytest

from kit.files import FormatError
from kit.smartpixels.csv_cells import LonelyCellError, read_cells


def test_short_rows_are_filled_up_and_quotes_taken_off(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbf"one, with a comma",two,\n1,2\n\n3,4,5,6\n')
    cells = read_cells(str(path), "numbers")
    assert cells.header == ["one, with a comma", "two", "", ""]
    assert cells.rows == [["1", "2", "", ""], ["3", "4", "5", "6"]]
    assert cells.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_cells_that_are_all_numbers_are_read_at_once(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('"a, with a comma",b\n\n1, 2.5e-9\n-0.1,nan\n')
    cells = read_cells(str(path), "numbers")
    assert cells.header == ["a, with a comma", "b"]
    np.testing.assert_array_equal(cells.numbers, [[1.0, -0.1], [2.5e-9, np.nan]])
    assert cells.rows == [["1", " 2.5e-9"], ["-0.1", "nan"]]


@pytest.mark.parametrize("body", ["1,x\n", "1,\n", "1\n", "1,2,3\n", "1,2 # none\n", '"1",2\n'])
def test_else_they_are_text(tmp_path, body):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + body)
    cells = read_cells(str(path), "numbers")
    assert cells.numbers is None
    assert len(cells.rows) == 1


def test_pairs_of_columns_leave_padding_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("t,v,t,v,t,v\n1,2,5,6,,\n3,4, ,x,,\n")
    cells = read_cells(str(path), "numbers")
    assert [column.tolist() for column in cells.pair(0)] == [[1.0, 3.0], [2.0, 4.0]]
    assert [column.tolist() for column in cells.pair(2)] == [[5.0], [6.0]]
    assert [column.tolist() for column in cells.pair(4)] == [[], []]
    assert [cells.blank(column) for column in (0, 2, 4)] == [False, False, True]


@pytest.mark.parametrize(("row", "column", "text"), [("1,", 1, ""), ("x,2", 0, "x")])
def test_a_number_without_its_partner_is_named(tmp_path, row, column, text):
    path = tmp_path / "a.csv"
    path.write_text("t,v\n1,2\n" + row + "\n")
    with pytest.raises(
        LonelyCellError, match=f"column {column}, row 3: '{text}', should be a number, as beside it"
    ):
        read_cells(str(path), "numbers").pair(0)


def test_gzipped_files_are_recognised_by_content(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n", mtime=0))
    assert read_cells(str(path), "numbers").rows == [["1", "2"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv: has 0 lines, should have a header and numbers below it"),
        (b"a,b\n", "a.csv: has 1 lines, should have a header and numbers below it"),
        (b"\xff\xfe1", "a.csv: .*should be a CSV file of numbers"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-4], "a.csv: .*should be a CSV file of numbers"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path, content, message):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_cells(str(path), "numbers")


def test_a_gzip_whose_middle_is_damaged_is_refused_by_name(tmp_path):
    packed = bytearray(gzip.compress(b"a,b\n" + b"1,2\n" * 100))
    packed[12] ^= 0xFF
    (tmp_path / "a.csv").write_bytes(bytes(packed))
    with pytest.raises(FormatError, match=r"a\.csv: .*; should be a CSV file of numbers"):
        read_cells(str(tmp_path / "a.csv"), "numbers")
