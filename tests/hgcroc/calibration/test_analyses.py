"""Analysis entries of both dialects; what is wrong with one is told with file, line and key."""

import json

import pytest

from kit.hgcroc.calibration.analyses import read_analyses, read_analysis
from kit.hgcroc.planning.documents import ProcedureError
from kit.hgcroc.planning.procedures import read_library
from tests.conftest import PROJECT


def library(folder, **entry):
    path = folder / "main.yaml"
    path.write_text(json.dumps({"procedures": [{"name": "mine", "type": "analysis", **entry}]}, indent=1))
    return read_library(path)


def test_entries_of_both_dialects_are_read(shared_data, tmp_path):
    found = read_analyses(read_library(shared_data / "hgcroc" / "examples_012" / "main.yaml"))
    assert [(each.name, each.scans, each.method) for each in found] == [
        ("adc_table", ("small2d",), "adc_table"),
        ("pedestal_target", ("trim_inv_scan",), "pedestal_target"),
    ]
    assert found[1].parameters == {"target": 310}
    entry = {"daq": "a", "module_name": "trim_inv", "provides_calibration": True, "compatible_modes": "both"}
    assert read_analysis(library(tmp_path, **entry), "mine").method == "trim_inv"


def test_those_that_come_with_the_kit_have_their_scans():
    for name in ("standard", "quick"):
        listed = read_library(PROJECT / "parameters" / "hgcroc" / "procedures" / f"{name}.yaml")
        assert listed.findings.warnings == []
        for each in read_analyses(listed):
            assert set(each.scans) <= set(listed.names())
        (tasks,) = listed.workflows.values()
        assert set(tasks) <= set(listed.names())


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "has no daq, should have one: the name of a scan, or a list of names"),
        ({"daq": []}, r"daq: is \[\], should be the name of a scan"),
        ({"daq": [1]}, r"daq: is \[1\], should be the name of a scan"),
        ({"daq": "a", "parameters": [1]}, r"parameters: is \[1\], should be a map"),
        (
            {"daq": "a", "compatible_modes": "fast"},
            "compatible_modes: is 'fast', should be one of summary, full, both",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path, entry, told):
    with pytest.raises(ProcedureError, match=rf"main.yaml:\d+: .*{told}"):
        read_analysis(library(tmp_path, **entry), "mine")


def test_a_name_that_is_not_there_is_told_with_all_names(tmp_path):
    with pytest.raises(
        ProcedureError, match=r"no analysis procedure 'min' \(did you mean mine\?\); there are: mine"
    ):
        read_analysis(library(tmp_path, daq="a"), "min")
