"""Tables of points, in the forms in which people keep them."""

import json

import pytest

from kit.batch import tables
from kit.batch.sweeps import expand
from kit.files import FormatError
from kit.parameters import ParameterError, Parameters, parameter

ROWS = [{"a": 1.5, "word": "x"}, {"a": 2, "word": "3"}]


class Model(Parameters):
    a: float = parameter(1.0, "a number")
    word: str = parameter("", "a word")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("points.json", json.dumps(ROWS)),
        ("points.yaml", "- {a: 1.5, word: x}\n- {a: 2, word: '3'}\n"),
        ("points.jsonl", "\n".join(map(json.dumps, ROWS)) + "\n\n"),
        ("points.csv", "a,word\n1.5,x\n2,3\n"),
        ("sweep.yaml", "zip: {a: [1.5, 2], word: [x, '3']}\n"),
    ],
)
def test_every_form_says_the_same(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert expand(name, Model) == ROWS


@pytest.mark.parametrize("word", ["a\u2028b", "a\x85b", "a\x0cb", "a, b", 'say "a"'])
def test_signs_that_end_a_line_elsewhere_are_part_of_a_value(tmp_path, word):
    quoted = word.replace('"', '""')
    (tmp_path / "points.csv").write_text(f'a,word\r\n1,"{quoted}"\r\n2,y\r\n', newline="")
    assert [row["word"] for row in expand("points.csv", Model)] == [word, "y"]
    (tmp_path / "points.jsonl").write_text(json.dumps({"word": word}, ensure_ascii=False) + "\n")
    assert expand("points.jsonl", Model) == [{"word": word}]


def test_names_of_files_may_hold_such_signs(tmp_path):
    (tmp_path / "list.txt").write_text("a\u2028b.root\n# no file\n\nc.root\n")
    assert list(tables.listed("list.txt")) == ["a\u2028b.root", "c.root"]


def test_the_mark_with_which_spreadsheets_begin_a_table_belongs_to_no_name(tmp_path):
    (tmp_path / "points.csv").write_text("a,word\n1.5,x\n", encoding="utf-8-sig")
    assert expand("points.csv", Model) == [{"a": 1.5, "word": "x"}]


def test_a_row_of_another_length_is_refused_with_its_line(tmp_path):
    (tmp_path / "points.csv").write_text("a,word\n1,x\n2\n3,y,z\n")
    with pytest.raises(ParameterError, match=r"line 3 has another number of fields[\s\S]*line 4"):
        expand("points.csv", Model)


@pytest.mark.parametrize(
    ("name", "text"), [("points.json", "[{]"), ("points.jsonl", "{nothing"), ("p.yaml", "a: [")]
)
def test_what_is_no_table_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(FormatError, match=f"{name}.*should be a table of points"):
        expand(name, Model)


def test_a_table_that_is_not_there_is_refused():
    with pytest.raises(FileNotFoundError, match=r"there is no nowhere\.csv"):
        expand("nowhere.csv", Model)


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "points.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(FormatError, match="byte 2 is not UTF-8"):
        expand("points.csv", Model)
