"""Baskets read as they are: the same numbers as uproot's own arrays, whatever is asked for."""

import itertools

import numpy as np
import pytest
import uproot
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.mu2e.baskets import flat_values, is_plain, list_values
from kit.mu2e.standins import TREE, Standin, write_standin


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    path = write_standin(tmp_path_factory.mktemp("b") / "a.root", Standin("DIO", 1000, 9000, 95.0, 1), basket=150)
    return uproot.open(path)[TREE]


@given(st.integers(0, 999), st.integers(1, 1000))
@settings(max_examples=25)
def test_any_entries_are_those_that_uproot_reads(tree, first, length):
    last = min(first + length, 1000)
    for name in ("mom", "event"):
        truth = tree[name].array(library="np", entry_start=first, entry_stop=last)
        assert flat_values(tree[name], first, last).tolist() == truth.tolist()
    offsets, items = list_values(tree["hits_t"], first, last)
    truth = tree["hits_t"].array(entry_start=first, entry_stop=last)
    assert [items[a:b].tolist() for a, b in itertools.pairwise(offsets)] == truth.tolist()
    assert list_values(tree["hits_z"], first, last, offsets)[0] is offsets


def test_every_plain_branch_of_real_files_is_read_as_uproot_reads_it(shared_data):
    plain = 0
    for name, where in (
        ("uproot-issue-513.root", "TrkAnaNeg/trkana"),
        ("uproot-issue-1221.root", "TrkAna/trkana"),
    ):
        with uproot.open(shared_data / "mu2e" / name) as file:
            tree = file[where]
            for branch in (branch for branch in tree.values() if not branch.branches):
                if not is_plain(branch):
                    continue
                plain += 1
                entries = tree.num_entries
                truth = branch.array()
                if isinstance(branch.interpretation, uproot.AsDtype):
                    assert np.array_equal(flat_values(branch, 0, entries), truth.to_numpy(), equal_nan=True)
                    continue
                offsets, items = list_values(branch, 0, entries)
                assert np.array_equal(np.diff(offsets), [len(of) for of in truth])
                assert np.array_equal(items, np.concatenate([of.to_numpy() for of in truth]), equal_nan=True)
    assert plain > 100


def test_lists_of_other_lengths_than_told_are_refused(tree):
    with pytest.raises(ValueError, match=r"its baskets hold \d+ values, should hold 7"):
        list_values(tree["hits_t"], 0, 2, np.array([0, 3, 7]))


def test_structures_and_fixed_arrays_are_left_to_uproot(shared_data):
    with uproot.open(shared_data / "mu2e" / "uproot-issue-1221.root") as file:
        assert not is_plain(file["TrkAna/trkana"]["demfit"])
