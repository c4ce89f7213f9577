"""The gate of a stage: it merges, counts every point once, and closes below the share that is asked for."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kit.batch.points import Point, read_ids

WORKER = Path(__file__).resolve().parents[3] / "kit" / "batch" / "worker"


def line(index, state, name=None, **more):
    error = None if state == "done" else {"name": "ValueError", "value": "too big", "cell": 3, "traceback": []}
    about = {"id": name or f"{index:016x}", "index": index, "state": state, "seconds": 1.0, "rss_mb": 100.0}
    return about | {"cpu_seconds": 0.5, "error": error, "outputs": [], "summary": {"y": index * 10}} | more


def write_lines(path, lines):
    path.write_text("".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines), encoding="utf-8")


@pytest.fixture
def gate(tmp_path):
    """Return a function that runs the gate as DAGMan's last node does: a process without the kit."""
    folder = tmp_path / "node"
    folder.mkdir()
    points = [Point(f"{index:016x}", index, {"x": index}) for index in range(4)]
    (folder / "points.jsonl").write_text("".join(point.line() for point in points))

    def run(*options):
        command = [sys.executable, "-m", "worker.gate", *options]
        own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run(
            command, cwd=folder, env=own | {"PYTHONPATH": str(WORKER.parent)}, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stderr
        report = folder / "report.json"
        return done, json.loads(report.read_text()) if report.exists() else None

    run.folder = folder
    return run


@pytest.mark.parametrize(("accept", "status"), [("1.0", 1), ("0.76", 1), ("0.75", 0), ("0.5", 0)])
def test_it_opens_from_the_share_that_is_asked_for_and_not_below(gate, accept, status):
    write_lines(gate.folder / "r001_000000.jsonl", [line(0, "done"), line(1, "done")])
    write_lines(gate.folder / "r001_000002.jsonl", [line(2, "failed"), line(3, "done")])
    done, report = gate("--accept", accept)
    assert done.returncode == status
    assert report["accepted"] is (status == 0)
    assert report["counts"] == {"done": 3, "failed": 1, "timeout": 0, "memory": 0, "died": 0, "missing": 0}
    assert report["failures"] == [{"state": "failed", "error": "ValueError: too big", "points": 1, "first": 2}]
    assert "3 of 4 points are done" in done.stdout


def test_the_table_has_every_point_in_order_whatever_came_first(gate):
    write_lines(gate.folder / "r001_000000.jsonl", [line(3, "done"), line(1, "failed")])
    gate("--accept", "1")
    rows = list(csv.DictReader((gate.folder / "points.csv").read_text().splitlines()))
    assert [(row["index"], row["x"], row["state"], row["y"]) for row in rows] == [
        ("0", "0", "missing", ""),
        ("1", "1", "failed", "10"),
        ("2", "2", "missing", ""),
        ("3", "3", "done", "30"),
    ]


def test_a_point_of_several_rounds_counts_once_and_done_in_any_of_them_wins(gate):
    write_lines(gate.folder / "r001_000000.jsonl", [line(0, "done"), line(1, "memory"), line(2, "done")])
    write_lines(gate.folder / "r002_000000.jsonl", [line(0, "failed"), line(1, "done"), line(2, "done")])
    write_lines(gate.folder / "r003_000003.jsonl", [line(3, "done")])
    done, report = gate("--accept", "1")
    assert (done.returncode, report["counts"]["done"], report["failures"]) == (0, 4, [])


def test_a_line_of_a_stranger_and_a_cut_one_open_nothing(gate):
    good = [line(index, "done") for index in range(3)]
    write_lines(gate.folder / "r001_000000.jsonl", [*good, line(3, "done", "f" * 16)])
    with (gate.folder / "r001_000000.jsonl").open("a") as stream:
        stream.write(json.dumps(line(3, "done"))[:-5])
    done, report = gate("--accept", "1")
    assert (done.returncode, report["counts"]["done"], report["counts"]["missing"]) == (1, 3, 1)


def test_a_line_with_a_mark_that_ends_lines_elsewhere_counts(gate):
    write_lines(
        gate.folder / "r001_000000.jsonl", [line(i, "done", summary={"t": "a\u2028b\x85c"}) for i in range(4)]
    )
    assert gate("--accept", "1")[0].returncode == 0


def test_without_a_single_point_it_stays_closed(gate):
    (gate.folder / "points.jsonl").write_text("")
    assert gate("--accept", "0.1")[0].returncode == 1


def test_points_that_jobs_made_are_numbered_through_and_chunks_tell_their_places(gate):
    made = {"000": ["a", "b"], "001": [], "002": ["c"]}
    for name, ids in made.items():
        points = [Point(each * 16, index, {"title": f"{each}\u2028"}) for index, each in enumerate(ids)]
        text = "".join(point.line() for point in points)
        (gate.folder / f"points_{name}.jsonl").write_text(text, encoding="utf-8")
    write_lines(gate.folder / "r001_000.jsonl", [line(0, "done", "a" * 16), line(1, "done", "b" * 16)])
    write_lines(gate.folder / "r001_002.jsonl", [line(0, "failed", "c" * 16)])
    done, report = gate("--accept", "0.6", "--derived", "--memory-mb", "700")
    assert done.returncode == 0
    assert (report["counts"]["done"], report["failures"][0]["first"]) == (
        2,
        2,
    )  # its place in the run, not in its job
    path = gate.folder / "points.jsonl"
    assert read_ids(path) == ["a" * 16, "b" * 16, "c" * 16]
    assert [json.loads(text)["index"] for text in path.read_bytes().splitlines()] == [0, 1, 2]
    assert json.loads((gate.folder / "chunks.json").read_text()) == [
        ["0-1", 700, "000"],
        ["", 700, "001"],
        ["2-2", 700, "002"],
    ]


def test_the_share_must_be_said(gate):
    command = [sys.executable, "-m", "worker.gate"]
    own = os.environ | {"PYTHONPATH": str(WORKER.parent)}
    done = subprocess.run(command, cwd=gate.folder, env=own, text=True, capture_output=True, check=False)
    assert done.returncode == 2
    assert "--accept" in done.stderr
