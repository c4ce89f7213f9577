"""The demo runs every stage that has one, goes on past those that fail, and writes one page about all."""

import pytest

from kit import manifest
from kit.batch.demonstration import run_all
from kit.directories import RunError


@pytest.fixture
def project(counting, make_notebook, tmp_path):
    make_notebook("notebooks/beam/alone.ipynb", ("markdown", "# Alone"), ("parameters", "x = 1"), "1 / (x - 1)")
    make_notebook("notebooks/beam/undemonstrated.ipynb", ("parameters", "x = 1"))
    for stage in ("alone", "broken", "counting"):
        (tmp_path / "parameters" / "beam").mkdir(exist_ok=True)
        (tmp_path / "parameters" / "beam" / f"{stage}.yaml").touch()
    (tmp_path / "parameters" / "beam" / "counting.yaml").write_text("protons: 4\n")
    return tmp_path


def test_every_stage_is_run_shown_and_those_that_failed_are_named(project):
    told = []
    page, failed = run_all(None, None, told.append)
    assert failed == ["beam/alone"]
    assert page.parent.parent == project / "outputs"
    assert told[0] == "[1/2] beam/alone: Alone"
    assert told[1].startswith("  failed: cell 2: ZeroDivisionError: division by zero")
    assert told[2:] == ["[2/2] beam/counting: Counting"]
    html = page.read_text()
    assert html.index("division by zero") < html.index("<td>protons</td><td>4</td>")
    assert manifest.load(page.parent / "beam" / "counting").summary["protons"] == 4


def test_a_demo_that_goes_on_does_only_what_is_missing(project):
    (project / "parameters" / "beam" / "alone.yaml").write_text("x: [\n")
    folder = project / "demo here"
    run_all("beam", folder, lambda _: None)
    before = (folder / "beam" / "counting" / "manifest.json").stat().st_mtime_ns
    (project / "parameters" / "beam" / "alone.yaml").write_text("x: 2\n")
    page, failed = run_all("beam", folder, lambda _: None)
    assert failed == []
    assert page.parent == folder
    assert (folder / "beam" / "counting" / "manifest.json").stat().st_mtime_ns == before


def test_a_system_without_a_demo_is_refused(project):
    with pytest.raises(RunError, match=r"no stage of bean has a demo in .*/parameters"):
        run_all("bean", None, print)
