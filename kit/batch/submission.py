"""Points of a notebook become jobs: checked, written, tried, sent; resumed until all are there."""

from __future__ import annotations

from typing import Any

from kit.batch import launching, planning, resuming
from kit.batch.options import Options
from kit.batch.status import status_of
from kit.parameters import parameter
from kit.run import Run

__all__ = ["SubmissionParameters", "submit_points"]


class SubmissionParameters(Options):
    """What is submitted, and how."""

    notebook: str = parameter("", "stage, or path of the notebook")
    points: dict | list | str = parameter({}, "sweep, list of values, or table of points")  # type: ignore[type-arg]
    values: dict = parameter({}, "values that all points share")  # type: ignore[type-arg]
    run: str = parameter("", "run to resume; empty makes a new one below outputs")


def submit_points(p: SubmissionParameters, run: Run) -> dict[str, Any]:
    """Submit the points of a notebook, or resume a run, and return where it is and how it stands.

    The points run in a directory of their own, below ``outputs/<stage>``, as any run of that stage does; the run
    of this stage keeps only its path and the counts.
    """
    if p.run:
        batch = resuming.resume(p.run, p, say=run.notice)
    else:
        plan = planning.make_plan(p.notebook, p.values, p.points, p)
        batch = launching.launch(plan, say=run.notice)
    status = status_of(batch.directory)
    return {"run": str(batch.directory), **status.counts}
