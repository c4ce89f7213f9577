"""Rows as they are asked for: each item once, in order, or in an order that is random through and through."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.consumption import Part
from kit.mu2e.shelves import Shelf
from kit.mu2e.streams import Shuffled, Stream


def part(number, items, order="sequential", accepted=None, rows=1):
    shelf = Shelf(str(number), "t", "", 0, items, "entry", order)
    shuffled = np.random.default_rng(number).permutation(items) if order == "random" else None
    if rows == 1:
        return Part((number,), items, shelf, shuffled, accepted)
    starts = np.arange(items + 1) * rows
    return Part(
        (number,), items, shelf, shuffled, accepted, starts, np.full(items * rows, number), np.arange(items * rows)
    )


def asked(stream, numbers):
    found = [stream.next(number) for number in numbers]
    for number, (_, _, item) in zip(numbers, found, strict=True):
        assert sorted(set(item.tolist())) == list(range(number))
        assert (np.diff(item) >= 0).all()
    return [
        tuple(pair) for source, entry, _ in found for pair in zip(source.tolist(), entry.tolist(), strict=True)
    ]


@given(st.lists(st.integers(0, 30), min_size=1, max_size=6))
def test_items_come_in_the_order_of_their_ranges_however_they_are_asked_for(numbers):
    takes = [(part(3, 100), 10, 80), (part(5, 200), 0, 110)]
    expected = [(3, i) for i in range(10, 80)] + [(5, i) for i in range(110)]
    assert asked(Stream(takes), numbers) == expected[: sum(numbers)]


def test_what_thinning_leaves_out_is_passed_over():
    accepted = np.arange(100) % 3 == 0
    found = asked(Stream([(part(0, 100, accepted=accepted), 1, 50), (part(1, 10), 0, 10)]), [5, 11, 0, 10])
    assert found == [(0, i) for i in range(3, 50, 3)] + [(1, i) for i in range(10)]


@pytest.mark.parametrize("rows", [1, 3])
def test_shuffled_items_come_once_with_all_their_rows_together(rows):
    takes = [(part(i, 60, "random", rows=rows), 10, 60) for i in range(4)]
    found = asked(Shuffled(takes, 7, 0, 1), [80, 0, 100, 20])
    assert len(set(found)) == len(found) == 200 * rows
    assert found == asked(Shuffled(takes, 7, 0, 1), [80, 0, 100, 20])
    assert found != asked(Shuffled(takes, 8, 0, 1), [80, 0, 100, 20])
    for first in range(0, len(found), rows):
        of, entry = found[first]
        assert found[first : first + rows] == [(of, entry + i) for i in range(rows)]


def test_neither_the_place_in_a_file_nor_the_file_tells_when_an_item_comes():
    takes = [(part(i, 4000, "random"), 0, 3000) for i in range(2)]
    found = np.array(asked(Shuffled(takes, 1, 0, 0), [2000, 2500, 1500]))
    moment = np.arange(len(found))
    for values in (found[:, 0], found[:, 1]):
        assert abs(np.corrcoef(moment, values)[0, 1]) < 4 / np.sqrt(len(found))
