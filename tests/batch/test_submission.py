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


def test_an_interrupted_one_goes_on_with_its_points_and_sends_none_twice(toy, tmp_path, monkeypatch):
    def interrupt(*_given, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut_short:
        cut_short.setattr("kit.batch.watching.watch", interrupt)
        with pytest.raises(KeyboardInterrupt):
            submit(toy, points={"grid": {"x": [1, 2, 3]}})
    summary = submit(toy, points={"grid": {"x": [1, 2, 3]}})
    assert (summary["done"], summary["merged"]) == (3, True)
    (only,) = tmp_path.glob("outputs/beam/*/sweep_*")
    lines = [line for path in sorted(only.glob("results/*.jsonl")) for line in path.read_text().splitlines()]
    assert len(lines) == 3
