"""What the points of one stage have left becomes the points of the next: done ones only, in order, in bundles."""

from dataclasses import replace
from pathlib import Path

import pytest

from kit.batch.campaign import Source, read_campaign
from kit.batch.chaining import derivation, points_after, takes_list


@pytest.fixture
def before(written):
    """Return a run of five points of which the second failed and the last is missing; each left one file."""
    made = written(5)
    made.bring({0: "done", 1: "failed", 2: "done", 3: "done"})
    return made


@pytest.fixture
def square(chain):
    """Return the stage that takes files of the one before, four at a time."""
    return read_campaign(chain).stage("square")


def taking(stage, *source, **changes):
    return replace(stage, source=Source("inputs", "make", *source), **changes)


def inputs(points, made):
    return [[str(Path(path).relative_to(made.batch.directory)) for path in point["inputs"]] for point in points]


def test_a_stage_without_source_has_its_own_sweep(chain):
    make = read_campaign(chain).stage("make")
    assert points_after(make) == [{"first": 0}, {"first": 2}, {"first": 4}]
    assert points_after(replace(make, sweep={})) == [{}]


def test_files_that_fit_the_pattern_of_points_that_are_done_go_in_bundles(square, before):
    made = [f"outputs/{before.ids[index]}/x.txt" for index in (0, 2, 3)]
    points = points_after(taking(square, "x*.txt", 2), [before.read()])
    assert inputs(points, before) == [made[:2], made[2:]]
    assert all(Path(path).read_text().startswith("point ") for point in points for path in point["inputs"])
    assert points_after(taking(square, "y*.txt", 2), [before.read()]) == []


def test_without_a_pattern_folders_are_what_is_taken(square, before):
    made = [f"outputs/{before.ids[index]}" for index in (0, 2, 3)]
    assert inputs(points_after(taking(square, "", 1), [before.read()]), before) == [[path] for path in made]


def test_all_together_are_one_point_of_all_files_or_of_the_run_itself(square, before):
    files = [f"outputs/{before.ids[index]}/x.txt" for index in (0, 2, 3)]
    together = taking(square, "x.txt", None, together=True)
    assert inputs(points_after(together, [before.read()]), before) == [files]
    whole = taking(square, "", None, together=True)
    assert points_after(whole, [before.read()]) == [{"inputs": [str(before.batch.directory)]}]


def test_the_rest_of_the_sweep_is_multiplied_with_what_was_left(square, before):
    stage = taking(square, "x.txt", 3, sweep={"output": ["a", "b"]})
    points = points_after(stage, [before.read()])
    assert [(len(point["inputs"]), point["output"]) for point in points] == [(3, "a"), (3, "b")]


def test_a_parameter_that_is_no_list_gets_one_path(square, before, make_notebook):
    make_notebook("notebooks/beam/one.ipynb", ("parameters", "inputs: str = 'demo'  # file"), "inputs")
    stage = replace(taking(square, "x.txt", 1), notebook="beam/one")
    assert (takes_list(square), takes_list(stage)) == (True, False)
    points = points_after(stage, [before.read()])
    assert [Path(point["inputs"]).parent.name for point in points] == [before.ids[index] for index in (0, 2, 3)]


def test_jobs_are_told_how_to_make_such_points_themselves(square):
    how = derivation(square, Path("/runs/make"), {"limit": 3})
    assert (how.parameter, how.bundle, how.pattern, how.listed) == ("inputs", 4, "number_*.txt", True)
    assert (how.values, how.source) == ({"limit": 3}, "/runs/make")
