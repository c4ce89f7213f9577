"""The stage that submits: its run keeps where the points went and how they stand."""

import pytest

from kit import files
from kit.batch.submission import SubmissionParameters, submit_points
from kit.parameters import ParameterError
from kit.run import Run

HERE = {"profile": "local", "memory_mb": 400, "try_first": False, "output": "sent", "interactive": False}


def submit(toy, **values):
    p = SubmissionParameters.build({"notebook": str(toy), **HERE, **values})
    with Run("batch/submission", p) as run:
        run.summary = submit_points(p, run)
    return run.summary


def test_all_points_of_a_sweep_are_worked_off_and_merged(toy):
    summary = submit(toy, points={"grid": {"x": [1, 2, 3]}})
    assert (summary["done"], summary["failed"], summary["merged"]) == (3, 0, True)
    assert (files.resolve(summary["run"]) / "merged" / "points.csv").read_text().count("\n") == 4


def test_a_misspelt_name_among_the_points_is_refused_before_anything_is_written(toy, tmp_path):
    with pytest.raises((ParameterError, RuntimeError), match="limt"):
        submit(toy, points={"grid": {"limt": [1.0]}})
    assert list(tmp_path.glob("outputs/beam/*/*")) == []
