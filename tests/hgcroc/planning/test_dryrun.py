"""Costs of a scan, against states compared one by one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.hgcroc.planning.dryrun import count_writes, dry_run, order_of
from kit.hgcroc.registers import register_table
from tests.hgcroc.planning.test_originals import INITIAL, axes_lists
from tests.hgcroc.plans import CALIB, PHASE, plan_of

TABLE = register_table("ld")
ORDERS = ["scan", "serpentine", "random", "minimal"]


@given(axes_lists, st.sampled_from(ORDERS))
@settings(max_examples=40)
def test_writes_are_those_between_the_states_themselves(axes, kind):
    plan = plan_of(axes, INITIAL)
    initial, order = plan.initial(TABLE.reset), order_of(plan, kind, 3)
    states = [plan.states(initial).state(int(point)) for point in order]
    slow = [len(TABLE.writes(a, b)) for a, b in itertools.pairwise(states)]
    assert count_writes(plan, order, initial).tolist() == slow


@pytest.mark.parametrize(("kind", "writes"), [("scan", 33), ("serpentine", 27), ("minimal", 21)])
@pytest.mark.parametrize("dialect", ["0.1.2", "1.0.15"])
def test_the_worked_scan_needs_its_number_of_writes(example, dialect, kind, writes):
    plan = example("small2d", dialect)
    assert dry_run(plan, order_of(plan, kind)).writes == writes


def test_setup_is_what_the_first_point_differs_from_the_device(example):
    plan = example("small2d")
    first = plan.states(plan.initial(TABLE.reset)).state(0)
    cost = dry_run(plan, order_of(plan, "scan"))
    assert cost.setup == (first != TABLE.reset).sum()
    assert dry_run(plan, order_of(plan, "scan"), device=first).setup == 0


def test_events_take_their_room_and_time():
    menu = {"daq": {"active_menu": "a", "menus": {"a": {"NEvents": 1000}}}}
    plan = plan_of([{"key": PHASE, "values": {"stop": 16}}, {"key": CALIB, "values": {"stop": 100}}], menu)
    order = order_of(plan, "scan")
    summary, events = dry_run(plan, order), dry_run(plan, order, events=True)
    assert events.megabytes > 50 * summary.megabytes
    assert (summary.points, summary.seconds > 1600 * 0.02) == (1600, True)


@pytest.mark.parametrize("kind", ORDERS)
def test_a_million_points_are_planned(kind):
    plan = plan_of([{"key": PHASE, "values": {"stop": 16}}, {"key": CALIB, "values": {"stop": 4000}}], {},
                   procedure={"repeat": 16})  # fmt: skip
    order = order_of(plan, kind)
    assert len(order) == 1_024_000
    writes = count_writes(plan, order, plan.initial(TABLE.reset))
    assert (len(writes), int(writes.max()) <= 9, int(np.min(writes)) >= 0) == (1_023_999, True, True)


def test_many_repeats_take_no_more_room_than_their_points(example):
    plan = example("small2d", repeats=50_000)
    order = order_of(plan, "minimal")
    assert np.bincount(order).tolist() == [1] * 300_000
