"""The map names every stage in the order of the flow, and its latest run."""

import json
import re

import pytest

from kit.batch.overview import latest_run, overview
from kit.parameters import Parameters
from kit.run import Run

CELL = {"cell_type": "markdown", "id": "a", "metadata": {}}


def notebook(path, title, following=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    last = f"*Next*: [{following}]({following}.ipynb)" if following else "*Next*: nothing"
    cells = [{**CELL, "source": f"# {title}\n\nWhat <{title}> does."}, {**CELL, "source": last}]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))


@pytest.fixture
def project(tmp_path):
    notebook(tmp_path / "notebooks" / "beam" / "yields.ipynb", "Yields", "mixture")
    notebook(tmp_path / "notebooks" / "beam" / "mixture.ipynb", "Mixture")
    return tmp_path


def test_a_stage_stands_before_the_one_that_takes_its_output(project):
    assert [row[0].stage for row in overview().rows] == ["beam/yields", "beam/mixture"]


def test_a_stage_without_a_run_says_so_and_prose_is_no_markup(project):
    shown = overview()._repr_html_()
    assert shown.count("not run yet") == 2
    assert "What &lt;Yields&gt; does." in shown


def test_the_latest_run_is_the_one_that_ended_last(project):
    for label in ("first", "second"):
        with Run("beam/yields", Parameters(output=f"outputs/beam/yields/{label}")):
            pass
    assert latest_run("beam/yields").directory.name == "second"


def test_links_lead_from_the_notebooks_folder_to_the_stage_and_its_executed_notebook(project):
    with Run("beam/yields", Parameters(output="outputs/beam/yields/first")) as run:
        (run.directory / "yields.ipynb").write_text("{}")
    links = re.findall(r"href='([^']+)'", overview()._repr_html_())
    assert links[:2] == ["beam/yields.ipynb", "../outputs/beam/yields/first/yields.ipynb"]
    assert all((project / "notebooks" / link).exists() for link in links)


def test_an_unknown_stage_has_no_latest_run(project):
    assert latest_run("beam/nothing") is None


def test_a_damaged_manifest_is_passed_over(project):
    with Run("beam/yields", Parameters(output="outputs/beam/yields/first")):
        pass
    (project / "outputs" / "beam" / "yields" / "second").mkdir()
    (project / "outputs" / "beam" / "yields" / "second" / "manifest.json").write_text("{bad")
    assert latest_run("beam/yields").directory.name == "first"


def test_checkpoints_that_jupyter_keeps_are_no_stages(project):
    notebook(project / "notebooks" / ".ipynb_checkpoints" / "index-checkpoint.ipynb", "Copy")
    notebook(project / "notebooks" / "beam" / ".ipynb_checkpoints" / "yields-checkpoint.ipynb", "Copy")
    assert [row[0].stage for row in overview().rows] == ["beam/yields", "beam/mixture"]
