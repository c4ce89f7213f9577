"""The laws that spectra of combinations obey, whatever the events."""

import itertools
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.chunks import Chunk, Objects
from kit.opendata.combinations import combination_named, combinations, final_state_counts
from kit.opendata.engine import NUMPY, compiled_engine
from kit.opendata.filling import Rule, count_masses, list_masses
from kit.opendata.grouping import Grouped, group
from kit.opendata.passing import select
from kit.opendata.selection import Selection
from kit.opendata.spectra import Grid, Spectra, merge

calm = settings(deadline=None, max_examples=50)  # machines that tests share are slow at times

Event = dict[str, list[tuple[float, float, float]]]  # by type: pt, eta, phi
GRID = Grid(10.0, 50)
RULES = [
    Rule(),
    Rule(types=(2, 4)),
    Rule(max_rank=1),
    Rule(max_rank=2),
    Rule(count_rule="exact"),
    Rule(max_rank=1, count_rule="exact"),
    Rule(types=(1, 6), max_total=5, max_count=5),
]


def _make(counts: list[dict[str, int]], seed: int) -> list[Event]:
    """Return events with these counts; momenta are all different."""
    generator = np.random.default_rng(seed)

    def draw() -> tuple[float, float, float]:
        pt, eta, phi = generator.uniform((30, -2.3, -3), (300, 2.3, 3)).astype("f4").tolist()
        return pt, eta, phi

    return [{letter: [draw() for _ in range(number)] for letter, number in event.items()} for event in counts]


counts = st.lists(st.dictionaries(st.sampled_from("emjgtb"), st.integers(0, 5)), max_size=12)
events = st.builds(_make, counts, st.integers(0, 2**32 - 1))


def _chunk(events: list[Event]) -> Chunk:
    objects = {}
    for letter in "emjgtb":
        held = [event.get(letter, []) for event in events]
        flat = np.array(list(itertools.chain(*held)), "f4").reshape(-1, 3).T.copy()
        objects[letter] = Objects(np.cumsum([0, *map(len, held)], dtype=np.int64), *flat)
    return Chunk(0, len(events), "GeV", objects)


def _grouped(events: list[Event], **values: Any) -> Grouped:
    chunk = _chunk(events)
    return group(chunk, select(chunk, Selection(**values)))


def _spectra(events: list[Event], rule: Rule = RULES[0], minimum: float = 0.0, **values: Any) -> Spectra:
    return count_masses(_grouped(events, **values), rule, GRID, minimum)


@given(events, st.sampled_from(RULES), st.sampled_from([0.0, 115.0]))
@calm
def test_every_event_of_a_final_state_has_one_mass_for_each_of_its_combinations(events, rule, minimum):
    spectra = _spectra(events, rule, minimum)
    for state, combination in spectra.pairs:
        here = (state, combination)
        total = spectra.counts(here).sum() + spectra.overflow(here) + spectra.below(here)
        assert total == spectra.events[state]


def _belongs(combination, counts, rule):
    """Tell whether events with these counts have a mass for the combination, as the specification says it."""
    held = [(counts.get(w.letter, 0), w) for w in combination.windows]
    exact = rule == "exact"
    return all(n == w.count if exact and w.first == 0 else n >= w.first + w.count for n, w in held)


@given(events, st.sampled_from(RULES))
@calm
def test_a_final_state_has_the_combinations_that_belong_to_it(events, rule):
    spectra = _spectra(events, rule)
    everything = combinations(
        "emjgtb", rule.types, max_count=rule.max_count, max_total=rule.max_total, max_rank=rule.max_rank
    )
    expected = [
        (state, combination.name)
        for state in sorted(spectra.events)
        for combination in everything
        if _belongs(combination, final_state_counts(state), rule.count_rule)
    ]
    assert spectra.pairs == expected
    assert list(spectra.events) == sorted(spectra.events)


@pytest.mark.parametrize(
    ("rank", "combinations"),
    [
        (0, {"e0e1", "j0j1j2"}),
        (1, {"e0e1", "j0j1j2", "e0e1j1", "e1j1", "e1j0j1j2"}),
        (2, {"e0e1", "j0j1j2", "e0e1j1", "e1j1", "e1j0j1j2", "j1j2", "e1j2", "e1j1j2", "e0e1j2", "e0e1j1j2"}),
    ],
)
def test_counted_exactly_leading_objects_use_up_their_type_and_later_ones_need_not(rank, combinations):
    spectra = _spectra(_make([{"e": 2, "j": 3}] * 3, 1), Rule(max_rank=rank, count_rule="exact"))
    state = "2e_0m_3j_0g_0t_0b"
    assert spectra.events == {state: 3}
    assert set(spectra.pairs) == {(state, combination) for combination in combinations}


@given(events)
@calm
def test_no_combination_has_one_object_and_no_mass_is_negative(events):
    grouped = _grouped(events)
    for _, combination, masses in list_masses(grouped, Rule(max_rank=1)):
        assert len(re.findall(r"[emjbgt]\d", combination)) >= 2
        assert (masses >= 0).all()


