"""Ranges to reserve: joined where they touch, filled up to a block."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.consumption import Part
from kit.mu2e.reservations import filling, joined
from kit.mu2e.shelves import Range, Shelf
from kit.run import RunError

PARTS = [Part((i,), 10, Shelf(f"u{i}", "t", f"{i}.root", 1, 10, "entry", "sequential")) for i in range(2)]


def test_ranges_that_touch_are_one():
    ranges = [Range("a", "t", *ends) for ends in ((5, 9), (0, 5), (8, 10), (11, 12))] + [Range("a", "s", 9, 12)]
    assert joined(ranges) == [Range("a", "s", 9, 12), Range("a", "t", 0, 10), Range("a", "t", 11, 12)]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)), max_size=12))
def test_joined_ranges_hold_the_same_items_each_once(found):
    made = joined([Range("a", "t", start, start + length) for start, length in found])
    items = [item for one in made for item in range(one.start, one.stop)]
    assert sorted(items) == items
    assert set(items) == {item for start, length in found for item in range(start, start + length)}


def test_a_block_is_filled_from_one_file_after_the_other():
    left = {0: [(7, 10)], 1: [(0, 10)]}
    assert filling(5, [0, 1], PARTS, left, "DIO") == [Range("u0", "t", 7, 10), Range("u1", "t", 0, 2)]
    assert left == {0: [], 1: [(2, 10)]}


def test_a_block_that_does_not_fit_or_is_too_small_is_refused():
    with pytest.raises(RunError, match="DIO: the block that a blinded ensemble reserves is 3 events larger"):
        filling(5, [0], PARTS, {0: [(8, 10)]}, "DIO")
    with pytest.raises(RunError, match="DIO: more events are drawn than the block"):
        filling(-1, [0], PARTS, {0: [(8, 10)]}, "DIO")
