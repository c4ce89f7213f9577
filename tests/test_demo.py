"""Every notebook of the project runs as it is: by `kit demo`, and the map by papermill alone."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kit.manifest import load

PROJECT = Path(__file__).resolve().parent.parent
STAGES = sorted(f"{path.parent.name}/{path.stem}" for path in (PROJECT / "notebooks").glob("[!.]*/[!.]*.ipynb"))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Return a copy of what a project is to the command: notebooks and parameters."""
    folder = tmp_path_factory.mktemp("home")
    for name in ("notebooks", "parameters"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns(".*"))
    return folder


def run_in(home, *command):
    environment = {**os.environ, "KIT_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, *command], check=False, cwd=home, env=environment, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def demo(home):
    """Return the folder of a whole demo."""
    done = run_in(home, "-m", "kit", "demo", "--output", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("demo/index.html")
    return home / "demo"


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_is_complete_with_pictures_and_its_executed_notebook(demo, stage):
    run = load(demo / stage)
    assert run.state == "complete"
    assert run.summary
    assert list((run.directory / "plots").glob("*.png"))
    executed = json.loads((run.directory / f"{run.stage.split('/')[1]}.ipynb").read_text())
    assert all(cell["execution_count"] for cell in executed["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("stage", STAGES)
def test_every_figure_is_shown_in_the_notebook_that_draws_it(demo, stage):
    run = load(demo / stage)
    executed = json.loads((run.directory / f"{run.stage.split('/')[1]}.ipynb").read_text())
    shown = [
        out for cell in executed["cells"] for out in cell.get("outputs", []) if "image/png" in out.get("data", {})
    ]
    assert len(shown) >= len(list((run.directory / "plots").glob("*.png")))


def test_the_page_of_the_demo_shows_every_picture_and_leads_nowhere_that_is_not_there(demo):
    page = (demo / "index.html").read_text()
    links = re.findall(r'(?:href|src)="(?!data:)([^"#][^"]*)"', page)
    assert {str(path.relative_to(demo)) for path in demo.rglob("plots/*.png")} <= set(links)
    assert [link for link in links if not (demo / link).exists()] == []


def test_the_map_names_every_stage_and_its_latest_run(demo, home):
    done = run_in(home, "-m", "papermill", "notebooks/index.ipynb", "index.ipynb", "--cwd", "notebooks")
    assert done.returncode == 0, done.stderr
    outputs = [
        out for cell in json.loads((home / "index.ipynb").read_text())["cells"] for out in cell.get("outputs", [])
    ]
    [shown] = ["".join(out["data"]["text/html"]) for out in outputs if "text/html" in out.get("data", {})]
    assert [stage for stage in STAGES if f"href='{stage}.ipynb'" not in shown] == []
