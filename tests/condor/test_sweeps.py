"""A sweep on a real HTCondor: submitted, watched, resumed, collected."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from kit.batch import condor, resuming, sending, stopping
from kit.batch.collecting import collect
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import status_of
from kit.batch.why import about_run, explain_waiting
from tests.condor import sweeps
from tests.condor.sweeps import BLOCK, HOG, KILL, PAUSE, READ, TOY, gather, once_each, swept, table

EIGHT = {"x": {"range": [1, 8]}}
TWENTY = {"x": {"range": [1, 20]}}
NOWHERE = {"python": "/nowhere/bin/python"}
SPOOL = {"profile": "cern-spool", "site": {"kerberos": False, "lines": []}}


@pytest.fixture
def pausing(tmp_path):
    return sweeps.write(tmp_path, PAUSE, "pausing")


def reading(home, **options):
    """Submit one point over the file a.txt."""
    (home / "a.txt").write_text("first")
    notebook = sweeps.write(home, READ, "reading")
    return sweeps.submit(notebook, {"inputs": {"files": "*.txt", "bundle": 1}}, run=home / "run", **options)


def resumed(status, **options):
    said = []
    resuming.resume(status.run.directory, Options(**options), say=said.append)
    return status_of(status.run.directory), said


def sent(status):
    """Return the points of the latest round."""
    return sorted(index for chunk in status.run.rounds[-1].chunks for index in chunk.indexes)


@pytest.mark.early(begin=swept(TOY, TWENTY, per_job=10))
def test_twenty_points_in_two_jobs_equal_those_of_this_computer(early, until, tmp_path):
    here = sweeps.submit(Path("notebooks/beam/made.ipynb"), TWENTY, run=tmp_path / "here", **sweeps.HERE)
    status = until(early)
    assert status.counts["done"] == 20
    assert [len(state.chunk.indexes) for state in status.chunks] == [10, 10]
    assert here.good, list(about_run(here))
    for one in (status, here):
        gather(one)
        assert len(list((one.run.directory / "outputs").glob("*/*"))) == 60
        assert collect(one) == 0
    assert table(status.run) == table(here.run)
    assert sweeps.differing_files(status, here) == []


@pytest.mark.early(begin=swept(TOY, TWENTY, {"limit": 17.0}, per_job=10))
def test_three_points_that_raise_fail_alone_and_resume_has_nothing_to_do(early, until):
    status = until(early)
    assert (status.counts["done"], status.counts["failed"]) == (17, 3)
    assert {failure[2] for failure in status.results.failures.values()} == {3}  # the number of the cell
    assert [(state.job.state, state.job.exit, state.job.holds) for state in status.chunks] == [("done", 0, 0)] * 2
    again, said = resumed(status)
    assert len(again.run.rounds) == 1
    assert "nothing is missing" in said[0]
    Path(sweeps.MENDED).touch()
    again, _ = resumed(status, retry_failed=True)
    until(again)
    assert again.counts["done"] == 20
    assert sent(again) == [17, 18, 19]


@pytest.mark.early(begin=reading)
def test_inputs_travel_with_their_jobs(early, until):
    assert "files" in (early.run.rounds[0].directory / "job.sub").read_text()
    assert until(early).good


def test_an_input_that_is_missing_is_refused_before_anything_is_written(submitted, tmp_path):
    notebook = sweeps.write(tmp_path, READ, "reading")
    with pytest.raises(FileNotFoundError, match=r"no file matches b\.t\*"):
        submitted(notebook, {"inputs": {"files": "b.t*"}})
    assert not (tmp_path / "run").exists()


def on_hold(home):
    return reading(home, extra=["hold = True"])


@pytest.mark.early(begin=on_hold)
def test_an_input_that_vanishes_holds_the_job_by_name_and_resume_waits_until_it_is_back(early, until):
    vanished = Path("a.txt").absolute()
    vanished.rename("gone")
    condor.release(sending.cluster_of(early.run.rounds[0]))
    until(early, lambda status: status.counts["held"] and status.chunks[0].job.code == 13)
    (words,) = about_run(early)
    assert f"an input file could not be sent: {vanished}" in words
    with pytest.raises(RuntimeError, match=r"a\.txt is still not there, and 1 jobs were held for it"):
        resumed(early)
    Path("gone").rename(vanished)
    again, _ = resumed(early, extra=[])
    assert until(again).good
    assert once_each(again)


@pytest.mark.early(begin=swept(HOG, {"mb": [1, 2, 400, 3]}, per_job=4, memory_mb=300))
def test_a_point_over_its_memory_is_ended_alone_and_resumed_larger(early, until):
    status = until(early)
    assert (status.counts["done"], status.counts["memory"]) == (3, 1)
    assert status.chunks[0].job.holds == 0
    again, said = resumed(status)
    assert "1 of them with more memory" in said[0]
    assert until(again).good
    assert once_each(again) is False  # the point has two lines, one of them done
    assert [list(chunk.indexes) for chunk in again.run.rounds[-1].chunks] == [[2]]
    assert again.run.rounds[-1].chunks[0].memory_mb >= 600


@pytest.mark.early(begin=swept(HOG, {"mb": [400]}, {"pause": 8}, memory_mb=200, guard=False))
def test_without_the_guard_the_memory_ladder_brings_it_through(early, until):
    status = until(early)
    assert status.good
    job = status.chunks[0].job
    assert 1 <= job.holds <= 3  # how many depends on when HTCondor looks
    assert job.starts == job.holds + 1
    assert job.request_mb >= 200 * 2**job.holds


@pytest.mark.early(begin=swept(KILL, {"x": [1, 2, 3]}, per_job=3))
def test_a_point_that_is_killed_midway_dies_alone_and_runs_again(early, until):
    assert "".join(until(early).results.letters) == "dxd"
    assert (early.counts["died"], early.chunks[0].job.starts, early.chunks[0].job.holds) == (1, 1, 0)
    Path(sweeps.MENDED).touch()
    again, said = resumed(early)
    assert said[0] == "1 points are sent again"
    assert until(again).good
    assert sent(again) == [1]


@pytest.mark.early(begin=swept(KILL, {"x": [1, 2, 3]}, {"victim": "worker"}, per_job=3, isolation="kernel"))
def test_a_killed_worker_is_retried_by_the_pool_and_what_did_not_come_back_runs_again(early, until):
    job = until(early).chunks[0].job
    assert (job.state, job.starts) == ("failed", 3)
    came_back = early.counts["done"]
    assert early.counts["missing"] == 3 - came_back > 0
    Path(sweeps.MENDED).touch()
    again, _ = resumed(early)
    assert until(again).good
    assert once_each(again)
    assert len(sent(again)) == 3 - came_back


@pytest.mark.early(begin=swept(TOY, {"x": [1]}, environment=NOWHERE))
def test_a_wrong_environment_is_retried_and_told_by_its_words(early, until):
    job = until(early).chunks[0].job
    assert (job.exit, job.starts) == (65, 3)
    assert "its worker ended with exit status 65" in next(iter(about_run(early)))
    error = next(early.run.rounds[0].printed(early.chunks[0].chunk)).read_text()
    assert "run.sh: there is no /nowhere/bin/python" in error


@pytest.mark.early(begin=swept(TOY, {"x": [1]}, cpus=64))
def test_jobs_that_no_machine_takes_wait_and_why_names_the_clause(early, until, eventually):
    until(early, lambda status: status.counts["waiting"] == 1 and status.chunks[0].job)
    cluster = sending.cluster_of(early.run.rounds[0])
    assert eventually(lambda: "64 CPUs" in explain_waiting(cluster, 0), 60)
    assert explain_waiting(cluster, 0) == "64 CPUs: no machine has them"


@pytest.mark.early(begin=swept(TOY, EIGHT, per_job=2, extra=["max_materialize = 2"]))
def test_late_materialised_jobs_are_counted_all(early, until):
    assert until(early).counts["done"] == 8
    assert len(early.logs["001"].jobs) == 4


@pytest.mark.early(begin=swept(TOY, {"x": [1, 2]}, per_job=1, output_url="root://eos.host//eos/user/me/run"))
def test_results_may_go_to_another_place(early, until, pool_environment):
    assert until(early).good
    far = Path(pool_environment["CONDOR_POOL_STATE"]) / "eos/user/me/run"
    assert sorted(path.name for path in far.iterdir()) == ["r001_000000.tar", "r001_000001.tar"]
    assert not list(early.run.results.glob("*.tar"))
    with pytest.raises(RuntimeError, match=r"is not here; it went to the address given as output_url"):
        collect(early)


@pytest.mark.early(begin=swept(TOY, {"x": [1, 2, 3, 4]}, per_job=2, **SPOOL))
def test_results_of_a_spooled_run_are_fetched(early, eventually):
    assert eventually(lambda: status_of(early.run.directory).good, sweeps.PATIENCE)
    assert not condor.queue(sending.cluster_of(early.run.rounds[0]))


@pytest.mark.early(begin=swept(TOY, {"x": [1]}))
def test_the_record_names_cluster_schedd_version_and_command(early):
    about = json.loads((early.run.rounds[0].directory / "submitted.json").read_text())
    assert about["cluster"] > 0
    assert about["schedd"].endswith("localdomain")
    assert about["condor"] == "23.9.6"
    assert about["command"] == "condor_submit -terse job.sub"
    assert batch_run(early.run.directory).submission["rounds"] == ["001"]


def test_a_worker_stops_before_the_end_of_its_time_and_resume_does_the_rest(pausing, submitted, until):
    status = until(submitted(pausing, {"x": {"range": [1, 27]}}, {"pause": 1.0}, per_job=27, max_runtime=30))
    assert status.chunks[0].job.exit == 0
    assert 0 < status.counts["done"] < 27
    assert status.counts["missing"] == 27 - status.counts["done"]
    again, said = resumed(status, max_runtime=90)
    assert "in shorter jobs" in said[0]
    assert max(len(chunk.indexes) for chunk in again.run.rounds[-1].chunks) <= 13
    assert until(again).good
    assert once_each(again)


@pytest.mark.early(begin=swept(BLOCK, {"x": [1, 2, 3, 4]}, per_job=1))
def test_a_removed_job_runs_again_and_what_came_back_does_not(early, until):
    status = until(early, lambda status: (status.counts["done"], status.counts["running"]) == (2, 2))
    cluster = sending.cluster_of(status.run.rounds[0])
    subprocess.run(["condor_rm", f"{cluster.number}.3"], check=True, capture_output=True)
    until(status, lambda status: status.counts["missing"] == 1)
    with pytest.raises(RuntimeError, match=r"cluster \d+ 1 jobs run and 0 wait; --wait waits"):
        resumed(status)
    status = stopping.stop(status.run.directory, say=lambda _text: None)
    assert (status.counts["done"], status.counts["missing"]) == (2, 2)
    assert "removed" in next(iter(about_run(status)))
    Path(sweeps.MENDED).touch()
    again, said = resumed(status)
    assert said[0] == "2 points are sent again"
    assert until(again).good
    assert sent(again) == [2, 3]
    assert once_each(again)


def test_a_job_held_by_its_user_is_shown_so_and_resumed(pausing, submitted, until):
    status = submitted(pausing, {"x": [1, 2]}, {"pause": 3.0}, per_job=1)
    until(status, lambda status: status.counts["running"] == 2)
    condor.hold(sending.cluster_of(status.run.rounds[0]))
    until(status, lambda status: status.counts["held"] == 2)
    assert "2 jobs: held by" in next(iter(about_run(status)))
    condor.release(sending.cluster_of(status.run.rounds[0]))
    assert until(status).good


def test_a_vacated_job_starts_over_or_continues_and_no_point_counts_twice(pausing, submitted, until):
    runs = {
        keep: submitted(
            pausing, {"x": {"range": [1, 6]}}, {"pause": 1.0}, f"{keep}", per_job=6, keep_on_evict=keep
        )
        for keep in (False, True)
    }
    for status in runs.values():  # progress reaches the log before the job ends
        until(status, lambda status: status.underway >= 1)
        assert status.counts["done"] == 0
        cluster = sending.cluster_of(status.run.rounds[0])
        subprocess.run(["condor_vacate_job", f"{cluster.number}.0"], check=True, capture_output=True)
    for keep, status in runs.items():
        assert until(status).good
        assert once_each(status)
        job = status.chunks[0].job
        assert (job.starts, job.done, job.total) == (2, 6, 6)
        first = min(line["started"] for line in status.results.lines())
        assert (first[:19] < evicted(status)) == keep


def evicted(status):
    """Return when the job was evicted, in UTC."""
    event = next(line for line in status.run.rounds[0].log.read_text().splitlines() if line.startswith("004"))
    moment = time.mktime(time.strptime(event[18:37], "%Y-%m-%d %H:%M:%S"))
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
