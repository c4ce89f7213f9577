"""The laws of the loops, in NumPy; that the compiled ones agree is told in `test_kernels`."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata import twins

calm = settings(deadline=None)  # machines that tests share are slow at times

FloatArray = npt.NDArray[np.float64]

angles = st.floats(-math.pi, math.pi)
etas = st.floats(-5, 5)
momenta = st.floats(1, 1000)


def _massless(pt: float, eta: float, phi: float) -> list[float]:
    return [pt * math.cos(phi), pt * math.sin(phi), pt * math.sinh(eta), pt * math.cosh(eta)]


def _mass(*objects: list[float]) -> float:
    columns = np.arange(len(objects))[None, :]
    return float(twins.masses(np.array(objects).T.copy(), columns, 0, 1)[0, 0])


@given(momenta, etas, angles, momenta, etas, angles)
@calm
def test_two_massless_objects_have_the_mass_of_the_textbook(pt1, eta1, phi1, pt2, eta2, phi2):
    square = 2 * pt1 * pt2 * (math.cosh(eta1 - eta2) - math.cos(phi1 - phi2))
    energy = pt1 * math.cosh(eta1) + pt2 * math.cosh(eta2)
    found = _mass(_massless(pt1, eta1, phi1), _massless(pt2, eta2, phi2))
    assert found**2 == pytest.approx(square, rel=1e-9, abs=1e-14 * energy**2)


def test_a_square_that_rounding_makes_negative_gives_zero():
    light = _massless(100.0, 2.0, 1.0)
    slow = [*light[:3], light[3] * (1 - 1e-9)]
    assert _mass(light, slow) == 0.0


def test_mass_and_energy_add_at_rest():
    assert _mass([0, 0, 0, 90.0], [0, 0, 0, 1.19]) == 91.19


def _counted(masses: list[float], width: float = 10.0, bins: int = 5, minimum: float = 0.0) -> dict[int, int]:
    """Count single objects at rest: their energy is the mass."""
    found = np.zeros((4, 2 * len(masses)))
    found[3, : len(masses)] = masses
    columns = np.array([[0, len(masses)]])
    row, place, number = twins.count(
        found, columns, np.array([2]), np.array([len(masses)]), width, bins, np.array([minimum])
    )
    assert set(row.tolist()) <= {0}
    return dict(zip(place.tolist(), number.tolist(), strict=True))


def test_a_bin_begins_with_its_lower_edge():
    assert _counted([0.0, 9.999, 10.0, 19.0, 20.0]) == {0: 2, 1: 2, 2: 1}


def test_masses_from_the_end_of_the_grid_on_overflow():
    assert _counted([49.999, 50.0, 1e9, 1e150]) == {4: 1, 5: 3}


def test_masses_below_the_minimum_are_counted_apart():
    assert _counted([10.0, 14.9, 15.0, 16.0], minimum=15.0) == {-1: 2, 1: 2}


@given(st.lists(st.floats(0, 100), min_size=1), st.sampled_from([0.0, 7.0]))
@calm
def test_no_mass_is_lost(masses, minimum):
    assert sum(_counted(masses, minimum=minimum).values()) == len(masses)


def test_nothing_to_count_is_no_fault():
    nothing = np.empty(0, np.int64)
    found = twins.count(np.empty((4, 0)), np.empty((0, 4), np.int64), nothing, nothing, 10.0, 5, np.empty(0))
    assert [len(column) for column in found] == [0, 0, 0]
