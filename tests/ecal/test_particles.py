"""Simulated particles and what they leave."""

import numpy as np
import pytest

from kit.ecal.particles import SAMPLES, make_particles, make_showers


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_energy_is_made_from_nothing(sample):
    particles = make_particles(sample, 200, np.random.default_rng(1))
    showers = make_showers(particles, 200, np.random.default_rng(2))
    own = showers.calo >= 0
    total = np.bincount(showers.calo[own], showers.signal[own], len(particles.pt))
    assert (total <= particles.deposited * (1 + 1e-9)).all()
    assert (particles.deposited <= particles.energy).all()
    assert not showers.signal[~own].any()
    assert (np.diff(showers.event) >= 0).all()


def test_softer_electrons_spread_further_in_phi():
    rng = np.random.default_rng(3)
    spread = {}
    for sample in ("soft", "electrons"):
        particles = make_particles(sample, 500, rng)
        showers = make_showers(particles, 500, rng)
        hard = (showers.calo >= 0) & (showers.signal > 0.03 * particles.deposited[showers.calo])
        away = showers.phi[hard] - (particles.phi + particles.charge * 0.6 / particles.pt)[showers.calo[hard]]
        spread[sample] = np.abs((away + np.pi) % (2 * np.pi) - np.pi).mean()
    assert spread["soft"] > 2 * spread["electrons"]


def test_photons_make_fewer_clusters_than_electrons():
    numbers = {}
    for sample in ("photons", "electrons"):
        particles = make_particles(sample, 500, np.random.default_rng(4))
        numbers[sample] = (make_showers(particles, 500, np.random.default_rng(5)).calo >= 0).sum()
    assert numbers["photons"] < numbers["electrons"]
