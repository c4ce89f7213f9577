"""The loops, as plain Python runs them, give what their twins give."""

import numpy as np
import pytest

from kit.ecal import loops, twins
from kit.ecal.geometry import reach


def field(seed=3, events=4):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(5, 15, events))])
    n = int(offsets[-1])
    positions = (rng.normal(0, 0.3, n) + 1.4, rng.uniform(-np.pi, np.pi, n), rng.integers(0, 2, n))
    return offsets, positions, reach(positions[0]), rng.exponential(2, n)


def test_order():
    offsets, _, _, et = field()
    out = np.empty(len(et), np.int64)
    loops.order(offsets, np.round(et), out)  # rounded: with many equal ones
    assert out.tolist() == twins.order(offsets, np.round(et)).tolist()


@pytest.mark.parametrize("overlapping", [False, True])
def test_windows_and_what_is_in_them(overlapping):
    offsets, positions, limits, et = field()
    order = twins.order(offsets, et)
    seeds, blocked = np.empty(len(et), np.int64), np.empty(len(offsets) - 1, np.int64)
    used = loops.open_windows(offsets, order, et > 1, *positions, *limits, overlapping, seeds, blocked)
    expected = twins.open_windows(offsets, order, et > 1, positions, limits, overlapping)
    assert seeds[:used].tolist() == expected[0].tolist()
    assert blocked.tolist() == expected[1].tolist()
    event = np.searchsorted(offsets, seeds[:used], side="right") - 1
    filled = loops.fill(seeds[:used], event, offsets, order, *positions, *limits)
    for mine, theirs in zip(
        filled, twins.fill(seeds[:used], event, offsets, order, positions, limits), strict=True
    ):
        assert mine.tolist() == theirs.tolist()


def test_buffers_grow_where_windows_are_full():
    n = 200
    positions = (np.full(n, 0.3), np.full(n, 1.0), np.zeros(n, np.int64))
    seeds, event = np.arange(n), np.zeros(n, np.int64)
    window, cluster, _ = loops.fill(seeds, event, np.array([0, n]), np.arange(n), *positions, *reach(positions[0]))
    assert len(window) == n * n
    assert cluster.tolist() == list(range(n)) * n


def test_association_and_spans():
    offsets, calos = np.array([0, 3, 4]), np.array([0, 2, 2])
    rows, scores = np.array([0, 2, 4, 6, 6]), np.array([0.2, 0.3, 0.3, 0.1, 0.3, 0.0])
    calo, best, main = np.empty(4, np.int64), np.empty(4), np.empty(2, np.int64)
    loops.associate(offsets, calos, rows, scores, 1e-4, calo, best, main)
    expected = twins.associate(offsets, calos, rows, scores, 1e-4)
    assert [x.tolist() for x in (calo, best, main)] == [x.tolist() for x in expected]
    values, bounds = np.random.default_rng(1).normal(size=150), np.array([0, 3, 12, 30, 150])
    spans = [np.empty(4) for _ in range(3)]
    loops.spans(bounds, values, *spans)
    assert [x.tolist() for x in spans] == [x.tolist() for x in twins.spans(bounds, values)]


def test_functions_of_the_c_library():
    values, out = np.linspace(0, 3, 50), np.empty(50)
    for name in ("cosh", "log1"):
        getattr(loops, name)(values, out)
        assert out.tolist() == getattr(twins, name)(values).tolist()
