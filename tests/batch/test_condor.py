"""HTCondor's commands: each is asked once, in one question, and its own words are what a person reads."""

import json
import time

import pytest

from kit.batch import condor
from kit.batch.condor import Cluster, CondorError

THERE = Cluster(17, "bigbird10.cern.ch")


def test_a_submission_happens_in_the_folder_of_its_description_and_gives_the_cluster(commands, tmp_path):
    (tmp_path / "round").mkdir()
    (commands.folder / "condor_submit").write_text('#!/bin/sh\npwd >"${0%/*}/where"\necho "17.0 - 17.1"\n')
    assert condor.submit(tmp_path / "round" / "job.sub", "-spool") == 17
    assert (commands.folder / "where").read_text().strip() == str(tmp_path / "round")


def test_the_commands_are_called_as_the_specification_says(commands, tmp_path):
    condor.submit(tmp_path / "job.sub", "-spool")
    assert commands.calls("condor_submit") == ["-terse -spool job.sub"]
    assert condor.submit_dag(tmp_path / "round.dag", "masses-a1", 500) == 18
    assert commands.calls("condor_submit_dag") == [
        "-maxidle 1000 -batch-name masses-a1 -notification never -maxjobs 500 round.dag"
    ]
    condor.remove(THERE)
    assert commands.calls("condor_rm") == ["-name bigbird10.cern.ch -constraint ClusterId == 17"]


def test_a_cluster_is_asked_for_by_one_constraint_at_its_schedd_without_lists_of_jobs(commands):
    jobs = [{"ClusterId": 17, "ProcId": n, "GlobalJobId": f"bigbird10.cern.ch#17.{n}#1"} for n in range(3)]
    commands.says("condor_q", json.dumps(jobs))
    assert condor.queue(THERE, "ClusterId", "JobStatus") == jobs
    (call,) = commands.calls("condor_q")
    assert call == "-name bigbird10.cern.ch -constraint ClusterId == 17 -json -attributes ClusterId,JobStatus"
    assert condor.schedd_of(17) == "bigbird10.cern.ch"
    assert condor.find("masses-a1") == [THERE]


def test_an_empty_answer_means_no_job(commands):
    assert condor.queue(THERE) == []
    assert condor.schedd_of(17) == ""
    assert condor.find("masses-a1") == []


@pytest.mark.parametrize("words", ["Couldn't find/remove all jobs in cluster 17", "Job 17.0 not found"])
def test_jobs_that_are_gone_already_are_no_fault(commands, words):
    commands.fails("condor_rm", words)
    assert condor.remove(THERE) == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("ERROR: Failed to commit job submission into the queue", r"queue$"),
        ("AUTHENTICATE:1003: Directory name doesn't match server's", r"not of a password.*HTCONDOR-3883"),
        ("ERROR: No credential was found", "run `kinit` in a terminal, then repeat"),
        ("Error: Can't find address of local schedd", "myschedd bump"),
    ],
)
def test_a_refusal_carries_the_words_of_htcondor_and_a_hint_where_there_is_one(commands, tmp_path, words, hint):
    commands.fails("condor_submit", words)
    with pytest.raises(
        CondorError, match=rf"condor_submit: {words}.*{hint}" if hint != "queue$" else rf"{words}$"
    ):
        condor.submit(tmp_path / "job.sub")


def test_an_answer_without_a_cluster_is_shown(commands, tmp_path):
    commands.says("condor_submit", "hello\n")
    with pytest.raises(CondorError, match="condor_submit said 'hello', should name a cluster"):
        condor.submit(tmp_path / "job.sub")
    commands.says("condor_submit_dag", "")
    with pytest.raises(CondorError, match="condor_submit_dag said '', should name a cluster"):
        condor.submit_dag(tmp_path / "round.dag", "a", None)


def test_a_command_that_hangs_is_given_up_after_its_patience(commands, monkeypatch):
    assert condor.PATIENCE == 60.0
    (commands.folder / "condor_q").write_text("#!/bin/sh\nexec sleep 60\n")
    start = time.monotonic()
    with pytest.raises(CondorError, match="condor_q did not answer within 1 s"):
        condor._run(["condor_q"], patience=1.0)
    assert time.monotonic() - start < 50


def test_a_hanging_submission_with_children_that_keep_its_pipe_is_given_up_too(commands):
    (commands.folder / "condor_q").write_text("#!/bin/sh\nsleep 60\n")
    start = time.monotonic()
    with pytest.raises(CondorError, match="condor_q did not answer within 1 s"):
        condor._run(["condor_q"], patience=1.0)
    assert time.monotonic() - start < 50


def test_without_the_commands_that_is_what_is_said(no_commands):
    assert condor.works() == (False, "there is no condor_submit here")
    with pytest.raises(CondorError, match="condor_q: No such file or directory"):
        condor.queue(THERE)
    assert condor.setting("DAGMAN_USE_STRICT") == ""


def test_the_version_is_the_number_of_the_banner(commands):
    assert condor.works() == (True, "23.9.6")
    commands.says("condor_version", "nothing of that kind")
    assert condor.version() == "unknown"
