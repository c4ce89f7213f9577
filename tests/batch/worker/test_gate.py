"""The gate merges what has come, and opens from the share on that was asked for."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).resolve().parents[3] / "kit" / "batch" / "worker"

POINTS = [{"id": name, "index": index, "parameters": {"x": index}} for index, name in enumerate("abcd")]


@pytest.fixture
def gate(tmp_path):
    """Return a function that runs the gate over the lines of some rounds."""
    shutil.copytree(WORKER, tmp_path / "worker", ignore=shutil.ignore_patterns("__pycache__"))

    def line(name, index, state):
        error = None if state == "done" else {"name": "E", "value": "v"}
        about = {"id": name, "index": index, "state": state, "seconds": 1.0, "rss_mb": 1.0}
        return json.dumps(about | {"summary": {"n": index}, "error": error}) + "\n"

    def run(*options, **rounds):
        for name, states in rounds.items():
            points = enumerate(zip("abcd", states, strict=False))
            lines = [line(point, index, state) for index, (point, state) in points if state]
            (tmp_path / f"{name}_000000.jsonl").write_text("".join(lines) + "{cut")
        command = [sys.executable, "-m", "worker.gate", *options]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, json.loads((tmp_path / "report.json").read_text()), done.stdout

    return run


def write_points(path, points):
    path.write_text("".join(json.dumps(point) + "\n" for point in points))


@pytest.mark.parametrize(("accept", "status"), [("1.0", 1), ("0.76", 1), ("0.75", 0)])
def test_it_opens_from_the_share_on_that_is_asked_for(gate, tmp_path, accept, status):
    write_points(tmp_path / "points.jsonl", POINTS)
    got, report, said = gate("--accept", accept, r001=["done", "done", "failed", "done"])
    assert got == status
    assert report["counts"] == {"done": 3, "failed": 1, "timeout": 0, "memory": 0, "died": 0, "missing": 0}
    assert said.startswith("3 of 4 points are done")
    assert len((tmp_path / "points.csv").read_text().splitlines()) == 5


def test_points_without_a_line_are_missing_and_later_rounds_make_good(gate, tmp_path):
    write_points(tmp_path / "points.jsonl", POINTS)
    got, report, _ = gate("--accept", "1", r001=["done", "failed", None, None], r002=[None, "done", "done", None])
    assert got == 1
    assert (report["counts"]["done"], report["counts"]["missing"]) == (3, 1)


def test_points_that_jobs_have_made_are_joined_and_numbered(gate, tmp_path):
    write_points(tmp_path / "points_000000.jsonl", POINTS[:3])
    write_points(tmp_path / "points_000001.jsonl", [POINTS[3] | {"index": 0}])
    write_points(tmp_path / "points_000002.jsonl", [])
    got, report, _ = gate("--accept", "1", "--derived", "--memory-mb", "300", r001=["done"] * 4)
    assert (got, report["points"]) == (0, 4)
    lines = [json.loads(text) for text in (tmp_path / "points.jsonl").read_text().splitlines()]
    assert [(line["id"], line["index"]) for line in lines] == [("a", 0), ("b", 1), ("c", 2), ("d", 3)]
    assert json.loads((tmp_path / "chunks.json").read_text()) == [
        ["0-2", 300, "000000"], ["3-3", 300, "000001"], ["", 300, "000002"],
    ]  # fmt: skip


def test_nothing_at_all_does_not_open_it(gate, tmp_path):
    write_points(tmp_path / "points.jsonl", [])
    assert gate("--accept", "0.5")[0] == 1
