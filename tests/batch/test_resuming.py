"""What is missing, and only that, is sent again, in the way that its reason asks for."""

import json

import pytest

from kit.batch import resuming
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import batch_run
from kit.batch.status import status_of


def resumed(run, **options):
    """Resume a run, and return what was said."""
    said = []
    how = {name: options.pop(name) for name in ("wait", "stop_first") if name in options}
    resuming.resume(run.directory, Options(**options), say=said.append, **how)
    return said


def plan_of(run):
    """Return the points and the memory of the latest round's jobs."""
    return [(list(chunk.indexes), chunk.memory_mb) for chunk in run.rounds[-1].chunks]


def bytes_below(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_points_held_for_memory_go_into_jobs_of_their_own_with_what_they_need(toy, sent, commands, removing):
    made = sent(toy, {"x": {"range": [1, 6]}}, per_job=2)
    made.begin(0, 1, 2)
    for process, peak in ((0, 700), (1, 350)):
        made.tell("size", process, f"{peak}  -  MemoryUsage of job (MB)")
        made.tell("hold", process, "memory usage exceeded request_memory\n\tCode 21 Subcode 102")
    made.bring({4: "done", 5: "done"})
    made.tell("end", 2)
    removing(made, 0, 1)
    said = resumed(made.batch, per_job=2)
    # half more than the peak of 700 MB; twice the 400 MB of the slot, which is more than half more than 350 MB
    assert plan_of(made.batch) == [([0, 1], 1050), ([2, 3], 800)]
    assert "2 held jobs are removed" in said
    assert any("4 points are sent again: 4 of them with more memory, 1050 MB" in text for text in said)
    assert commands.calls("condor_rm") == ["-name schedd.here -constraint ClusterId == 17"]


def test_a_point_that_the_guard_ended_is_sent_with_twice_the_memory_and_no_more_than_the_most(toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=3, memory_max_mb=500)
    made.begin(0)
    made.bring({0: "done", 2: "done"})
    made.bring({1: "memory"}, rss_mb=290.0)
    made.tell("end", 0)
    resumed(made.batch)
    assert plan_of(made.batch) == [([1], 500)]


def test_points_beyond_all_memory_are_refused_with_the_option_to_change(toy, sent):
    made = sent(toy, {"x": [1, 2]}, per_job=2, memory_max_mb=300)
    made.begin(0)
    made.bring({0: "done"})
    made.bring({1: "memory"}, rss_mb=900.0)
    made.tell("end", 0)
    with pytest.raises(
        SubmissionError, match="1 points need more memory than memory_max_mb, 300 MB; let it be more"
    ):
        resumed(made.batch)
    assert len(made.batch.rounds) == 1


def removed_for_time(made, process):
    made.tell("remove", process, "removed due to wall time exceeded allowed max.")


def test_points_removed_over_their_time_go_into_jobs_half_as_long(toy, sent):
    made = sent(toy, {"x": {"range": [1, 8]}}, per_job=4)
    made.begin(0, 1)
    removed_for_time(made, 0)
    made.bring({4: "done", 5: "done", 6: "done", 7: "done"})
    made.tell("end", 1)
    said = resumed(made.batch)
    assert [points for points, _ in plan_of(made.batch)] == [[0, 1], [2, 3]]
    assert "4 of them in shorter jobs" in said[0]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({}, ['"microcentury"', '"longlunch"']),
        ({"flavour": "workday"}, ['"tomorrow"', '"testmatch"']),
        ({"max_runtime": 500}, ["1000", "2000"]),
        ({"max_runtime": 500_000}, ["604800", "604800"]),
    ],
)
def test_a_job_of_one_point_that_had_too_little_time_gets_the_next_longer_limit_each_time(toy, sent, first, then):
    made = sent(toy, {"x": [1]}, per_job=1, **first)
    for limit in then:
        made.begin(0)
        removed_for_time(made, 0)
        resumed(made.batch)
        assert time_limit(made).endswith(f"= {limit}")


def time_limit(made):
    text = (made.latest.directory / "job.sub").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith(("+JobFlavour", "+MaxRuntime"))]
    return line


def test_a_worker_that_stopped_in_time_leaves_points_for_shorter_jobs(toy, sent):
    made = sent(toy, {"x": {"range": [1, 8]}}, per_job=8)
    made.begin(0)
    made.bring({0: "done", 1: "done", 2: "done"})
    made.tell("end", 0)
    resumed(made.batch)
    assert sorted(index for points, _ in plan_of(made.batch) for index in points) == [3, 4, 5, 6, 7]
    assert max(len(points) for points, _ in plan_of(made.batch)) <= 4


def test_what_held_the_jobs_must_be_there_before_they_are_sent_again(toy, sent, tmp_path, removing):
    made = sent(toy, {"x": [1, 2]}, per_job=1)
    made.begin(0, 1)
    for process in (0, 1):
        made.tell("hold", process, f"reading from file {tmp_path}/a.root: (errno 2) No\n\tCode 13 Subcode 2")
    removing(made, 0, 1)
    with pytest.raises(SubmissionError, match=r"/a\.root is still not there, and 2 jobs were held for it"):
        resumed(made.batch)
    assert len(made.batch.rounds) == 1
    (tmp_path / "a.root").touch()
    resumed(made.batch)
    assert sum(len(points) for points, _ in plan_of(made.batch)) == 2


def test_jobs_that_wait_or_run_are_named_with_their_cluster_and_both_ways_out(toy, sent, removing):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=1)
    made.begin(0)
    with pytest.raises(
        SubmissionError,
        match=r"of cluster 17 1 jobs run and 2 wait; --wait waits for them, --stop removes them first",
    ):
        resumed(made.batch)
    made.begin(1, 2)
    removing(made, 0, 1, 2)
    assert "cluster 17 is removed" in resumed(made.batch, stop_first=True)
    assert sum(len(points) for points, _ in plan_of(made.batch)) == 3


