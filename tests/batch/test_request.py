"""What is asked for: the later of cell, file and command line wins; all faults are told before anything runs."""

from pathlib import Path

import pytest

from kit.batch.notebooks import Notebook
from kit.batch.request import foresight, found, inputs_text, parameters_of, table
from kit.files import FormatError
from kit.parameters import ParameterError

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


@pytest.fixture
def notebook(counting):
    return Notebook(counting)


def test_the_command_line_wins_over_the_file_and_the_file_over_the_cell(notebook, tmp_path):
    (tmp_path / "scan.yaml").write_text("protons: 5\nmomentum: 26\n")
    asked = parameters_of(notebook, Path("scan.yaml"), ("momentum=7000", "inputs=a b.root,c.root"))
    assert asked.changed() == {"protons": 5, "momentum": 7000.0, "inputs": ["a b.root", "c.root"]}


def test_a_value_may_hold_equals_signs_and_be_long(notebook):
    long = "x" * 100_000
    assert parameters_of(notebook, None, (f"title=a=b={long}",)).title == f"a=b={long}"


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        (("protons",), "^command line: -p protons should be NAME=VALUE$"),
        (("inputs=a", "inputs=b"), r"-p inputs stands twice; lists are inputs=a,b"),
        (("protons=many",), "command line: protons is 'many', should be int"),
        (("=3",), "command line: -p =3 should be NAME=VALUE"),
        (("protonz=3", "momentum=-1"), r"2 values cannot be used:\n.*momentum is -1 GeV, not above 0\.0 GeV"),
    ],
)
def test_faults_of_the_command_line_are_told(notebook, pairs, told):
    with pytest.raises(ParameterError, match=told):
        parameters_of(notebook, None, pairs)


def test_faults_of_file_and_command_line_are_told_together(notebook, tmp_path):
    (tmp_path / "scan.yaml").write_text("protons: -5\n")
    with pytest.raises(ParameterError, match=r"^scan\.yaml and command line: 2 values cannot be used"):
        parameters_of(notebook, Path("scan.yaml"), ("momentum=0",))
    with pytest.raises(ParameterError, match=r"^scan\.yaml: protons is -5, below 0$"):
        parameters_of(notebook, Path("scan.yaml"), ())


def test_what_a_stage_foresees_is_asked_of_its_module(notebook):
    scan = Notebook(NOTEBOOKS / "hgcroc" / "acquisition.ipynb")
    procedures = NOTEBOOKS.parent / "parameters" / "hgcroc" / "procedures" / "main.yaml"
    given = (f"config={procedures}", "procedure=pedestal_scan")
    (line,) = foresight(scan, parameters_of(scan, None, given))
    assert line.startswith("pedestal_scan: 32 points, ")
    with pytest.raises(ValueError, match="there is no daq procedure 'pedestal_scans'"):
        foresight(scan, parameters_of(scan, None, (given[0], "procedure=pedestal_scans")))
    assert foresight(notebook, parameters_of(notebook, None, ())) == []


def test_a_path_is_found_from_here_and_else_from_the_root(tmp_path, monkeypatch):
    (tmp_path / "deep").mkdir()
    (tmp_path / "at_root").touch()
    (tmp_path / "deep" / "here").touch()
    monkeypatch.chdir(tmp_path / "deep")
    assert found(Path("here")) == tmp_path / "deep" / "here"
    assert found(Path("at_root")) == tmp_path / "at_root"


def test_inputs_are_counted_and_a_missing_one_is_named(notebook, tmp_path):
    for name in ("a.root", "b.root"):
        (tmp_path / name).touch()
    assert inputs_text(notebook, parameters_of(notebook, None, ("inputs=*.root",))) == ", 2 files to be read found"
    assert inputs_text(notebook, parameters_of(notebook, None, ())) == ", inputs are made for the demo"
    with pytest.raises(FileNotFoundError, match=r"there is no c\.root"):
        inputs_text(notebook, parameters_of(notebook, None, ("inputs=a.root,c.root",)))


def test_what_is_named_but_cannot_be_used_is_told_before_a_kernel_starts(tmp_path):
    (tmp_path / "wp.json").write_text("[]")
    windows = Notebook(NOTEBOOKS / "ecal" / "windows.ipynb")
    for name, fault, text in (
        ("wp.json", FormatError, r"wp\.json: schema_version is list, should be 2"),
        ("nosuch", FileNotFoundError, "working point nosuch: no such file"),
    ):
        with pytest.raises(fault, match=text):
            inputs_text(windows, parameters_of(windows, None, (f"working_point={name}",)))


@pytest.mark.parametrize(
    ("name", "missing"), [("clusters", "a.out"), ("pulses", "a.csv"), ("delay_table", "d.csv")]
)
def test_a_missing_input_is_named_whatever_the_parameter_is_called(name, missing):
    own = Notebook(NOTEBOOKS / "smartpixels" / "convolution.ipynb")
    parameters = parameters_of(own, None, ("window=20", f"{name}={missing}"))
    with pytest.raises(FileNotFoundError, match=f"there is no {missing}"):
        inputs_text(own, parameters)


def test_the_table_shows_every_name_with_type_value_unit_and_bounds(notebook):
    shown = table(notebook, parameters_of(notebook, None, ("momentum=26",)))
    assert shown.splitlines()[0].endswith(": How many protons are there?")
    (line,) = [line for line in shown.splitlines() if "momentum" in line]
    assert line.split("  ", 1)[0].endswith("\x1b[1m")  # bold: it differs from the demo
    for word in ("float", "26.0", "GeV, momentum of the beam (> 0, ≤ 7000)"):
        assert word in line


def test_the_table_cuts_a_long_value(notebook):
    shown = table(notebook, parameters_of(notebook, None, (f"title={'x' * 5000}",)))
    assert max(map(len, shown.splitlines())) < 400
