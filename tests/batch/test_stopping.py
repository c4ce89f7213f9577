"""Before others are sent it is certain that no job is left; what is held goes, what runs is not ended unasked."""

import os

import pytest

from kit import files
from kit.batch import resuming, stopping
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import status_of
from kit.batch.stopping import settled, stop

HOLD = "012 (017.00{job}.000) 2026-11-20 10:05:00 Job was held.\n\tby you\n\tCode 1 Subcode 0\n...\n"
SUBMIT = (
    "import sys\nfrom kit.batch import launching\nfrom kit.batch.options import Options\n"
    "from kit.batch.planning import make_plan\nfrom pathlib import Path\n"
    "options = Options(profile='local', workers=1, memory_mb=400, try_first=False, per_job=3)\n"
    "plan = make_plan(sys.argv[1], {}, {'x': {'range': [1, 6]}}, options)\n"
    "launching.launch(plan, Path(sys.argv[2]))\n"
)


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(stopping, "LOOK", 0.05)


@pytest.fixture
def said():
    return []


@pytest.fixture
def settle(said):
    def settle(made, *, wait=False, stop_first=False, show=lambda _status: None):
        return settled(made.batch, wait=wait, stop_first=stop_first, say=said.append, show=show)

    return settle


def test_what_runs_or_waits_is_refused_with_its_cluster_and_numbers_and_stays(written, settle, removing):
    made = written(3)
    made.send([0], [1], [2])
    made.tell("start", 0)
    removed = removing(made, 0, 1, 2)
    with pytest.raises(
        SubmissionError,
        match=r"^run: of cluster 17 1 jobs run and 2 wait; --wait waits for them, --stop removes them first$",
    ):
        settle(made)
    assert removed() == []


def test_held_jobs_are_removed_and_their_points_are_missing(written, settle, said, removing):
    made = written(3)
    made.send([0], [1, 2])
    made.bring({0: "done"})
    made.tell("end", 0)
    made.tell("hold", 1, "Code 13 Subcode 2")
    removed = removing(made, 1)
    status = settle(made)
    assert said == ["1 held jobs are removed"]
    assert removed() == ["-name schedd.here -constraint ClusterId == 17"]
    assert (status.counts["done"], status.counts["missing"], status.counts["held"]) == (1, 2, 0)


def test_a_dry_resume_removes_no_held_job(written, commands):
    made = written(2)
    made.send([0], [1])
    made.tell("end", 0)
    made.tell("hold", 1, "Code 1 Subcode 0")
    removed = commands.does("condor_rm")
    with pytest.raises(
        SubmissionError, match="run: 1 jobs are held; a resume would remove them, a dry run does not"
    ):
        resuming.resume("run", Options(dry_run=True), say=lambda _text: None)
    assert removed() == []


def test_hold_waits_until_the_log_says_so_and_release_needs_something_held(written, said, commands, tmp_path):
    made = written(2)
    made.send([0], [1])
    made.tell("start", 0)
    assert stopping.release("run", said.append).counts["running"] == 1
    assert said == ["nothing of this run can be released"]
    late = tmp_path / "late"
    late.write_text("".join(HOLD.format(job=job) for job in (0, 1)))
    held = commands.does("condor_hold", f"(sleep 0.3; cat {late} >>{made.latest.log}) >/dev/null 2>&1 &")
    assert stopping.hold("run", said.append).counts["held"] == 2
    assert held() == ["-name schedd.here -constraint ClusterId == 17 || DAGManJobId == 17"]
    assert said[1:] == ["the jobs of cluster 17 are held"]


def test_held_jobs_wait_while_others_of_the_run_still_work(written, settle, removing):
    made = written(2)
    made.send([0], [1])
    made.tell("start", 0)
    made.tell("hold", 1, "Code 13 Subcode 2")
    removed = removing(made, 0, 1)
    with pytest.raises(SubmissionError, match="1 jobs run and 0 wait"):
        settle(made)
    assert removed() == []


def test_jobs_of_an_earlier_round_count_too(written, settle):
    made = written(2)
    made.send([0])
    made.tell("start", 0)
    made.send([1], cluster=18)
    made.tell("end", 0, cluster=18)
    with pytest.raises(SubmissionError, match="of cluster 17 1 jobs run"):
        settle(made)


