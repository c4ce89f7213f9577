import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kit.hgcroc import messages

LEAVES = st.one_of(st.integers(0, 2**36), st.text(max_size=8), st.booleans(), st.none())
TREES = st.recursive(
    LEAVES, lambda part: st.dictionaries(st.one_of(st.integers(0, 71), st.text(max_size=6)), part, max_size=4)
)


@given(TREES)
def test_what_is_said_is_understood_by_us_and_by_any_other_reader(tree):
    assert messages.load(messages.dump(tree)) == tree
    assert yaml.safe_load(messages.dump(tree)) == tree


def test_nothing_is_written_with_anchors():
    part = {"a": 1}
    assert "&" not in messages.dump({"one": part, "two": part})


def test_what_is_no_yaml_is_told_with_its_place():
    with pytest.raises(messages.MessageError, match=r"no YAML: .* line 2, column"):
        messages.load("a: 1\nb: }")
    with pytest.raises(messages.MessageError, match="no YAML"):
        messages.load(b"\xff\xfe\xfd")


def test_a_map_is_a_map_and_nothing_an_empty_one():
    assert messages.as_map("") == {}
    with pytest.raises(messages.MessageError, match="is list, should be a map"):
        messages.as_map("[1, 2]")


def test_maps_go_into_maps_and_all_else_replaces():
    below = {"a": {"b": 1, "c": 2}, "d": [1, 2]}
    assert messages.laid_over(below, {"a": {"b": 3}, "d": [4], "e": 5}) == {
        "a": {"b": 3, "c": 2},
        "d": [4],
        "e": 5,
    }
    assert below == {"a": {"b": 1, "c": 2}, "d": [1, 2]}
