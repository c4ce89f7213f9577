"""Object cuts and the window of counts."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.chunks import Chunk, Objects
from kit.opendata.passing import Selected, add_counts, select
from kit.opendata.selection import ETA_MAX, PT_MIN, Selection

calm = settings(deadline=None)  # machines that tests share are slow at times

NO_CUTS: dict[str, Any] = {"pt_min": {}, "eta_max": {}}
Rows = dict[str, list[list[tuple[float, ...]]]]  # by type, by event: pt, eta, phi


def _chunk(rows: Rows, unit: str = "GeV", kind: str = "f4", **more: list[float]) -> Chunk:
    objects = {}
    for letter, events in rows.items():
        flat = np.array([row for event in events for row in event], kind).reshape(-1, 3)
        offsets = np.cumsum([0, *map(len, events)], dtype=np.int64)
        arrays = {name: np.array(values, kind) for name, values in more.items()}
        objects[letter] = Objects(offsets, flat[:, 0].copy(), flat[:, 1].copy(), flat[:, 2].copy(), **arrays)
    return Chunk(0, len(next(iter(rows.values()))), unit, objects)


def _select(rows: Rows, unit: str = "GeV", kind: str = "f4", **values: Any) -> Selected:
    return select(_chunk(rows, unit, kind), Selection(**values))


@pytest.mark.parametrize("letter", "emjgt")
@pytest.mark.parametrize(("unit", "scale"), [("GeV", 1), ("MeV", 1000)])
def test_the_smallest_pt_itself_passes(letter: str, unit: str, scale: float):
    edge = PT_MIN[letter] * scale
    events = [[(edge, 0, 0)], [(np.nextafter(np.float32(edge), np.float32(0)), 0, 0)]]
    assert _select({letter: events}, unit).counts.tolist() == [[1], [0]]


@pytest.mark.parametrize("letter", "emjgt")
def test_the_largest_eta_itself_passes_on_both_sides(letter: str):
    edge = ETA_MAX[letter]
    beyond = np.nextafter(edge, 10)
    events = [[(100, eta, 0)] for eta in (edge, -edge, beyond, -beyond)]
    assert _select({letter: events}, kind="f8").counts.ravel().tolist() == [1, 1, 0, 0]


def test_eta_is_compared_as_float64_though_stored_as_float32():
    assert float(np.float32(2.47)) > 2.47
    assert _select({"e": [[(100, 2.47, 0)]]}).counts.tolist() == [[0]]


def test_objects_fall_in_pt_and_equal_ones_keep_their_order():
    event = [(30, 0.1, 0), (50, 0.2, 0), (30, 0.3, 0), (40, 0.4, 0)]
    assert _select({"m": [event]}).chosen["m"].tolist() == [1, 3, 0, 2]


def test_of_many_objects_the_hardest_are_chosen_and_all_are_counted():
    event = [(30.0 + i, 0, 0) for i in range(12)]
    selected = _select({"j": [event]}, max_count=2)
    assert selected.chosen["j"].tolist() == [11, 10]
    assert selected.counts.tolist() == [[12]]


def _counts_accepted(counts: dict[str, int], **values: Any) -> bool:
    rows: Rows = {letter: [[(100.0 + i, 0, 0) for i in range(number)]] for letter, number in counts.items()}
    return bool(_select(rows, **values).accepted[0])


def test_events_with_too_many_objects_of_a_type_are_rejected():
    assert _counts_accepted({"e": 4, "j": 4})
    assert not _counts_accepted({"e": 5})
    assert not _counts_accepted({"e": 2, "j": 5})
    assert _counts_accepted({"e": 5}, max_count=5)


def test_jets_alone_can_be_capped():
    assert _counts_accepted({"e": 2, "j": 9}, jets_above_max="cap")
    assert not _counts_accepted({"e": 5, "j": 9}, jets_above_max="cap")
    assert not _counts_accepted({"b": 5}, jets_above_max="cap")


def test_events_with_too_few_or_many_types_are_rejected():
    five = dict.fromkeys("emjgt", 1)
    assert not _counts_accepted(five)
    assert _counts_accepted(five, final_state_types=[1, 5])
    assert not _counts_accepted({"e": 2}, final_state_types=[2, 4])
    assert not _counts_accepted({"e": 0})


def test_without_maps_there_are_no_cuts():
    rows: Rows = {"e": [[(0.01, 9.9, 0)]], "j": [[(1, -9, 0)]]}
    assert _select(rows).counts.tolist() == [[0, 0]]
    assert _select(rows, **NO_CUTS).counts.tolist() == [[1, 1]]


def test_tagged_jets_have_the_cuts_of_jets_unless_they_have_their_own():
    rows: Rows = {"b": [[(29, 0, 0)], [(31, 4.4, 0)]]}
    assert _select(rows).counts.ravel().tolist() == [0, 1]
    assert _select(rows, pt_min={"b": 20.0}, eta_max={"b": 2.5}).counts.ravel().tolist() == [1, 0]


BAD = [
    (np.nan, 0, 0), (np.inf, 0, 0), (0, 0, 0), (-30, 0, 0), (30, np.nan, 0), (30, -np.inf, 0), (30, 10.001, 0),
    (30, 0, np.nan), (30, 0, np.inf), (1e141, 0, 0),
]  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_bad_objects_are_dropped_and_counted_even_without_cuts(bad: tuple[float, float, float]):
    selected = _select({"m": [[bad, (30, 0, 0)], [bad]]}, kind="f8", **NO_CUTS)
    assert selected.counts.ravel().tolist() == [1, 0]
    assert selected.dropped == {"m": 2}
    assert selected.seen == {"m": 3}
    assert selected.cutflow["finite"] == 1


@pytest.mark.parametrize("name", ["energy", "mass"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_an_object_without_a_finite_energy_or_mass_is_bad(name: str, value: float):
    chunk = _chunk({"j": [[(50, 0, 0), (60, 0, 0)]]}, **{name: [60.0, value]})
    selected = select(chunk, Selection())
    assert selected.chosen["j"].tolist() == [0]
    assert selected.dropped == {"j": 1}


def test_a_negative_mass_is_noise_and_no_fault():
    selected = select(_chunk({"g": [[(50, 0, 0)]]}, mass=[-1e-5]), Selection())
    assert selected.dropped == {"g": 0}


def test_isolated_electrons_stay_below_the_limit():
    chunk = _chunk({"e": [[(50e3, 0, 0)] * 3]}, "MeV", isolation=[4.9e3, 5e3, 5.1e3])
    assert select(chunk, Selection(relative_isolation_max=0.1)).chosen["e"].tolist() == [0]
    assert len(select(chunk, Selection()).chosen["e"]) == 3


def test_isolation_must_have_been_read():
    with pytest.raises(ValueError, match="electrons were read without isolation"):
        _select({"e": [[(50, 0, 0)]]}, relative_isolation_max=0.1)


def test_the_cutflow_ends_with_the_accepted_events():
    rows: Rows = {
        "e": [[], [(np.nan, 0, 0)], [(10, 0, 0)], [(50, 0, 0)] * 5, [(50, 0, 0)], [(50, 0, 0)]],
        "j": [[], [], [], [], [(50, 0, 0)], []],
    }
    selected = _select(rows, final_state_types=[2, 4])
    steps = {"read": 6, "finite": 5, "object cuts": 3, "count window": 2, "type window": 1}
    assert selected.cutflow == steps
    assert list(selected.cutflow) == list(steps)
    assert selected.accepted.tolist() == [False] * 4 + [True, False]


def test_without_bad_objects_no_event_leaves_at_finite():
    selected = _select({"e": [[], [(50, 0, 0)], []], "j": [[], [], [(1, 0, 0)]]})
    assert (selected.cutflow["read"], selected.cutflow["finite"], selected.cutflow["object cuts"]) == (3, 3, 1)


def test_the_letters_of_types_are_told_in_words():
    told = str(
        Selection.model_fields["objects"].description or Selection.model_fields["objects"].json_schema_extra
    )
    assert "e, m, j, g, t for electrons, muons, jets, photons, taus" in told


def test_types_are_counted_in_the_order_of_final_states():
    selected = _select({"t": [[(50, 0, 0)] * 3], "e": [[(50, 0, 0)]], "j": [[(50, 0, 0)] * 2]})
    assert selected.letters == ("e", "j", "t")
    assert selected.counts.tolist() == [[1, 2, 3]]


def test_no_events_are_no_fault():
    selected = _select({"e": [], "j": []})
    assert selected.counts.shape == (0, 2)
    assert selected.cutflow["type window"] == 0


@given(st.permutations(range(6)))
@calm
def test_the_order_of_objects_in_the_file_does_not_matter(order):
    pts = [35.0, 70.0, 20.0, 45.0, 33.0, 90.0]
    chosen = _select({"j": [[(pts[i], 0, 0) for i in order]]}).chosen["j"]
    assert [pts[order[i]] for i in chosen] == [90.0, 70.0, 45.0, 35.0]


def test_counts_add_by_name():
    assert add_counts({"a": 1, "b": 2}, {"b": 3, "c": 4}) == {"a": 1, "b": 5, "c": 4}
