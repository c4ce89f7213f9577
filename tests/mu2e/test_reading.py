"""Entries read in order, by whole baskets."""

import numpy as np
import pytest
import uproot
from hypothesis import given
from hypothesis import strategies as st

from kit.files import FormatError
from kit.mu2e.catalogue import catalogue_of
from kit.mu2e.columns import common_columns
from kit.mu2e.primaries import measure
from kit.mu2e.reading import Lists, Reader, window_edges
from kit.mu2e.sources import Source
from kit.mu2e.standins import TREE, Standin, write_standin


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = write_standin(tmp_path_factory.mktemp("r") / "a.root", Standin("DIO", 1000, 9000, 95.0, 1), basket=150)
    return measure(catalogue_of({"DIO": {"files": [str(path)], "tree": TREE}}, "")["DIO"]).sources[0]


@given(st.lists(st.integers(1, 600_000), min_size=1, max_size=60), st.integers(20_000, 300_000))
def test_windows_are_whole_baskets_neither_small_nor_huge(baskets, most):
    offsets = np.append(0, np.cumsum(baskets))
    edges = window_edges(offsets, most)
    assert (edges[0], edges[-1]) == (0, offsets[-1])
    sizes = np.diff(edges)
    assert (sizes > 0).all()
    assert sizes.max() <= most + most // 4
    assert all(
        size >= most // 4 or end == offsets[-1] or end not in offsets
        for size, end in zip(sizes, edges[1:], strict=True)
    )


@pytest.mark.parametrize(
    "take", [np.arange(1000), np.arange(100, 317), np.array([3, 4, 149, 150, 151, 999]), np.arange(0)]
)
def test_entries_come_out_as_they_are_in_the_file(source, monkeypatch, take):
    monkeypatch.setattr("kit.mu2e.reading.FEWEST", 150)
    columns = common_columns([source], ["mom", "event", "hits_t"], "equal", "error").columns
    with uproot.open(source.path) as file:
        truth = file[source.tree].arrays(["mom", "event", "hits_t"])
    seen = []
    with Reader(source, columns, budget=0) as reader:
        for piece in reader.pieces(take):
            here = take[piece.start : piece.stop]
            seen.append(here)
            assert piece.values["mom"][piece.which].tolist() == truth["mom"][here].tolist()
            lists: Lists = piece.values["hits_t"]
            places = np.arange(len(lists.offsets) - 1)[piece.which]
            found = [lists.content[lists.offsets[i] : lists.offsets[i + 1]].tolist() for i in places]
            assert found == truth["hits_t"][here].tolist()
    assert np.array_equal(np.concatenate([*seen, np.empty(0, int)]), take)
    assert len(seen) == (
        0 if len(take) == 0 else len(set(np.searchsorted([150, 300, 450, 600, 750, 900], take, "right")))
    )


def test_what_is_used_up_is_let_go_and_read_again_where_it_is_wanted(source, monkeypatch):
    monkeypatch.setattr("kit.mu2e.reading.BLOCK", 40)
    columns = common_columns([source], ["mom", "hits_t"], "equal", "error").columns
    with uproot.open(source.path) as file:
        truth = file[source.tree].arrays(["mom", "hits_t"])
    with Reader(source, columns) as reader:
        for take in (np.arange(0, 60), np.arange(60, 130), np.arange(5, 20), np.arange(130, 400)):
            for piece in reader.pieces(take):
                here = take[piece.start : piece.stop]
                assert piece.values["mom"][piece.which].tolist() == truth["mom"][here].tolist()
                lists = piece.values["hits_t"]
                places = np.arange(len(lists.offsets) - 1)[piece.which]
                found = [lists.content[lists.offsets[i] : lists.offsets[i + 1]].tolist() for i in places]
                assert found == truth["hits_t"][here].tolist()


def test_the_wider_the_entries_the_smaller_the_windows(source):
    names = ["mom", "event", "hits_t"]
    some, every = (common_columns([source], of, "equal", "error").columns for of in (names, ["*"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kit.mu2e.reading.FEWEST", 1)
        sizes = []
        for columns in (some, every):
            with Reader(source, columns, budget=4000) as reader:
                piece = next(reader.pieces(np.arange(1000)))
                sizes.append(piece.stop)
    assert sizes[0] > 4 * sizes[1] > 0


def test_a_file_that_has_changed_is_refused_with_both_identities(source):
    other = Source(source.path, source.tree, source.entries, "another", source.bytes)
    with pytest.raises(FormatError, match=f"since it was planned with: it was another, and is {source.identity}"):
        Reader(other, [])


def test_an_entry_beyond_the_end_is_refused(source):
    columns = common_columns([source], ["mom"], "equal", "error").columns
    with Reader(source, columns) as reader, pytest.raises(FormatError, match="has no entry 1000, only 1000"):
        list(reader.pieces(np.array([1000])))


def test_a_damaged_basket_is_named_with_file_tree_and_branch(source, tmp_path):
    from pathlib import Path

    with uproot.open(source.path) as file:
        key = file[source.tree]["mom"].member("fBasketSeek")[2]
    content = bytearray(Path(source.path).read_bytes())
    content[key + 100 : key + 400] = bytes(300)
    path = tmp_path / "damaged.root"
    path.write_bytes(content)
    columns = common_columns([source], ["mom"], "equal", "error").columns
    damaged = Source(str(path), source.tree, 1000, source.identity, 0)
    said = r"damaged\.root: EventNtuple/ntuple: mom cannot be read at entries"
    with Reader(damaged, columns) as reader, pytest.raises(FormatError, match=said):
        list(reader.pieces(np.arange(1000)))
