"""Shelves: what is free beside ranges taken, and files that are not what they were."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.shelves import Shelf, changed, gaps

SHELF = Shelf("u1", "t", "/data/a.root", 1000, 100, "entry", "sequential")


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=8))
def test_what_is_free_is_what_nobody_has_taken(found):
    taken = sorted((start, start + length) for start, length in found)
    free = [item for start, stop in gaps(taken, 45) for item in range(start, stop)]
    assert free == [item for item in range(45) if not any(start <= item < stop for start, stop in taken)]


def test_a_file_is_what_it_was_also_elsewhere():
    assert changed(SHELF, SHELF) == ""
    assert changed(SHELF, replace(SHELF, path="/other/b.root")) == ""
    assert SHELF.key == ("u1", "t")


def test_a_file_that_differs_is_told_in_words():
    assert "it was u1, 1000 B, and is u2, 1000 B" in changed(SHELF, replace(SHELF, identity="u2"))
    assert "cannot be by event in sequential order" in changed(SHELF, replace(SHELF, unit="event"))
    whole = replace(SHELF, unit="event", tree="t+s")
    assert "consumed by events of t+s, and cannot be by those of t, too" in changed(
        whole, replace(whole, tree="t")
    )
