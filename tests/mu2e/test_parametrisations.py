"""Curves that need no table, against the public tables."""

import numpy as np
import pytest

from kit.mu2e import parametrisations as curves
from kit.mu2e.spectra import dio, ipa, rpc


@pytest.mark.parametrize(("threshold", "ratio"), [(85, 0.989), (90, 0.923), (95, 0.928), (100, 0.926)])
def test_the_table_of_decays_in_orbit_lies_below_the_polynomial_by_radiative_corrections(
    spectra, threshold, ratio
):
    assert spectra.dio.above(threshold, "bins") / dio().above(threshold, "bins") == pytest.approx(ratio, abs=6e-4)


def test_the_polynomial_has_its_published_fraction_above_95_mev():
    assert dio().above(95.0, "bins") == pytest.approx(3.9186e-11, rel=2e-5)


def test_decays_in_orbit_end_at_the_endpoint():
    assert curves.decay_in_orbit(np.array([curves.DIO_ENDPOINT + 0.01, 110.0])).tolist() == [0, 0]


@pytest.mark.parametrize("threshold", [50, 70, 90, 110])
def test_the_curve_of_pion_capture_is_within_two_percent_of_the_public_spectrum(spectra, threshold):
    assert rpc().above(threshold, "bins") == pytest.approx(spectra.rpc.above(threshold, "bins"), rel=0.02)


def test_photons_of_pion_capture_have_no_more_than_their_endpoint():
    assert curves.pion_capture(np.array([0.0, curves.PION_CAPTURE_ENDPOINT, 139.0])).tolist() == [0, 0, 0]


def test_the_curve_of_ipa_electrons_is_within_ten_percent_of_the_public_table(spectra):
    energies = np.linspace(50, 100, 201)
    ratios = [ipa().above(e) / spectra.ipa.above(e) for e in energies]
    assert 0.9 < min(ratios) < max(ratios) < 1.1
    assert ipa().above(70) / spectra.ipa.above(70) == pytest.approx(0.977, abs=1e-3)
    assert np.all(np.diff(curves.ipa_fraction(energies)) < 0)
