"""The rules that every notebook of the project keeps, and the names that belong to it."""

import ast
import json
import re
from pathlib import Path

import pytest

from kit.batch.notebooks import Notebook, source_of
from kit.parameters import read_yaml

PROJECT = Path(__file__).resolve().parent.parent
STAGES = sorted((PROJECT / "notebooks").glob("[!.]*/[!.]*.ipynb"))
ALL = [PROJECT / "notebooks" / "index.ipynb", *STAGES]
LONGEST_CELL = 12  # lines

each_notebook = pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(PROJECT)))
each_stage = pytest.mark.parametrize("path", STAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def cells(path, kind):
    return [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == kind]


@each_notebook
def test_it_is_stored_as_jupyter_stores_it_with_one_kernel_and_unique_ids(path):
    content = json.loads(path.read_text())
    ids = [cell["id"] for cell in content["cells"]]
    assert (content["nbformat"], content["nbformat_minor"]) == (4, 5)
    assert content["metadata"]["kernelspec"]["name"] == "python3"
    assert len(set(ids)) == len(ids)
    assert path.read_text() == json.dumps(content, indent=1, ensure_ascii=False) + "\n"


@each_notebook
def test_it_stores_no_output(path):
    assert [cell for cell in cells(path, "code") if cell["outputs"] or cell["execution_count"]] == []


@each_notebook
def test_it_defines_nothing_and_calls_no_shell(path):
    for cell in cells(path, "code"):
        tree = ast.parse(source_of(cell))  # a magic or a shell command is no Python
        assert [
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda)
        ] == []


@each_notebook
def test_its_cells_are_short(path):
    for cell in cells(path, "code"):
        if "parameters" not in cell["metadata"].get("tags", []):
            assert len(source_of(cell).splitlines()) <= LONGEST_CELL


@each_notebook
def test_it_opens_with_a_heading_and_a_sentence_and_ends_with_prose(path):
    content = json.loads(path.read_text())["cells"]
    assert re.match(r"# \S[^\n]*\n\n\S", source_of(content[0]))
    assert content[-1]["cell_type"] == "markdown"


@each_notebook
def test_its_links_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for link in re.findall(r"\]\(([^)\s]+)\)", source_of(cell)):
            if not link.startswith("http"):
                assert (path.parent / link).resolve().exists(), link


@each_stage
def test_prose_stands_before_each_code_cell_that_does_something(path):
    content = json.loads(path.read_text())["cells"]
    notebook = Notebook(path)
    for place, cell in enumerate(content):
        if cell["cell_type"] == "code" and place != notebook.tagged + 1:
            assert content[place - 1]["cell_type"] == "markdown"


@each_stage
def test_its_parameters_cell_equals_its_model(path):
    notebook = Notebook(path)
    assert notebook.own
    assert not notebook.differs(), "kit cells writes the cell anew"


@each_stage
def test_its_parameters_are_plain_literals(path):
    notebook = Notebook(path)
    namespace = {}
    exec(source_of(notebook.content["cells"][notebook.tagged]), {}, namespace)
    assert notebook.model.from_cell(namespace) == notebook.model()


@each_stage
def test_the_stage_has_its_module_its_demo_and_its_tests(path):
    system, stage = path.parent.name, path.stem
    assert (PROJECT / "kit" / system / f"{stage}.py").is_file()
    assert (PROJECT / "tests" / system / f"test_{stage}.py").is_file()
    assert Notebook(path).model.build(read_yaml(PROJECT / "parameters" / system / f"{stage}.yaml"))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted((PROJECT / "parameters").glob("*/*.yaml")) if path.parent.name != "campaigns"],
    ids=lambda p: p.stem,
)
def test_every_parameter_file_fits_its_stage(path):
    owners = [stage for stage in STAGES if stage.parent.name == path.parent.name]
    owners = [stage for stage in owners if re.fullmatch(f"{stage.stem}(_.+)?", path.stem)]
    assert owners
    assert Notebook(owners[0]).model.build(read_yaml(path), path.name)


def rooms():
    return [
        path
        for path in sorted((PROJECT / "kit").rglob("*.py"))
        if path.stem not in ("__init__", "__main__") and "shipped" not in path.parts
    ]


@pytest.mark.parametrize("path", rooms(), ids=lambda path: str(path.relative_to(PROJECT / "kit")))
def test_every_room_has_a_test_file_of_its_name(path):
    folder = PROJECT / "tests" / path.parent.relative_to(PROJECT / "kit")
    assert (folder / f"test_{path.stem}.py").is_file()
