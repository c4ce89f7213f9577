"""A notebook gets in its kernel what was asked for, and what becomes of it is told in one line."""

import json
import os
import sys
import tempfile

import pytest

from kit import files
from kit.batch.execution import execute, kernel_options
from kit.batch.notebooks import Notebook
from kit.directories import RunError

ODD = "quotes \" ' and \\ and \n and {braces} and $HOME and Größe λ 𝛾 \u2028 end"
VALUES = {
    "word": ODD,
    "words": [ODD, "", "a b.root"],
    "cuts": {ODD: 1.5, "m": 1e-300},
    "number": 0.1,
    "count": 10**30,
    "flag": True,
    "nothing": None,
    "grid": [[1.0, 2.0], []],
}


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Let scratch folders lie where the test can see that none is left."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def executed_errors(path):
    cells = files.read_json(path)["cells"]
    return [out["ename"] for cell in cells for out in cell.get("outputs", []) if out["output_type"] == "error"]


def test_every_kind_of_value_reaches_the_kernel_as_it_is(make_notebook, tmp_path, scratch, capfd):
    path = make_notebook(
        "a b/Größe {x} 100%.ipynb",
        ("parameters", "word = ''\nplace = ''"),
        f"import json\njson.dump({{name: globals()[name] for name in {list(VALUES)}}}, open(place, 'w'))",
    )
    place = tmp_path / "told [1].json"
    before = dict(os.environ)
    execute(Notebook(path), VALUES | {"place": str(place)}, tmp_path / "run" / "executed {y}.ipynb")
    assert json.loads(place.read_text()) == VALUES
    assert files.read_json(tmp_path / "run" / "executed {y}.ipynb")["metadata"]["papermill"]["exception"] is None
    assert capfd.readouterr() == ("", "")
    assert list(scratch.iterdir()) == []
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\nx / 0", r"^cell 3: ZeroDivisionError: division by zero$"),
        (
            "class FormatError(ValueError): pass\nraise FormatError('a.root:3: is no tree')",
            r"^a\.root:3: is no tree$",
        ),
        ("raise KeyError", r"^cell 3: KeyError: KeyError$"),
        ("x = = 1", r"^cell 3: SyntaxError: "),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
            "kernel died; it was killed, perhaps for want of memory$",
        ),
        ("import os\nos.abort()", "kernel died; it was killed, perhaps for want of memory$"),
        ("b'x' * 2**62", "^cell 3: perhaps for want of memory: MemoryError: MemoryError$"),
        (
            "raise ImportError('study this\\n\\nOriginal: a.so: failed to map segment from shared object')",
            "^cell 3: perhaps for want of memory: Original: a.so: failed to map segment from shared object$",
        ),
    ],
)
def test_a_notebook_that_fails_is_told_and_kept(make_notebook, tmp_path, scratch, capfd, source, told):
    path = make_notebook("a.ipynb", ("parameters", "width = 1"), "print('begun')", source)
    with pytest.raises(RunError, match=told):
        execute(Notebook(path), {}, tmp_path / "executed.ipynb")
    cells = files.read_json(tmp_path / "executed.ipynb")["cells"]
    assert any(cell.get("outputs") and cell["outputs"][0].get("text") == ["begun\n"] for cell in cells)
    assert capfd.readouterr() == ("", "")
    assert list(scratch.iterdir()) == []


def test_the_progress_of_a_stage_is_shown_where_the_command_was_typed(counting, tmp_path, capfd):
    execute(Notebook(counting), {"interactive": False, "output": "run", "protons": 4}, tmp_path / "executed.ipynb")
    lines = [line for line in capfd.readouterr().err.splitlines() if "/4" in line]
    assert "0/4" in lines[0]
    assert "4/4" in lines[-1]
    assert "4/4" not in (tmp_path / "executed.ipynb").read_text()


def test_a_kernel_that_is_not_installed_is_refused_with_those_that_are(make_notebook):
    notebook = Notebook(make_notebook("a.ipynb", kernel="conda-env-x"))
    with pytest.raises(
        RunError, match=r"a\.ipynb: wants kernel conda-env-x, which is not installed \(.*python3.*\)"
    ):
        kernel_options(notebook)


def test_a_kernel_that_dies_at_its_start_is_told_in_one_line(make_notebook, tmp_path, monkeypatch):
    folder = tmp_path / "kernels" / "dying"
    folder.mkdir(parents=True)
    starts = [sys.executable, "-c", "import os; os.abort()", "{connection_file}"]
    files.write_json(folder / "kernel.json", {"argv": starts, "display_name": "dying", "language": "python"})
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with pytest.raises(
        RunError, match=r"^the notebook's kernel died before its first cell, perhaps for want of memory$"
    ):
        execute(Notebook(make_notebook("a.ipynb", "1", kernel="dying")), {}, tmp_path / "executed.ipynb")


def test_no_parser_is_made_that_no_notebook_needs_and_it_can_be_had_afterwards(python):
    source = (
        "import importlib.util, sys\nfrom kit.batch.execution import PARSER, _without_parser\n"
        "with _without_parser():\n    import papermill\n    print(sys.modules[PARSER])\n"
        "print(PARSER in sys.modules, 'lark' in sys.modules)"
    )
    out, err = python("-c", source).communicate(timeout=60)
    assert out.split() == ["None", "False", "False"], err
