"""The loops with NumPy: each law by itself."""

import numpy as np
import pytest

from kit.smartpixels.twins import NEGATIVE_ZERO, Response, Room, change_of, choose, convolve, respond, round_off


def response_of(samples, ratio=2, steps=4, *, corrected=False):
    return Response.of(np.atleast_2d(np.array(samples, float)), 1.0, ratio, steps, corrected=corrected)


def test_the_nearest_charge_is_chosen_and_of_two_the_first():
    injected = np.array([100.0, 200.0, 50_000.0])
    own = np.array([-500.0, 0.0, 149.9, 150.0, 150.1, 1e6])
    assert choose(own, injected).tolist() == [0, 0, 0, 0, 1, 2]
    assert choose(np.array([150.0]), injected[::-1]).tolist() == [1]


def test_the_original_takes_the_first_slice_for_time_zero():
    charge = np.array([[10, 30, 60, 60]])
    assert change_of(charge, corrected=False).tolist() == [[40, 50, 30, 0]]


def test_the_corrected_change_adds_up_to_the_charge():
    charge = np.array([[2129, 4477, 6000, 5000, 5000]])
    assert change_of(charge, corrected=True).sum() / 2 == charge[0, -1]
    assert change_of(charge, corrected=False).sum() / 2 == charge[0, -1] + (4477 - 3 * 2129) / 2


def test_templates_are_sorted_by_phase():
    response = response_of(range(7))
    assert response.ratio == 2
    assert response.phases[0, 0, response.margin : response.margin + 4].tolist() == [0, 2, 4, 6]
    assert response.phases[0, 1, response.margin : response.margin + 4].tolist() == [1, 3, 5, 0]
    assert response.lead.tolist() == [1]


def test_a_convolution_is_that_of_numpy_at_the_output_steps():
    random = np.random.default_rng(5)
    samples, change = random.normal(size=(3, 61)), random.integers(-9, 9, (20, 40)).astype(float)
    template = random.integers(0, 3, 20)
    found = convolve(change, template, response_of(samples, ratio=10, steps=7))
    wanted = [np.convolve(row, samples[t])[:61:10] for row, t in zip(change, template, strict=True)]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("value", "tenths", "doubtful"),
    [
        (0.0, 0, False),
        (0.04, 0, False),
        (-0.04, NEGATIVE_ZERO, False),
        (0.06, 1, False),
        (-12.34, -123, False),
        (0.25, 2, True),
        (0.35, 3, True),
        (1e-12, 0, True),
        (-1e-12, NEGATIVE_ZERO, True),
    ],
)
def test_rounding_flags_ties_and_zeros(value, tenths, doubtful):
    found, flags = round_off(np.array([[value, value]]), np.array([1]), 1)
    if not doubtful:
        assert found.tolist() == [[tenths, tenths]]
    assert bool(flags[0, 1]) == (doubtful or value == 0.0)
    assert bool(flags[0, 0]) == (doubtful and abs(value) > 1e-9)  # before the onset a zero is a zero


def test_nothing_in_gives_nothing_out():
    response, room = response_of([0, 1, 2, 3, 4, 5, 6]), Room(3, 7, 4)
    assert respond(np.zeros((3, 5), np.int32), response, room) == 0
    assert not room.values.any()
    assert not room.tenths.any()


def test_too_many_doubtful_digits_are_counted_all_the_same():
    room = Room(300, 7, 4)
    charge = np.zeros((300, 5), np.int32)
    charge[:, 1:] = 1
    assert respond(charge, response_of([0, 0.125, 0.25, 0.25, 0.25, 0.25, 0.25]), room) > len(room.flagged)
