"""A sweep on a real HTCondor: submitted, watched, resumed, collected."""

import csv
import json
import subprocess
import time
from pathlib import Path

import pytest

from kit.batch import condor, resuming, sending, stopping
from kit.batch.collecting import collect
from kit.batch.merging import finish
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import status_of
from kit.batch.why import about_run, explain_waiting

pytestmark = pytest.mark.slow  # a pool is fetched, started and worked hard

SLEEP = ("parameters", "x: float = 1.0  # the x\npause: float = 1.0  # s"), "import time\ntime.sleep(pause)\nx"


@pytest.fixture
def slow(make_notebook):
    return make_notebook("notebooks/beam/slow.ipynb", *SLEEP)


def table(run):
    """Return the merged table without times and memory."""
    rows = list(csv.DictReader((run.merged / "points.csv").read_text().splitlines()))
    return [{name: value for name, value in row.items() if name not in ("seconds", "rss_mb")} for row in rows]


def resumed(status, **options):
    said = []
    resuming.resume(status.run.directory, Options(**options), say=said.append)
    return status_of(status.run.directory), said


def once_each(status):
    """Tell whether every line is of another point."""
    ids = [line["id"] for line in status.results.lines()]
    return len(ids) == len(set(ids)) == status.total


def test_twenty_points_in_two_jobs_equal_those_of_this_computer(toy, submitted, launched, until):
    status = until(submitted(toy, {"x": {"range": [1, 20]}}, per_job=10))
    assert status.counts["done"] == 20
    assert [len(state.chunk.indexes) for state in status.chunks] == [10, 10]
    here = launched(toy, {"x": {"range": [1, 20]}}, name="here")
    for one in (status, here):
        finish(one, 1.0)
        assert collect(one) == 60
        assert collect(one) == 0
    assert table(status.run) == table(here.run)
    for path in sorted((status.run.directory / "outputs").glob("*/*.*")):
        if path.suffix != ".ipynb":
            assert (
                path.read_bytes() == (here.run.directory / "outputs" / path.parent.name / path.name).read_bytes()
            )


def test_three_points_that_raise_fail_alone_and_resume_has_nothing_to_do(toy, submitted, until, tmp_path):
    status = until(submitted(toy, {"x": {"range": [1, 20]}}, {"limit": 17.0}, per_job=10))
    assert (status.counts["done"], status.counts["failed"]) == (17, 3)
    assert {failure[2] for failure in status.results.failures.values()} == {3}  # the number of the cell
    assert [(state.job.state, state.job.exit, state.job.holds) for state in status.chunks] == [("done", 0, 0)] * 2
    again, said = resumed(status)
    assert len(again.run.rounds) == 1
    assert "nothing is missing" in said[0]
    (tmp_path / "mended").touch()
    again, _ = resumed(status, retry_failed=True)
    until(again)
    assert again.counts["done"] == 20
    assert sum(len(chunk.indexes) for chunk in again.run.rounds[-1].chunks) == 3


def test_an_input_that_vanishes_holds_the_job_and_resume_waits_for_it(make_notebook, submitted, until, tmp_path):
    notebook = make_notebook(
        "notebooks/beam/reading.ipynb", ("parameters", "inputs = ['demo']"), "open(inputs[0]).read()"
    )
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "b.txt").write_text("second")
    status = submitted(notebook, {"inputs": {"files": "*.txt", "bundle": 1}}, per_job=1)
    assert "files" in (status.run.rounds[0].directory / "job.sub").read_text()
    until(status)
    assert status.good  # they travelled with their jobs
    (tmp_path / "b.txt").rename(tmp_path / "gone")
    with pytest.raises(FileNotFoundError, match=r"no file matches b\.t\*"):
        submitted(notebook, {"inputs": {"files": "b.t*"}}, name="second")


def test_a_missing_input_is_told_by_name_and_refuses_resume_until_it_is_back(
    make_notebook, submitted, until, tmp_path
):
    notebook = make_notebook(
        "notebooks/beam/reading.ipynb", ("parameters", "inputs = ['demo']"), "open(inputs[0]).read()"
    )
    (tmp_path / "a.txt").write_text("first")
    status = submitted(notebook, {"inputs": {"files": "*.txt", "bundle": 1}}, extra=["hold = True"])
    (tmp_path / "a.txt").rename(tmp_path / "gone")
    condor.release(sending.cluster_of(status.run.rounds[0]))
    until(status, lambda status: status.counts["held"] and status.chunks[0].job.code == 13)
    (words,) = about_run(status)
    assert f"an input file could not be sent: {tmp_path / 'a.txt'}" in words
    with pytest.raises(RuntimeError, match=r"a\.txt is still not there, and 1 jobs were held for it"):
        resumed(status)
    (tmp_path / "gone").rename(tmp_path / "a.txt")
    again, _ = resumed(status, extra=[])
    until(again)
    assert again.good


