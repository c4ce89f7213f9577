"""The catalogue of primaries: what it says, and every fault at once."""

import json

import pytest

from kit.files import FormatError
from kit.mu2e.catalogue import catalogue_of, read_catalogue


@pytest.fixture
def one(tmp_path):
    (tmp_path / "a.root").touch()
    (tmp_path / "b.root").touch()
    return {
        "files": ["*.root"],
        "tree": "x/ntuple",
        "normaliser": {"generated": 5},
        "gen_emin": 95,
        "synthetic": True,
    }


def test_yaml_and_json_say_the_same(tmp_path, one):
    (tmp_path / "c.json").write_text(json.dumps({"CE": one}))
    (tmp_path / "c.yaml").write_text(
        "CE: {files: ['*.root'], tree: x/ntuple, normaliser: {generated: 5}, gen_emin: 95, synthetic: true}\n"
    )
    found = read_catalogue(tmp_path / "c.yaml")
    assert found == read_catalogue(tmp_path / "c.json")
    primary = found["CeMLL"]
    assert [path.rsplit("/", 1)[1] for path in primary.files] == ["a.root", "b.root"]
    assert (primary.trees, primary.gen_emin, primary.kmax) == (("x/ntuple",), 95.0, None)


def test_what_is_found_describes_itself_again(one):
    found = catalogue_of({"DIO": one | {"tree": ["a", "b"], "weight_branch": "w"}}, "here")
    assert catalogue_of({name: primary.plain() for name, primary in found.items()}, "again") == found


def test_all_faults_are_told_at_once(one):
    content = {
        "Dio": one,
        "CeMLL": one | {"trees_": "x"},
        "CE": one,
        "DIO": {
            "tree": "",
            "files": [],
            "normaliser": {"generated": 1, "histogram": "h"},
            "gen_emin": "x",
            "synthetic": 1,
        },
        "IPAMichel": 7,
    }
    with pytest.raises(FormatError) as fault:
        catalogue_of(content, "c.yaml")
    lines = str(fault.value).splitlines()
    assert [line for line in lines if not line.startswith("c.yaml: ")] == []
    said = "\n".join(lines)
    for text in (
        "there is no process Dio",
        "CeMLL: trees_ is not known (did you mean tree?)",
        "DIO: files is [], should be a list of paths and patterns",
        "DIO: tree is ''",
        "DIO: normaliser is {'generated': 1, 'histogram': 'h'}, should be one of generated, livetime_s, histogram",
        "DIO: gen_emin is 'x', should be a number in MeV",
        "DIO: synthetic is 1, should be true or false",
        "IPAMichel: is 7, should be a map",
    ):
        assert text in said


def test_a_process_under_both_its_names_is_refused(one):
    with pytest.raises(FormatError, match="CE stands twice, under both its names"):
        catalogue_of({"CeMLL": one, "CE": one}, "c.yaml")


def test_a_catalogue_of_nothing_is_refused():
    with pytest.raises(FormatError, match="names no process"):
        catalogue_of({}, "c.yaml")


def test_a_file_that_is_not_there_is_named(one):
    with pytest.raises(FileNotFoundError, match=r"there is no gone\.root"):
        catalogue_of({"DIO": one | {"files": ["gone.root"]}}, "c.yaml")
