"""What two runs do not share is told, part by part; where and when they were written does not count."""

import pytest

from kit import manifest
from kit.batch.merging import finish
from kit.runs.comparing import PARTS, differences


def told(first, second):
    return {(one.part, one.name): (one.first, one.second) for one in differences(first, second)}


def test_a_run_and_its_repetition_elsewhere_do_not_differ(make_run):
    assert told(make_run("a", {"muons": 3}), make_run("b", {"muons": 3})) == {}


def test_values_numbers_and_outputs_that_differ_are_told_with_both(make_run):
    first, second = make_run("a", {"muons": 200, "old": 1}), make_run("b", {"muons": 150}, energy=7.0, text="bc")
    found = told(first, second)
    assert found["parameters", "energy"] == ("8", "7")
    assert found["summary", "muons"] == ("200", "150")
    assert found["summary", "old"] == ("1", "–")
    assert found["outputs", "points.txt"][0].startswith("1 bytes, ca978112")  # sha256 of "a"
    assert [one.remark for one in differences(first, second) if one.name == "muons"] == ["-25 %"]


@pytest.fixture
def sweep(launched, toy, tmp_path):
    """Return a function that runs a sweep of the toy notebook here and returns its finished run."""

    def make(name, points, **fixed):
        status = launched(toy, points, fixed, name=name)
        finish(status, 1.0)
        return manifest.load(status.run.directory)

    return make


def test_of_two_sweeps_points_that_only_one_has_are_told_and_those_that_came_out_otherwise(sweep):
    first = sweep("first", {"x": [1, 2, 3, 4, 5, 6]})
    second = sweep("second", {"x": [2, 3, 7]}, limit=2.5, seed=4)
    found = told(first, second)
    assert found["points", "only in one"] == (
        "4 points: x=1.0; x=4.0; x=5.0; and 1 more", "1 point: x=7.0",
    )  # fmt: skip
    assert found["points", "state"] == ("done", "failed: ValueError")
    assert found["points", "square"] == ("9", "–")
    assert found["parameters", "limit"] == ("–", "2.5")  # what all points share is no difference of points
    (remark,) = [one.remark for one in differences(first, second) if one.name == "square"]
    assert remark == "at x=3.0"
    assert not [one for one in differences(first, first) if one.part == "points"]


def test_what_differs_at_many_points_is_told_of_some_and_the_rest_counted(sweep, make_notebook):
    points = {"x": [1, 2, 3, 4, 5]}
    first, second = sweep("first", points), sweep("second", points)
    lines = next((second.directory / "results").glob("*.jsonl"))
    for lines in (second.directory / "results").glob("*.jsonl"):
        lines.write_text(lines.read_text().replace('"summary":{"square":', '"summary":{"square":1'))
    found = [one for one in differences(first, second) if one.part == "points"]
    assert [one.name for one in found] == ["square"] * 3
    assert found[0].remark.endswith("at x=1.0")
    assert found[2].remark.endswith("at x=3.0, and at 2 more of the 5 that both have")


def test_parts_come_in_their_order(make_run):
    first = make_run("a", {"muons": 1})
    second = make_run("b", {"muons": 2}, stage="beam/dump", state="failed", energy=7.0)
    parts = [one.part for one in differences(first, second)]
    assert parts == sorted(parts, key=PARTS.index)
    assert set(parts) == {"stage", "state", "parameters", "summary"}


def test_numbers_that_differ_only_beyond_six_digits_are_shown_in_full(make_run):
    found = told(make_run("a", {"mass": 91.18761}), make_run("b", {"mass": 91.18762}))
    assert found["summary", "mass"] == ("91.18761", "91.18762")


def test_an_input_counts_by_its_content_not_by_its_place(tmp_path, make_run):
    for name, text in (("x.txt", "same"), ("y.txt", "same"), ("z.txt", "other")):
        (tmp_path / name).write_text(text)
    first = make_run("a", inputs=["x.txt"])
    assert ("inputs", "x.txt") not in told(first, make_run("b", inputs=["y.txt"]))
    found = told(first, make_run("c", inputs=["z.txt"]))
    assert found["inputs", "x.txt"][1] == found["inputs", "z.txt"][0] == "–"


def test_an_input_that_was_changed_in_its_place_is_told(tmp_path, make_run):
    (tmp_path / "x.txt").write_text("one")
    first = make_run("a", inputs=["x.txt"])
    (tmp_path / "x.txt").write_text("two")
    assert ("inputs", "x.txt") in told(first, make_run("b", inputs=["x.txt"]))


def test_versions_are_compared_package_by_package(make_run):
    first, second = make_run("a"), make_run("b")
    second.manifest["software"]["packages"] = first.manifest["software"]["packages"] | {"numpy": "0.1"}
    assert told(first, second)["versions", "numpy"][1] == "0.1"