def test_only_missing_points_are_sent_and_older_rounds_stay_as_they_are(toy, sent):
    made = sent(toy, {"x": {"range": [1, 6]}}, per_job=3)
    made.begin(0, 1)
    made.bring({0: "done", 1: "done", 2: "done", 4: "done"})
    made.bring({5: "failed"})
    made.tell("end", 0)
    made.tell("remove", 1, "via condor_rm (by user alice)")
    before = bytes_below(made.latest.directory) | bytes_below(made.batch.results)
    points = made.batch.points.read_bytes()
    resumed(made.batch)
    assert [points for points, _ in plan_of(made.batch)] == [[3]]
    assert {path: path.read_bytes() for path in before} == before
    assert made.batch.points.read_bytes() == points
    assert [round_.number for round_ in made.batch.rounds] == ["001", "002"]
    assert batch_run(made.batch.directory).submission["rounds"] == ["001", "002"]
    slice_ = (made.latest.directory / "points" / "000003.jsonl").read_text()
    assert [json.loads(line)["index"] for line in slice_.splitlines()] == [3]


def test_a_point_done_in_any_round_is_done_whatever_a_later_round_says(toy, sent):
    made = sent(toy, {"x": [1, 2]}, per_job=2)
    made.begin(0)
    made.bring({0: "done"})
    made.tell("remove", 0, "via condor_rm")
    resumed(made.batch)
    made.begin(0)
    made.bring({1: "done"})
    made.tell("end", 0)
    assert status_of(made.batch.directory).good
    assert resumed(made.batch) == ["nothing is missing: 2 of 2 points are done"]
    assert len(made.batch.rounds) == 2


def test_failed_points_run_again_only_when_asked_for_and_then_exactly_these(toy, launched, tmp_path):
    status = launched(toy, {"x": {"range": [1, 6]}}, {"limit": 4.0})
    assert (status.counts["done"], status.counts["failed"]) == (4, 2)
    (said,) = resumed(status.run)
    assert said.startswith("nothing is missing: 4 of 6 points are done, 2 failed")
    assert "--retry-failed" in said
    assert len(status.run.rounds) == 1
    (tmp_path / "mended").touch()
    resumed(status.run, retry_failed=True)
    assert sorted(index for points, _ in plan_of(status.run) for index in points) == [4, 5]
    assert status_of(status.run.directory).good


def test_changed_code_is_refused_by_its_cell_changed_text_is_not(toy, launched):
    status = launched(toy, {"x": [1, 5]}, {"limit": 4.0})
    content = json.loads(toy.read_text())
    content["cells"][1]["outputs"] = [{"name": "stdout", "output_type": "stream", "text": "seen"}]
    content["cells"].append({"cell_type": "markdown", "id": "more", "metadata": {}, "source": "more"})
    toy.write_text(json.dumps(content))
    resumed(status.run, retry_failed=True)
    assert len(status.run.rounds) == 2
    content["cells"][2]["source"] = "Path('summary.json').write_text('{}')\nx"
    content["cells"][1]["source"] = "from pathlib import Path"
    toy.write_text(json.dumps(content))
    with pytest.raises(
        SubmissionError, match=r"toy\.ipynb has changed since .* first in its code cell 2; --accept-cha"
    ):
        resumed(status.run, retry_failed=True)
    assert len(status.run.rounds) == 2
    said = resumed(status.run, retry_failed=True, accept_changed=True)
    assert "the notebook has changed, first in its code cell 2: the rest runs with the new code" in said
    again = status_of(status.run.directory)
    assert again.good
    codes = {line["index"]: line["code"] for line in again.results.lines() if line["state"] == "done"}
    assert codes[0] != codes[1] == again.run.submission["code"]


def edit(path, source):
    content = json.loads(path.read_text())
    content["cells"][1]["source"] = source
    path.write_text(json.dumps(content))


def test_an_edit_of_the_copy_that_runs_is_refused_too_and_taken_over_where_accepted(toy, launched):
    status = launched(toy, {"x": [1, 5]}, {"limit": 4.0})
    before = status.run.submission["code"]
    edit(status.run.notebook, "import json\nfrom pathlib import Path")
    with pytest.raises(
        SubmissionError, match=r"run.*/notebook\.ipynb has changed since .* in its code cell 2; --acc"
    ):
        resumed(status.run, retry_failed=True)
    assert len(status.run.rounds) == 1
    resumed(status.run, retry_failed=True, accept_changed=True)
    again = status_of(status.run.directory)
    assert again.good
    codes = {line["index"]: line["code"] for line in again.results.lines() if line["state"] == "done"}
    assert codes[0] == before != codes[1] == again.run.submission["code"]
    # the notebook that it was copied from is as it was: that is no change
    assert resumed(again.run) == ["nothing is missing: 2 of 2 points are done"]
    resuming._check_code(again.run, Options(), print)
    edit(toy, "1")
    with pytest.raises(SubmissionError, match=r"toy\.ipynb has changed since .* code cell 2"):
        resuming._check_code(again.run, Options(), print)
    edit(again.run.notebook, "2")
    with pytest.raises(SubmissionError, match=r"have both changed; copy the one that counts to the other"):
        resuming._check_code(again.run, Options(accept_changed=True), print)


def test_options_of_the_submission_stay_and_those_of_the_call_win(toy, launched):
    run = launched(toy, {"x": [1]}, retries=1, dry_run=True).run
    options = resuming.options_of(run, Options(memory_mb=700))
    assert (options.memory_mb, options.retries, options.profile, options.workers) == (700, 1, "local", 2)
    assert not options.dry_run  # a dry run is resumed by a real one
