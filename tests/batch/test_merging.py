"""A run ends in one table, one report, one manifest; every point once, in order; its files whole or not at all."""

import csv
import json
import os
from collections import namedtuple

import pyarrow.parquet
import pytest

from kit import files
from kit.batch import merging
from kit.batch.faults import SubmissionError
from kit.batch.merging import collect, finish, is_merged, merge, reopen
from kit.batch.status import Status


def read(made):
    status = Status(made.batch)
    status.read()
    return status


def table(made):
    return list(csv.DictReader((made.batch.merged / "points.csv").read_text().splitlines()))


def seen(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def two_rounds(written):
    """Return a run of five points: one failed first, one done twice, one still failed, one without a line."""
    made = written(5)
    made.send([0, 1, 2, 3, 4])
    made.bring({3: "done", 0: "failed", 1: "done", 2: "failed"})
    made.tell("end", 0)
    made.send([0, 1, 2, 4], cluster=18)
    made.tell("end", 0, cluster=18)
    made.bring({0: "done", 1: "done", 2: "memory"}, "002", text=" again")
    return made


def test_the_table_has_each_point_once_in_the_order_of_the_points(two_rounds):
    merge(read(two_rounds), 1.0)
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
    report = merge(read(two_rounds), 0.5)
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
    assert merge(read(two_rounds), accept)["accepted"] is accepted


def test_what_cannot_be_used_is_in_the_report_once_with_its_line_and_the_rest_counts(written):
    made = written(3)
    path = made.bring({0: "done", 1: "done"})
    with path.open("a") as stream:
        stream.write("no json\n")
    report = merge(read(made), 1.0)
    assert report["problems"] == ["r001_000000.jsonl:3 a line is cut or is no JSON; its point is missing"]
    assert report["counts"]["done"] == 2


def test_merging_again_gives_the_same_table(two_rounds):
    merge(read(two_rounds), 1.0)
    before = (two_rounds.batch.merged / "points.csv").read_bytes()
    merge(read(two_rounds), 1.0)
    assert (two_rounds.batch.merged / "points.csv").read_bytes() == before
    assert sorted(path.name for path in two_rounds.batch.merged.iterdir()) == [
        "points.csv", "points.parquet", "report.json",
    ]  # fmt: skip


def test_the_parquet_table_is_the_same_with_texts_as_texts(two_rounds):
    merge(read(two_rounds), 1.0)
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
    finish(read(made), 1.0)
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
    finish(read(two_rounds), 1.0)
    content = files.read_json(two_rounds.batch.directory / "manifest.json")
    assert content["state"] == "failed"
    assert content["fault"]["message"] == "of 5 points 1 memory, 1 missing"


def test_files_are_unpacked_from_the_line_that_counts_and_a_second_time_nothing_is_written(two_rounds):
    folder = two_rounds.batch.directory / "outputs"
    assert collect(read(two_rounds)) == 4
    names = [f"{name}/x.txt" for name in two_rounds.ids]
    texts = ["point 0 again", "point 1", "point 2 again", "point 3"]
    assert seen(folder) == dict(zip(names, texts, strict=False))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert collect(read(two_rounds)) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_a_failed_attempt_left_is_replaced_though_it_is_as_long(written):
    made = written(1)
    made.bring({0: "failed"}, text=" bad!")
    assert collect(read(made)) == 1
    made.bring({0: "done"}, "002", text=" good")
    assert collect(read(made)) == 1
    assert list(seen(made.batch.directory / "outputs").values()) == ["point 0 good"]


def test_folders_are_named_by_a_pattern(written):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    collect(read(made), "x is {x:.1f} of a/b")
    assert sorted(seen(made.batch.directory / "outputs")) == ["x is 1.0 of a_b/x.txt", "x is 2.0 of a_b/x.txt"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("{y}", r"the pattern '\{y\}' does not fit point 1: 'y'"),
        ("{x:d}", r"does not fit point 1: Unknown format code 'd'"),
        ("{0}", "does not fit point 1: "),
        ("{x.mean}", "does not fit point 1: .*no attribute 'mean'"),
        ("{x[0]}", "does not fit point 1: .*not subscriptable"),
        ("same", "the pattern 'same' gives one name to several points; take in what tells them apart"),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused_before_anything_is_written(written, pattern, told):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    with pytest.raises(SubmissionError, match=told):
        collect(read(made), pattern)
    assert not (made.batch.directory / "outputs").exists()


def test_a_file_with_another_sum_is_refused_and_not_there(written):
    made = written(1)
    path = made.bring({0: "done"})
    (line,) = path.read_text().splitlines()
    offset = json.loads(line)["outputs"][0]["offset"]
    tar = path.with_suffix(".tar")
    content = bytearray(tar.read_bytes())
    content[offset] ^= 1
    tar.write_bytes(content)
    with pytest.raises(SubmissionError, match=rf"r001_000000\.tar:{offset}: x\.txt has another sum than its line"):
        collect(read(made))
    assert seen(made.batch.directory / "outputs") == {}


def test_files_that_went_to_an_address_are_not_here(written):
    made = written(1)
    made.bring({0: "done"}).with_suffix(".tar").unlink()
    with pytest.raises(SubmissionError, match=r"r001_000000\.tar is not here; it went to the address given"):
        collect(read(made))


def test_listed_files_can_be_read_in_place(two_rounds):
    assert collect(read(two_rounds), listed=True) == 4
    assert not (two_rounds.batch.directory / "outputs").exists()
    rows = list(csv.DictReader((two_rounds.batch.merged / "files.csv").read_text().splitlines()))
    for row, text in zip(rows, ["point 0 again", "point 1", "point 2 again", "point 3"], strict=True):
        with (two_rounds.batch.results / row["tar"]).open("rb") as stream:
            stream.seek(int(row["offset"]))
            assert stream.read(int(row["bytes"])).decode() == text


def test_a_disk_too_small_is_named_with_the_need_before_anything_is_written(written):
    made = written(1)
    path = made.bring({0: "done"})
    line = json.loads(path.read_text())
    line["outputs"][0]["bytes"] = 10**13
    path.write_text(json.dumps(line) + "\n")
    os.truncate(path.with_suffix(".tar"), 10**13 + 1024)  # a sparse file: it takes no space
    with pytest.raises(SubmissionError, match=r"run/outputs: needs 10000000 MB, \d+ MB are free"):
        collect(read(made))
    assert seen(made.batch.directory / "outputs") == {}


def test_only_what_is_not_there_yet_needs_space(written, monkeypatch):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    collect(read(made))
    (made.batch.directory / "outputs" / made.ids[1] / "x.txt").unlink()
    free = namedtuple("usage", "total used free")(100, 93, 7)  # the seven bytes of `point 1`
    monkeypatch.setattr(merging.shutil, "disk_usage", lambda _path: free)
    assert collect(read(made)) == 1
