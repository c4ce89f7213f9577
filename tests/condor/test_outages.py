"""The schedd, or the whole pool, goes away while jobs run: nothing is lost, and nothing is done twice."""

import pytest

from kit.batch import resuming, sending, stopping
from kit.batch.options import Options
from kit.batch.status import status_of
from tests.condor import sweeps
from tests.condor.sweeps import PAUSE, once_each


def running(home, until, pause):
    status = sweeps.submit(
        sweeps.write(home, PAUSE), {"x": [1, 2, 3, 4]}, {"pause": pause}, run=home / "run", per_job=2
    )
    return until(status, lambda status: status.counts["running"] == 4)


def test_jobs_run_on_while_the_schedd_crashes_and_comes_back(until, pool, tmp_path):
    status = running(tmp_path, until, 2.5)
    pool("crash")
    assert until(status).good
    assert [state.job.starts for state in status.chunks] == [1, 1]
    assert once_each(status)
    said = []
    resuming.resume(status.run.directory, Options(), say=said.append)
    assert said == ["nothing is missing: 4 of 4 points are done"]


def test_with_the_pool_away_the_state_stays_and_afterwards_the_jobs_start_over(until, pool, tmp_path):
    status = running(tmp_path, until, 1.0)
    before = dict(status.counts)
    pool("stop")
    try:
        assert status_of(status.run.directory).counts == before
        with pytest.raises(RuntimeError, match="condor_rm: "):
            stopping.stop(status.run.directory, say=lambda _text: None)
        with pytest.raises(RuntimeError, match=f"cluster {sending.cluster_of(status.run.rounds[0]).number}"):
            resuming.resume(status.run.directory, Options(), say=lambda _text: None)
    finally:
        pool("start")
    assert until(status).good
    assert once_each(status)
