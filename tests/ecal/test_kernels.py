"""The loops, as plain Python runs them, give what their twins give; `test_engine` compares them compiled."""

import numpy as np
import pytest

from kit.ecal import kernels, twins
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
    kernels.order.py_func(offsets, np.round(et), out, np.empty_like(out))  # rounded: with many equal ones
    assert out.tolist() == twins.order(offsets, np.round(et)).tolist()


@pytest.mark.parametrize("overlapping", [False, True])
def test_windows_and_what_is_in_them(overlapping):
    offsets, positions, limits, et = field()
    order = twins.order(offsets, et)
    seeds, blocked = np.empty(len(et), np.int64), np.empty(len(offsets) - 1, np.int64)
    used = kernels.open_windows.py_func(offsets, order, et > 1, *positions, *limits, overlapping, seeds, blocked)
    expected = twins.open_windows(offsets, order, et > 1, positions, limits, overlapping)
    assert seeds[:used].tolist() == expected[0].tolist()
    assert blocked.tolist() == expected[1].tolist()
    event = np.searchsorted(offsets, seeds[:used], side="right") - 1
    room = [np.empty(used * len(et), kind) for kind in (np.int64, np.int64, np.float64)]
    found = kernels.fill.py_func(seeds[:used], event, offsets, order, *positions, *limits, *room)
    for mine, theirs in zip(room, twins.fill(seeds[:used], event, offsets, order, positions, limits), strict=True):
        assert mine[:found].tolist() == theirs.tolist()


def test_what_does_not_fit_is_counted():
    n = 20
    positions = (np.full(n, 0.3), np.full(n, 1.0), np.zeros(n, np.int64))
    room = [np.empty(50, kind) for kind in (np.int64, np.int64, np.float64)]
    arrays = (np.arange(n), np.zeros(n, np.int64), np.array([0, n]), np.arange(n))
    assert kernels.fill.py_func(*arrays, *positions, *reach(positions[0]), *room) == n * n
    assert room[1].tolist() == [*range(n), *range(n), *range(50 - 2 * n)]


def test_association_and_spans():
    offsets, calos = np.array([0, 3, 4]), np.array([0, 2, 2])
    rows, scores = np.array([0, 2, 4, 6, 6]), np.array([0.2, 0.3, 0.3, 0.1, 0.3, 0.0])
    calo, best, main = np.empty(4, np.int64), np.empty(4), np.empty(2, np.int64)
    kernels.associate.py_func(offsets, calos, rows, scores, 1e-4, calo, best, main)
    expected = twins.associate(offsets, calos, rows, scores, 1e-4)
    assert [x.tolist() for x in (calo, best, main)] == [x.tolist() for x in expected]
    values, bounds = np.random.default_rng(1).normal(size=150), np.array([0, 3, 12, 30, 150])
    spans = [np.empty(4) for _ in range(3)]
    kernels.spans.py_func(bounds, values, np.empty(8), *spans)
    assert [x.tolist() for x in spans] == [x.tolist() for x in twins.spans(bounds, values)]


def test_functions_of_the_c_library():
    values, out = np.linspace(0, 3, 50), np.empty(50)
    for name in ("cosh", "log1"):
        getattr(kernels, name).py_func(values, out)
        assert out.tolist() == getattr(twins, name)(values).tolist()


@pytest.mark.parametrize(
    ("words", "whole"), [([2, 1, 7, 0], True), ([2, 1, 7], False), ([1, -1], False), ([1, 1, 7, 7], False)]
)
def test_lengths_of_lists_are_found(words, whole):
    content = np.frombuffer(np.array(words, ">i4").tobytes(), np.uint8)
    begins, first = np.array([0, len(words)]), np.array([0, words[0]])
    places, counts = np.zeros(words[0], np.int64), np.zeros(words[0], np.int64)
    assert kernels.walk.py_func(content, begins, 1, first, places, counts) is whole
    expected = twins.walk(content, begins, 1, first)
    assert expected[2] is whole
    if whole:
        assert places.tolist() == expected[0].tolist() == [1, 3]
        assert counts.tolist() == expected[1].tolist() == [1, 0]
