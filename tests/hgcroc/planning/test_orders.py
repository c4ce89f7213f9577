"""Orders of points: all are permutations, neighbours differ in one axis, few writes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.hgcroc.planning.orders import make_order, serpentine, shortest_tour

lengths = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def constant(length, cost):
    return cost * (1 - np.eye(length, dtype=np.int64))


@given(lengths, st.sampled_from(["scan", "serpentine", "random", "minimal"]), st.integers(0, 9))
def test_every_order_visits_every_point_once(lengths, kind, seed):
    order = make_order(kind, lengths, [constant(length, 2) for length in lengths], seed)
    assert sorted(order.tolist()) == list(range(int(np.prod(lengths))))


@given(lengths)
def test_in_a_serpentine_one_axis_steps_at_a_time(lengths):
    order = make_order("serpentine", lengths, [None] * len(lengths), 1)
    digits = np.array(np.unravel_index(order, lengths))
    assert (np.abs(np.diff(digits)).sum(axis=0) == 1).all()
    assert order[0] == 0


def test_a_serpentine_turns_round_at_each_end():
    assert make_order("serpentine", [2, 3], [None, None], 1).tolist() == [0, 1, 2, 5, 4, 3]


@given(st.integers(0, 1000))
def test_the_same_seed_gives_the_same_order(seed):
    first, second = (make_order("random", [5, 5], [None, None], seed) for _ in range(2))
    assert (first == second).all()


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=3))
@settings(max_examples=30)
def test_no_nesting_of_the_axes_costs_less_than_the_minimal_order(axes):
    lengths = [length for length, _ in axes]
    costs = [constant(length, cost) for length, cost in axes]

    def price(order):
        steps = np.array(np.unravel_index(order, lengths)).T
        return sum(costs[k][a[k], b[k]] for a, b in itertools.pairwise(steps) for k in range(len(axes)))

    tours = [np.arange(length) for length in lengths]
    others = [serpentine(lengths, nesting, tours) for nesting in itertools.permutations(range(len(axes)))]
    assert price(make_order("minimal", lengths, costs, 1)) == min(map(price, others))


def test_a_tour_visits_equal_steps_together():
    values = np.array([0, 5, 0, 5, 0])
    cost = (values[:, None] != values).astype(np.int64)
    tour = shortest_tour(cost)
    assert sorted(tour) == list(range(5))
    assert cost[tour[:-1], tour[1:]].sum() == 1


def test_a_long_axis_keeps_its_order():
    assert (shortest_tour(np.zeros((513, 513), np.int64)) == np.arange(513)).all()
    assert len(make_order("minimal", [600, 2], [None, constant(2, 3)], 1)) == 1200


@pytest.mark.parametrize("kind", ["scan", "serpentine", "random", "minimal"])
def test_a_scan_without_axes_is_one_point(kind):
    assert make_order(kind, [1], [constant(1, 0)], 1).tolist() == [0]


def test_many_axes_are_nested_by_their_price():
    axes = [constant(2, cost) for cost in (1, 9, 2, 8, 3, 7, 4)]
    order = make_order("minimal", [2] * 7, axes, 1)
    digits = np.array(np.unravel_index(order, [2] * 7))
    changes = np.abs(np.diff(digits)).sum(axis=1)
    assert changes[1] == changes.min()
    assert changes[0] == changes.max()
