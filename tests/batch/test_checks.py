"""What papermill lets pass dies before anything is written."""

import json
from pathlib import Path

import numpy as np
import pytest

from kit.batch.checks import check_notebook, checked, imports_of, language_of, located
from kit.batch.faults import SubmissionError
from kit.batch.notebooks import Notebook, find
from kit.directories import RunError
from kit.files import FormatError
from kit.parameters import ParameterError
from tests.conftest import PROJECT


def test_an_unknown_name_is_refused_with_point_and_suggestion(toy):
    with pytest.raises(ParameterError, match=r"point 1 \(limt=3\): limt is not known \(did you mean limit\?\)"):
        checked(Notebook(toy), [{"x": 1.0}, {"limt": 3}])


def test_the_first_ten_faults_are_told_at_once(toy):
    with pytest.raises(ParameterError) as fault:
        checked(Notebook(toy), [{"x": "no"}] * 50)
    assert str(fault.value).count("should be float") == 10 or "point 0 " in str(fault.value)


@pytest.mark.parametrize("cells", [["x = 1"], [("parameters", "x = 1"), ("parameters", "y = 1")]])
def test_a_notebook_without_a_tagged_cell_or_with_two_is_refused(make_notebook, cells):
    with pytest.raises(RunError, match="cells tagged parameters, should have one"):
        check_notebook(Notebook(make_notebook("a.ipynb", *cells)), ["x"])


def test_a_default_computed_from_a_parameter_is_refused_with_line_and_name(make_notebook):
    notebook = Notebook(make_notebook("a.ipynb", ("parameters", "a = 1\nb = 5\nc = a * 2\nd = c + 1")))
    with pytest.raises(ParameterError, match=r"line 3: c is computed from a [\s\S]*line 4: d is computed from c"):
        check_notebook(notebook, ["a"])


def test_the_advice_about_a_computed_default_can_be_followed(make_notebook):
    path = make_notebook("a.ipynb", ("parameters", "a = 1\nc = a * 2"))
    with pytest.raises(ParameterError, match="or give c a plain value here and set it in the points, too"):
        check_notebook(Notebook(path), ["a"])
    followed = Notebook(make_notebook("a.ipynb", ("parameters", "a = 1\nc = 2")))
    check_notebook(followed, ["a", "c"])
    assert checked(followed, [{"a": 5, "c": 10}]) == [{"a": 5, "c": 10}]


def test_a_computed_default_does_no_harm_where_its_parameter_is_not_swept_or_it_is_set_itself(make_notebook):
    notebook = Notebook(make_notebook("a.ipynb", ("parameters", "a = 1\nb = 5\nc = a * 2")))
    check_notebook(notebook, ["b"])
    check_notebook(notebook, ["a", "c"])


def test_numpy_numbers_tuples_and_paths_become_plain_values(make_notebook):
    notebook = Notebook(make_notebook("a.ipynb", ("parameters", "n = 1\nx = 1.0\nl = [1]\ns = ''")))
    values = {"n": np.int64(3), "x": np.float64(0.5), "l": (1, 2), "s": Path("/a/b")}
    assert checked(notebook, [values]) == [{"n": 3, "x": 0.5, "l": [1, 2], "s": "/a/b"}]


def test_a_whole_number_becomes_what_the_default_is(toy):
    assert repr(checked(Notebook(toy), [{"x": 3}])) == "[{'x': 3.0}]"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("nan")]])
def test_nan_and_infinity_are_refused(make_notebook, value):
    notebook = Notebook(make_notebook("a.ipynb", ("parameters", "x = 1.0\nanything = None")))
    with pytest.raises(ParameterError, match=r"point 0 .*(finite|infinite)"):
        checked(notebook, [{"anything": value} if isinstance(value, list) else {"x": value}])


@pytest.mark.parametrize("name", ["output", "interactive"])
def test_what_the_job_sets_itself_is_refused(toy, name):
    with pytest.raises(ParameterError, match=f"{name} is set by the job itself"):
        checked(Notebook(toy), [{name: "x"}])


def test_a_notebook_of_another_format_is_refused(make_notebook):
    path = make_notebook("a.ipynb", ("parameters", "x = 1"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"nbformat": 3}))
    with pytest.raises(FormatError, match=r"a\.ipynb: has no cells; should be a Jupyter notebook of format 4"):
        check_notebook(Notebook(path), [])


def test_a_language_without_a_kernel_here_is_refused(make_notebook):
    path = make_notebook("a.ipynb", ("parameters", "x = 1"))
    content = json.loads(path.read_text())
    content["metadata"]["kernelspec"] = {"name": "cobol", "language": "COBOL", "display_name": "COBOL"}
    path.write_text(json.dumps(content))
    assert language_of(Notebook(path)) == "cobol"
    with pytest.raises(SubmissionError, match=r"needs the kernel cobol \(cobol\), which is not installed"):
        check_notebook(Notebook(path), [])


