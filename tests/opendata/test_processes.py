"""The physics of the demo, told by what an analysis would find in it."""

import numpy as np
import pytest

from kit.opendata.processes import ETA_HIGHEST, PROCESSES, PT_LOWEST, Particles, simulate

N = 20_000


@pytest.fixture(scope="module")
def events() -> dict[str, Particles]:
    return simulate(N, np.random.default_rng(1))


def _momentum(particles: Particles) -> np.ndarray:
    pt, eta, phi, mass = particles.pt, particles.eta, particles.phi, particles.mass
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)
    return np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1)


def _masses(*parts: Particles) -> tuple[np.ndarray, np.ndarray]:
    """Return the mass of all objects of `parts` together, by event, and how many there are."""
    total, number = np.zeros((N, 4)), np.zeros(N, dtype=int)
    for part in parts:
        np.add.at(total, part.event, _momentum(part))
        np.add.at(number, part.event, 1)
    return np.sqrt(np.maximum(total[:, 0] ** 2 - (total[:, 1:] ** 2).sum(axis=1), 0)), number


def _hard(particles: Particles) -> Particles:
    kept = particles.pt > 20
    return Particles(**{name: values[kept] for name, values in vars(particles).items()})


@pytest.mark.parametrize("letter", ["e", "m"])
def test_pairs_of_leptons_peak_at_the_z(events: dict[str, Particles], letter: str):
    masses, number = _masses(_hard(events[letter]))
    pairs = masses[number == 2]
    counts, edges = np.histogram(pairs, np.arange(60, 120, 1))
    assert edges[counts.argmax()] in (90, 91)
    assert np.mean(np.abs(pairs - 91.19) < 5) > 0.5


def test_four_leptons_peak_at_the_higgs_boson_and_rise_at_two_z():
    parts = dict.fromkeys("em", ())
    rng = np.random.default_rng(4)
    for name in ("Higgs to four leptons", "ZZ"):
        for letter, particles in PROCESSES[name][1](np.arange(2000), rng):
            if letter in "em":
                parts[letter] += (particles,)
        masses, number = _masses(*parts["e"], *parts["m"])
        found = masses[:2000][number[:2000] == 4]
        if name == "ZZ":
            assert np.mean(found > 170) > 0.95
        else:
            assert np.median(found) == pytest.approx(125.1, abs=0.3)
            assert np.std(found) < 2
        parts = dict.fromkeys("em", ())


def test_four_soft_leptons_peak_at_the_z(events: dict[str, Particles]):
    masses, number = _masses(events["e"], events["m"])
    counts, edges = np.histogram(masses[number == 4], np.arange(70, 125, 5))
    assert edges[counts.argmax()] in (85, 90)
    assert counts.max() > 4 * counts[edges[:-1] == 105]
    _, process = PROCESSES["Z to four leptons"]
    momenta = np.concatenate(
        [p.pt for letter, p in process(np.arange(500), np.random.default_rng(1)) if letter in "em"]
    )
    assert 7 < np.median(momenta) < 25


def test_only_objects_inside_the_acceptance_are_seen(events: dict[str, Particles]):
    for letter, particles in events.items():
        assert particles.pt.min() > PT_LOWEST[letter]
        assert np.abs(particles.eta).max() < ETA_HIGHEST[letter]


def test_objects_stand_by_event_and_falling_pt(events: dict[str, Particles]):
    for particles in events.values():
        order = np.lexsort((-particles.pt, particles.event))
        np.testing.assert_array_equal(order, np.arange(len(order)))


def test_jets_have_the_masses_and_scores_of_jets(events: dict[str, Particles]):
    jets = events["j"]
    assert 0.08 <= (jets.mass / jets.pt).min() < (jets.mass / jets.pt).max() <= 0.2
    assert 0.02 < np.mean(jets.score > 0.7) < 0.2


def test_every_type_is_there_and_the_shares_make_a_whole(events: dict[str, Particles]):
    assert min(len(particles.pt) for particles in events.values()) > 0.1 * N
    assert sum(share for share, _ in PROCESSES.values()) == pytest.approx(1)


def test_no_event_is_a_valid_number_of_events():
    assert all(len(particles.pt) == 0 for particles in simulate(0, np.random.default_rng(1)).values())
