"""The files of the points that count are unpacked whole or not at all, or listed where they lie."""

import csv
import json
import os
import shutil
from collections import namedtuple

import pytest

from kit.batch.collecting import collect
from kit.batch.faults import SubmissionError
from kit.batch.status import status_of


def seen(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_are_unpacked_from_the_line_that_counts_and_a_second_time_nothing_is_written(two_rounds):
    folder = two_rounds.batch.directory / "outputs"
    assert collect(two_rounds.read()) == 4
    names = [f"{name}/x.txt" for name in two_rounds.ids]
    texts = ["point 0 again", "point 1", "point 2 again", "point 3"]
    assert seen(folder) == dict(zip(names, texts, strict=False))
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert collect(two_rounds.read()) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_what_a_failed_attempt_left_is_replaced_though_it_is_as_long(written):
    made = written(1)
    made.bring({0: "failed"}, text=" bad!")
    assert collect(made.read()) == 1
    made.bring({0: "done"}, "002", text=" good")
    assert collect(made.read()) == 1
    assert list(seen(made.batch.directory / "outputs").values()) == ["point 0 good"]


def test_what_only_a_failed_attempt_left_goes_and_what_a_person_put_there_stays(written):
    made = written(1)
    made.bring({0: "failed"}, text=" bad")
    folder = made.batch.directory / "outputs" / made.ids[0]
    (made.scratch / "001" / "0" / "more").mkdir()
    (made.scratch / "001" / "0" / "more" / "half.txt").write_text("half")
    made.bring({0: "failed"}, text=" bad")
    collect(made.read())
    assert sorted(seen(folder)) == ["more/half.txt", "x.txt"]
    (folder / "notes.txt").write_text("mine")
    made.bring({0: "done"}, "002", text=" good")
    assert collect(made.read()) == 1
    assert seen(folder) == {"x.txt": "point 0 good", "notes.txt": "mine"}
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert collect(made.read()) == 0
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_folders_are_named_by_a_pattern(written):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    collect(made.read(), "x is {x:.1f} of a/b")
    assert sorted(seen(made.batch.directory / "outputs")) == ["x is 1.0 of a_b/x.txt", "x is 2.0 of a_b/x.txt"]


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("{y}", r"the pattern '\{y\}' does not fit point 0: 'y'"),
        ("{x:d}", r"does not fit point 0: Unknown format code 'd'"),
        ("{0}", "does not fit point 0: "),
        ("{x.mean}", "does not fit point 0: .*no attribute 'mean'"),
        ("{x[0]}", "does not fit point 0: .*not subscriptable"),
        ("same", "the pattern 'same' gives one name to several points; take in what tells them apart"),
    ],
)
def test_a_pattern_that_does_not_fit_is_refused_before_anything_is_written(written, pattern, told):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    with pytest.raises(SubmissionError, match=told):
        collect(made.read(), pattern)
    assert not (made.batch.directory / "outputs").exists()


@pytest.mark.parametrize("listed", [False, True])
def test_a_point_of_a_file_with_another_sum_is_missing_and_the_rest_is_unpacked_or_listed(written, listed):
    made = written(2)
    path = made.bring({0: "done", 1: "done"})
    line = path.read_text().splitlines()[0]
    offset = json.loads(line)["outputs"][0]["offset"]
    tar = path.with_suffix(".tar")
    content = bytearray(tar.read_bytes())
    content[offset : offset + 5] = bytes(5)
    tar.write_bytes(content)
    status = status_of(made.batch.directory)
    assert collect(status, listed=listed) == 1
    if listed:
        (row,) = csv.DictReader((made.batch.merged / "files.csv").read_text().splitlines())
        assert row["id"] == made.ids[1]
    else:
        assert seen(made.batch.directory / "outputs") == {f"{made.ids[1]}/x.txt": "point 1"}
    for again in (status, status_of(made.batch.directory)):
        assert again.missing() == [0]
        assert any("files are damaged in its tar; its point is missing" in note for note in again.notes)
    made.bring({0: "done"}, "002")
    assert status_of(made.batch.directory).good


def test_files_that_went_to_an_address_are_not_here(written):
    made = written(1, output_url="root://eos//eos/user/m/me")
    made.send([0])
    made.bring({0: "done"}).with_suffix(".tar").unlink()
    with pytest.raises(SubmissionError, match=r"r001_000000\.tar is not here; it went to the address given"):
        collect(made.read())


def test_listed_files_can_be_read_in_place(two_rounds):
    assert collect(two_rounds.read(), listed=True) == 4
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
        collect(made.read())
    assert seen(made.batch.directory / "outputs") == {}


def test_only_what_is_not_there_yet_needs_space(written, monkeypatch):
    made = written(2)
    made.bring({0: "done", 1: "done"})
    collect(made.read())
    (made.batch.directory / "outputs" / made.ids[1] / "x.txt").unlink()
    free = namedtuple("usage", "total used free")(100, 93, 7)  # the seven bytes of `point 1`
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: free)
    assert collect(made.read()) == 1


@pytest.mark.parametrize("name", ["../../evil.txt", "/tmp/evil.txt", "a/../../../evil.txt"])
def test_a_result_line_writes_nothing_outside_the_folder_of_its_point(written, name):
    made = written(1)
    made.bring({0: "done"})
    (lines,) = (made.batch.directory / "results").glob("*.jsonl")
    lines.write_text(lines.read_text().replace('"x.txt"', json.dumps(name)))
    with pytest.raises(SubmissionError, match="leads out of"):
        collect(made.read())
    assert not list(made.batch.directory.parent.rglob("evil.txt"))