@given(events, st.sampled_from(RULES), st.sampled_from([0.0, 115.0]))
@calm
def test_listed_masses_are_those_that_are_counted(events, rule, minimum):
    grouped = _grouped(events)
    spectra = count_masses(grouped, rule, GRID, minimum)
    listed = list(list_masses(grouped, rule))
    assert [(state, combination) for state, combination, _ in listed] == spectra.pairs
    for state, combination, masses in listed:
        low = minimum if combination_named(combination).same_flavour else 0.0
        edges = GRID.width * np.arange(GRID.bins + 1)
        assert spectra.below((state, combination)) == (masses < low).sum()
        assert spectra.overflow((state, combination)) == (masses >= edges[-1]).sum()
        found = np.histogram(masses[(masses >= low) & (masses < edges[-1])], edges)[0]
        assert spectra.counts((state, combination)).tolist() == found.tolist()


@given(events, st.randoms(use_true_random=False))
@calm
def test_the_order_of_events_and_of_objects_does_not_matter(events, random):
    shuffled = [{letter: random.sample(held, len(held)) for letter, held in event.items()} for event in events]
    random.shuffle(shuffled)
    assert _spectra(shuffled) == _spectra(events)


@given(events, st.integers(0, 12))
@calm
def test_the_parts_add_up_to_the_whole(events, cut):
    assert merge([_spectra(events[:cut]), _spectra(events[cut:])]) == _spectra(events)


def _all_masses(grouped: Grouped) -> np.ndarray:
    return np.concatenate([[], *(masses for *_, masses in list_masses(grouped, Rule(max_rank=1)))])


@given(events, st.floats(-3, 3))
@calm
def test_a_rotation_around_the_beam_changes_no_mass(events, angle):
    objects = {
        letter: Objects(o.offsets, o.pt, o.eta, o.phi.astype("f8") + angle)
        for letter, o in _chunk(events).objects.items()
    }
    chunk = Chunk(0, len(events), "GeV", objects)
    found = _all_masses(group(chunk, select(chunk, Selection())))
    np.testing.assert_allclose(found, _all_masses(_grouped(events)), atol=1e-6)


@given(events, st.integers(5, 9))
@calm
def test_events_with_five_jets_change_no_other_final_state(events, number):
    many = {"e": [(50.0, 0.0, 0.0)], "j": [(100.0 + i, 0.1 * i, 0.0) for i in range(number)]}
    assert _spectra([many, *events, many]) == _spectra(events)
    capped = _spectra([many, *events, many], jets_above_max="cap")
    assert capped.events["1e_0m_4j_0g_0t_0b"] >= 2


@given(events, st.sampled_from(RULES), st.sampled_from([0.0, 115.0]))
@calm
def test_both_sets_of_loops_count_the_same(events, rule, minimum):
    grouped = _grouped(events)
    assert count_masses(grouped, rule, GRID, minimum, compiled_engine()) == count_masses(
        grouped, rule, GRID, minimum, NUMPY
    )


def test_sub_leading_combinations_take_the_right_objects():
    event: Event = {"e": [(50.0, 0.0, 0.0), (100.0, 1.0, 0.0)], "j": [(200.0, -1.0, 1.0), (70.0, 2.0, 2.0)]}
    found = {name: masses[0] for _, name, masses in list_masses(_grouped([event]), Rule(max_rank=1))}

    def mass(*objects: tuple[float, float, float, float]) -> float:
        pt, eta, phi, m = np.array(objects).T
        energy = np.hypot(pt * np.cosh(eta), m).sum()
        return float(
            np.sqrt(
                energy**2
                - (pt * np.cos(phi)).sum() ** 2
                - (pt * np.sin(phi)).sum() ** 2
                - (pt * np.sinh(eta)).sum() ** 2
            )
        )

    e0, e1 = (100.0, 1.0, 0.0, 0.000511), (50.0, 0.0, 0.0, 0.000511)
    j0, j1 = (200.0, -1.0, 1.0, 0.0), (70.0, 2.0, 2.0, 0.0)
    expected = {
        "e0e1": mass(e0, e1), "j0j1": mass(j0, j1), "e0j0": mass(e0, j0), "e0j1": mass(e0, j1),
        "e1j0": mass(e1, j0), "e1j1": mass(e1, j1), "e0j0j1": mass(e0, j0, j1), "e1j0j1": mass(e1, j0, j1),
        "e0e1j0": mass(e0, e1, j0), "e0e1j1": mass(e0, e1, j1), "e0e1j0j1": mass(e0, e1, j0, j1),
    }  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_smallest_mass_wanted_acts_on_pairs_of_the_same_flavour_alone():
    event: Event = {"e": [(50.0, 0.0, 0.0), (40.0, 0.0, 1.0)], "j": [(50.0, 0.0, 1.5)]}
    spectra = _spectra([event], minimum=5000.0)
    below = {combination: spectra.below((state, combination)) for state, combination in spectra.pairs}
    assert below == {"e0e1": 1, "e0j0": 0, "e0e1j0": 1}
