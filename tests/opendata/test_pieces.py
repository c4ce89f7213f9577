"""How files are cut into pieces, and pieces shared among jobs."""

import itertools
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.files import FormatError
from kit.opendata.pieces import Piece, plan, refuse_overlaps, share

calm = settings(deadline=None)  # machines that tests share are slow at times


@dataclass(frozen=True)
class File:
    path: str
    entries: int
    offsets: tuple[int, ...]
    uuid: str = "u"
    size: int = 1


def _file(entries: int, step: int = 0, path: str = "a.root", uuid: str = "u") -> File:
    inner = range(step, entries, step) if step else ()
    return File(path, entries, tuple(sorted({0, *inner, entries})), uuid)


def _ranges(pieces: list[Piece]) -> list[tuple[int, int]]:
    return [(piece.first, piece.last) for piece in pieces]


@given(st.integers(0, 5000), st.integers(0, 700), st.integers(1, 2000))
@calm
def test_pieces_cover_a_file_once_and_are_about_as_long_as_wanted(entries, step, chunk):
    pieces = plan([_file(entries, step)], chunk)
    assert pieces[0].first == 0
    assert pieces[-1].last == entries
    assert all(one.last == other.first for one, other in itertools.pairwise(pieces))
    assert all(piece.events <= chunk * 3 / 2 for piece in pieces)
    assert all(piece.events >= chunk // 2 for piece in pieces[:-1])


def test_pieces_end_with_baskets_where_these_are_near():
    assert _ranges(plan([_file(1000, 90)], 200)) == [(0, 180), (180, 360), (360, 540), (540, 720), (720, 1000)]


def test_a_basket_that_is_too_long_is_cut():
    assert _ranges(plan([_file(1000, 900)], 200)) == [(0, 200), (200, 400), (400, 600), (600, 900), (900, 1000)]


def test_a_file_without_entries_is_a_piece_so_that_it_counts_as_done():
    assert _ranges(plan([_file(0)], 200)) == [(0, 0)]


def test_pieces_follow_the_order_of_files():
    pieces = plan([_file(300, path="b", uuid="1"), _file(300, path="a", uuid="2")], 150)
    assert [piece.path for piece in pieces] == ["b", "b", "a", "a"]


def test_a_copy_is_recognised_under_another_path():
    with pytest.raises(FormatError, match=r"(?s)counted twice.*a.root holds the same events as copy.root"):
        plan([_file(10, path="a.root"), _file(10, path="copy.root")], 100)


def test_a_file_that_is_given_twice_is_named_once():
    with pytest.raises(FormatError, match=r"a.root is given twice, as a.root") as refusal:
        plan([_file(1000), _file(1000)], 100)
    assert str(refusal.value).count("\n") == 1


def test_empty_copies_are_recognised_too():
    with pytest.raises(FormatError, match="holds the same events"):
        plan([_file(0, path="a"), _file(0, path="b")], 100)


@pytest.mark.parametrize("field", ["uuid", "size", "entries"])
def test_another_uuid_size_or_number_of_entries_is_another_file(field: str):
    one = Piece("a", "u", 5, 100, 0, 100)
    other = replace(one, path="b", **{field: "other" if field == "uuid" else 105})
    refuse_overlaps([one, other])


@pytest.mark.parametrize(("first", "last"), [(0, 100), (50, 60), (99, 100), (0, 1)])
def test_ranges_that_overlap_are_refused(first: int, last: int):
    whole = Piece("a", "u", 5, 200, 0, 100)
    with pytest.raises(FormatError, match=r"[ab] holds the same events as [ab]"):
        refuse_overlaps([whole, replace(whole, path="b", first=first, last=last)])
    refuse_overlaps([whole, replace(whole, path="b", first=100, last=200)])


def test_all_that_overlaps_is_named():
    whole = Piece("a", "u", 5, 200, 0, 100)
    inside = [replace(whole, path=path, first=first, last=first + 5) for path, first in (("b", 10), ("c", 50))]
    with pytest.raises(FormatError, match=r"(?s)a holds the same events as b.*a holds the same events as c"):
        refuse_overlaps([*inside, whole])


@given(st.lists(st.integers()), st.integers(1, 20))
@calm
def test_shares_are_neighbours_of_nearly_the_same_size_and_together_everything(items, jobs):
    shares = [share(items, job, jobs) for job in range(1, jobs + 1)]
    assert list(itertools.chain(*shares)) == items
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_the_key_of_a_piece_tells_file_and_range_but_not_the_path():
    piece = Piece("a", "u", 5, 100, 0, 50)
    assert piece.key == replace(piece, path="b").key
    assert len({piece.key, replace(piece, last=51).key, replace(piece, uuid="v").key}) == 3


def test_a_piece_has_its_share_of_the_bytes_of_its_file():
    parts = [Piece("a.root", "u", 2_000_000, 20, first, first + 5) for first in range(0, 20, 5)]
    assert [part.megabytes for part in parts] == [0.5] * 4
    assert Piece("a.root", "u", 2_000_000, 0, 0, 0).megabytes == 2.0
