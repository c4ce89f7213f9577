"""The pool of this computer: the same chunks and files as on HTCondor, stoppable and always resumable."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from kit.batch import capacity, resuming, stopping
from kit.batch.options import Options
from kit.batch.pool import workers_for
from kit.batch.rounds import batch_run
from kit.batch.status import status_of
from kit.batch.tenancy import is_alive

SLOW = ("parameters", "x: float = 1.0  # the x\npause: float = 0.0  # s"), "import time\ntime.sleep(pause)\nx"
SUBMIT = (
    "import sys\nfrom kit.batch import launching\nfrom kit.batch.options import Options\n"
    "from kit.batch.planning import make_plan\nfrom pathlib import Path\n"
    "options = Options(profile='local', workers=2, memory_mb=400, try_first=False, per_job=3)\n"
    "plan = make_plan(sys.argv[1], {'pause': float(sys.argv[2])}, {'x': {'range': [1, 12]}}, options)\n"
    "launching.launch(plan, Path(sys.argv[3]))\n"
)


@pytest.fixture
def slow(make_notebook):
    return make_notebook("notebooks/beam/slow.ipynb", *SLOW)


@pytest.fixture
def submitting(slow, python, tmp_path, eventually):
    """Return a function that starts a submission of twelve points as a process and waits for the first lines."""

    def start(pause=0.4, lines=2):
        run = tmp_path / "run"
        process = python("-c", SUBMIT, str(slow), str(pause), str(run))
        assert eventually(lambda: len(written(run)) >= lines, 60), process.communicate()
        return process, run

    return start


def written(run):
    return [
        json.loads(text) for path in (run / "results").glob("*.jsonl") for text in path.read_text().splitlines()
    ]


def resumed(run):
    resuming.resume(run, Options(), say=lambda _text: None)
    status = status_of(run)
    ids = [line["id"] for line in written(run)]
    assert status.good
    assert len(ids) == len(set(ids)) == 12  # nothing was done twice
    return status


def worker_pids(run):
    """Return the processes that work in the scratch folders of a pool."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                words = (path / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"worker" in words and str(run / "results").encode() in words:
                found.append(int(path.name))
    return found


def test_all_points_are_done_and_counted_once(toy, launched):
    status = launched(toy, {"x": {"range": [1, 10]}}, per_job=None, workers=1)
    assert status.counts["done"] == 10
    assert sum(status.counts.values()) == 10
    assert len(status.chunks) == 4
    assert all(state.job.state == "done" and state.job.exit == 0 for state in status.chunks)
    assert {state.job.done for state in status.chunks} == {2, 3}


def test_the_first_failure_stops_the_submission_where_it_is_tried_first(toy, launched):
    with pytest.raises(
        RuntimeError, match=r"the first point failed, nothing else was started: cell 3: ValueError"
    ):
        launched(toy, {"x": {"range": [1, 20]}}, {"limit": 0.5}, try_first=True)
    assert len(written(Path("run"))) == 1
    assert list(Path("run/outputs").glob("*/toy.ipynb"))


def test_one_ctrl_c_lets_running_points_end_and_resume_does_the_rest(submitting):
    process, run = submitting()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    before = len(written(run))
    status = status_of(run)
    assert 2 <= before < 12
    assert not status.alive
    assert status.counts["missing"] == 12 - before
    resumed(run)


def test_two_ctrl_c_end_running_points(submitting, eventually):
    process, run = submitting(pause=20.0, lines=0)
    assert eventually(lambda: len(worker_pids(run)) == 2, 60)
    started = time.monotonic()
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
    process.communicate(timeout=60)
    assert time.monotonic() - started < 60  # all points take twice as long
    assert eventually(lambda: not worker_pids(run))


def test_a_killed_worker_is_started_again_and_continues(submitting, eventually):
    process, run = submitting()
    assert eventually(lambda: worker_pids(run))
    os.kill(worker_pids(run)[0], signal.SIGKILL)
    process.communicate(timeout=120)
    status = status_of(run)
    assert status.good
    assert any(state.job.starts == 2 for state in status.chunks)
    ids = [line["id"] for line in written(run)]
    assert len(ids) == len(set(ids)) == 12


def test_a_killed_pool_takes_its_workers_along_and_resume_does_the_rest(submitting, eventually):
    process, run = submitting()
    workers = worker_pids(run)
    assert workers
    process.kill()
    process.communicate()
    assert eventually(lambda: not worker_pids(run))
    status = status_of(run)
    assert not status.alive
    assert status.counts["missing"] + status.counts["done"] == 12
    resumed(run)


@pytest.mark.slow  # test_commands does the same by the commands
def test_a_run_whose_pool_is_at_work_is_not_resumed_and_can_be_stopped(submitting):
    process, run = submitting()
    assert is_alive(batch_run(run).rounds[-1])
    with pytest.raises(RuntimeError, match=r"of the pool of this computer \d jobs run and \d wait; --wait waits"):
        resuming.resume(run, Options())
    status = stopping.stop(run, say=lambda _text: None)
    process.communicate(timeout=120)
    assert not status.alive
    resumed(run)


@pytest.mark.slow
def test_wait_waits_for_the_pool_that_is_at_work(submitting):
    process, run = submitting(pause=0.1)
    said = []
    resuming.resume(run, Options(), wait=True, say=said.append)
    process.communicate(timeout=60)
    assert said == ["nothing is missing: 12 of 12 points are done"]


@pytest.mark.slow
def test_results_are_the_same_whether_it_was_interrupted_or_not(submitting, slow, launched, tmp_path):
    from kit.batch.merging import finish

    process, run = submitting()
    process.kill()
    process.communicate()
    finish(resumed(run), 1.0)
    whole = launched(slow, {"x": {"range": [1, 12]}}, {"pause": 0.4}, name="whole")
    finish(whole, 1.0)
    tables = []
    for folder in (run, tmp_path / "whole"):
        rows = [line.split(",") for line in (folder / "merged" / "points.csv").read_text().splitlines()]
        drop = [rows[0].index(name) for name in ("seconds", "rss_mb")]
        tables.append([[cell for place, cell in enumerate(row) if place not in drop] for row in rows])
    assert tables[0] == tables[1]


def test_as_many_workers_as_cores_and_memory_allow(monkeypatch, toy, launched):
    assert workers_for(Options(workers=7)) == 7
    monkeypatch.setattr(capacity, "cores", lambda: 8)
    assert workers_for(Options(cpus=3)) == 2
    monkeypatch.setattr(capacity, "available_mb", lambda: 500.0)
    status = launched(toy, {"x": [1, 2, 3, 4]}, workers=4, memory_mb=400)
    assert status.good
    log = status.run.rounds[-1].log.read_text()
    running = most = 0
    for number in (line[:3] for line in log.splitlines() if line[:1] == "0"):
        running += {"001": 1, "005": -1}.get(number, 0)
        most = max(most, running)
    assert most == 1