def test_top_level_imports_are_found_magics_and_missing_ones_are_not(make_notebook):
    notebook = Notebook(
        make_notebook(
            "a.ipynb",
            ("parameters", "x = 1"),
            "%matplotlib inline\nimport json, nothing_of_the_kind\nfrom os import path as p, sep",
            "!ls\nimport xml.dom\nfrom . import me\ndef f():\n    import csv",
            "this is no Python",
        )
    )
    assert imports_of(notebook) == ["json", "os", "os.path", "xml.dom"]


def test_paths_of_inputs_become_absolute_and_are_looked_for(make_notebook, tmp_path):
    (tmp_path / "a.root").touch()
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "b.yaml").touch()
    notebook = Notebook(
        make_notebook("a.ipynb", ("parameters", "inputs = ['demo']\ntable = 'tables/b.yaml'\nx = 1"))
    )
    sets = [{"inputs": ["a.root", "root://host//c.root"]}]
    found = located(notebook, sets, [])
    assert sets == [
        {"inputs": [str(tmp_path / "a.root"), "root://host//c.root"], "table": str(tmp_path / "tables/b.yaml")}
    ]
    assert sorted(found) == [str(tmp_path / "a.root"), str(tmp_path / "tables/b.yaml")]


def test_what_the_first_point_names_must_be_of_use(tmp_path):
    (tmp_path / "wp.json").write_text("[]")
    with pytest.raises(FormatError, match=r"wp\.json: schema_version is list"):
        located(
            Notebook(PROJECT / "notebooks/ecal/windows.ipynb"), [{"working_point": str(tmp_path / "wp.json")}], []
        )


def test_a_missing_input_is_named(make_notebook):
    notebook = Notebook(make_notebook("a.ipynb", ("parameters", "inputs = ['demo']")))
    with pytest.raises(FileNotFoundError, match=r"there is no nowhere\.root"):
        located(notebook, [{"inputs": ["nowhere.root"]}], [])


@pytest.mark.parametrize(
    ("stage", "values"),
    [
        ("smartpixels/convolution", {"clusters": ["gone"]}),
        ("smartpixels/convolution", {"response": "measured", "pulses": "gone"}),
        ("smartpixels/convolution", {"delay_table": "gone", "delay_window": 5.0}),
        ("opendata/catalogue", {"since": ["gone"]}),
        ("opendata/events", {"deduplicate": True, "veto_list": "gone"}),
        ("opendata/masses", {"catalogue": "gone"}),
        ("opendata/histograms", {"compare": ["gone"]}),
        ("ecal/windows", {"working_point": "run/gone"}),
        ("ecal/truth", {"compare_to": "gone.json"}),
        ("ecal/datasets", {"features": "gone"}),
        ("mu2e/yields", {"primaries": "gone"}),
        *(
            ("mu2e/yields", {name: "gone"})
            for name in ("efficiencies", "config", "dio_table", "rpc_table", "ipa_table")
        ),
        ("mu2e/mixture", {"yields": "gone"}),
        ("mu2e/mixture", {"blind": True, "sealed": "gone"}),
        ("mu2e/mixture", {"step": "build", "plan": "gone"}),
        ("mu2e/mixture", {"step": "close", "inputs_built": ["gone"]}),
        ("hgcroc/acquisition", {"config": "gone"}),
        ("hgcroc/acquisition", {"network": "gone"}),
    ],
)
def test_whatever_a_stage_calls_its_files_one_that_is_missing_is_named_before_anything_is_sent(
    stage, values, monkeypatch
):
    monkeypatch.setenv("KIT_HOME", str(PROJECT))
    notebook = find(stage)
    with pytest.raises(FileNotFoundError, match=r"there is no .*gone"):
        located(notebook, checked(notebook, [values]), [])


def test_what_a_stage_says_of_single_inputs_goes_with_them(tmp_path, monkeypatch):
    for name in ("a.parquet", "b.parquet"):
        (tmp_path / name).touch()
    datasets = find(str(PROJECT / "notebooks" / "ecal" / "datasets.ipynb"))
    sets = [{"inputs": ["a.parquet", "b.parquet"], "flavours": {"b.parquet": 22}}]
    located(datasets, sets, [])
    assert sets[0]["flavours"] == {str(tmp_path / "b.parquet"): 22}
    assert set(sets[0]) == {"inputs", "flavours"}  # the demo's own values stay where they are
