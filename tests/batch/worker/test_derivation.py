"""Points made of what an earlier stage has left: from done points only, each once, in one order."""

import json

import pytest

from kit.batch.worker.derivation import Derivation, derive, found_in, points_of, write_points
from kit.batch.worker.ledger import Ledger


@pytest.fixture
def left(tmp_path):
    """Write what two jobs of an earlier stage have left: three done points with two files each, a failed one."""
    folder = tmp_path / "job"
    folder.mkdir()
    for chunk, names in (("000000", ["a", "b"]), ("000002", ["c", "d"])):
        ledger = Ledger(folder, f"r001_{chunk}")
        for name in names:
            own = tmp_path / name
            own.mkdir()
            (own / "events_1.root").write_text(f"{name}1")
            (own / "events_2.root").write_text(f"{name}2")
            (own / "log.txt").write_text("log")
            ledger.add({"id": name, "state": "failed" if name == "b" else "done"}, own)
        ledger.close()
    return folder


def how(**changes):
    about = {"parameter": "inputs", "source": "/far/run", "pattern": "events_*.root", "bundle": 4}
    about |= {"values": {"cut": 2}, "listed": True}
    return Derivation(**(about | changes))


def test_files_are_unpacked_and_bundled_and_known_by_their_path_in_the_earlier_run(left):
    points = derive(how(), "code", left)
    assert [len(point.parameters["inputs"]) for point in points] == [4, 2]
    first = points[0].parameters
    assert first["inputs"][0] == "/far/run/outputs/a/events_1.root"
    assert first["cut"] == 2
    assert (left / points[0].inputs[first["inputs"][0]]).read_text() == "a1"
    assert not list(left.glob("source/outputs/*/log.txt"))
    assert not (left / "source" / "outputs" / "b").exists()


def test_all_at_once_is_one_point_with_the_whole_run(left):
    (left / "points.jsonl").write_text("of the earlier stage")
    (point,) = derive(how(pattern="", bundle=None), "code", left)
    assert point.parameters == {"inputs": ["/far/run"], "cut": 2}
    assert point.inputs == {"/far/run": "source"}
    assert (left / "source" / "points.jsonl").exists()
    assert (left / "source/outputs/c/log.txt").exists()


def test_without_a_pattern_the_folders_of_the_points_are_taken(left):
    points = derive(how(pattern="", bundle=1, listed=False), "code", left)
    assert [point.parameters["inputs"] for point in points] == [f"/far/run/outputs/{name}" for name in "acd"]


def test_a_point_that_two_jobs_have_done_counts_once(left):
    lines = (left / "r001_000000.jsonl").read_text()
    (left / "r002_000000.jsonl").write_text(lines)
    found = list(found_in(sorted(left.glob("r*.jsonl")), "*.root"))
    assert [file.point for file in found] == ["a", "a", "c", "c", "d", "d"]


def test_nothing_left_is_no_point(tmp_path):
    assert derive(how(), "code", tmp_path) == []
    assert points_of(how(pattern="", bundle=None), "code", []) == []


def test_the_same_points_come_of_the_lines_alone(left):
    made = derive(how(), "code", left)
    again = points_of(how(), "code", found_in(sorted(left.glob("r*.jsonl")), "events_*.root"))
    assert [point.id for point in made] == [point.id for point in again]


def test_written_points_are_lines_of_a_table_of_points(left, tmp_path):
    write_points(derive(how(), "code", left), tmp_path / "points.jsonl")
    lines = [json.loads(text) for text in (tmp_path / "points.jsonl").read_text().splitlines()]
    assert [set(line) for line in lines] == [{"id", "index", "parameters"}] * 2
