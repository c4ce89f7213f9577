"""Primaries in ROOT files, real ones among them: entries, normalisers, and what cannot be used."""

import json

import numpy as np
import pytest
import uproot

from kit.files import FormatError
from kit.mu2e.catalogue import Primary, catalogue_of
from kit.mu2e.primaries import measure, suspicious_livetimes
from kit.mu2e.standins import TREE, Standin, write_standin

REAL, NEWER = "uproot-issue-513.root", "uproot-issue-1221.root"


def _primary(files, process="CeMLL", tree=TREE, **more):
    entry = {"files": [str(path) for path in files], "tree": tree, **more}
    return next(iter(catalogue_of({process: entry}, "test").values()))


@pytest.fixture
def standin(tmp_path):
    def make(name="a.root", process="CeMLL", entries=50, normaliser=200, seed=1):
        return write_standin(tmp_path / name, Standin(process, entries, normaliser, None, seed))

    return make


def test_real_conversion_electrons_are_counted_with_their_own_histogram(public):
    pool = measure(_primary([public / REAL], tree=["TrkAnaNeg/trkana", "TrkAnaPos/trkana"]))
    assert [source.entries for source in pool.sources] == [101, 2]
    assert (pool.normaliser, pool.entries) == (4000.0, 103)
    assert len({source.identity for source in pool.sources}) == 1


def test_a_histogram_that_counts_nothing_is_refused(public):
    with pytest.raises(
        FormatError, match=r"issue-1221\.root: generated is 0 in genCountLogger/numEvents, should be above 0"
    ):
        measure(_primary([public / NEWER], tree="TrkAna/trkana"))
    pool = measure(_primary([public / NEWER], tree="TrkAna/trkana", normaliser={"generated": 100}))
    assert (pool.normaliser, pool.origin) == (100.0, "catalogue")


def test_normalisers_are_summed_over_files_side_file_before_histogram(standin):
    one, two = standin("a.root", seed=1), standin("b.root", seed=2)
    assert measure(_primary([one, two])).normaliser == 400
    (two.parent / "b.root.norm.json").write_text(json.dumps({"generated": 1000}))
    pool = measure(_primary([one, two]))
    assert (pool.normaliser, pool.normalisers) == (1200, (200.0, 1000.0))
    assert measure(_primary([one, two], normaliser={"histogram": "genCountLogger/numEvents"})).normaliser == 400
    assert measure(_primary([one, two], normaliser={"generated": 555})).normaliser == 555


def test_cosmics_are_normalised_to_seconds(standin):
    path = standin(process="CRYCosmic", normaliser=22.97)
    assert measure(_primary([path], "CRYCosmic")).normaliser == 22.97
    assert measure(_primary([path], "CRYCosmic", normaliser={"livetime_s": [3.5]})).normalisers == (3.5,)
    with pytest.raises(FormatError, match="the catalogue says generated, should say livetime_s"):
        measure(_primary([path], "CRYCosmic", normaliser={"generated": 3}))
    with pytest.raises(FormatError, match="livetime_s has 2 values for 1 files"):
        measure(_primary([path], "CRYCosmic", normaliser={"livetime_s": [3.5, 4.5]}))


@pytest.mark.parametrize("value", [0, -5.0])
def test_a_livetime_that_is_not_positive_is_refused(standin, value):
    path = standin(process="CRYCosmic")
    with pytest.raises(FormatError, match=f"livetime_s is {value} in the catalogue, should be above 0"):
        measure(_primary([path], "CRYCosmic", normaliser={"livetime_s": value}))
    (path.parent / "a.root.norm.json").write_text(json.dumps({"livetime_s": value}))
    with pytest.raises(FormatError, match=rf"livetime_s is {value:g} in a\.root\.norm\.json, should be above 0"):
        measure(_primary([path], "CRYCosmic"))


def test_more_events_reconstructed_than_generated_are_refused(standin):
    with pytest.raises(FormatError, match="50 entries of 49 generated"):
        measure(_primary([standin()], normaliser={"generated": 49}))


def test_a_side_file_without_the_number_is_named(standin):
    path = standin()
    (path.parent / "a.root.norm.json").write_text("{}")
    with pytest.raises(FormatError, match=r"a\.root\.norm\.json: there is no number generated"):
        measure(_primary([path]))


def test_a_file_that_nothing_normalises_is_named(tmp_path):
    path = tmp_path / "plain.root"
    with uproot.recreate(path) as file:
        file.mktree("t", {"x": np.dtype("f4")}).extend({"x": np.ones(3, "f4")})
    with pytest.raises(FormatError, match="nothing says what it stands for"):
        measure(_primary([path], tree="t"))


def test_a_file_that_is_listed_twice_or_copied_is_refused(standin, tmp_path):
    path = standin()
    copy = tmp_path / "copy.root"
    copy.write_bytes(path.read_bytes())
    with pytest.raises(FormatError, match=r"copy\.root: the same file as .*a\.root"):
        measure(_primary([path, copy]))


@pytest.mark.parametrize("kind", ["text", "empty", "cut"])
def test_what_is_no_whole_root_file_is_named(standin, kind):
    path = standin()
    content = {"text": b"hello " * 100, "empty": b"", "cut": path.read_bytes()[:900]}[kind]
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.root: should be a whole ROOT file"):
        measure(_primary([path]))


def test_a_missing_tree_is_named_with_those_that_are_there(public):
    with pytest.raises(
        FormatError, match="there is no tree TrkAna/x; there are TrkAnaNeg/trkana, TrkAnaPos/trkana"
    ):
        measure(_primary([public / REAL], tree="TrkAna/x"))


def test_no_entries_are_refused(standin):
    with pytest.raises(FormatError, match=r"a\.root: EventNtuple/ntuple hold 0 entries"):
        measure(_primary([standin(entries=0)]))


def test_faults_of_all_files_are_told_at_once(standin):
    bad = standin("bad.root", seed=2)
    bad.write_bytes(b"x" * 300)
    with pytest.raises(FormatError) as fault:
        measure(_primary([bad, standin("none.root", entries=0, seed=3)]))
    assert len(str(fault.value).splitlines()) == 2


def test_livetimes_that_were_cut_or_lie_far_out_raise_an_alarm():
    assert suspicious_livetimes((3600.125, 3601.25, 3602.5)) == []
    assert suspicious_livetimes((3600.125, 22.0, 3601.5)) == [
        "livetimes: 1 of 3 are whole seconds, such as 22 s: cut by a division?",
        "livetimes: 1 of 3 lie more than 5 robust σ from 3600.12 s, such as 22 s",
    ]


@pytest.mark.parametrize("tree", ["TrkAnaNeg", "genCountLogger/numEvents"])
def test_what_is_no_tree_is_refused_with_those_that_are(public, tree):
    primary = Primary("CeMLL", (str(public / REAL),), (tree,), {"generated": 4000})
    with pytest.raises(
        FormatError, match=f"there is no tree {tree}; there are TrkAnaNeg/trkana, TrkAnaPos/trkana"
    ):
        measure(primary)
