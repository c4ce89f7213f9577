"""What is written as a cell, as YAML or on a command line reads back as the value that was meant."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from papermill.translators import PythonTranslator
from pydantic import BaseModel

from kit import wording
from kit.parameters import parameter

words = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner) | st.dictionaries(words, inner),
    max_leaves=10,
)


def executed(source):
    namespace = {}
    exec(source, namespace)
    return namespace["x"]


@given(values)
@example("quotes \" ' and \\ and \n and \u2028 and \x00 and π")
def test_every_value_reads_back_from_its_source_in_a_cell(value):
    assert executed(f"x = {wording.literal(value)}") == value


@given(words)
def test_the_source_of_a_string_is_one_line(word):
    assert len(wording.literal(word).splitlines()) == 1


@given(st.dictionaries(st.just("x"), values, min_size=1))
def test_papermill_injects_every_value_that_a_cell_can_say(asked):
    assert executed(PythonTranslator.codify(asked)) == asked["x"]


@given(words)
def test_the_text_of_a_word_is_the_word(word):
    assert wording.parse_text(str, word) == word


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float_reads_back(number):
    assert wording.parse_text(float, repr(number)) == number


@given(st.integers())
def test_the_text_of_an_integer_reads_back(number):
    assert wording.parse_text(int, str(number)) == number


@given(st.lists(words))
def test_a_list_of_words_in_brackets_reads_back(listed):
    assert wording.parse_text(list[str], yaml.safe_dump(listed, default_flow_style=True)) == listed


@given(st.lists(st.text("abcxyz0123456789./*-_", min_size=1)))
def test_a_list_of_words_with_commas_reads_back(listed):
    assert wording.parse_text(list[str], ",".join(listed)) == listed
    assert wording.parse_text(list[str], ", ".join(listed)) == listed


@given(st.lists(numbers))
def test_a_list_of_numbers_reads_back_in_both_ways(listed):
    text = ", ".join(map(repr, listed))
    assert wording.parse_text(list[float], text) == listed
    assert wording.parse_text(list[float], f"[{text}]") == listed


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, "2_000", 2000),
        (int, "0x1F", 31),
        (float, "2e9", 2e9),
        (float, "-.5e-3", -0.5e-3),
        (float, "13.", 13.0),
        (bool, "true", True),
        (bool, "no", False),
        (str | None, "12", "12"),
        (str | None, "true", "true"),
        (str | None, "null", None),
        (str | None, "None", None),
        (float | None, "none", None),
        (str | None, "", None),
        (str | None, "'null'", "null"),
        (str | None, "#2", "#2"),
        (str | None, "a: b", "a: b"),
        (float | None, "null", None),
        (float | None, "2.5", 2.5),
        (Literal["fast", "slow"], "fast", "fast"),
        (Literal[1, 2], "2", 2),
        (Literal["auto"] | float, "auto", "auto"),
        (Literal["auto"] | float, "0.5", 0.5),
        (Literal["auto"] | list[str], "auto", "auto"),
        (Literal["auto"] | list[str], "e,m", ["e", "m"]),
        (list[str], "", []),
        (list[str], "[]", []),
        (list[str], "[2025-05-01, yes, 010, null, 'a,b']", ["2025-05-01", "yes", "010", "null", "a,b"]),
        (list[str], "[ab]*.root", ["[ab]*.root"]),
        (list[str] | None, "None", None),
        (list[list[float]], "[[1, 2], [3]]", [[1, 2], [3]]),
        (dict[str, float], "{e: 25, m: 2e1}", {"e": 25, "m": 20.0}),
        (Any, "[1, two]", [1, "two"]),
    ],
)
def test_text_from_a_command_line_means_what_its_type_says(annotation, text, value):
    parsed = wording.parse_text(annotation, text)
    assert parsed == value
    assert type(parsed) is type(value)


@pytest.mark.parametrize("text", ["010", "12:30", "2025-05-01", "2025-13-45", "1.2.3", "9" * 5000, "[", "a: b: c"])
def test_what_only_looks_like_a_number_or_a_date_stays_a_word(text):
    assert wording.scalar(text) == text


def test_numbers_of_numpy_tuples_and_paths_become_plain():
    given_values = {"a": np.float64(2.5), "b": (np.int64(3), Path("x")), "c": np.arange(2), "d": [np.bool_(1)]}
    plain = wording.plain(given_values)
    assert plain == {"a": 2.5, "b": [3, "x"], "c": [0, 1], "d": [True]}
    assert [type(value) for value in (plain["a"], plain["b"][0], plain["d"][0])] == [float, int, bool]


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        (int, "int"),
        (list[str], "list[str]"),
        (dict[str, float], "dict[str, float]"),
        (str | dict[str, Any], '"str or dict"'),
        (Literal["a", "b"], "str"),
        (Literal["auto"] | list[Literal["e", "m"]], '"str or list[str]"'),
        (float | None, '"float or None"'),
        (list[str | None], '"list[str or None]"'),
        (Any, "Any"),
    ],
)
def test_papermill_reads_every_type_that_a_cell_can_say(annotation, shown):
    assert wording.annotation_text(annotation) == shown
    (read,) = PythonTranslator.inspect({"source": f"x: {shown} = 1  # GeV, a number (≥ 0)"})
    assert (read.inferred_type_name, read.help) == (shown.strip('"'), "GeV, a number (≥ 0)")


def test_unit_meaning_choices_and_bounds_stand_in_one_line():
    class Model(BaseModel):
        width: float = parameter(1.0, "width of a bin", unit="GeV", gt=0, le=100)
        mode: Literal["fast", "slow"] = parameter("fast", "how to count")

    assert wording.explain(Model.model_fields["width"]) == "GeV, width of a bin (> 0, ≤ 100)"
    assert wording.explain(Model.model_fields["mode"]) == "how to count (fast or slow)"
    assert [wording.unit_of(field) for field in Model.model_fields.values()] == ["GeV", ""]


def test_a_near_miss_is_suggested_and_a_far_one_is_not():
    assert wording.suggestion("overlaping", ["overlapping", "seed"]) == " (did you mean overlapping?)"
    assert wording.suggestion("energy", ["overlapping", "seed"]) == ""


def test_a_message_repeats_at_most_200_signs_of_a_value():
    assert wording.short("x" * 200) == "x" * 200
    assert wording.short("x" * 201) == "x" * 200 + "…"


@pytest.mark.parametrize("text", ["&a [*a]", "&a {x: *a}", "x: &b [1, {y: *b}]"])
def test_a_value_inside_itself_is_no_value(text):
    import yaml

    with pytest.raises(yaml.YAMLError, match="stands inside itself"):
        yaml.load(text, Loader=wording.Loader)
    assert wording.scalar(text) == text
    assert yaml.load("[&a [1], *a]", Loader=wording.Loader) == [[1], [1]]
