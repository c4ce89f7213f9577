"""Files are recognised by what they contain."""

import pytest

from kit.files import FormatError
from kit.opendata.recognition import Tree, check_name, recognise

PHYSLITE = "AnalysisJetsAuxDyn.pt", "AnalysisJetsAuxDyn.eta", "AnalysisJetsAuxDyn.phi"


def _tree(name: str, *branches: str, storage: str = "TTree") -> Tree:
    return Tree(name, storage, frozenset(branches))


MINI_2020 = _tree("mini", "lep_pt", "lep_eta", "lep_phi", "lep_type", "photon_pt")
MINI_2016 = _tree("mini", "lep_pt", "lep_eta", "lep_phi", "lep_type", "jet_m")


@pytest.mark.parametrize(
    ("tree", "schema"),
    [
        (_tree("CollectionTree", *PHYSLITE), "2024r-pp"),
        (_tree("CollectionTree", *PHYSLITE, "MuonsAuxDyn.pt"), "2024r-pp"),
        (_tree("EventData", "AnalysisJetsAuxDyn:pt", storage="RNTuple"), "2024r-pp"),
        (_tree("CollectionTree", "MuonsAuxDyn.pt"), "2024r-hi"),
        (MINI_2020, "2020e-13tev"),
        (MINI_2016, "2016e-8tev"),
        (_tree("analysis", "lep_e", "lep_pt"), "2025e-13tev-beta"),
        (_tree("Events", "Muon_pt"), "nanoaod"),
        (_tree("Events", "Jet_pt", storage="RNTuple"), "nanoaod"),
        (_tree("events", "nJets", "Jets_pt"), "skim"),
    ],
)
def test_tree_and_branches_tell_the_schema(tree: Tree, schema: str):
    others = [_tree("MetaData", "EventFormat"), _tree("Runs", "run")]
    for said in ("auto", schema):
        found, its_tree = recognise([*others, tree], said, where="file.root")
        assert (found.name, its_tree) == (schema, tree)


def test_a_name_of_an_object_inside_another_name_is_not_that_object():
    tree = _tree("CollectionTree", "HLT_AnalysisJetsAuxDyn.pt", "AnalysisJetsAuxDyn.pt_old")
    with pytest.raises(FormatError, match="no known schema"):
        recognise([tree], where="file.root")


def test_release_and_content_that_disagree_are_both_told():
    with pytest.raises(
        FormatError, match=r"file.root: said to be nanoaod, its content is 2020e-13tev \(tree mini\)"
    ):
        recognise([MINI_2020], "nanoaod", where="file.root")
    with pytest.raises(FormatError, match="said to be 2016e-8tev, its content is 2020e-13tev"):
        recognise([MINI_2020], "2016e-8tev", where="file.root")


def test_an_unknown_file_is_told_with_its_trees_its_objects_and_the_nearest_schema():
    trees = [_tree("mini", "lep_pt", "lep_eta", "lep_phi", "lep_E", "jet_pt"), _tree("other", "x")]
    with pytest.raises(FormatError) as caught:
        recognise(trees, where="file.root")
    first, mini, other, nearest = str(caught.value).splitlines()
    assert first == "file.root: no known schema"
    assert "TTree mini: 5 branches, objects: jet_pt, lep_pt" in mini
    assert "TTree other: 1 branches, objects: none" in other
    assert "nearest schema: 20" in nearest
    assert "set schema" in nearest


def test_a_file_without_trees_is_told():
    with pytest.raises(FormatError, match=r"file.root: no TTree and no RNTuple in it"):
        recognise([], where="file.root")


def test_two_schemas_in_one_file_need_a_word_of_the_user():
    trees = [MINI_2020, _tree("Events", "Muon_pt")]
    with pytest.raises(FormatError, match=r"more than one schema fits: 2020e-13tev .*, nanoaod .*; set schema"):
        recognise(trees, where="file.root")
    assert recognise(trees, "nanoaod", where="file.root")[1].name == "Events"


def test_where_the_content_is_unclear_the_name_decides_if_it_can():
    unclear = _tree("mini", "jet_pt", "jet_eta", "jet_phi", "jet_E")
    with pytest.raises(FormatError, match="no known schema"):
        recognise([unclear], where="file.root")
    assert recognise([unclear], "2016e-8tev", where="file.root")[0].name == "2016e-8tev"
    with pytest.raises(FormatError, match="not nanoaod"):
        recognise([unclear], "nanoaod", where="file.root")


def test_generator_files_are_refused_by_name():
    with pytest.raises(FormatError, match=r"file.root: 2025r-evgen-13tev holds generator events"):
        check_name("2025r-evgen-13tev", where="file.root")


def test_a_misspelt_schema_gets_a_suggestion():
    with pytest.raises(FormatError, match=r"schema nanoAOD is not known \(did you mean nanoaod\?\)"):
        check_name("nanoAOD", where="file.root")
