"""Control distributions add up, and hold what was selected."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.demo import demo
from kit.opendata.passing import select
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.opendata.survey import EDGES, Survey, survey

EVENTS = 600
P = Selection()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    path = tmp_path_factory.mktemp("demo") / "demo.root"
    demo("2024r-pp", path, EVENTS, 1, bad_values=0.05, unsorted=True)
    with Reader.of(str(path)) as reader:
        yield reader


def _survey(source: Reader, first: int = 0, last: int = EVENTS, p: Selection = P) -> Survey:
    chunk = source.read(first, last)
    return survey(chunk, select(chunk, p))


def _same(one: Survey, other: Survey) -> bool:
    return json.dumps(one.as_json(), sort_keys=True) == json.dumps(other.as_json(), sort_keys=True)


def test_every_sound_object_and_every_event_is_in_the_distributions(source: Reader):
    found = _survey(source)
    for letter, by_which in found.counts.items():
        sound = found.seen[letter] - found.dropped[letter]
        beyond = by_which["read"]["eta"][-1]  # |η| above 5 is in no bin; above 10 it counts as bad
        assert by_which["read"]["pt"].sum() == by_which["read"]["eta"].sum() == sound + beyond
        assert by_which["read"]["multiplicity"].sum() == EVENTS
        for name in ("pt", "eta"):
            assert by_which["selected"][name].sum() == found.kept[letter]
        assert by_which["selected"]["multiplicity"].sum() == found.cutflow["type window"]


def test_selected_objects_pass_the_cuts(source: Reader):
    found = _survey(source)
    for letter, by_which in found.counts.items():
        below = EDGES["pt"][:-1] < P.pt_min[letter]
        assert by_which["selected"]["pt"][:-1][below].sum() == 0
        assert by_which["selected"]["pt"][:-1].sum() > 0
        assert by_which["read"]["pt"].sum() > by_which["selected"]["pt"].sum()


def test_selected_objects_are_those_of_the_final_states(source: Reader):
    found = _survey(source)
    assert sum(found.final_states.values()) == found.cutflow["type window"]
    for letter, kept in found.kept.items():
        in_states = sum(
            events * int(part[:-1])
            for state, events in found.final_states.items()
            for part in state.split("_")
            if part[-1] == letter
        )
        assert in_states == kept


def test_capped_jets_count_up_to_the_cap(source: Reader):
    found = _survey(source, p=Selection(max_count=1, jets_above_max="cap"))
    assert found.kept["j"] == found.counts["j"]["selected"]["pt"].sum()
    assert found.counts["j"]["selected"]["multiplicity"][2:].sum() > 0
    assert all(int(state.split("_")[2][:-1]) <= 1 for state in found.final_states)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, EVENTS), max_size=4))
def test_ranges_add_up_to_the_whole_in_any_order(source: Reader, cuts: list[int]):
    ends = [0, *sorted(cuts), EVENTS]
    parts = [_survey(source, a, b) for a, b in itertools.pairwise(ends)]
    assert _same(sum(parts, Survey()), _survey(source))
    assert _same(sum(reversed(parts), Survey()), _survey(source))


def test_what_is_written_is_read_back(source: Reader):
    found = _survey(source)
    assert _same(Survey.from_json(json.loads(json.dumps(found.as_json()))), found)


def test_bins_are_closed_below_and_the_last_number_counts_what_is_outside(tmp_path: Path):
    with Reader.of(str(demo("2024r-hi", tmp_path / "demo.root", EVENTS, 3))) as muons:
        found, pt = _survey(muons), muons.read(0, EVENTS).objects["m"].pt.astype(np.float64) / 1000
    expected, _ = np.histogram(pt, EDGES["pt"])
    np.testing.assert_array_equal(found.counts["m"]["read"]["pt"][:-1], expected)
    assert found.counts["m"]["read"]["pt"][-1] == np.count_nonzero(pt >= EDGES["pt"][-1])
