"""Decays and boosts of the demo's particles."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata.kinematics import Momenta, chosen, decay, produced, resonance, scaled

N = 20_000


def _mass(*particles: Momenta) -> np.ndarray:
    total = [sum(getattr(p, name) for p in particles) for name in ("energy", "px", "py", "pz")]
    return np.sqrt(np.maximum(total[0] ** 2 - total[1] ** 2 - total[2] ** 2 - total[3] ** 2, 0))


def _mothers(mass: float, seed: int = 1) -> tuple[Momenta, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return produced(np.arange(N), np.full(N, mass), rng), rng


@settings(deadline=None)
@given(mass=st.floats(5, 500), share=st.floats(0, 0.49), other=st.floats(0, 0.49), seed=st.integers(0, 1000))
def test_daughters_have_the_momentum_and_energy_of_the_mother(mass: float, share: float, other: float, seed: int):
    rng = np.random.default_rng(seed)
    mother = produced(np.arange(20), np.full(20, mass), rng)
    one, two = decay(mother, share * mass, other * mass, rng)
    for name in ("px", "py", "pz", "energy"):
        total = getattr(one, name) + getattr(two, name)
        np.testing.assert_allclose(total, getattr(mother, name), rtol=1e-9, atol=1e-6)


def test_daughters_keep_their_own_masses():
    mother, rng = _mothers(125.1)
    one, two = decay(mother, 91.19, 20.0, rng)
    np.testing.assert_allclose(_mass(one), 91.19, rtol=1e-6)
    np.testing.assert_allclose(_mass(two), 20.0, rtol=1e-6)
    np.testing.assert_allclose(_mass(one, two), 125.1, rtol=1e-9)


def test_daughters_of_a_particle_at_rest_fly_back_to_back_in_all_directions_alike():
    still = Momenta(np.arange(N), np.zeros(N), np.zeros(N), np.zeros(N), np.full(N, 91.19))
    one, two = decay(still, 0.0, 0.0, np.random.default_rng(2))
    np.testing.assert_allclose(one.pz, -two.pz)
    cosine = one.pz / one.energy
    assert np.mean(cosine) == pytest.approx(0, abs=0.02)
    assert np.mean(cosine**2) == pytest.approx(1 / 3, abs=0.01)


def test_half_of_a_resonance_lies_within_its_width():
    masses = resonance(91.19, 2.5, N, np.random.default_rng(3))
    assert np.median(masses) == pytest.approx(91.19, abs=0.05)
    # the quartiles of a Breit-Wigner curve are half a width from its middle
    assert np.mean(np.abs(masses - 91.19) < 1.25) == pytest.approx(0.5, abs=0.03)
    assert np.abs(masses - 91.19).max() <= 12 * 2.5


def test_pseudorapidity_and_azimuth_give_the_momentum_back():
    particles, _ = _mothers(0.0)
    np.testing.assert_allclose(particles.pt * np.sinh(particles.eta), particles.pz, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(particles.pt * np.cos(particles.phi), particles.px, rtol=1e-9, atol=1e-9)


def test_scaling_scales_momenta_and_choosing_takes_whole_particles():
    particles, _ = _mothers(10.0)
    np.testing.assert_allclose(scaled(particles, np.full(N, 0.5)).pt, 0.5 * particles.pt)
    some = chosen(particles, particles.event % 2 == 0)
    assert some.event.tolist() == list(range(0, N, 2))
    np.testing.assert_array_equal(some.pz, particles.pz[::2])
