"""Radiative muon capture: published fractions, plain sums and numerical integration."""

import numpy as np
import pytest

from kit.mu2e.captures import Closure, TwoComponents, muon_capture
from tests.mu2e import reference


def test_published_fractions_come_out():
    assert Closure(90.1).above(85, "bins") == pytest.approx(0.007189775682685852, rel=1e-12)
    assert Closure(90.1).above(85, "integral") == pytest.approx(0.007190419552444316, rel=1e-11)


@pytest.mark.parametrize("kmax", [70.0, 90.1, 101.85])
@pytest.mark.parametrize("threshold", [57.0, 60.02, 66.7])
def test_fractions_equal_plain_sums_and_integrals(kmax, threshold):
    assert Closure(kmax).above(threshold, "bins") == pytest.approx(reference.closure(threshold, kmax), rel=1e-13)
    expected = reference.closure_integral(threshold, kmax)
    assert Closure(kmax).above(threshold, "integral") == pytest.approx(expected, rel=1e-9)


def test_the_endpoint_matters_thirteenfold():
    ratio = Closure(101.85).above(85, "bins") / Closure(90.1).above(85, "bins")
    assert ratio == pytest.approx(13.06, abs=0.02)


@pytest.mark.parametrize("threshold", [57.0, 75.0, 85.0, 96.0, 101.0, 104.0])
def test_two_components_equal_the_formula_above_every_threshold(threshold):
    assert TwoComponents().above(threshold) == pytest.approx(reference.plestid(threshold), rel=1e-12)


@pytest.mark.parametrize("spectrum", [Closure(90.1), TwoComponents()])
def test_nothing_lies_above_the_endpoint_and_everything_above_the_beginning(spectrum):
    assert spectrum.above(57.0, "integral") == pytest.approx(1.0)
    assert spectrum.above(102.0, "integral") == 0.0
    assert spectrum.per_bin(np.array([57.0, 80.0, 102.0])).sum() == pytest.approx(1.0)


def test_models_have_names():
    assert muon_capture("closure", 88.0).above(89.0, "integral") == 0
    assert isinstance(muon_capture("plestid", 88.0), TwoComponents)
