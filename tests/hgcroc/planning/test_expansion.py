"""Keys, trees and differences, against the plain ones."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.hgcroc.planning.expansion import diff, expand_key, laid_over, leaves_of, nested, update
from tests.hgcroc import plain_expansion as plain

keys = st.sampled_from(["a", "b", 0, 1])
leaves = st.one_of(st.integers(0, 3), st.text(max_size=2), st.lists(st.integers(0, 2), min_size=2, max_size=2))
trees = st.recursive(
    st.dictionaries(keys, leaves, max_size=3),
    lambda below: st.dictionaries(keys, st.one_of(leaves, below), max_size=3),
)


def test_a_key_fans_out_to_the_product_of_its_lists():
    key = [["roc_s0", "roc_s1", "roc_s2"], "ReferenceVoltage", [0, 1], "Calib"]
    assert len(expand_key(key)) == 6
    assert expand_key(key)[:2] == [
        ("roc_s0", "ReferenceVoltage", 0, "Calib"),
        ("roc_s0", "ReferenceVoltage", 1, "Calib"),
    ]


def test_an_empty_list_fans_out_to_nothing():
    assert expand_key(["roc_s0", [], "Calib"]) == []


@given(trees, trees)
def test_laying_over_and_difference_are_the_plain_ones(below, above):
    expected = plain.deep_update(copy.deepcopy(below), above)
    kept = copy.deepcopy((below, above))
    assert laid_over([below, above]) == expected
    assert diff(below, expected) == plain.deep_diff(below, expected)
    assert (below, above) == kept


@given(trees, trees)
def test_a_difference_laid_over_leads_there(before, after):
    there = laid_over([before, after])
    assert laid_over([before, diff(before, there)]) == there


@given(trees)
def test_there_is_no_difference_to_itself(tree):
    assert diff(tree, tree) == {}


def test_maps_in_lists_are_merged():
    tree = {"menus": [{"name": "A", "BX": 1}, {"name": "B"}]}
    assert update(tree, {"menus": [{"BX": 2}, {}]})["menus"] == [{"name": "A", "BX": 2}, {"name": "B"}]


def test_lists_of_unequal_length_are_refused_with_their_place():
    with pytest.raises(ValueError, match=r"daq\.elinks: a list of 1 is laid over one of 2"):
        laid_over([{"daq": {"elinks": [1, 2]}}, {"daq": {"elinks": [1]}}])


def test_what_is_laid_over_stays_apart():
    patch = {"a": [1]}
    laid_over([patch, {"a": [2]}])
    assert patch == {"a": [1]}


def test_leaves_have_their_paths():
    tree = nested(("target", "roc_s0", "Top"), {0: {"RunL": 1, "RunR": 0}})
    assert dict(leaves_of(tree)) == {
        ("target", "roc_s0", "Top", 0, "RunL"): 1, ("target", "roc_s0", "Top", 0, "RunR"): 0
    }  # fmt: skip
