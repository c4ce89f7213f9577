"""Ten thousand points on a real HTCondor: submitted, looked at, stopped, resumed, by the commands themselves.

A hundred thousand, with what the jobs would have written, are in ``tests/batch/test_scale.py``. Limits are CPU
time, since jobs run beside.
"""

import json
import os
import sys
from typing import NamedTuple

import pytest

from kit.batch.status import status_of
from tests.condor import sweeps

POINTS = 10_000
TRIVIAL = (("parameters", "x: float = 1.0  # the x"), "x * x")
SMALL = ["--profile", "condor", "--memory-mb", "300", "--disk-mb", "20", "--no-try-first", "--json"]
HOURS = 2 * 3600.0  # s; two cores work off five to ten points a second


class Took(NamedTuple):
    """What a command took, with all that it called: CPU seconds, MB; and what it answered."""

    seconds: float
    memory: float
    answer: dict[str, object]


@pytest.fixture
def command(python):
    """Return a function that runs a command of the kit in a process of its own."""

    def call(*words):
        process = python("-m", "kit", *words)
        out, err = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode in (0, 1), err
        return Took(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(out))

    return call


@pytest.fixture
def submission(command, tmp_path):
    """Return a function that submits so many trivial points, and returns the run and what that took."""

    def submit(points, per_job):
        sweeps.write(tmp_path, TRIVIAL, "trivial")
        where = ["--run", tmp_path / "run", "--environment", f"python={sys.executable}", "--per-job", str(per_job)]
        return tmp_path / "run", command("submit", "beam/trivial", "--over", f"x=1..{points}", *where, *SMALL)

    return submit


@pytest.mark.slow
def test_ten_thousand_points_are_submitted_looked_at_and_resumed_in_seconds(submission, command):
    run, submitted = submission(POINTS, 9)
    assert (submitted.seconds < 10, submitted.memory < 300) == (True, True), submitted
    jobs = (run / "rounds/001/job.sub").read_text()
    assert "max_materialize" in jobs  # more than a thousand jobs are made only as they are needed
    status = sweeps.wait(status_of(run), lambda status: status.counts["done"] >= 100, 600)
    looked = command("status", run, "--json")
    assert (looked.seconds < 5, looked.memory < 300) == (True, True), looked
    assert sum(looked.answer[state] for state in status.counts) == POINTS
    stopped = command("stop", run, "--json")
    done = stopped.answer["done"]
    assert done + stopped.answer["missing"] == POINTS
    resumed = command("resume", run, "--dry-run", "--json")
    assert (resumed.seconds < 5, resumed.memory < 300) == (True, True), resumed
    again = status_of(run).run.rounds[-1]
    sent = [index for chunk in again.chunks for index in chunk.indexes]
    letters = status_of(run).results.letters
    assert sorted(sent) == [index for index, letter in enumerate(letters) if letter != "d"]
    assert len(sent) == POINTS - done


@pytest.mark.slow
@pytest.mark.parametrize(("points", "per_job"), [(1000, 50), (POINTS, 250)])
def test_so_many_trivial_points_come_to_their_end_each_once(points, per_job, submission, command):
    run, _ = submission(points, per_job)
    status = sweeps.wait(status_of(run), lambda status: not status.alive, HOURS)
    assert status.good
    assert sweeps.once_each(status)
    looked = command("status", run, "--json")  # merges
    assert (looked.seconds < 5, looked.memory < 300) == (True, True), looked
    assert looked.answer["done"] == points
    assert len((run / "merged/points.csv").read_text().splitlines()) == points + 1
