"""A run ends in one table, one report, one manifest: every point once, in order."""

import csv

import pyarrow.parquet
import pytest

from kit import files
from kit.batch import merging
from kit.batch.merging import finish, is_merged, merge, reopen


def table(made):
    return list(csv.DictReader((made.batch.merged / "points.csv").read_text().splitlines()))


def test_the_table_has_each_point_once_in_the_order_of_the_points(two_rounds):
    merge(two_rounds.read(), 1.0)
    rows = table(two_rounds)
    assert [row["id"] for row in rows] == two_rounds.ids
    assert [(row["x"], row["state"], row["error"], row["square"]) for row in rows] == [
        ("1.0", "done", "", "1"),
        ("2.0", "done", "", "4"),
        ("3.0", "memory", "ValueError", "9"),
        ("4.0", "done", "", "16"),
        ("5.0", "missing", "", ""),
    ]


def test_the_report_counts_points_time_and_what_was_wasted(two_rounds):
    report = merge(two_rounds.read(), 0.5)
    assert report["counts"] == {"done": 3, "failed": 0, "timeout": 0, "memory": 1, "died": 0, "missing": 1}
    assert sum(report["counts"].values()) == report["points"] == 5
    # lines of 1 + index s, half of it on the processor; 0, 1 and 2 have two lines
    assert report["cpu_seconds"] == (2 * (1 + 2 + 3) + 4) / 2
    assert report["wasted_cpu_seconds"] == report["cpu_seconds"] - (1 + 2 + 4) / 2
    assert report["seconds"] == {"least": 1.0, "median": 2.0, "most": 4.0}
    assert (report["memory_requested_mb"], report["rounds"], report["accepted"]) == (400, 2, True)
    assert report["failures"] == [{"state": "memory", "error": "ValueError: too big", "points": 1, "first": 2}]
    assert files.read_json(two_rounds.batch.merged / "report.json") == report


@pytest.mark.parametrize(("accept", "accepted"), [(1.0, False), (0.61, False), (0.6, True)])
def test_a_run_is_accepted_from_the_share_asked_for(two_rounds, accept, accepted):
    assert merge(two_rounds.read(), accept)["accepted"] is accepted


def test_what_cannot_be_used_is_in_the_report_once_with_its_line_and_the_rest_counts(written):
    made = written(3)
    path = made.bring({0: "done", 1: "done"})
    with path.open("a") as stream:
        stream.write("no json\n")
    report = merge(made.read(), 1.0)
    assert report["problems"] == ["r001_000000.jsonl:3 a line is cut or is no JSON; its point is missing"]
    assert report["counts"]["done"] == 2


def test_merging_again_gives_the_same_table(two_rounds):
    merge(two_rounds.read(), 1.0)
    before = (two_rounds.batch.merged / "points.csv").read_bytes()
    merge(two_rounds.read(), 1.0)
    assert (two_rounds.batch.merged / "points.csv").read_bytes() == before
    assert sorted(path.name for path in two_rounds.batch.merged.iterdir()) == [
        "points.csv", "points.parquet", "report.json",
    ]  # fmt: skip


def test_the_parquet_table_is_the_same_with_texts_as_texts(two_rounds):
    merge(two_rounds.read(), 1.0)
    rows = pyarrow.parquet.read_table(two_rounds.batch.merged / "points.parquet").to_pylist()
    assert [row["id"] for row in rows] == two_rounds.ids
    assert [row["square"] for row in rows] == [1, 4, 9, 16, None]


def test_ids_that_look_like_numbers_stay_texts_in_parquet(tmp_path):
    (tmp_path / "points.csv").write_text(
        "id,index,state,error\n0000000000000012,0,done,\n12345678901234e5,1,done,\n"
    )
    merging._write_parquet(tmp_path / "points.csv", tmp_path / "points.parquet")
    rows = pyarrow.parquet.read_table(tmp_path / "points.parquet").to_pylist()
    assert [row["id"] for row in rows] == ["0000000000000012", "12345678901234e5"]


def test_a_first_failure_far_down_a_long_table_is_no_fault_of_the_table(tmp_path):
    lines = ["id,index,value,error"] + [f"{index:016x},{index},1," for index in range(60_000)]
    (tmp_path / "points.csv").write_text("\n".join([*lines, "f,60000,0.5,ValueError", ""]))
    merging._write_parquet(tmp_path / "points.csv", tmp_path / "points.parquet")
    last = pyarrow.parquet.read_table(tmp_path / "points.parquet").to_pylist()[-1]
    assert last == {"id": "f", "index": 60_000, "value": 0.5, "error": "ValueError"}


def test_a_finished_run_has_a_manifest_like_any_run(written):
    made = written(2)
    made.send([0, 1])
    made.bring({0: "done", 1: "done"})
    made.tell("end", 0)
    assert not is_merged(made.batch)
    finish(made.read(), 1.0)
    content = files.read_json(made.batch.directory / "manifest.json")
    assert (content["state"], content["fault"], content["summary"]["done"]) == ("complete", None, 2)
    assert [entry["path"] for entry in content["outputs"]] == [
        "merged/points.csv", "merged/points.parquet", "merged/report.json",
    ]  # fmt: skip
    for entry in content["outputs"]:
        path = made.batch.directory / entry["path"]
        assert (entry["bytes"], entry["sha256"]) == (path.stat().st_size, files.sha256(path))
    assert is_merged(made.batch)
    reopen(made.batch)
    assert not is_merged(made.batch)
    assert files.read_json(made.batch.directory / "manifest.json")["state"] == "running"


def test_a_run_below_its_share_ends_as_failed_with_the_numbers(two_rounds):
    finish(two_rounds.read(), 1.0)
    content = files.read_json(two_rounds.batch.directory / "manifest.json")
    assert content["state"] == "failed"
    assert content["fault"]["message"] == "of 5 points 1 memory, 1 missing"
