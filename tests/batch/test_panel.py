"""The panel of submissions without a browser: chosen, planned, tried, submitted, as the form says."""

import json
from pathlib import Path

import pytest

from kit.batch.panel import BatchPanel
from kit.batch.status import status_of
from kit.batch.submission import SubmissionParameters
from kit.parameters import ParameterError

HERE = {"profile": "local", "memory_mb": 400, "try_first": False, "workers": 1, "per_job": 4}


@pytest.fixture(autouse=True)
def _with_the_kit(python):
    """Let a process find the kit from any folder."""


@pytest.fixture
def panel(toy):
    """Return a panel of four points at which nobody clicks: all is done at once."""
    return BatchPanel(parameters(), interactive=False)


def parameters(**values):
    about = {"notebook": "beam/toy", "points": {"grid": {"x": [1.0, 2.0, 3.0, 5.0]}}}
    return SubmissionParameters.build(about | HERE | values)


def test_a_plan_tells_points_jobs_time_memory_and_where_and_lists_the_points(panel, tmp_path):
    panel.plan()
    told = dict(line.split(": ", 1) for line in panel.told.splitlines() if ": " in line)
    assert (told["points"], told["memory a job"]) == ("4", "400 MB")
    assert told["where"].startswith("local")
    assert [record["x"] for record in panel.points.records] == ["1.0", "2.0", "3.0", "5.0"]
    assert "all 4 points share one seed" in panel.told
    assert not (tmp_path / "outputs").exists()


def test_one_point_is_tried_for_time_and_memory_and_the_plan_follows(panel, tmp_path):
    panel.try_one()
    first, *rest = panel.told.splitlines()
    assert first.startswith("the first point took ")
    assert first.endswith(" MB")
    assert any("(measured on this computer)" in line for line in rest)
    assert not (tmp_path / "outputs").exists()


def test_a_first_point_that_fails_is_told_with_its_cell(panel):
    panel.form.set(values={"limit": 0.5})
    with pytest.raises(RuntimeError, match=r"the first point failed after .*: cell 3: ValueError: 1\.0 is above"):
        panel.try_one()


def test_what_the_form_says_is_submitted_watched_and_finished(panel, tmp_path):
    panel.form.set(values={"limit": 4.0})
    panel.submit()
    (view,) = panel.views
    assert Path(view.run).parent == tmp_path / "outputs" / "beam" / "toy"
    view.watcher.start()
    assert "3/4 done, 1 failed" in view.words.text
    assert status_of(view.run).counts["failed"] == 1
    folder = tmp_path / "outputs" / "batch" / "submission" / Path(view.run).name
    assert json.loads((folder / "values.yaml").read_text()) == {"limit": 4.0}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"points": {"grid": {"y": [1.0]}}}, "y is not known"),
        ({"values": {"limt": 1.0}}, r"limt is not known \(did you mean limit\?\)"),
        ({"points": {"grid": {"x": []}}}, r"x is \[\], should be a list of values"),
    ],
)
def test_what_cannot_be_used_is_refused_and_nothing_is_written(panel, tmp_path, values, told):
    panel.form.set(**values)
    for act in (panel.plan, panel.submit):
        with pytest.raises((ParameterError, ValueError, RuntimeError), match=told):
            act()
    assert not (tmp_path / "outputs").exists()


def test_notebook_parameter_file_and_run_are_chosen_from_lists_of_what_there_is(panel, launched, toy, tmp_path):
    (tmp_path / "parameters" / "beam").mkdir(parents=True)
    (tmp_path / "parameters" / "beam" / "toy.yaml").write_text("limit: 3.5\nseed: 4\noutput: here\n")
    launched(toy, {"x": [1]}, name="outputs/beam/toy/a")
    panel = BatchPanel(parameters(), interactive=False)
    assert "beam/toy" in panel.choices.notebook.options
    panel.choices.notebook.value = "beam/toy"
    panel.choices.file.value = "beam/toy.yaml"
    assert panel.form.checked().values == {"limit": 3.5, "seed": 4}  # where it writes is nobody's choice here
    panel.choices.run.value = "outputs/beam/toy/a"
    assert [Path(view.run).name for view in panel.views] == ["a"]


def test_a_file_of_submissions_fills_the_whole_form(panel, tmp_path):
    (tmp_path / "parameters" / "batch").mkdir(parents=True)
    text = "notebook: beam/toy\npoints: {grid: {x: [7.0]}}\nmemory_mb: 900\n"
    (tmp_path / "parameters" / "batch" / "submission.yaml").write_text(text)
    panel = BatchPanel(parameters(), interactive=False)
    panel.choices.file.value = "batch/submission.yaml"
    p = panel.form.checked()
    assert (p.memory_mb, p.points) == (900, {"grid": {"x": [7.0]}})


def test_a_campaign_is_a_row_of_stages_with_a_sign_and_a_word(chain, kit, commands):
    kit("campaign", str(chain), "--profile", "condor", "--per-job", "1")
    panel = BatchPanel(SubmissionParameters(), interactive=False)
    panel.choices.campaign.value = "chain"
    assert panel.told == "make ▶ running → square ○ waiting → total ○ waiting"


def test_faults_of_a_click_stand_in_the_panel(toy, tmp_path):
    panel = BatchPanel(parameters())
    panel.form.set(points={"grid": {"y": [1.0]}})
    panel.planner.buttons.start._handle_custom_msg({"event": "click"}, [])
    assert panel.planner.wait(20)
    assert "y is not known" in panel.planner.error


def test_where_nobody_can_click_the_runs_or_the_parameters_stand_in_its_place(toy, launched):
    assert "beam/toy" in BatchPanel(parameters(), interactive=False).static()["text/plain"]
    launched(toy, {"x": [1]})
    shown = BatchPanel(parameters(), "run", interactive=False).static()
    assert "1/1 done" in shown["text/plain"]
    assert shown["image/png"]
