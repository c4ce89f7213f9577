"""The lists of the panel: narrowed, jumped through, and asked for a pair by name."""

from pathlib import Path

import pytest

from kit.opendata.mass_sets import MassSet, open_set
from kit.opendata.pair_lists import PairLists
from tests.opendata.many_pairs import write_many


@pytest.fixture
def found(tmp_path: Path) -> MassSet:
    return open_set("this", [write_many(tmp_path / "run", 60)])


@pytest.fixture
def lists(found: MassSet) -> PairLists:
    made = PairLists(hook="kit-test", interactive=True)
    made.list_pairs(found, 1)
    return made


def test_the_pair_with_most_masses_comes_first(lists: PairLists, found: MassSet):
    assert len(lists.browser.matching) == len(found.records)
    most = max(record["entries"] for record in found.records)
    assert lists.browser.selected["entries"] == most


def test_a_final_state_with_too_few_events_is_not_listed(found: MassSet):
    made = PairLists(hook="kit-test", interactive=True)
    made.list_pairs(found, 1 + max(found.spectra.events.values()))
    assert (made.browser.records, made.states.records) == ([], [])
    with pytest.raises(ValueError, match="no pair is selected; the filter may match none"):
        _ = made.pair


def test_a_pair_is_selected_by_its_names_or_refused(lists: PairLists, found: MassSet):
    pair = found.spectra.pairs[-1]
    lists.select(pair)
    assert lists.pair == pair
    with pytest.raises(ValueError, match=r"there is no pair 9e e0e1; the browser lists \d+"):
        lists.select(("9e", "e0e1"))


def test_jumps_go_down_the_excesses(lists: PairLists):
    seen = []
    for _ in range(4):
        lists.jump()
        seen.append(lists.browser.selected["excess"])
    assert seen == sorted(seen, reverse=True)


def test_all_conditions_hold_together(lists: PairLists):
    lists.states.go_to(0)
    lists.within, lists.min_entries = True, 100
    state = lists.states.selected["final_state"]
    shown = [lists.browser.records[i] for i in lists.browser.matching]
    assert shown
    assert {record["final_state"] for record in shown} == {state}
    assert min(record["entries"] for record in shown) >= 100
