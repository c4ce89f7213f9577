"""Of jobs that were spooled only the queue knows; all comes home, once, when the last has ended."""

import json

import pytest

from kit.batch import spooled
from kit.batch.status import Status


@pytest.fixture(autouse=True)
def _nobody_asked(monkeypatch):
    monkeypatch.setattr(spooled, "_asked", {})


@pytest.fixture
def queue(commands, tmp_path):
    """Return a function that says what the queue answers, which counts how often it was asked."""

    def answer(*adverts, command="cat"):
        (tmp_path / "queue.json").write_text(json.dumps(adverts) if adverts else "")
        return commands.does("condor_q", f"{command} '{tmp_path}/queue.json'")

    return answer


@pytest.fixture
def spooled_run(written):
    """Return a run of three points in two jobs that were spooled; no log is here."""
    made = written(3)
    made.send([0, 1], [2], spool=True).log.unlink()
    return made


def job(process, status, **more):
    return {"ProcId": process, "JobStatus": status, "NumJobStarts": 1} | more


def read(made, again=True):
    if again:
        spooled._asked.clear()
    status = Status(made.batch)
    status.read()
    return status


def told(status):
    return {state: number for state, number in status.counts.items() if number}


def test_states_come_from_one_question_about_one_cluster(spooled_run, queue):
    held = {"HoldReason": "No such file", "HoldReasonCode": 13, "HoldReasonSubCode": 2}
    calls = queue(job(0, 2), job(1, 5, **held))
    status = read(spooled_run)
    assert told(status) == {"running": 2, "held": 1}
    assert (status.chunks[1].job.code, status.chunks[1].job.subcode) == (13, 2)
    assert status.chunks[1].job.reason == "No such file"
    (call,) = calls()
    assert "-name schedd.here -constraint ClusterId == 17 -json" in call


@pytest.mark.parametrize(
    ("number", "counted"),
    [(1, "waiting"), (2, "running"), (3, "missing"), (4, "missing"), (5, "held"), (6, "running"), (7, "running")],
)
def test_htcondors_numbers_are_states(spooled_run, queue, number, counted):
    queue(job(0, 1), job(1, number))
    assert read(spooled_run).counts[counted] == (3 if counted == "waiting" else 1)


def test_undefined_attributes_are_absent_or_null(spooled_run, queue):
    queue({"ProcId": 0, "JobStatus": 1}, job(1, 2, HoldReason=None, ExitCode=None, NumJobStarts=None))
    status = read(spooled_run)
    assert told(status) == {"waiting": 2, "running": 1}
    assert status.chunks[0].job.starts == 0


def test_it_is_not_asked_more_than_every_ten_seconds(spooled_run, queue):
    calls = queue(job(0, 2), job(1, 2))
    for _ in range(3):
        read(spooled_run, again=False)
    assert len(calls()) == 1
    assert spooled.INTERVAL == 10


def test_nothing_is_fetched_while_one_job_has_not_ended(spooled_run, queue, commands):
    fetched, removed = commands.does("condor_transfer_data"), commands.does("condor_rm")
    queue(job(0, 4), job(1, 2))
    assert told(read(spooled_run)) == {"running": 1, "missing": 2}
    assert (fetched(), removed()) == ([], [])


def test_when_the_last_has_ended_all_is_fetched_then_removed_and_never_asked_for_again(
    spooled_run, queue, commands, tmp_path
):
    made = spooled_run
    asked = queue(job(0, 4), job(1, 4))
    spooled_run.tell("submit", 0, "chunk 000000")
    spooled_run.tell("end", 0)
    spooled_run.tell("submit", 1, "chunk 000002")
    spooled_run.tell("end", 1)
    spooled_run.bring({0: "done", 1: "done"})
    spooled_run.bring({2: "failed"}, chunk="000002")
    log, home = made.batch.rounds[0].log, made.batch.directory
    (tmp_path / "spool").mkdir()
    log.rename(tmp_path / "spool" / log.name)
    (home / "results").rename(tmp_path / "spool" / "results")
    bring = f"cp '{tmp_path}/spool/{log.name}' '{log}' && cp -r '{tmp_path}/spool/results' '{home}/results'"
    fetched = commands.does("condor_transfer_data", bring)
    removed = commands.does("condor_rm", f"test -f '{log}'")
    assert told(read(made)) == {"done": 2, "failed": 1}
    assert fetched() == ["-name schedd.here 17"]
    assert removed() == ["-name schedd.here -constraint ClusterId == 17"]
    assert not spooled.is_at_schedd(made.batch.rounds[0])
    assert told(read(made)) == {"done": 2, "failed": 1}
    assert (len(asked()), len(fetched()), len(removed())) == (1, 1, 1)


def test_a_queue_that_does_not_answer_changes_nothing_and_is_shown(spooled_run, queue, commands):
    queue(job(0, 2), job(1, 2))
    status = Status(spooled_run.batch)
    status.read()
    commands.does("condor_q", "echo 'Failed to connect to schedd' >&2; exit 1")
    spooled._asked.clear()
    status.read()
    assert told(status) == {"running": 3}
    assert "condor_q: Failed to connect to schedd" in status.notes


def test_jobs_that_could_not_be_fetched_stay_in_the_queue(spooled_run, queue, commands):
    queue(job(0, 4), job(1, 4))
    commands.does("condor_transfer_data", "echo 'disk is full' >&2; exit 1")
    removed = commands.does("condor_rm")
    assert "condor_transfer_data: disk is full" in read(spooled_run).notes
    assert removed() == []
    assert spooled.is_at_schedd(spooled_run.batch.rounds[0])


def test_jobs_that_are_gone_from_the_queue_are_missing_not_waited_for(spooled_run, queue, commands):
    fetched = commands.does("condor_transfer_data")
    queue()
    status = read(spooled_run)
    assert fetched() == []
    assert told(status) == {"missing": 3}
    assert not status.alive


@pytest.mark.parametrize("about", [{"spool": False}, {"fetched": "now"}, {"removed": "now"}])
def test_only_spooled_rounds_are_at_the_schedd_and_only_until_they_are_fetched(written, about):
    made = written(1)
    assert spooled.is_at_schedd(made.send([0], spool=True))
    assert not spooled.is_at_schedd(made.send([0], **({"spool": True} | about)))
    assert not spooled.is_at_schedd(made.write([0]))
