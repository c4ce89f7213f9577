"""The compiled loops give the same bits as their twins in NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata import twins
from kit.opendata.engine import Engine, compiled_engine

calm = settings(deadline=None)  # machines that tests share are slow at times

strange = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 25.0, 2.5, -2.5, 10.0, 1e30])
values = st.floats(-30, 120, width=32) | strange
limits = st.sampled_from([0.0, 25.0, 30.0])


@pytest.fixture(scope="module")
def loops() -> Engine:
    return compiled_engine()


@given(
    sizes=st.lists(st.integers(0, 9), max_size=15),
    stored=st.data(),
    kind=st.sampled_from(["f4", "f8"]),
    extra=st.booleans(),
    isolation=st.booleans(),
    cuts=st.builds(
        twins.Cuts,
        unit=st.sampled_from([1.0, 1000.0]),
        pt_min=limits,
        eta_max=st.sampled_from([2.47, 2.5, np.inf]),
        isolation_max=st.sampled_from([0.1, np.inf]),
        max_count=st.integers(1, 9),
    ),
)
@calm
def test_objects_are_chosen_alike(loops, sizes, stored, kind, extra, isolation, cuts):
    offsets = np.cumsum([0, *sizes], dtype=np.int64)
    columns = st.lists(values, min_size=int(offsets[-1]), max_size=int(offsets[-1]))
    pt, eta, phi, more, cone = (np.array(stored.draw(columns), kind) for _ in range(5))
    pt *= kind_unit(kind, cuts.unit)
    objects = twins.Stored(offsets, pt, eta, phi, more if extra else None, cone if isolation else None)
    _same(loops.choose(objects, cuts), twins.choose(objects, cuts))


def kind_unit(kind: str, unit: float) -> Any:
    return np.dtype(kind).type(unit)


def test_equal_momenta_keep_their_order_in_both(loops):
    pt = np.array([30, 30, 50, 30, 50, 30], "f4")
    zero = np.zeros(6, "f4")
    objects = twins.Stored(np.array([0, 6]), pt, zero, zero)
    for each in (loops, twins):
        assert each.choose(objects, twins.Cuts(1.0, 0.0, np.inf, np.inf, 4)).chosen.tolist() == [2, 4, 0, 1]


def test_arrays_may_be_read_only_and_of_different_types(loops):
    pt, eta = np.array([30.0, 40.0]), np.array([0.0, 1.0], "f4")
    pt.flags.writeable = eta.flags.writeable = False
    objects, cuts = twins.Stored(np.array([0, 2]), pt, eta, eta), twins.Cuts(1.0, 0.0, np.inf, np.inf, 4)
    _same(loops.choose(objects, cuts), twins.choose(objects, cuts))


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4)), max_size=6), st.randoms(use_true_random=False))
@calm
def test_objects_are_arranged_alike(loops, states, random):
    """Each final state is a number of events and of objects in each of them."""
    events = [(number, held) for number, held in states if number]
    kept = [held for number, held in events for _ in range(number)]
    places = list(range(len(kept)))
    random.shuffle(places)
    of_event = np.zeros(len(kept), np.int64)
    of_event[places] = kept
    first = np.cumsum(of_event) - of_event
    chosen = np.array(random.sample(range(1000), int(of_event.sum())), np.int64)
    bounds = np.cumsum([0, *(number for number, _ in events)], dtype=np.int64)
    held = np.array([held for _, held in events], np.int64)
    starts = np.cumsum([0, *(number * held for number, held in events)], dtype=np.int64)
    arrays = (np.array(places, np.int64), bounds, held, first, chosen, starts)
    assert loops.arrange(*arrays).tolist() == twins.arrange(*arrays).tolist()


@given(
    states=st.lists(st.integers(1, 700), min_size=1, max_size=5),
    rows=st.integers(0, 8),
    seed=st.integers(0, 2**32 - 1),
    minimum=st.sampled_from([0.0, 35.0]),
    width=st.sampled_from([10.0, 0.1, 1 / 3]),
)
@calm
def test_masses_are_counted_alike(loops, states, rows, seed, minimum, width):
    generator = np.random.default_rng(seed)
    momenta = generator.normal(0, 30, (4, 4 * sum(states)))
    momenta[3] = np.abs(momenta[3]) * generator.choice([0.5, 2.0, 100.0], momenta.shape[1])
    state = generator.integers(0, len(states), rows)
    length = np.array(states)[state]
    columns = (np.cumsum(states) - states)[state][:, None] * 4 + np.arange(4) * length[:, None]
    sizes = generator.integers(2, 5, rows)
    lowest = generator.choice([0.0, minimum], rows)
    arrays = (momenta, columns, sizes, length, width, 300, lowest)
    found = loops.count(*arrays)
    _same(found, twins.count(*arrays))
    assert found[2].sum() == length.sum()


def _same(one: Any, other: Any) -> None:
    for here, there in zip(one, other, strict=True):
        assert np.asarray(here).dtype == np.asarray(there).dtype
        np.testing.assert_array_equal(here, there)
