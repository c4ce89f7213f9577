"""The table of schemas."""

import pytest

from kit.opendata.schemas import LETTERS, SCHEMA_NAMES, SCHEMAS, Branches, Schema

TABLE = {  # tree, unit, letters, letters with an energy, letters with a mass
    ("2024r-pp", "CollectionTree"): ("MeV", "emjgt", "", "ejt"),
    ("2024r-pp", "EventData"): ("MeV", "emjgt", "", "ejt"),
    ("2020e-13tev", "mini"): ("MeV", "emjgt", "emjgt", ""),
    ("2025e-13tev-beta", "analysis"): ("GeV", "emjgt", "emjgt", ""),
    ("2016e-8tev", "mini"): ("MeV", "emj", "emj", "j"),
    ("nanoaod", "Events"): ("GeV", "emjgt", "", "emjgt"),
    ("2024r-hi", "CollectionTree"): ("MeV", "m", "", ""),
    ("skim", "events"): ("", "emjgtb", "emjgtb", "emjgtb"),
}


def _letters(schema: Schema, attribute: str) -> str:
    return "".join(letter for letter, branches in schema.objects.items() if getattr(branches, attribute))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: f"{schema.name}-{schema.tree}")
def test_units_types_and_energies_are_those_of_the_releases(schema: Schema):
    expected = TABLE[schema.name, schema.tree]
    assert (schema.unit, "".join(schema.objects), _letters(schema, "energy"), _letters(schema, "mass")) == expected


def test_every_schema_is_in_the_table_once():
    assert sorted(TABLE) == sorted((schema.name, schema.tree) for schema in SCHEMAS)
    assert len(SCHEMA_NAMES) == 7


def test_leptons_of_one_collection_are_told_apart_by_pdg_numbers():
    for schema in SCHEMAS:
        electrons, muons = schema.objects.get("e"), schema.objects["m"]
        if electrons and electrons.pt == muons.pt:
            assert (electrons.kind, electrons.pdg, muons.kind, muons.pdg) == ("lep_type", 11, "lep_type", 13)
        else:
            assert not muons.kind


def test_physlite_has_dots_in_a_tree_and_colons_in_an_rntuple():
    tree, rntuple = (schema.objects for schema in SCHEMAS if schema.name == "2024r-pp")
    assert tree["t"].pt == "AnalysisTauJetsAuxDyn.pt"
    assert {letter: b.pt.replace(".", ":") for letter, b in tree.items()} == {
        letter: b.pt for letter, b in rntuple.items()
    }


def test_letters_are_in_one_order_everywhere():
    for schema in SCHEMAS:
        assert list(schema.objects) == [letter for letter in LETTERS if letter in schema.objects]


def test_of_energy_and_mass_the_energy_is_taken():
    branches = Branches("pt", "eta", "phi", energy="E", mass="m", counter="n")
    assert branches.present({"pt", "eta", "phi", "E", "m"}) == Branches("pt", "eta", "phi", energy="E")
    assert branches.present({"pt", "eta", "phi", "m", "n"}) == Branches("pt", "eta", "phi", mass="m", counter="n")
    assert branches.present({"pt", "eta", "phi"}) == Branches("pt", "eta", "phi")


def test_isolation_is_read_only_when_asked_for():
    branches = Branches("pt", "eta", "phi", isolation="cone")
    assert branches.present({"pt", "eta", "phi", "cone"}).lists == ["pt", "eta", "phi"]
    assert branches.present({"pt", "eta", "phi", "cone"}, isolation=True).lists == ["pt", "eta", "phi", "cone"]
