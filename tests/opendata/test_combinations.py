"""Final states, combinations and their names."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.combinations import (
    STATE_ORDER,
    combination_named,
    combinations,
    final_state_counts,
    final_state_name,
    pair_order,
)

calm = settings(deadline=None)  # machines that tests share are slow at times

TABLE = {  # combinations by smallest number of types, then (leading, max_rank 1, max_rank 2) by types in use
    1: {"emjg": (65, 186, 607), "emjgt": (120, 425, 1545), "emjbgt": (203, 853, 3324)},
    2: {"emjg": (53, 174, 591), "emjgt": (105, 410, 1525), "emjbgt": (185, 835, 3300)},
}
EVERYTHING = combinations("emjgtb", max_rank=1)
letters = st.sets(st.sampled_from("emjgtb"), min_size=1)


@pytest.mark.parametrize("smallest", [1, 2])
@pytest.mark.parametrize("in_use", ["emjg", "emjgt", "emjbgt"])
@pytest.mark.parametrize("max_rank", [0, 1, 2])
def test_there_are_as_many_combinations_as_published(smallest: int, in_use: str, max_rank: int):
    found = combinations(in_use, (smallest, 4), max_rank=max_rank)
    assert len(found) == len(set(found)) == TABLE[smallest][in_use][max_rank]


def test_leading_combinations_come_first_by_number_of_types_and_counts():
    names = [combination.name for combination in combinations("em", max_total=3, max_rank=1)]
    assert names[:6] == ["e0e1", "e0e1e2", "m0m1", "m0m1m2", "e0m0", "e0m0m1"]
    assert names[6:] == ["e0e1m0", "e0m1", "e1m0", "e1m1", "e1m0m1", "e0e1m1"]


def test_a_window_of_two_does_not_pass_the_highest_rank():
    names = {combination.name for combination in combinations("ej", max_rank=1)}
    assert "e1j0" in names
    assert not {"e1e2", "e2j0", "e1e2j0"} & names
    assert "e1e2" in {combination.name for combination in combinations("ej", max_rank=2)}


def test_the_two_names_order_b_differently():
    combination = combination_named("j0b0g0t0")
    assert combination in EVERYTHING
    assert final_state_name({"j": 1, "b": 2, "g": 3, "t": 4}) == "0e_0m_1j_3g_4t_2b"
    assert combination.name_count == "j1b1g1t1"


def test_a_name_says_all_of_a_combination():
    assert [combination_named(combination.name) for combination in EVERYTHING] == EVERYTHING
    assert all(re.fullmatch(r"([emjbgt]\d)+", combination.name) for combination in EVERYTHING)


def test_no_combination_has_one_object():
    assert {combination.size for combination in EVERYTHING} == {2, 3, 4}


@given(letters, st.integers(0, 3))
@calm
def test_the_order_of_combinations_follows_from_their_names_alone(in_use, max_rank):
    found = combinations(in_use, max_rank=max_rank)
    assert sorted(found, key=lambda combination: combination.order) == found


@given(st.dictionaries(st.sampled_from(STATE_ORDER), st.integers(0, 15)))
@calm
def test_a_final_state_reads_back_from_its_name(counts):
    name = final_state_name(counts)
    assert final_state_counts(name) == {letter: counts.get(letter, 0) for letter in STATE_ORDER}


def test_final_states_with_present_types_alone_are_read_too():
    assert final_state_counts("2e_10j") == {"e": 2, "j": 10}


@pytest.mark.parametrize("name", ["", "e", "e0x1", "j1j0", "j0e0", "e0e2", "b0j0", "e0 j0"])
def test_a_name_that_is_no_combination_is_refused(name: str):
    with pytest.raises(ValueError, match="should be letters of emjbgt"):
        combination_named(name)


@pytest.mark.parametrize("name", ["", "2", "2e_1x", "2e__1j", "e2", "1e_1e"])
def test_a_name_that_is_no_final_state_is_refused(name: str):
    with pytest.raises(ValueError, match="should be counts and letters of emjgtb"):
        final_state_counts(name)


@pytest.mark.parametrize(("name", "same"), [("e0e1", True), ("m1m2j0", True), ("e0m0", False), ("j0j1", False)])
def test_only_pairs_of_electrons_or_muons_are_of_the_same_flavour(name: str, same: bool):
    assert combination_named(name).same_flavour is same


def test_pairs_sort_by_final_state_then_combination():
    pairs = [("b", "e0j0"), ("a", "e0j1"), ("a", "e0e1"), ("a", "e0j0")]
    assert sorted(pairs, key=pair_order) == [("a", "e0e1"), ("a", "e0j0"), ("a", "e0j1"), ("b", "e0j0")]
