"""Which branches answer an option, and what is said where they are not there."""

import pytest

from kit.files import FormatError
from kit.opendata.schemas import SCHEMAS
from kit.opendata.wishes import EXTRAS, Wish, extras_of, find

BY_NAME = {(schema.name, schema.tree): schema for schema in SCHEMAS}
NANOAOD, EDUCATION = BY_NAME["nanoaod", "Events"], BY_NAME["2020e-13tev", "mini"]
PHYSLITE, HEAVY = BY_NAME["2024r-pp", "CollectionTree"], BY_NAME["2024r-hi", "CollectionTree"]


def test_the_table_speaks_of_schemas_that_exist():
    assert set(EXTRAS) <= set(BY_NAME)


@pytest.mark.parametrize(
    ("release", "threshold"),
    [
        ("2024r-pp", 2.51),
        ("nanoaod", 0.5),
        ("2020e-13tev", 0.8244273),
        ("2016e-8tev", 0.7982),
        ("2025e-13tev-beta", 4),
    ],
)
def test_thresholds_are_those_of_the_specification(release: str, threshold: float):
    assert {extras.threshold for (name, _), extras in EXTRAS.items() if name == release} == {threshold}


def test_nothing_is_read_that_is_not_asked_for():
    assert find(NANOAOD, {"Jet_btagDeepFlavB", "genWeight"}, Wish(), "x").names == []


def test_what_is_asked_for_is_found():
    names = {"Jet_btagDeepFlavB", "genWeight", "HLT_a", "run", "event"}
    found = find(NANOAOD, names, Wish(b_tag=True, weights=True, triggers=("HLT_a",), ids=True, tracks=True), "x")
    assert found.names == ["Jet_btagDeepFlavB", "HLT_a", "genWeight"]


def test_scale_factors_are_those_of_the_release_or_those_named():
    known = extras_of(EDUCATION)
    names = {known.weight, *known.normalisation.values(), *(f"scaleFactor_{x}" for x in (*known.factors, "TAU"))}
    wish = Wish(weights=True)
    assert {n for n in find(EDUCATION, names, wish, "x").names if "scale" in n} == {
        "scaleFactor_PILEUP", "scaleFactor_ELE", "scaleFactor_MUON", "scaleFactor_LepTRIGGER",
    }  # fmt: skip
    named = find(EDUCATION, names, Wish(weights=True, factors=("TAU",)), "x").names
    assert [n for n in named if "scale" in n] == ["scaleFactor_TAU"]
    with pytest.raises(FormatError, match="x: weights asked for: no branch scaleFactor_JVT"):
        find(EDUCATION, names, Wish(weights=True, factors=("JVT",)), "x")


def test_all_that_is_lacking_is_told_at_once():
    with pytest.raises(FormatError) as found:
        wish = Wish(b_tag=True, weights=True, ids=True, triggers=("HLT_Mu20",))
        find(NANOAOD, {"HLT_Mu27"}, wish, "x.root")
    assert str(found.value).split("; ") == [
        "x.root: b-tag asked for: no branch Jet_btagDeepFlavB",
        "x.root: trigger asked for: no branch HLT_Mu20 (did you mean HLT_Mu27?)",
        "x.root: weights asked for: no branch genWeight",
        "x.root: duplicates asked for: no branch run, event",
    ]


@pytest.mark.parametrize("wish", [Wish(b_tag=True), Wish(weights=True)])
def test_what_a_schema_does_not_have_is_said(wish: Wish):
    with pytest.raises(FormatError, match="asked for: not in 2024r-hi files"):
        find(HEAVY, {"MuonsAuxDyn.pt"}, wish, "x")


def test_a_link_is_used_where_the_file_has_it():
    stem = "BTagging_AntiKt4EMPFlowAuxDyn.DL1dv01_p"
    names = {f"{stem}{x}" for x in "bcu"}
    assert find(PHYSLITE, names, Wish(b_tag=True), "x").link == ""
    link = "AnalysisJetsAuxDyn.btaggingLink.m_persIndex"
    assert find(PHYSLITE, {*names, link}, Wish(b_tag=True), "x").link == link
    with pytest.raises(FormatError, match=r"b-tag asked for: no branch .*DL1dv01_pb"):
        find(PHYSLITE, names - {f"{stem}b"}, Wish(b_tag=True), "x")
