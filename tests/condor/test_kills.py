"""The submitting process is killed between any two of its steps: resume finds out, and nothing runs twice."""

import subprocess

import pytest

from kit import files
from kit.batch import resuming, stopping
from kit.batch.options import Options
from kit.batch.status import status_of
from tests.condor import sweeps

AT_ONCE = 3  # processes that submit
# What is counted as a step: whatever changes the disk or the queue; the process kills itself before or after one.
# Each submission is a fork of one process that has imported all that it takes.
KILLED = """
import os, signal, subprocess, sys
from pathlib import Path

folder, what = Path(sys.argv[2]), sys.argv[3]
steps = deadly = 0

def counted(function):
    def call(*arguments, **options):
        step()
        done = function(*arguments, **options)
        step()
        return done
    return call

def step():
    global steps
    steps += 1
    if steps == deadly:
        os.kill(os.getpid(), signal.SIGKILL)

from kit.batch import launching, resuming
from kit.batch.options import Options
from kit.batch.planning import make_plan

options = Options(profile="condor", environment={"python": sys.executable}, memory_mb=300, disk_mb=20,
                  per_job=5, try_first=what == "try", dag=what == "dag", dry_run=what == "resume")

def submit(run):
    plan = make_plan(sys.argv[1], {}, {"x": {"range": [1, 5]}}, options)
    if what == "resume":
        launching.launch(plan, run)
    os.replace, os.rename, subprocess.run = map(counted, (os.replace, os.rename, subprocess.run))
    Path.rename, Path.replace = counted(Path.rename), counted(Path.replace)
    if what == "resume":
        resuming.resume(run, Options())
    else:
        launching.launch(plan, run)
    print("steps", steps, flush=True)

for line in sys.stdin:
    started = {}
    for name, deadly in [map(int, word.split(":")) for word in line.split()]:
        if not (process := os.fork()):
            submit(folder / str(name))
            os._exit(0)
        started[process] = name
    ended = [os.waitpid(process, 0)[1] for process in started]
    print("ended", *map(os.waitstatus_to_exitcode, ended), flush=True)
"""


@pytest.fixture
def submissions(toy, python, tmp_path):
    """Return a function that submits five points into each of some directories, which are numbered.

    A submission is killed at the step given for it; 0 is none. The function returns the exit statuses, and the
    number of steps of the last that came to its end.
    """
    started = {}

    def submit(what, steps):
        if what not in started:
            started[what] = python("-c", KILLED, toy, tmp_path, what, stdin=subprocess.PIPE, stderr=None)
        process = started[what]
        process.stdin.write(" ".join(f"{name}:{step}" for name, step in steps.items()) + "\n")
        process.stdin.flush()
        counted = 0
        while (words := process.stdout.readline().split())[:1] != ["ended"]:
            counted = int(words[1]) if words[:1] == ["steps"] else counted
            assert process.poll() is None
        return [int(word) for word in words[1:]], counted

    yield submit
    for process in started.values():
        process.stdin.close()
        process.wait()


@pytest.fixture
def toy_pause(tmp_path):
    """Return a notebook whose points take as long as they are told."""
    return sweeps.write(tmp_path, sweeps.PAUSE)


def killed_at_each_step(submissions, what, folder):
    """Return the directories of submissions, each killed at another step."""
    ends, count = submissions(what, {0: 0})
    assert ends == [0]
    steps = range(1, count + 1)
    for first in steps[::AT_ONCE]:
        some = steps[first - 1 : first - 1 + AT_ONCE]
        assert submissions(what, {step: step for step in some}) == ([-9] * len(some), 0)
    return [folder / str(step) for step in steps]


def test_jobs_of_a_submission_that_was_killed_are_seen_and_obey(submitted, toy_pause, eventually):
    status = submitted(toy_pause, {"x": [1, 2]}, {"pause": 60.0}, per_job=1)
    folder = status.run.rounds[0].directory
    schedd = files.read_json(folder / "submitted.json")["schedd"]
    (folder / "submitted.json").unlink()  # as a kill after condor_submit leaves it
    files.write_json(folder / "submitting.json", files.read_json(folder / "submitting.json") | {"born": "1"})
    run = status.run.directory
    assert eventually(lambda: status_of(run).alive)
    assert status_of(run).notes == []
    assert stopping.hold(run, lambda _text: None).counts["held"] == 2
    assert files.read_json(folder / "submitted.json")["schedd"] == schedd
    assert stopping.release(run, lambda _text: None).counts["held"] == 0
    assert stopping.stop(run, lambda _text: None).counts["missing"] == 2
    assert eventually(queue_is_empty)


def queue_is_empty():
    left = subprocess.run(["condor_q", "-af", "ClusterId"], capture_output=True, text=True, check=True)
    return left.stdout == ""


@pytest.mark.parametrize(
    "what",
    [
        "submit",
        pytest.param("resume", marks=pytest.mark.slow),
        pytest.param("try", marks=pytest.mark.slow),
        pytest.param("dag", marks=pytest.mark.slow),
    ],
)
def test_whatever_step_kills_the_submission_resume_makes_it_whole(what, submissions, eventually, tmp_path):
    runs = killed_at_each_step(submissions, what, tmp_path)
    begun = [run for run in runs if (run / "points.jsonl").exists()]
    assert len(begun) > 10
    for run in runs[: len(runs) - len(begun)]:
        with pytest.raises(RuntimeError, match=r"holds no points|there is no directory"):
            resuming.resume(run, Options())
    if begun != runs:  # before the run is there, a repeated submission is all that it takes
        assert submissions(what, {int(runs[0].name): 0})[0] == [0]
        begun.append(runs[0])
    for run in begun:
        status = status_of(run)
        if not status.alive and not status.good:
            resuming.resume(run, Options(), wait=True, say=lambda _text: None)
    for run in begun:
        status = sweeps.wait(status_of(run))
        assert status.good, run
        assert sweeps.once_each(status), run
    assert eventually(queue_is_empty)  # DAGMan goes a moment after its last node
