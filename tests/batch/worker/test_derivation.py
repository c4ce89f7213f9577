"""Inside a DAG of stages a job makes its points of what the jobs before it have left, each file once and whole."""

import json
from dataclasses import replace

import pytest

from kit.batch.worker.derivation import Derivation, derive, write_points
from kit.batch.worker.identity import identity
from kit.batch.worker.ledger import Ledger
from kit.batch.worker.orders import OrdersError, read_points

FILES = Derivation("inputs", "/run/one", "*.root", 2, {"width": 5.0}, listed=True)


@pytest.fixture
def leave(tmp_path):
    """Return a function that leaves the results of one chunk of the earlier stage, as its worker does."""

    def write(name, states, round_="001", files=("a.root", "b.txt")):
        ledger = Ledger(tmp_path, f"r{round_}_{name}")
        for point, state in states.items():
            folder = tmp_path / "made" / round_ / point
            folder.mkdir(parents=True)
            for file in files:
                (folder / file).write_text(f"{file} of {point} in {round_}")
            ledger.add({"id": point, "state": state}, folder)
        ledger.close()

    return write


def test_points_are_made_of_the_done_points_files_a_bundle_at_a_time_in_the_order_of_the_chunks(leave, tmp_path):
    leave("000003", {"p3": "done", "p4": "failed", "p5": "done"})
    leave("000000", {"p0": "done", "p1": "done", "p2": "done"})
    points = derive(FILES, "code", tmp_path)
    paths = [
        [f"/run/one/outputs/{name}/a.root" for name in pair] for pair in (("p0", "p1"), ("p2", "p3"), ("p5",))
    ]
    assert [point.parameters for point in points] == [{"width": 5.0, "inputs": pair} for pair in paths]
    assert [point.index for point in points] == [0, 1, 2]
    assert [point.id for point in points] == [identity("code", point.parameters) for point in points]


def test_the_files_lie_whole_where_the_point_is_told_and_only_those_that_match(leave, tmp_path):
    leave("000000", {"p0": "done", "p1": "done"})
    (point,) = derive(FILES, "code", tmp_path)
    texts = {old: (tmp_path / new).read_text() for old, new in point.inputs.items()}
    assert texts == {f"/run/one/outputs/{name}/a.root": f"a.root of {name} in 001" for name in ("p0", "p1")}
    assert not list((tmp_path / "source").rglob("b.txt"))


def test_a_point_that_two_rounds_have_done_is_taken_once(leave, tmp_path):
    leave("000000", {"p0": "failed", "p1": "done"})
    leave("000000", {"p0": "done", "p1": "done"}, round_="002")
    (point,) = derive(replace(FILES, bundle=None), "code", tmp_path)
    assert sorted(point.parameters["inputs"]) == ["/run/one/outputs/p0/a.root", "/run/one/outputs/p1/a.root"]
    assert (tmp_path / "source/outputs/p1/a.root").read_text() == "a.root of p1 in 001"


def test_without_a_pattern_a_point_gets_the_folders_of_points_or_of_the_whole_run(leave, tmp_path):
    leave("000000", {"p0": "done", "p1": "done"})
    one = Derivation("source", "/run/one", "", 1, {}, listed=False)
    assert [point.parameters for point in derive(one, "c", tmp_path)] == [
        {"source": "/run/one/outputs/p0"},
        {"source": "/run/one/outputs/p1"},
    ]
    (whole,) = derive(replace(one, bundle=None), "c", tmp_path)
    assert whole.parameters == {"source": "/run/one"}
    assert sorted(path.name for path in (tmp_path / whole.inputs["/run/one"]).rglob("*.*")) == [
        "a.root", "a.root", "b.txt", "b.txt",
    ]  # fmt: skip


@pytest.mark.parametrize(("pattern", "bundle"), [("*.root", 2), ("*.root", None), ("", 1), ("", None)])
def test_of_nothing_done_no_point_is_made(leave, tmp_path, pattern, bundle):
    assert derive(replace(FILES, pattern=pattern, bundle=bundle), "c", tmp_path) == []
    leave("000000", {"p0": "failed", "p1": "memory"})
    assert derive(replace(FILES, pattern=pattern, bundle=bundle), "c", tmp_path) == []


def test_a_cut_line_is_as_if_it_were_not_there(leave, tmp_path):
    leave("000000", {"p0": "done", "p1": "done"})
    lines = tmp_path / "r001_000000.jsonl"
    lines.write_bytes(lines.read_bytes()[:-20])
    (point,) = derive(FILES, "c", tmp_path)
    assert point.parameters["inputs"] == ["/run/one/outputs/p0/a.root"]


def test_a_line_with_a_mark_that_ends_lines_elsewhere_counts(leave, tmp_path):
    leave("000000", {"p0": "done"}, files=("a\u2028.root",))
    assert derive(FILES, "c", tmp_path)[0].parameters["inputs"] == ["/run/one/outputs/p0/a\u2028.root"]


@pytest.mark.parametrize("kept", [None, 512])
def test_a_tar_that_came_short_ends_the_job_before_half_a_file_is_analysed(leave, tmp_path, kept):
    leave("000000", {"p0": "done"})
    tar = tmp_path / "r001_000000.tar"
    if kept is None:
        tar.unlink()
    else:
        tar.write_bytes(tar.read_bytes()[:kept])
    with pytest.raises(OrdersError, match=r"r001_000000\.tar: has \d+ bytes, should have \d+ by its lines"):
        derive(FILES, "c", tmp_path)
    assert not list((tmp_path / "source").rglob("*.root"))


def test_the_points_that_a_job_made_read_back_the_same(leave, tmp_path):
    leave("000000", {"p0": "done", "p1": "done", "p2": "done"})
    points = derive(FILES, "c", tmp_path)
    write_points(points, tmp_path / "points_000.jsonl")
    assert read_points(tmp_path / "points_000.jsonl") == [replace(point, inputs={}) for point in points]
    first = json.loads((tmp_path / "points_000.jsonl").read_text().partition("\n")[0])
    assert list(first) == ["id", "index", "parameters"]  # ids are read at a fixed place
