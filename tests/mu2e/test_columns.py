"""Columns of trees: stand-ins, real files with structures and nested branches, and what differs between files."""

import numpy as np
import pytest
import uproot

from kit.files import FormatError
from kit.mu2e.columns import columns_of, common_columns, id_columns, value_of
from kit.mu2e.sources import Source, open_file
from kit.mu2e.standins import TREE, Standin, write_standin
from tests.mu2e.test_primaries import NEWER, REAL


def _source(path, tree=TREE, entries=1):
    with open_file(str(path)) as file:
        return Source(str(path), tree, entries, str(file.file.uuid), path.stat().st_size)


@pytest.fixture
def standin(tmp_path):
    return write_standin(tmp_path / "a.root", Standin("DIO", 20, 200, 95.0, 1))


def test_stand_ins_have_flat_columns_and_lists_that_share_a_counter(standin):
    found = {column.name: column for column in common_columns([_source(standin)], ["*"], "equal", "error").columns}
    assert len(found) == 28
    assert (found["event"].kind, found["event"].type) == ("flat", "int32")
    assert (found["mom"].kind, found["mom"].type) == ("flat", "float32")
    assert {found[f"hits_{x}"].counter for x in ("t", "edep", "r", "z")} == {"nhits_"}
    assert "nhits_" not in found  # it is written anew


def test_structures_of_a_real_file_become_members(public):
    source = _source(public / REAL, "TrkAnaNeg/trkana", 101)
    found = {column.name: column for column in common_columns([source], ["*"], "equal", "error").columns}
    assert found["deent.mom"].members == ("mom",)
    assert found["demc._pdg"].type == "int32"
    assert found["demc._opos.fCoordinates.fX"].type == "float32"
    assert found["crvinfo._x"].kind == "jagged"
    assert {found[name].counter for name in found if name.startswith("crvinfo._")} == {found["crvinfo._x"].counter}
    assert id_columns(found) == ("evtinfo.runid", "evtinfo.subrunid", "evtinfo.eventid")


def test_every_branch_of_a_newer_real_file_is_found_nested_ones_too(public):
    found = common_columns([_source(public / NEWER, "TrkAna/trkana")], ["*"], "equal", "error")
    kinds = {kind: sum(column.kind == kind for column in found.columns) for kind in ("flat", "jagged", "nested")}
    assert kinds["nested"] >= 42
    assert kinds["jagged"] > 500
    names = [column.name for column in found.columns]
    assert len(names) == len(set(names))
    assert id_columns(names) == ("evtinfo.run", "evtinfo.subrun", "evtinfo.event")
    assert {"evtwt.PBIWeight", "crvsummarymc.totalEnergyDeposited", "demfit"} <= set(names)


def test_patterns_choose_columns_and_one_that_matches_nothing_is_refused(standin):
    found = common_columns([_source(standin)], ["mom", "hits_*"], "equal", "error")
    assert [column.name for column in found.columns] == ["mom", "hits_t", "hits_edep", "hits_r", "hits_z"]
    with pytest.raises(FormatError, match=r"no column matches moom in all files"):
        common_columns([_source(standin)], ["moom"], "equal", "error")


def _flat(path, **types):
    with uproot.recreate(path) as file:
        file.mktree("t", {name: np.dtype(kind) for name, kind in types.items()}).extend(
            {name: np.zeros(2, kind) for name, kind in types.items()}
        )
    return _source(path, "t", 2)


def test_columns_that_differ_are_named_or_left_out_and_listed(tmp_path):
    sources = [_flat(tmp_path / "a.root", x="f4", y="i4", z="f8"), _flat(tmp_path / "b.root", x="f4", y="i8")]
    with pytest.raises(FormatError) as fault:
        common_columns(sources, ["*"], "equal", "error")
    assert f"b.root: t: y is int64, but int32 in {sources[0].path}" in str(fault.value)
    assert f"b.root: t: z is not there, but float64 in {sources[0].path}" in str(fault.value)
    found = common_columns(sources, ["*"], "intersection", "error")
    assert [column.name for column in found.columns] == ["x"]
    assert found.dropped == ("y", "z")


def test_what_cannot_be_read_is_refused_or_left_out_and_listed(public):
    with open_file(str(public / REAL)) as file:
        tree = file["TrkAnaNeg/trkana"]
        source = _source(public / REAL, "TrkAnaNeg/trkana")
        odd = tree["demcent/_mom"]
        odd._interpretation = uproot.interpretation.identify.UnknownInterpretation(
            "no streamer", "", odd.object_path
        )
        with pytest.raises(
            FormatError, match=r"TrkAnaNeg/trkana: cannot read demcent\._mom \(.*\); unreadable: drop"
        ):
            columns_of(source, tree, "error")
        found, lost = columns_of(source, tree, "drop")
        assert not [name for name in found if name.startswith("demcent._mom")]
        assert "demcent._time" in found
        assert len(lost) == 1


def test_a_column_gives_back_its_own_part(public):
    source = _source(public / REAL, "TrkAnaNeg/trkana", 101)
    column = next(c for c in common_columns([source], ["deent.mom"], "equal", "error").columns)
    with open_file(source.path) as file:
        read = file[source.tree][column.branch].array(library="np")
        assert value_of(column, read).tolist() == read["mom"].tolist()
