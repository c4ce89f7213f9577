from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kit import wording
from kit.parameters import read_yaml
from kit.widgets.texts import same, text_of, yaml_of

numbers = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(min_size=1)

TYPES = [
    (str, st.text()),
    (int, st.integers()),
    (float, numbers),
    (bool | int, st.booleans() | st.integers()),
    (float | None, st.none() | numbers),
    (str | None, st.none() | st.text()),
    (list[str], st.lists(words)),
    (list[int], st.lists(st.integers())),
    (list[float], st.lists(numbers)),
    (Literal["auto"] | list[str], st.just("auto") | st.lists(words)),
    (dict[str, float], st.dictionaries(st.text(), numbers)),
]


@pytest.mark.parametrize(
    ("annotation", "values"), TYPES, ids=lambda part: getattr(part, "__name__", str(part))[:20]
)
def test_the_text_of_a_value_means_that_value(annotation, values):
    @given(values)
    def check(value):
        assert same(wording.parse_text(annotation, text_of(annotation, value)), value)

    check()


@given(
    st.dictionaries(st.from_regex(r"[a-z]\w*", fullmatch=True), st.none() | numbers | st.text() | st.lists(words))
)
def test_a_parameter_file_reads_back_the_same(values):
    assert yaml.load(yaml_of(values), Loader=wording.Loader) in (values, values or None)


def test_a_word_that_looks_like_a_number_stays_a_word(tmp_path):
    (tmp_path / "it.yaml").write_text(yaml_of({"release": "2e9", "cut": 2e9, "on": "true"}))
    assert read_yaml(tmp_path / "it.yaml") == {"release": "2e9", "cut": 2e9, "on": "true"}


def test_plain_things_are_written_plainly():
    assert text_of(list[str], ["e", "m"]) == "e, m"
    assert text_of(float | None, None) == ""
    assert text_of(dict[str, float], {"e": 10.0}) == "{e: 10.0}"
    assert yaml_of({"bins": [1, 2], "unit": "GeV"}) == "bins: [1, 2]\nunit: GeV\n"


def test_one_is_not_true():
    assert not same(1, True)
    assert not same(1, 1.0)
    assert same([1, "a"], [1, "a"])
