"""Each point counts once, whatever came in how often."""

import csv
import itertools
import json

import pytest

from kit.batch.worker.gathering import gather, write_table


def line(index, state="done", round_="001", seconds=1.0, **more):
    error = None if state == "done" else {"name": "ValueError", "value": "no\nmore", "cell": 3}
    about = {"id": f"{index}", "index": index, "state": state, "round": round_, "seconds": seconds, "rss_mb": 50.0}
    return {**about, "cpu_seconds": 2.0, "error": error, "summary": {"events": index}, **more}


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.jsonl"
    rows = [{"id": f"{index}", "index": index, "parameters": {"x": index, "list": [index]}} for index in range(4)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_done_in_any_round_wins_otherwise_the_latest():
    lines = [line(0, "failed"), line(0, "done", "002"), line(1, "done"), line(1, "failed", "002"),
             line(2, "memory"), line(2, "failed", "002")]  # fmt: skip
    states = {index: row[0] for index, row in gather(lines).rows.items()}
    assert states == {"0": "done", "1": "done", "2": "failed"}


def test_a_point_that_came_twice_counts_once():
    gathered = gather([line(0, seconds=1.0), line(0, round_="002", seconds=9.0)])
    assert gathered.counts(2) == {"done": 1, "failed": 0, "timeout": 0, "memory": 0, "died": 0, "missing": 1}
    assert gathered.seconds == [1.0]


def test_cpu_time_that_did_not_count_is_wasted():
    gathered = gather([line(0, "failed"), line(0, "done", "002"), line(1, "failed", "002")])
    assert (gathered.cpu_seconds, gathered.done_cpu_seconds) == (6.0, 2.0)


def test_failures_are_grouped_by_what_they_say():
    groups = gather([line(3, "failed"), line(1, "failed"), line(2, "memory")]).groups()
    assert groups[0] == {"state": "failed", "error": "ValueError: no", "points": 2, "first": 1}


def test_the_table_has_every_point_in_order_whatever_came_first(tmp_path, points):
    lines = [line(2), line(0), line(3, "failed")]
    tables = set()
    for number, order in enumerate(itertools.permutations(lines)):
        path = tmp_path / f"{number}.csv"
        write_table(path, points, gather(order))
        tables.add(path.read_bytes())
    assert len(tables) == 1
    rows = list(csv.DictReader(tables.pop().decode().splitlines()))
    assert [row["state"] for row in rows] == ["done", "missing", "done", "failed"]
    assert [row["events"] for row in rows] == ["0", "", "2", "3"]
    assert rows[1]["list"] == "[1]"
    assert rows[3]["error"] == "ValueError"


def test_numbers_of_a_summary_stand_beside_parameters_and_columns_of_the_same_name(tmp_path, points):
    gathered = gather([line(0, summary={"x": 99, "y": 1, "seconds": 7})])
    columns = write_table(tmp_path / "t.csv", points, gathered)
    assert columns[:8] == ["id", "index", "x", "list", "state", "seconds", "rss_mb", "error"]
    assert columns[8:] == ["summary_x", "y", "summary_seconds"]
    row = next(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert (row["x"], row["summary_x"], row["seconds"], row["summary_seconds"]) == ("0", "99", "1.0", "7")
