"""The compiled loops of options give the same bits as their twins in NumPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.opendata import option_twins, twins
from kit.opendata.engine import Engine, compiled_engine

calm = settings(deadline=None)  # machines that tests share are slow at times


@pytest.fixture(scope="module")
def loops() -> Engine:
    return compiled_engine()


@given(
    sizes=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12),
    seed=st.integers(0, 2**32 - 1),
    share=st.sampled_from([-1.0, 0.7]),
)
@calm
def test_overlaps_are_struck_alike(loops, sizes, seed, share):
    generator = np.random.default_rng(seed)
    sides = []
    for side in (0, 1):
        offsets = np.cumsum([0, *(pair[side] for pair in sizes)], dtype=np.int64)
        number = int(offsets[-1])
        pt, eta, phi = (
            generator.exponential(40, number) + 1,
            generator.normal(0, 0.3, number),
            generator.uniform(-9, 9, number),
        )
        phi[generator.random(number) < 0.5] = 0.1
        sides.append((offsets, pt, eta, phi, generator.random(number) < 0.8))
    cones = generator.choice([0.0, 0.2, 0.4], len(sides[0][1]))
    arrays = (*sides[0], cones, *sides[1], share)
    np.testing.assert_array_equal(loops.strike(*arrays), option_twins.strike(*arrays))


@given(
    states=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    rows=st.integers(0, 6),
    seed=st.integers(0, 2**32 - 1),
    minimum=st.sampled_from([0.0, 35.0]),
)
@calm
def test_masses_are_weighed_alike(loops, states, rows, seed, minimum):
    generator = np.random.default_rng(seed)
    momenta = generator.normal(0, 30, (4, 4 * sum(states)))
    momenta[3] = np.abs(momenta[3]) * generator.choice([0.5, 2.0, 100.0], momenta.shape[1])
    state = generator.integers(0, len(states), rows)
    length, begins = np.array(states)[state], (np.cumsum(states) - states)[state]
    columns = begins[:, None] * 4 + np.arange(4) * length[:, None]
    lowest = generator.choice([0.0, minimum], rows)
    arrays = (momenta, columns, generator.integers(2, 5, rows), length, 10.0, 300, lowest)
    weights = generator.normal(1, 2, sum(states))
    found = loops.weigh(*arrays, begins, weights)
    _same(found, option_twins.weigh(*arrays, begins, weights))
    _same(found[:3], twins.count(*arrays))
    np.testing.assert_allclose(
        found[3].sum(), sum(weights[b : b + n].sum() for b, n in zip(begins, length, strict=True)), atol=1e-9
    )


def test_overlaps_of_many_pairs_are_struck_alike_in_blocks(loops, monkeypatch):
    generator = np.random.default_rng(1)
    offsets = np.arange(0, 401, 4)
    sides = [(offsets, *(generator.random(400) for _ in range(3)), np.ones(400, bool)) for _ in range(2)]
    arrays = (*sides[0], np.full(400, 0.2), *sides[1], -1.0)
    monkeypatch.setattr(option_twins, "BLOCK", 37)
    np.testing.assert_array_equal(loops.strike(*arrays), option_twins.strike(*arrays))


def _same(one: Any, other: Any) -> None:
    for here, there in zip(one, other, strict=True):
        assert np.asarray(here).dtype == np.asarray(there).dtype
        np.testing.assert_array_equal(here, there)
