"""Points of a notebook become jobs: checked, written, tried, sent; resumed until all are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kit import files
from kit.batch import launching, planning, resuming, watching
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import status_of
from kit.directories import new_directory
from kit.parameters import parameter
from kit.run import Run

__all__ = ["SubmissionParameters", "submit_points"]

NOTE = "submitted.json"


class SubmissionParameters(Options):
    """What is submitted, and how."""

    notebook: str = parameter("opendata/masses", "stage, or path of the notebook")
    points: dict | list | str = parameter(  # type: ignore[type-arg]
        {"grid": {"bin_width": [5.0, 10.0, 20.0, 25.0]}}, "sweep, list of values, or table of points"
    )
    values: dict = parameter({}, "values that all points share")  # type: ignore[type-arg]
    resume: str = parameter("", "run to go on with; empty makes a new one below outputs")


def submit_points(p: SubmissionParameters, run: Run) -> dict[str, Any]:
    """Submit the points of a notebook, or resume a run, and return where it is and how it stands.

    The points run in a directory of their own, below ``outputs/<stage>``, as any run of that stage does; the run
    of this stage keeps only its path and the counts. Where an earlier attempt at this run was cut short, its
    points are gone on with.
    """
    show = watching.Shower(quiet=not p.interactive)
    note = run.work / NOTE
    if earlier := p.resume or _noted(note):
        batch = batch_run(earlier)
        if p.resume or not status_of(batch.directory).alive:
            resuming.resume(batch.directory, p, say=run.notice, show=show)
    else:
        plan = planning.make_plan(p.notebook, p.values, p.points, p)
        run.read(str(plan.notebook.path))
        directory = new_directory(plan.notebook.stage, "sweep")
        # noted before it is sent: a submission that is cut short is found again
        files.write_json(note, {"run": files.shown(directory)})
        batch = launching.launch(plan, directory, say=run.notice, show=show)
    status = status_of(batch.directory)
    show(status, at_once=True)
    show.close()
    report = watching.watch(status, p.accept, lambda _status: None, once=True)
    return {"run": files.shown(batch.directory), **status.counts, "merged": report is not None}


def _noted(note: Path) -> str:
    """Return the run that an earlier attempt has submitted; empty where it never came so far."""
    path = files.read_json(note)["run"] if note.is_file() else ""
    return path if path and (files.resolve(path) / "points.jsonl").is_file() else ""