def test_stop_first_removes_what_lives(written, settle, said, removing):
    made = written(2)
    made.send([0], [1])
    made.tell("start", 0)
    removing(made, 0, 1)
    assert settle(made, stop_first=True).counts["missing"] == 2
    assert said == ["cluster 17 is removed"]


def test_wait_waits_and_shows_until_the_last_job_has_ended(written, settle):
    made = written(2)
    made.send([0], [1])
    shown = []

    def show(status):
        shown.append(status.counts["waiting"])
        made.bring({len(shown) - 1: "done"}, chunk=f"00000{len(shown) - 1}")
        made.tell("end", len(shown) - 1)

    assert settle(made, wait=True, show=show).good
    assert shown == [2, 1]


def test_nothing_is_said_of_a_run_of_which_nothing_lives(written, settle, said, commands):
    made = written(2)
    made.send([0, 1])
    made.tell("end", 0)
    removed = commands.does("condor_rm")
    assert settle(made, wait=True, stop_first=True).counts["missing"] == 2
    assert said == []
    stop("run", said.append)
    assert said == ["nothing of this run waits or runs"]
    assert removed() == []


def test_stop_removes_every_job_of_a_run_and_waits_until_the_log_says_so(written, said, removing):
    made = written(3)
    made.send([0], [1], [2])
    made.tell("start", 0)
    made.tell("hold", 2, "Code 1 Subcode 0")
    removed = removing(made, 0, 1, 2)
    status = stop("run", said.append)
    assert not status.alive
    assert status.counts["missing"] == 3
    assert said == ["cluster 17 is removed"]
    assert len(removed()) == 1
    assert [state.job.reason for state in status.chunks] == ["via condor_rm", "via condor_rm", "Code 1 Subcode 0"]


def test_where_the_log_is_silent_the_queue_tells_that_jobs_are_gone(written, said, commands, monkeypatch):
    monkeypatch.setattr(stopping, "PATIENCE", 0.2)
    made = written(2)
    made.send([0, 1])
    commands.does("condor_rm")
    commands.does("condor_q")  # for no job it answers nothing at all
    assert stop("run", said.append).counts["missing"] == 2
    assert "removed" in files.read_json(made.batch.rounds[0].directory / "submitted.json")
    assert status_of("run").counts["missing"] == 2


@pytest.mark.parametrize("answer", ["echo '[{\"ClusterId\": 17}]'", "echo 'no answer' >&2; exit 1"])
def test_jobs_that_may_still_be_there_are_no_settled_matter(written, commands, monkeypatch, answer):
    monkeypatch.setattr(stopping, "PATIENCE", 0.2)
    made = written(2)
    made.send([0, 1])
    commands.does("condor_rm")
    commands.does("condor_q", answer)
    with pytest.raises(SubmissionError, match=r"the jobs are still not gone after 0 s; look with condor_q"):
        stop("run", lambda _text: None)
    assert status_of("run").counts["waiting"] == 2


def test_a_refusal_of_htcondor_is_passed_on_in_its_words(written, commands):
    made = written(1)
    made.send([0])
    commands.does("condor_rm", "echo 'Permission denied by schedd' >&2; exit 1")
    with pytest.raises(SubmissionError, match="condor_rm: Permission denied by schedd"):
        stop("run", lambda _text: None)


def test_a_pool_of_this_computer_stops_gently_behind_its_running_points_however_long_they_take(
    make_notebook, python, tmp_path, eventually, said, monkeypatch
):
    monkeypatch.setattr(stopping, "PATIENCE", 0.1)
    notebook = make_notebook(
        "notebooks/beam/slow.ipynb", ("parameters", "x: float = 1.0  # the x"),
        "import time\nfrom pathlib import Path\nPath('begun').touch()\ntime.sleep(1)",
    )  # fmt: skip
    run = tmp_path / "run"
    process = python("-c", SUBMIT, str(notebook), str(run), env=os.environ | {"TMPDIR": str(tmp_path)})
    assert eventually(lambda: list(tmp_path.glob("kit_*/*/points/*/begun")), 60), process.communicate()
    status = stop(run, said.append, "gently")
    process.communicate(timeout=120)
    assert said == ["the pool of this computer has stopped"]
    assert 1 <= status.counts["done"] < 6
    assert status.counts["missing"] == 6 - status.counts["done"]
    assert not status.alive
    assert len(batch_run(run).rounds) == 1
