"""What a point leaves: its own directory, its executed notebook, its numbers, also when it ends badly."""

import json

import nbformat
import pytest

from kit.batch.worker.execution import _summary


def test_the_summary_is_the_manifests_else_that_of_a_file_else_none(tmp_path):
    assert _summary(tmp_path) == {}
    (tmp_path / "summary.json").write_text('{"n": 1}')
    assert _summary(tmp_path) == {"n": 1}
    (tmp_path / "manifest.json").write_text('{"summary": {"n": 2}}')
    assert _summary(tmp_path) == {"n": 2}


@pytest.mark.parametrize("text", ["", "[1]", "{"])
def test_a_summary_that_cannot_be_read_is_no_fault_of_the_point(tmp_path, text):
    (tmp_path / "summary.json").write_text(text)
    assert _summary(tmp_path) == {}


@pytest.mark.parametrize("points", [{"x": 2}, {}])
def test_an_older_notebook_without_ids_leaves_one_that_can_be_read(chunk, points):
    made = chunk(("parameters", "x = 1"), "x")
    content = json.loads((made.folder / "notebook.ipynb").read_text())
    content["nbformat_minor"] = 4
    for cell in content["cells"]:
        del cell["id"]
    (made.folder / "notebook.ipynb").write_text(json.dumps(content))
    made.points(points)
    assert made.run()[0] == 0
    output = made.lines()[0]["outputs"][0]
    text = made.tar.read_bytes()[output["offset"] : output["offset"] + output["bytes"]].decode()
    nbformat.validate(nbformat.reads(text, 4))


def test_a_kernel_known_under_another_name_elsewhere_is_this_python(chunk):
    made = chunk(("parameters", "x = 1"), "x")
    content = json.loads((made.folder / "notebook.ipynb").read_text())
    content["metadata"]["kernelspec"] |= {"name": "my-venv-of-last-year", "display_name": "mine"}
    (made.folder / "notebook.ipynb").write_text(json.dumps(content))
    made.points({"x": 2})
    assert made.run()[0] == 0
    assert made.lines()[0]["state"] == "done"


def test_what_an_earlier_attempt_left_in_the_directory_is_gone(chunk):
    made = chunk(("parameters", "x = 1"), "from pathlib import Path\nassert not list(Path('.').iterdir())")
    left = made.folder / "points" / f"{0:016x}"
    left.mkdir(parents=True)
    (left / "half.txt").write_text("half")
    made.points({"x": 1})
    made.run()
    assert made.lines()[0]["state"] == "done"
