"""The table of yields: as CSV, as JSON and back, as a page."""

import csv
import io

import pytest

from kit.files import FormatError, write_json
from kit.mu2e.table import Row, Yields, csv_text, html_table, read_yields, risk_text

ROWS = (
    Row("CRYCosmic", "seconds", 3.0, 9.0, 1e17, None, 1.0, 3.0),
    Row("DIO", "a, table", 3.0, 9.0, 1e17, 95.0, 3.6370937564509995e-11, 12.5, mean=2.5, syst=0.1, synthetic=True),
)  # fmt: skip
EXPOSURE = {"wall_s": 9.0, "on_spill_s": 3.0, "pot": 1e17, "run_mode": "1BB", "pot_method": "spill"}


def test_what_is_written_reads_back_the_same(tmp_path):
    made = Yields({"tag": "t"}, {}, ROWS, EXPOSURE)
    write_json(tmp_path / "yields.json", made.plain())
    assert read_yields(tmp_path / "yields.json") == made
    assert made.tag == "t"


def test_csv_has_units_in_its_heading_and_leaves_out_what_is_not_known():
    lines = list(csv.reader(io.StringIO(csv_text(ROWS))))
    assert lines[0][:6] == ["process", "source", "on_spill [s]", "wall [s]", "pot", "threshold [MeV]"]
    assert [line[5] for line in lines[1:]] == ["", "95.0"]
    assert float(lines[2][6]) == ROWS[1].fraction


def test_a_page_says_what_is_not_known_and_what_is_no_simulation():
    text = html_table(Yields({}, {}, ROWS, EXPOSURE))
    assert "3 s on spill, 9 s wall" in text
    assert "DIO *" in text
    assert "* simulated stand-in, not Mu2e simulation" in text
    assert "not known" in text
    assert "10 %" in text


@pytest.mark.parametrize("content", [{}, [], {"format": 2, "rows": []}])
def test_other_files_are_refused(tmp_path, content):
    write_json(tmp_path / "x.json", content)
    with pytest.raises(FormatError, match=r"should be the yields\.json that mu2e/yields writes"):
        read_yields(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "–"), (0.0, "< 1e-06"), (4.8e-285, "< 1e-06"), (2e-5, "2e-05"), (0.25, "0.2"), (1.0, "1")],
)
def test_a_risk_is_told_in_words_where_it_is_next_to_nothing(value, told):
    assert risk_text(value) == told
