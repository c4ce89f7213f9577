"""Why something is not done: everything about one point, a run as a whole, a job that waits."""

import time

import pytest

from kit.batch import resuming, why
from kit.batch.condor import Cluster
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.points import read_ids
from kit.batch.status import status_of

ANALYSIS = """
The Requirements expression for job 17.000 is

    (TARGET.Arch == "X86_64") && (TARGET.Cpus >= RequestCpus) && (TARGET.Memory >= RequestMemory)

Job 17.000 defines the following attributes:

    RequestCpus = 64
    RequestMemory = ifThenElse(isUndefined(NumHolds),300,min({max({300 * pow(2,NumHolds)}),16000}))

The Requirements expression for job 17.000 reduces to these conditions:

         Slots
Step    Matched  Condition
-----  --------  ---------
[0]           8  TARGET.Arch == "X86_64"
"""


def test_a_point_is_named_by_its_number_or_the_beginning_of_its_id(toy, sent):
    status = status_of(sent(toy, {"x": {"range": [1, 40]}}, per_job=20).batch.directory)
    ids = read_ids(status.run.points)
    assert why.point_named(status, "7").parameters["x"] == 8.0
    for index in (0, 39):
        assert why.point_named(status, ids[index]).index == index
        assert why.point_named(status, ids[index][:15]).index == index
    common = next(
        name[0] for name in ids if not name[0].isdigit() and sum(other[0] == name[0] for other in ids) > 1
    )
    number = sum(name[0] == common for name in ids)
    with pytest.raises(SubmissionError, match=rf"^{number} points begin with {common}; .* a number from 0 to 39$"):
        why.point_named(status, common)
    with pytest.raises(SubmissionError, match="no point begins with nothing; should be an id, its beginning"):
        why.point_named(status, "nothing")


def test_a_failed_point_tells_values_cell_error_attempts_files_and_where_its_output_is(toy, launched):
    status = launched(toy, {"x": [1, 5]}, {"limit": 4.0})
    about = why.about_point(status, why.point_named(status, "1"))
    assert (about["state"], about["parameters"]) == ("failed", {"x": 5.0, "limit": 4.0})
    assert (about["error"]["cell"], about["error"]["name"]) == (3, "ValueError")
    assert [(attempt["round"], attempt["state"]) for attempt in about["attempts"]] == [("001", "failed")]
    assert about["files"] == ["toy.ipynb"]
    assert [path.rpartition(".")[2] for path in about["printed"]] == ["err", "out"]
    lines = list(why.told(about))
    assert lines[0] == f"point 1 ({about['id']}): failed"
    assert "  x = 5.0" in lines
    assert "  cell 3: ValueError: 5.0 is above 4.0" in lines
    assert "  files: toy.ipynb" in lines
    done = why.about_point(status, why.point_named(status, "0"))
    assert (done["state"], done["error"]) == ("done", None)
    assert set(done["files"]) == {"toy.ipynb", "x.txt", "summary.json"}


def test_a_held_point_tells_words_advice_the_pools_own_text_and_what_its_worker_printed(toy, sent):
    made = sent(toy, {"x": [1, 2]}, per_job=1)
    made.begin(0, 1)
    text = "Transfer input files failure: reading from file /data/a.root: (errno 2) No such file or directory"
    made.tell("hold", 0, f"{text}\n\tCode 13 Subcode 2")
    error = next(made.latest.printed(made.latest.chunks[0]))
    error.write_text("".join(f"line {number}\n" for number in range(100)))
    status = status_of(made.batch.directory)
    about = why.about_point(status, why.point_named(status, "0"))
    assert about["state"] == "held"
    job = about["job"]
    assert (job["reason"], job["text"]) == ("an input file could not be sent: /data/a.root", text)
    assert job["stderr"] == [f"line {number}" for number in range(85, 100)]
    lines = list(why.told(about))
    assert any(line.startswith("  job: an input file could not be sent: /data/a.root → ") for line in lines)
    assert f"    {text}" in lines
    assert why.about_point(status, why.point_named(status, "1"))["state"] == "running"


def test_a_point_that_was_done_in_its_second_attempt_is_done_and_shows_both(toy, sent):
    made = sent(toy, {"x": [1]}, per_job=1)
    made.begin(0)
    made.bring({0: "failed"})
    made.bring({0: "done"})
    made.tell("end", 0)
    status = status_of(made.batch.directory)
    about = why.about_point(status, why.point_named(status, "0"))
    assert [attempt["state"] for attempt in about["attempts"]] == ["failed", "done"]
    assert (about["state"], about["error"]) == ("done", None)


