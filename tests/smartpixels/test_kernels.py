"""The compiled loops give the same bits as their twins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kit.smartpixels.engine import NUMPY, compiled_engine
from kit.smartpixels.twins import Response, Room

TENTHS = st.one_of(st.just(0), st.integers(-50, 50), st.integers(-99_999, 999_999))


@settings(max_examples=60, deadline=None)
@given(
    charge=hnp.arrays(np.int32, st.tuples(st.integers(1, 6), st.integers(2, 30)), elements=TENTHS),
    corrected=st.booleans(),
    floats=st.booleans(),
    ratio=st.integers(1, 7),
    steps=st.integers(2, 70),
    seed=st.integers(0, 99),
)
def test_voltages_tenths_and_flags_are_the_same(charge, corrected, floats, ratio, steps, seed):
    random = np.random.default_rng(seed)
    samples = np.cumsum(random.normal(size=(3, (steps - 1) * ratio + 1)), axis=1)
    samples[:, 0] = 0.0
    response = Response.of(samples, 0.01, ratio, steps, corrected=corrected)
    template = random.integers(0, 3, len(charge))
    given_charge = charge * 0.1 if floats else charge
    moved = charge[:, 1:] != charge[:, :-1]
    first = np.where((charge != 0).any(axis=1), (charge != 0).argmax(axis=1), 0)
    last = np.where(moved.any(axis=1), moved.shape[1] - moved[:, ::-1].argmax(axis=1), 0)
    rooms = []
    for loops in (NUMPY, compiled_engine()):
        room = Room(len(charge), response.width(given_charge), steps)
        room.template[:] = template
        count = loops.respond(given_charge, first, last, response, room)
        rooms.append((count, room))
    (count, plain), (other, fast) = rooms
    assert count == other
    np.testing.assert_array_equal(plain.values, fast.values)
    np.testing.assert_array_equal(plain.tenths, fast.tenths)
    flagged = min(count, len(plain.flagged))
    np.testing.assert_array_equal(plain.flagged[:flagged], fast.flagged[:flagged])


@given(hnp.arrays(np.float64, st.integers(0, 9), elements=st.floats(-1e5, 1e5)), st.integers(1, 5))
def test_templates_are_chosen_alike(own, count):
    injected = np.random.default_rng(count).permutation(np.arange(100.0, 100.0 * (count + 1), 100.0))
    plain, fast = np.empty(len(own), np.int64), np.empty(len(own), np.int64)
    NUMPY.choose(own, injected, plain)
    compiled_engine().choose(own, injected, fast)
    assert plain.tolist() == fast.tolist()


def test_a_loop_refuses_an_array_of_another_kind():
    with pytest.raises(TypeError, match="an array of 1 dimensions and int64 stands where"):
        compiled_engine().choose(np.array([1, 2]), np.array([1.0]), np.empty(2, np.int64))