def test_a_point_over_its_memory_is_ended_alone_and_resumed_larger(make_notebook, submitted, until):
    hog = "hog = b'1' * (mb << 20)\nimport time\ntime.sleep(3 if mb > 100 else 0)"
    notebook = make_notebook("notebooks/beam/hog.ipynb", ("parameters", "mb = 1"), hog)
    status = until(submitted(notebook, {"mb": [1, 2, 400, 3]}, per_job=4, memory_mb=300))
    assert (status.counts["done"], status.counts["memory"]) == (3, 1)
    assert status.chunks[0].job.holds == 0
    again, said = resumed(status)
    assert "1 of them with more memory" in said[0]
    until(again)
    assert again.good
    assert once_each(again) is False  # the point has two lines, one of them done
    assert again.run.rounds[-1].chunks[0].memory_mb >= 600


def test_without_the_guard_the_memory_ladder_brings_it_through(make_notebook, submitted, until):
    hog = "hog = b'1' * (mb << 20)\nimport time\ntime.sleep(8)"
    notebook = make_notebook("notebooks/beam/hog.ipynb", ("parameters", "mb = 1"), hog)
    status = until(submitted(notebook, {"mb": [400]}, memory_mb=200, guard=False))
    assert status.good
    job = status.chunks[0].job
    assert (job.holds, job.starts) == (1, 2)
    assert job.request_mb >= 600


def test_a_worker_stops_before_the_end_of_its_time_and_resume_does_the_rest(slow, submitted, until):
    status = until(submitted(slow, {"x": {"range": [1, 40]}}, {"pause": 1.0}, per_job=40, max_runtime=25))
    assert status.chunks[0].job.exit == 0
    assert 0 < status.counts["done"] < 40
    assert status.counts["missing"] == 40 - status.counts["done"]
    again, said = resumed(status, max_runtime=60)
    assert "in shorter jobs" in said[0]
    assert max(len(chunk.indexes) for chunk in again.run.rounds[-1].chunks) <= 20
    until(again)
    assert again.good
    assert once_each(again)


def test_a_removed_job_runs_again(slow, submitted, until):
    status = submitted(slow, {"x": {"range": [1, 4]}}, {"pause": 30.0}, per_job=2)
    until(status, lambda status: status.counts["running"])
    cluster = sending.cluster_of(status.run.rounds[0])
    subprocess.run(["condor_rm", f"{cluster.number}.0"], check=True, capture_output=True)
    until(status, lambda status: status.counts["missing"] == 2)
    with pytest.raises(RuntimeError, match=r"cluster \d+ 1 jobs run and 0 wait; --wait waits"):
        resumed(status)
    status = stopping.stop(status.run.directory, say=lambda _text: None)
    assert status.counts["missing"] == 4
    assert "removed" in next(iter(about_run(status)))


def test_a_killed_worker_is_retried_by_the_pool(make_notebook, submitted, until):
    deadly = "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"
    notebook = make_notebook("notebooks/beam/deadly.ipynb", ("parameters", "x = 1"), deadly)
    status = until(submitted(notebook, {"x": [1]}, isolation="kernel"))
    job = status.chunks[0].job
    assert (job.state, job.starts) == ("failed", 3)
    assert status.counts["missing"] == 1


def test_a_wrong_environment_is_retried_and_told_by_its_words(toy, submitted, until):
    status = until(submitted(toy, {"x": [1]}, environment={"python": "/nowhere/bin/python"}))
    job = status.chunks[0].job
    assert (job.exit, job.starts) == (65, 3)
    assert "its worker ended with exit status 65" in next(iter(about_run(status)))
    error = next(status.run.rounds[0].printed(status.chunks[0].chunk)).read_text()
    assert "run.sh: there is no /nowhere/bin/python" in error


def test_a_job_held_by_its_user_is_shown_so_and_resumed(slow, submitted, until):
    status = submitted(slow, {"x": [1, 2]}, {"pause": 3.0}, per_job=1)
    until(status, lambda status: status.counts["running"] == 2)
    condor.hold(sending.cluster_of(status.run.rounds[0]))
    until(status, lambda status: status.counts["held"] == 2)
    assert "2 jobs: held by" in next(iter(about_run(status)))
    condor.release(sending.cluster_of(status.run.rounds[0]))
    until(status)
    assert status.good


