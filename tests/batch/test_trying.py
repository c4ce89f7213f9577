"""A point is tried here with the worker of a job; its result does not count."""

import json
import sys

import pytest

from kit import files
from kit.batch.faults import SubmissionError
from kit.batch.launching import create
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.points import read_point
from kit.batch.status import Status
from kit.batch.trying import Tried, try_point


@pytest.fixture
def failed(written):
    """Return a run of three points; the third failed."""
    made = written(3)
    made.send([0, 1, 2])
    made.bring({0: "done", 1: "done", 2: "failed"})
    return made


def point(made, index, **values):
    found = read_point(made.batch.points, index)
    return type(found)(found.id, found.index, found.parameters | values)


def counts(made):
    status = Status(made.batch)
    status.read()
    return status.counts


def test_a_good_point_gives_its_line_and_files_and_does_not_count(failed):
    before = counts(failed), sorted(failed.batch.results.iterdir())
    line, folder = try_point(failed.batch, point(failed, 2))
    assert (line["id"], line["state"], line["summary"]) == (failed.ids[2], "done", {"square": 9.0})
    assert folder == failed.batch.directory / "tries" / failed.ids[2]
    assert sorted(path.name for path in folder.iterdir()) == ["summary.json", "toy.ipynb", "x.txt"]
    assert (counts(failed), sorted(failed.batch.results.iterdir())) == before


def test_a_point_that_fails_gives_its_error_and_its_notebook_and_nothing_of_an_earlier_try(failed):
    stale = failed.batch.directory / "tries" / failed.ids[2] / "stale.txt"
    stale.parent.mkdir(parents=True)
    stale.touch()
    line, folder = try_point(failed.batch, point(failed, 2, limit=2.0))
    assert (line["state"], line["error"]["name"], line["error"]["cell"]) == ("failed", "ValueError", 3)
    assert [path.name for path in folder.iterdir()] == ["toy.ipynb"]


def test_a_point_that_a_job_made_itself_is_tried_as_it_is(failed):
    record = failed.batch.rounds[0].directory / "worker.json"
    derive = {"parameter": "x", "source": "/run", "pattern": "*", "bundle": 1, "values": {}, "listed": False}
    record.write_text(json.dumps(files.read_json(record) | {"derive": derive}))
    assert try_point(failed.batch, point(failed, 2))[0]["state"] == "done"


def test_kernels_of_the_user_are_found_from_another_home(make_notebook, tmp_path, monkeypatch, take_up):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    spec = {"argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python",
            "display_name": "mine"}  # fmt: skip
    files.write_json(tmp_path / ".local/share/jupyter/kernels/mine/kernel.json", spec)
    notebook = make_notebook("notebooks/beam/other.ipynb", ("parameters", "x: int = 1  # x"), "x", kernel="mine")
    options = Options.build({"profile": "local", "memory_mb": 400, "isolation": "kernel", "try_first": False})
    batch = create(make_plan(str(notebook), {}, [{"x": 2}], options), tmp_path / "run", "sweep")
    take_up(batch.directory).write([0])
    line, _ = try_point(batch, read_point(batch.points, 0))
    assert (line["state"], line["error"]) == ("done", None)


def test_a_worker_that_cannot_begin_is_told_with_its_status(failed):
    record = failed.batch.rounds[0].directory / "worker.json"
    record.write_text(json.dumps(files.read_json(record) | {"needs_kit": True, "kit": "0.0.0"}))
    with pytest.raises(SubmissionError, match=r"the worker ended with status 65 before .* was through"):
        try_point(failed.batch, point(failed, 2))


@pytest.mark.parametrize(
    ("asked", "note"),
    [(256, None), (2000, "2000 MB are too much for points of 100 MB; memory_mb 128 would do"), (128, None)],
)
def test_what_a_point_took_tells_whether_the_request_fits(toy, asked, note):
    options = Options.build({"profile": "local", "memory_mb": asked})
    plan = make_plan(str(toy), {}, [{"x": 1.0, "seed": 2}], options)
    measured = Tried({"seconds": 2.5, "rss_mb": 100.0, "state": "done"}).applied(plan)
    assert (measured.seconds, measured.ground) == (2.5, "measured on this computer")
    assert measured.notes == ([note] if note else [])


def test_too_little_memory_is_told_too(toy):
    plan = make_plan(str(toy), {}, [{"x": 1.0}], Options.build({"profile": "local", "memory_mb": 400}))
    (note,) = Tried({"seconds": 2.5, "rss_mb": 900.0, "state": "done"}).applied(plan).notes
    assert note == "400 MB are too little for points of 900 MB; memory_mb 1152 would do"
    assert Tried(None).applied(plan) == plan
