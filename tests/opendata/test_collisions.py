"""The numbered events of the demo, and what can be wrong with them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.collisions import BAD, Collisions, collide


def _event(events: Collisions, letter: str, number: int) -> list[tuple[float, float, float]]:
    particles = events.objects[letter]
    here = particles.event == number
    return list(zip(particles.pt[here], particles.eta[here], particles.phi[here], strict=True))


def _same(one: Collisions, other: Collisions, letter: str, numbers: range) -> bool:
    return all(_event(one, letter, n) == _event(other, letter, n) for n in numbers)


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), events=st.integers(0, 60))
def test_the_same_seed_gives_the_same_events(seed: int, events: int):
    one, other = collide(events, seed), collide(events, seed)
    for letter in one.objects:
        np.testing.assert_array_equal(one.objects[letter].pt, other.objects[letter].pt)


def test_another_seed_gives_other_events():
    assert collide(100, 1).objects["j"].pt[0] != collide(100, 2).objects["j"].pt[0]


def test_run_and_event_numbers_are_unique_and_go_on_from_block_to_block():
    one, other = collide(20_000, 1), collide(500, 1, first=20_000)
    numbers = np.concatenate([one.ids["event"], other.ids["event"]])
    assert len(np.unique(numbers)) == 20_500
    assert np.all(np.diff(numbers) == 1)
    assert other.ids["run"][0] == one.ids["run"][0] + 1


def test_copies_are_the_last_events_and_repeat_objects_and_numbers():
    plain, copied = collide(200, 3), collide(200, 3, duplicates=0.1)
    assert len(np.unique(copied.ids["event"])) == 180
    for letter in plain.objects:
        assert _same(plain, copied, letter, range(180))
        for place in range(180, 200):
            original = int(copied.ids["event"][place]) - 1
            assert original < 180
            assert _event(copied, letter, place) == _event(plain, letter, original)


def test_bad_values_are_of_every_kind_and_as_many_as_asked_for():
    plain, spoiled = collide(2000, 3), collide(2000, 3, bad_values=0.2)
    jets, before = spoiled.objects["j"], plain.objects["j"]
    with np.errstate(invalid="ignore"):
        bad = [np.isnan(jets.pt), jets.pt == 0, jets.pt < 0, np.isinf(jets.phi), np.abs(jets.eta) > 10]
    assert len(bad) == len(BAD)
    assert all(kind.any() for kind in bad)
    assert np.mean(np.any(bad, axis=0)) == pytest.approx(0.2, abs=0.02)
    good = ~np.any(bad, axis=0)
    np.testing.assert_array_equal(jets.pt[good], before.pt[good])


def test_unsorted_objects_are_the_same_objects_in_another_order():
    plain, unsorted = collide(500, 3), collide(500, 3, unsorted=True)
    for letter in plain.objects:
        assert all(sorted(_event(plain, letter, n)) == sorted(_event(unsorted, letter, n)) for n in range(100))
    assert not _same(plain, unsorted, "j", range(100))