@pytest.mark.parametrize("keep", [False, True])
def test_a_vacated_job_starts_over_or_continues_and_no_point_counts_twice(slow, submitted, until, keep):
    status = submitted(slow, {"x": {"range": [1, 6]}}, {"pause": 1.0}, per_job=6, keep_on_evict=keep)
    until(status, lambda status: status.chunks[0].job and status.chunks[0].job.done >= 1)
    cluster = sending.cluster_of(status.run.rounds[0])
    subprocess.run(["condor_vacate_job", f"{cluster.number}.0"], check=True, capture_output=True)
    until(status)
    assert status.good
    assert once_each(status)
    assert status.chunks[0].job.starts == 2
    started = sorted(line["started"] for line in status.results.lines())
    log = status.run.rounds[0].log.read_text()
    evicted = next(line for line in log.splitlines() if line.startswith("004"))[18:37]
    local = time.strftime(
        "%Y-%m-%dT%H:%M:%S", time.gmtime(time.mktime(time.strptime(evicted, "%Y-%m-%d %H:%M:%S")))
    )
    assert (started[0] < local) == keep


def test_progress_reaches_the_log_before_the_job_ends(slow, submitted, until):
    status = submitted(slow, {"x": {"range": [1, 5]}}, {"pause": 1.0}, per_job=5)
    until(status, lambda status: status.underway >= 1)
    assert status.counts["done"] == 0
    until(status)
    assert (status.chunks[0].job.done, status.chunks[0].job.total) == (5, 5)


def test_jobs_that_no_machine_takes_wait_and_why_names_the_clause(toy, submitted, until):
    status = submitted(toy, {"x": [1]}, cpus=64)
    until(status, lambda status: status.counts["waiting"] == 1 and status.chunks[0].job)
    cluster = sending.cluster_of(status.run.rounds[0])
    end = time.monotonic() + 30
    while "64 CPUs" not in (text := explain_waiting(cluster, 0)) and time.monotonic() < end:
        time.sleep(0.5)
    assert text == "64 CPUs: no machine has them"


def test_late_materialised_jobs_are_counted_all(toy, submitted, until):
    status = until(submitted(toy, {"x": {"range": [1, 8]}}, per_job=1, extra=["max_materialize = 2"]))
    assert status.counts["done"] == 8
    assert len(status.logs["001"].jobs) == 8


def test_with_the_schedd_away_the_state_stays_and_resume_says_so(slow, submitted, until, pool):
    status = submitted(slow, {"x": [1, 2]}, {"pause": 2.0}, per_job=1)
    until(status, lambda status: status.counts["running"] == 2)
    before = dict(status.counts)
    pool("stop")
    try:
        again = status_of(status.run.directory)
        assert again.counts == before
        with pytest.raises(RuntimeError, match="condor_rm: "):
            stopping.stop(status.run.directory, say=lambda _text: None)
    finally:
        pool("start")
    until(status)
    again, _ = resumed(status) if not status.good else (status, [])
    until(again)
    assert again.good


def test_results_may_go_to_another_place(toy, submitted, until, pool_environment):
    status = until(submitted(toy, {"x": [1, 2]}, per_job=1, output_url="root://eos.host//eos/user/me/run"))
    assert status.good
    far = Path(pool_environment["CONDOR_POOL_STATE"]) / "eos/user/me/run"
    assert sorted(path.name for path in far.iterdir()) == ["r001_000000.tar", "r001_000001.tar"]
    assert not list(status.run.results.glob("*.tar"))
    with pytest.raises(RuntimeError, match=r"is not here; it went to the address given as output_url"):
        collect(status)


def test_results_of_a_spooled_run_are_fetched(toy, submitted, until):
    status = submitted(
        toy, {"x": {"range": [1, 4]}}, per_job=2, profile="cern-spool", site={"kerberos": False, "lines": []}
    )
    end = time.monotonic() + 60
    while not status.good and time.monotonic() < end:
        time.sleep(1)
        status = status_of(status.run.directory)
    assert status.good
    assert not condor.queue(sending.cluster_of(status.run.rounds[0]))


def test_the_record_names_cluster_schedd_version_and_command(toy, submitted):
    run = submitted(toy, {"x": [1]}).run
    about = json.loads((run.rounds[0].directory / "submitted.json").read_text())
    assert about["cluster"] > 0
    assert about["schedd"].endswith("localdomain")
    assert about["condor"] == "23.9.6"
    assert about["command"] == "condor_submit -terse job.sub"
    assert batch_run(run.directory).submission["rounds"] == ["001"]
