"""The submitting process is killed between any two of its steps: resume finds out, and nothing runs twice."""

import subprocess

import pytest

from kit.batch import resuming
from kit.batch.options import Options
from kit.batch.status import status_of

pytestmark = pytest.mark.slow  # a pool is fetched, started and worked hard

# what is counted as a step: whatever changes the disk or the queue; the process kills itself before or after one
KILLED = """
import os, signal, subprocess, sys
from pathlib import Path

def counted(function):
    def call(*arguments, **options):
        step()
        done = function(*arguments, **options)
        step()
        return done
    return call

steps, deadly = 0, int(sys.argv[4])

def step():
    global steps
    steps += 1
    if steps == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

os.replace, os.rename, subprocess.run = map(counted, (os.replace, os.rename, subprocess.run))
Path.rename, Path.replace = counted(Path.rename), counted(Path.replace)

from kit.batch import launching
from kit.batch.options import Options
from kit.batch.planning import make_plan

options = Options(profile="condor", environment={"python": sys.executable}, memory_mb=300, disk_mb=20,
                  per_job=2, try_first=sys.argv[3] == "try")
plan = make_plan(sys.argv[1], {}, {"x": {"range": [1, 5]}}, options)
launching.launch(plan, Path(sys.argv[2]))
print(steps)
"""


@pytest.fixture
def kill_at(toy, python, tmp_path):
    """Return a function that submits five points in a process that is killed at one of its steps."""

    def submit(step, first="no"):
        process = python("-c", KILLED, toy, tmp_path / "run", first, step)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    return submit


def brought_to_its_end(run, until):
    """Resume a run as often as a person would, and tell what each point's lines are."""
    status = until(status_of(run))
    if not status.good:
        resuming.resume(run, Options(), wait=True, say=lambda _text: None)
        status = until(status_of(run))
    return status


def check(status):
    ids = [line["id"] for line in status.results.lines()]
    assert status.good
    assert len(ids) == len(set(ids)) == 5
    left = subprocess.run(["condor_q", "-af", "ClusterId"], capture_output=True, text=True, check=True)
    assert left.stdout == ""


def steps_of(kill_at, first="no"):
    """Return how many steps a submission has."""
    status, out, err = kill_at(0, first)
    assert status == 0, err
    return int(out.splitlines()[-1])


def test_whatever_step_kills_the_submission_resume_makes_it_whole(kill_at, until, tmp_path):
    run = tmp_path / "run"
    number = steps_of(kill_at)
    check(until(status_of(run)))
    for step in range(number, 0, -1):
        subprocess.run(["rm", "-rf", run], check=True)
        status, _, err = kill_at(step)
        assert status == -9, err
        if not (run / "points.jsonl").exists():
            with pytest.raises(RuntimeError, match="holds no points"):
                resuming.resume(run, Options())
            break  # before the run is there, a repeated submission is all that it takes
        check(brought_to_its_end(run, until))
    assert kill_at(0)[0] == 0
    check(until(status_of(run)))


@pytest.mark.slow
def test_the_same_with_the_first_point_tried_before(kill_at, until, tmp_path):
    run = tmp_path / "run"
    for step in range(1, steps_of(kill_at, "try") + 1):
        subprocess.run(["rm", "-rf", run], check=True)
        assert kill_at(step, "try")[0] == -9
        if (run / "points.jsonl").exists():
            check(brought_to_its_end(run, until))
