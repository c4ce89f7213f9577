"""A round reaches HTCondor once, and what is written about it is true, whatever fails in between."""

import json
import os
import platform
import subprocess
import sys

import pytest

from kit import files
from kit.batch import condor, resuming, sending, stopping
from kit.batch.condor import Cluster, CondorError
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.sites import Site
from kit.batch.status import status_of
from kit.batch.tenancy import birth

SITE = Site("condor", "asked for")
QUEUED = json.dumps([{"ClusterId": 17, "GlobalJobId": "schedd.here#17.0#1"}])


@pytest.fixture
def round_(toy, sent, commands):
    """Return a round that is written, and was not sent."""
    made = sent(toy, {"x": [1, 2]}, per_job=1, dry_run=True)
    assert commands.calls("condor_submit") == []
    return made.latest


def send(round_, submit=None):
    submit = submit or (lambda: condor.submit(round_.directory / "job.sub"))
    return sending.send([round_], SITE, "toy-a1b2c3", submit, "condor_submit -terse job.sub")


def note_intent(round_, **about):
    """Leave a round as a submission that was cut short leaves it."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    intent = {"profile": "condor", "name": "toy-a1b2c3", "dag": None, "host": platform.node(), "pid": gone.pid,
              "born": "1"}  # fmt: skip
    files.write_json(round_.directory / sending.INTENT, intent | about)


def submitted_event(round_, cluster):
    text = f"000 ({cluster:03d}.000.000) 2026-11-20 09:19:02 Job submitted from host: <a?alias=other.here&a>"
    round_.log.write_text(f"{text}\n    chunk 000000\n...\n")


def test_the_record_has_cluster_schedd_version_profile_and_command(round_):
    assert send(round_) == Cluster(17, "schedd.here")
    about = round_.submitted
    expected = {
        "cluster": 17,
        "schedd": "schedd.here",
        "condor": "23.9.6",
        "profile": "condor",
        "ground": "asked for",
        "command": "condor_submit -terse job.sub",
        "name": "toy-a1b2c3",
        "pid": os.getpid(),
        "log": str(round_.log),
    }
    assert {name: about[name] for name in expected} == expected
    assert sending.cluster_of(round_) == Cluster(17, "schedd.here")


def test_where_the_queue_does_not_answer_the_first_event_names_the_schedd(round_, commands):
    commands.fails("condor_q", "Failed to connect")
    submitted_event(round_, 17)
    assert send(round_).schedd == "other.here"


def test_a_refused_submission_is_marked_as_such_and_repeating_it_is_safe(toy, sent, commands, tmp_path):
    commands.fails("condor_submit", "ERROR: the schedd is full")
    (commands.folder / "condor_q").write_text("#!/bin/sh\n")  # nothing of ours is in the queue
    with pytest.raises(CondorError, match="condor_submit: ERROR: the schedd is full"):
        sent(toy, {"x": [1, 2, 3, 4]}, per_job=2)
    run = batch_run(tmp_path / "run")
    about = run.rounds[0].submitted
    assert (about["state"], "cluster" in about) == ("not submitted", False)
    assert "the schedd is full" in about["reason"]
    status = status_of(run.directory)
    assert not status.alive
    assert status.counts["missing"] == 4
    assert "round 001 was not submitted: `kit resume` does" in status.notes
    commands.says("condor_submit", "17.0 - 17.1\n")
    resuming.resume(run.directory, Options(), say=lambda _text: None)
    assert [round_.number for round_ in run.rounds] == ["001", "002"]
    assert sorted(index for chunk in run.rounds[1].chunks for index in chunk.indexes) == [0, 1, 2, 3]
    assert run.rounds[1].submitted["cluster"] == 17


def test_a_submission_that_failed_after_the_pool_had_the_jobs_is_taken_as_done(round_, commands):
    commands.fails("condor_submit", "connection lost")
    commands.says("condor_q", QUEUED)
    assert send(round_) == Cluster(17, "schedd.here")
    assert round_.submitted["cluster"] == 17
    assert any('JobBatchName == "toy-a1b2c3"' in call for call in commands.calls("condor_q"))


def test_a_failed_submission_of_which_the_queue_does_not_tell_is_no_refusal(round_, commands):
    commands.fails("condor_submit", "connection lost")
    commands.fails("condor_q", "Failed to connect")
    with pytest.raises(SubmissionError, match=r"whether the jobs of toy-a1b2c3 are in the queue cannot be told"):
        send(round_)
    assert round_.submitted is None  # to be settled when it answers


def blocked(round_):
    """Submit, and let the record be unwritable."""
    (round_.directory / "submitted.json" / "in the way").mkdir(parents=True)
    return 17


def test_jobs_whose_number_cannot_be_noted_are_taken_back(round_, commands):
    with pytest.raises(OSError, match="directory"):
        send(round_, lambda: blocked(round_))
    assert commands.calls("condor_rm") == ["-constraint ClusterId == 17"]


def test_jobs_that_can_be_neither_noted_nor_taken_back_are_told_by_their_number(round_, commands):
    commands.fails("condor_rm", "Failed to connect")
    with pytest.raises(
        SubmissionError, match=r"in the queue as cluster 17 and could not be removed .*: condor_rm 17"
    ):
        send(round_, lambda: blocked(round_))


def test_a_submission_cut_short_is_settled_by_its_event_log(round_, commands):
    note_intent(round_)
    submitted_event(round_, 23)
    commands.says("condor_q", "")  # its jobs have ended since
    assert sending.settle(round_) == "round 001 did reach HTCondor, as cluster 23"
    assert sending.cluster_of(round_) == Cluster(23, "other.here")
    assert sending.settle(round_) == ""


def test_the_queue_tells_the_name_of_the_schedd_of_which_the_log_has_the_machine_alone(round_, commands):
    note_intent(round_)
    submitted_event(round_, 23)
    commands.says("condor_q", json.dumps([{"ClusterId": 23, "GlobalJobId": "games@other.here#23.0#1"}]))
    assert sending.settle(round_) == "round 001 did reach HTCondor, as cluster 23"
    assert sending.cluster_of(round_) == Cluster(23, "games@other.here")


def test_jobs_whose_schedd_does_not_answer_are_settled_when_it_does(round_, commands):
    note_intent(round_)
    submitted_event(round_, 23)
    commands.fails("condor_q", "Failed to connect")
    with pytest.raises(SubmissionError, match=r"Failed to connect; repeat when it answers"):
        sending.settle(round_)
    assert round_.submitted is None


def test_without_an_event_the_queue_settles_it(round_, commands):
    note_intent(round_)
    commands.says("condor_q", QUEUED)
    assert sending.settle(round_) == "round 001 did reach HTCondor, as cluster 17"


def test_status_sees_the_jobs_of_a_submission_cut_short_and_hold_reaches_them(round_, commands, tmp_path):
    note_intent(round_)
    unclear = "whether round 001 reached HTCondor is unclear: `kit resume` finds out"
    assert unclear in status_of(tmp_path / "run").notes
    submitted_event(round_, 23)
    status = status_of(tmp_path / "run")
    assert (status.alive, status.counts["waiting"], status.notes) == (True, 2, [])
    assert round_.submitted is None  # looking writes nothing
    commands.says("condor_q", json.dumps([{"ClusterId": 23, "GlobalJobId": "games@other.here#23.0#1"}]))
    text = "012 (023.000.000) 2026-11-20 10:03:00 Job was held.\n\tvia condor_hold\n\tCode 1 Subcode 0\n...\n"
    with round_.log.open("a") as stream:
        stream.write(text)
    commands.does("condor_release")
    said = []
    stopping.release(tmp_path / "run", said.append)
    assert "the jobs of cluster 23 are released" in said
    (call,) = commands.calls("condor_release")
    assert call.startswith("-name games@other.here")


def test_what_neither_log_nor_queue_knows_never_arrived(round_, commands):
    note_intent(round_)
    commands.says("condor_q", "")
    assert sending.settle(round_) == "round 001 never reached HTCondor"
    assert round_.submitted["state"] == "not submitted"
    assert sending.cluster_of(round_) is None


def test_what_the_queue_does_not_tell_stays_open(round_, commands):
    note_intent(round_)
    commands.fails("condor_q", "Failed to connect")
    with pytest.raises(
        SubmissionError, match="cannot be told: condor_q: Failed to connect; repeat when it answers"
    ):
        sending.settle(round_)
    assert round_.submitted is None


def test_a_submission_that_goes_on_elsewhere_is_waited_for(round_, commands, python):
    commands.says("condor_q", QUEUED)
    other = python("-c", "import time; time.sleep(60)")
    note_intent(round_, pid=other.pid, born=birth(other.pid))
    with pytest.raises(SubmissionError, match=rf"round 001 is being submitted by process {other.pid} just now"):
        sending.settle(round_)
    note_intent(round_, pid=other.pid, born="7")  # the number was given to another since
    assert sending.settle(round_) == "round 001 did reach HTCondor, as cluster 17"


def test_the_pool_of_this_computer_has_no_cluster(toy, launched):
    assert sending.cluster_of(launched(toy, {"x": [1]}).run.rounds[0]) is None
