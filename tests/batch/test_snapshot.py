"""A run at one moment, as pictures and panels need it: every point once, every number, every kind of failure."""

import math
from pathlib import Path

import pytest

from kit.batch.snapshot import ChunkSeen, columns_of, failures_of, relative, snapshot_of


@pytest.fixture
def made(written):
    """Return a run of seven points in three jobs: one has ended, one runs and has failed once, one is held."""
    made = written(7)
    made.send([0, 1], [2, 3], [4, 5, 6])
    made.bring({0: "done", 1: "done"})
    made.tell("end", 0)
    made.tell("start", 1)
    made.bring({2: "failed"})
    made.tell("hold", 2, "checked (by user alice)\n\tCode 1 Subcode 0")
    return made


def test_each_point_has_its_state_and_each_chunk_its_shares(made):
    shown = snapshot_of(made.read())
    assert shown.states == ["done", "done", "failed", "running", "held", "held", "held"]
    assert shown.chunks == [
        ChunkSeen("000000", "ended", 2, 2, 0), ChunkSeen("000002", "running", 2, 0, 1, starts=1),
        ChunkSeen("000004", "held", 3, 0, 0),
    ]  # fmt: skip
    assert (shown.seconds, shown.rss_mb) == ([1.0, 2.0, 3.0], [100.0, 101.0, 102.0])
    assert (shown.requested_mb, shown.alive, shown.run) == (400, True, str(made.batch.directory))
    assert "2/7 done, 1 failed, 1 running, 3 held" in shown.words
    assert shown.reasons[0] == "1 failed: cell 3: ValueError: too big (first: point 2)"


def test_a_chunk_that_ended_without_all_of_its_points_is_missing_some(made):
    made.tell("end", 1)
    assert snapshot_of(made.read()).chunks[1] == ChunkSeen("000002", "missing", 2, 0, 1, starts=1)


def test_the_request_that_would_do_is_a_fifth_more_than_the_most_in_steps(made, written):
    assert snapshot_of(made.read()).proposed_mb == 128  # 1.2 × 102 MB is less
    assert snapshot_of(written(1, "other").read()).proposed_mb is None


def test_a_number_of_the_summary_hides_no_column_of_its_name(written):
    made = written(1)
    made.bring({0: "done"}, summary={"x": 40.0, "seconds": 0.5})
    columns = columns_of(made.read())
    assert (columns["x"], columns["summary_x"]) == ([1.0], [40.0])
    assert columns["seconds"] != [0.5] == columns["summary_seconds"]


def test_columns_have_every_number_of_every_point_and_nan_where_there_is_none(made):
    columns = columns_of(made.read())
    assert columns["x"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert columns["square"][:3] == [1.0, 4.0, 9.0]
    assert columns["seconds"][:3] == [1.0, 2.0, 3.0]
    assert all(math.isnan(value) for value in columns["rss_mb"][3:])
    assert snapshot_of(made.read(), columns=False).columns == {}


def test_words_of_a_summary_are_no_numbers_for_a_map_yes_and_no_are(written):
    made = written(1)
    made.bring({0: "done"}, summary={"word": "a", "good": True, "n": 3})
    columns = columns_of(made.read())
    without = written(1, "other")
    without.bring({0: "done"}, summary=None)
    assert (columns["n"], columns["good"]) == ([3.0], [1.0])
    assert "word" not in columns
    assert columns_of(without.read()) == {"x": [1.0], "seconds": [1.0], "rss_mb": [100.0]}


def test_each_kind_of_failure_has_the_executed_notebook_of_its_first_point_and_its_log(toy, launched):
    status = launched(toy, {"x": [1, 5, 6]}, {"limit": 4.0}, per_job=3)
    (first,) = failures_of(status)  # of errors that differ in a number alone
    assert (first.state, first.points, first.first) == ("failed", 2, 1)
    assert first.words == "cell 3: ValueError: 5.0 is above 4.0"
    assert Path(first.notebook).name == "toy.ipynb"
    assert "5.0 is above 4.0" in Path(first.notebook).read_text()
    assert first.tail[-1] == "ValueError: 5.0 is above 4.0"
    assert first.told == "2 failed: cell 3: ValueError: 5.0 is above 4.0 (first: point 1)"
    assert Path(first.log).is_file()
    assert failures_of(status) == [first]


def test_a_failure_whose_notebook_did_not_come_back_is_told_without(made):
    (failure,) = failures_of(made.read())
    assert (failure.points, failure.notebook, failure.log) == (1, "", "")


def test_where_there_is_no_trace_the_last_lines_are_those_that_the_job_printed(written):
    made = written(1)
    round_ = made.send([0])
    next(round_.printed(round_.chunks[0])).write_text("".join(f"line {n}\n" for n in range(40)))
    made.bring({0: "died"}, error={"name": "Died", "value": "gone", "cell": 3, "traceback": []})
    (failure,) = failures_of(made.read())
    assert failure.tail == tuple(f"line {n}" for n in range(25, 40))


def test_the_latest_attempt_of_a_point_is_the_one_that_is_shown(written):
    made = written(1)
    made.bring({0: "failed"})
    made.send([0])
    made.bring({0: "memory"}, "002")
    (failure,) = failures_of(made.read())
    assert failure.state == "memory"


def test_a_path_is_told_as_a_notebook_in_another_folder_sees_it(tmp_path):
    assert relative(str(tmp_path / "outputs" / "a.txt"), tmp_path / "notebooks" / "batch") == "../../outputs/a.txt"
