"""Lists of lists out of the bytes that ROOT writes them as."""

import awkward as ak
import numpy as np
import pytest
import uproot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit.ecal.branches import TREE, wanted
from kit.ecal.dumper import DumperFile
from kit.ecal.nesting import Decoder, number_type, raw_bytes, unnest
from kit.files import FormatError

KINDS = (">i4", ">f4", ">f8", ">u4", ">i8")
nested = st.lists(st.lists(st.lists(st.integers(0, 1000), max_size=4), max_size=5), max_size=6)


@pytest.fixture(params=["numpy", "compiled"])
def either_way(request, monkeypatch):
    """Let loops be those in NumPy, and the compiled ones."""
    monkeypatch.setenv("KIT_KERNELS", request.param)


def stored(events, kind):
    """Return the bytes of events, without headers, and where each begins."""
    pieces = []
    for lists in events:
        words = [np.array([len(lists)], ">i4").tobytes()]
        for numbers in lists:
            words += [np.array([len(numbers)], ">i4").tobytes(), np.array(numbers, kind).tobytes()]
        pieces.append(b"".join(words))
    return np.frombuffer(b"".join(pieces), np.uint8), np.cumsum([0, *map(len, pieces)])


@pytest.mark.usefixtures("either_way")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(nested, st.sampled_from(KINDS))
def test_what_is_stored_is_read(events, kind):
    levels, numbers = Decoder().decode(*stored(events, kind), np.dtype(kind))
    assert np.diff(levels[0]).tolist() == [len(lists) for lists in events]
    assert np.diff(levels[1]).tolist() == [len(inner) for lists in events for inner in lists]
    assert numbers.tolist() == [n for lists in events for inner in lists for n in inner]
    assert numbers.dtype == np.dtype(kind).newbyteorder("=")


@given(nested, nested, st.sampled_from(KINDS), st.sampled_from(KINDS))
def test_one_branch_does_not_colour_the_next(one, other, kind, other_kind):
    decoder = Decoder()
    decoder.decode(*stored(one, kind), np.dtype(kind))
    after = decoder.decode(*stored(other, other_kind), np.dtype(other_kind))
    alone = Decoder().decode(*stored(other, other_kind), np.dtype(other_kind))
    assert [x.tolist() for x in (*after[0], after[1])] == [x.tolist() for x in (*alone[0], alone[1])]


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("words", [[3, 1, 7], [1, 5, 7], [1, 1, 7, 7], [-1], [1, -1], [2, 0], []])
def test_bytes_that_are_no_lists_of_lists_are_left_alone(words):
    content = np.frombuffer(np.array(words, ">i4").tobytes(), np.uint8)
    assert Decoder().decode(content, np.array([0, len(content)]), np.dtype(">f4")) is None


def test_bytes_that_are_no_words_are_left_alone():
    assert Decoder().decode(np.zeros(7, np.uint8), np.array([0, 7]), np.dtype(">f4")) is None


@pytest.mark.parametrize("name", ["ele4_50.root", "edge.root"])
def test_uproot_reads_the_same_from_every_nested_branch_of_the_public_files(ecal_data, name):
    with uproot.open({ecal_data / name: TREE}) as tree:
        decoder, read, names = Decoder(), 0, tree.keys()
        for branch in names:
            kind = number_type(tree[branch].interpretation)
            if kind is None:
                continue
            (offsets,), content = unnest(tree.arrays({branch: raw_bytes()})[branch], 1, branch)
            levels, numbers = decoder.decode(content, offsets, kind)
            expected, those = unnest(tree[branch].array(), 2, branch)
            assert [x.tolist() for x in levels] == [x.tolist() for x in expected], branch
            assert numbers.dtype == those.dtype or not len(those)
            assert np.array_equal(numbers, those, equal_nan=True), branch
            read += 1
        assert read >= len([b for b in wanted("sim_fraction", pileup=False) if b.depth == 2])


def test_what_is_stored_otherwise_is_left_to_uproot(ecal_data, monkeypatch):
    with DumperFile(str(ecal_data / "edge.root")) as source:
        decoded = source.read(0, 16)
        monkeypatch.setattr(Decoder, "decode", lambda *_: None)
        by_uproot = source.read(0, 16)
    for group in ("hits", "scores", "members"):
        mine, theirs = getattr(decoded, group), getattr(by_uproot, group)
        assert np.array_equal(mine.offsets, theirs.offsets)
        assert all(np.array_equal(mine[name], theirs[name]) for name in mine.columns)


def test_another_nesting_is_named():
    with pytest.raises(FormatError, match=r"here is .*should be one number an event"):
        unnest(ak.Array([[1.0]]), 0, "here")
