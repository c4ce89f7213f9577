"""Main files and libraries of both dialects."""

import pytest
import yaml

from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.planning.procedures import read_library, read_procedure

GOOD = {"name": "good", "type": "DAQ", "system_settings": {"default": "reset.yaml"}}


@pytest.fixture
def main(tmp_path):
    """Return a function that writes files and returns the main one."""
    (tmp_path / "reset.yaml").write_text("target: {roc_s0: {Top: {0: {RunL: 1}}}}")

    def write(entries, main=None):
        (tmp_path / "library.yaml").write_text(yaml.safe_dump(entries))
        (tmp_path / "main.yaml").write_text(yaml.safe_dump(main or {"libraries": ["library.yaml"]}))
        return tmp_path / "main.yaml"

    return write


@pytest.mark.parametrize(("folder", "daq", "analyses"), [("examples_012", 5, 2), ("examples_1015", 4, 0)])
def test_the_examples_are_read_without_a_word(shared_data, folder, daq, analyses):
    path = shared_data / "hgcroc" / folder / "main.yaml"
    library = read_library(path)
    assert (len(library.names()), len(library.names("analysis"))) == (daq, analyses)
    for name in library.names():
        procedure, findings = read_procedure(path, name)
        assert procedure.dialect == {"examples_012": "0.1.2", "examples_1015": "1.0.15"}[folder]
        assert findings.warnings == []


def test_a_library_may_lead_to_others_and_back(main, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "more.yaml").write_text("libraries: [../main.yaml, ../library.yaml]\nprocedures: []")
    path = main([GOOD], {"libraries": ["deep/more.yaml"], "workflows": [{"name": "all", "tasks": ["good"]}]})
    library = read_library(path)
    assert library.names() == ["good"]
    assert library.workflows == {"all": ["good"]}


def test_an_unknown_procedure_is_refused_with_all_names(main):
    with pytest.raises(
        ProcedureError, match=r"no daq procedure 'god' \(did you mean good\?\); there are: good, other"
    ):
        read_procedure(main([GOOD, GOOD | {"name": "other"}]), "god")


def test_faults_of_entries_that_do_not_run_are_warnings(main):
    path = main([GOOD, {"name": "bad", "type": "daq", "repeat": 0}])
    procedure, findings = read_procedure(path, "good")
    assert procedure.name == "good"
    assert any("should be at least 1 (of bad, which does not run)" in warning for warning in findings.warnings)
    with pytest.raises(ProcedureError, match="repeat: is 0, should be at least 1"):
        read_procedure(path, "bad")


def test_of_two_entries_with_one_name_the_first_is_taken_with_a_warning(main):
    path = main([GOOD, GOOD | {"repeat": 2}])
    procedure, findings = read_procedure(path, "good")
    assert procedure.repeat == 1
    assert "good stands at" in findings.warnings[0]


def test_a_missing_library_is_told_with_its_place(main):
    with pytest.raises(ProcedureError, match=r"main\.yaml:2: libraries\.0: gone\.yaml: No such file"):
        read_library(main([], {"libraries": ["gone.yaml"]}))


def test_the_dialect_can_be_said(main):
    with pytest.raises(ProcedureError, match=r"has no target_settings\.power_on_default"):
        read_procedure(main([GOOD]), "good", "0.1.2")


def test_what_is_no_procedure_is_a_warning(main):
    library = read_library(main([GOOD, 7, {"name": "x", "type": "plot"}]))
    told = " ".join(library.findings.warnings)
    assert "is no procedure: has no name" in told
    assert "type of x is 'plot', should be daq or analysis" in told