def test_a_point_tells_of_the_job_of_its_latest_round(toy, sent):
    made = sent(toy, {"x": [1]}, per_job=1)
    made.begin(0)
    made.tell("remove", 0, "via condor_rm (by user alice)")
    resuming.resume(made.batch.directory, Options(), say=lambda _text: None)
    made.begin(0)
    status = status_of(made.batch.directory)
    about = why.about_point(status, why.point_named(status, "0"))
    assert (about["state"], about["job"]["round"], about["job"]["job"]) == ("running", "002", "running")


def test_a_run_tells_failures_and_jobs_by_reason_with_count_and_first_example(toy, sent):
    made = sent(toy, {"x": {"range": [1, 8]}}, per_job=2)
    made.begin(0, 1, 2, 3)
    made.bring({0: "failed", 1: "failed"})
    made.tell("end", 0)
    for process in (1, 2):
        made.tell("hold", process, "checked by hand (by user alice)\n\tCode 1 Subcode 0")
    made.bring({6: "done", 7: "done"})
    made.tell("end", 3)
    status = status_of(made.batch.directory)
    failed, held = why.about_run(status)
    assert failed == "2 failed: cell 3: ValueError: too big (first: point 0)"
    assert held == ("2 jobs: held by alice → `kit release` (first: chunk 000002; checked by hand (by user alice))")


def test_points_that_wait_or_run_are_told_since_when(toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=1)
    made.begin(0, 1, 2)
    made.tell("evict", 2)
    made.bring({0: "done"})
    made.tell("end", 0)
    status = status_of(made.batch.directory)
    assert list(why.underway(status)) == [
        "1 points waiting since 2026-11-20 10:00:00",
        "1 points running since 2026-11-20 10:01:00",
    ]


def test_a_good_run_has_nothing_to_tell(toy, sent):
    made = sent(toy, {"x": [1, 2]}, per_job=1)
    made.begin(0, 1)
    made.bring({0: "done", 1: "done"})
    made.tell("end", 0)
    made.tell("end", 1)
    status = status_of(made.batch.directory)
    assert status.good
    assert list(why.about_run(status)) == list(why.underway(status)) == []
    assert why.waiting_for(status) == ""


@pytest.mark.parametrize(
    ("clause", "words"),
    [
        ("TARGET.Cpus >= RequestCpus", "64 CPUs: no machine has them"),
        ("TARGET.Memory >= RequestMemory", "300 MB of memory: no machine has them"),
        ('TARGET.HasFileTransfer =!= "no"', 'TARGET.HasFileTransfer =!= "no": no machine has them'),
    ],
)
def test_the_clause_that_no_machine_meets_is_named_with_the_number_that_was_asked_for(commands, clause, words):
    commands.says("condor_q", f"{ANALYSIS}[2]           0  {clause}\n")
    assert why.explain_waiting(Cluster(17, "schedd.here"), 3) == words
    assert commands.calls("condor_q") == ["-name schedd.here -better-analyze 17.3"]


def test_a_job_that_machines_would_take_waits_for_its_turn(commands):
    commands.says("condor_q", ANALYSIS)
    assert why.explain_waiting(Cluster(17, ""), 0) == "machines would take it; it waits for its turn"


def test_only_a_job_that_waits_longer_than_ten_minutes_is_looked_into_and_one_of_them(toy, sent, commands):
    made = sent(toy, {"x": [1, 2]}, per_job=1)
    asked = len(commands.calls("condor_q"))
    for process, age in ((0, 590), (1, 610)):
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - age))
        event = f"000 (017.{process:03d}.000) {when} Job submitted from host: <a>\n    chunk 00000{process}\n"
        with made.latest.log.open("a") as log:
            log.write(f"{event}...\n")
        commands.says("condor_q", f"{ANALYSIS}[2]           0  TARGET.Cpus >= RequestCpus\n")
        told = why.waiting_for(status_of(made.batch.directory))
        assert told == ("64 CPUs: no machine has them" if age > 600 else "")
    assert commands.calls("condor_q")[asked:] == ["-name schedd.here -better-analyze 17.1"]
    commands.fails("condor_q", "Failed to connect")
    assert why.waiting_for(status_of(made.batch.directory)) == "condor_q: Failed to connect"
