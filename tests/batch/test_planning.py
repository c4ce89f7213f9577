"""Before the first file is written: points, jobs and costs are known, and what cannot work is refused."""

import json
from dataclasses import replace

import pytest

from kit.batch import planning, sites
from kit.batch.faults import SubmissionError
from kit.batch.merging import finish
from kit.batch.options import Options
from kit.batch.planning import chunks_for, known_seconds, make_plan
from kit.parameters import ParameterError

HERE = {"profile": "local", "workers": 2}


@pytest.fixture
def planned(toy, tmp_path):
    """Return a function that plans a sweep; nothing is ever written by it."""
    before = sorted(tmp_path.rglob("*"))

    def plan(sweep, fixed=None, notebook=toy, **options):
        return make_plan(str(notebook), fixed or {}, sweep, Options.build(HERE | options))

    yield plan
    left = {path for path in tmp_path.rglob("*") if "bin" not in path.parts}
    assert left <= {*before, *toy.parent.iterdir()}


def test_a_plan_tells_points_jobs_hours_memory_and_where(planned):
    plan = planned({"x": {"range": [1, 20]}}, cpus=2)
    told = plan.told()
    assert (told["points"], told["jobs"], told["points a job"]) == (20, 8, "2 to 3")
    assert told["seconds a point"] == "60 (a guess: nobody has measured it)"
    assert told["CPU hours"] == pytest.approx(20 * 60 * 2 / 3600, rel=0.005)
    assert (told["memory a job"], told["time limit"]) == ("2000 MB", "none")
    assert told["where"] == "local, this computer (asked for)"
    assert [point.index for point in plan.points] == list(range(20))
    assert len({point.id for point in plan.points}) == 20


@pytest.mark.parametrize(
    ("options", "limit"),
    # 1000 points of 60 s go into 34 jobs of 30 points: twice 1800 s and the start need 3900 s
    [
        ({}, "longlunch"),
        ({"flavour": "nextweek"}, "nextweek"),
        ({"max_runtime": 77}, "77 s"),
        ({"per_job": 1}, "espresso"),
    ],
)
def test_on_a_pool_the_limit_of_time_follows_from_the_longest_job(planned, commands, options, limit):
    told = planned(
        {"x": {"range": [1, 1000]}}, profile="condor", environment={"python": "/usr/bin/python3"}, **options
    )
    assert told.told()["time limit"] == limit


@pytest.mark.parametrize(
    ("sweep", "told"),
    [
        ([{"x": 1.0}, {"xx": 2.0}], r"toy\.ipynb: point 1 \(xx=2\.0\): xx is not known.*x"),
        ([{"x": 1.0}, {"x": "two"}], r"point 1 \(x=\"two\"\): x is 'two', should be float"),
        ([{"x": float("nan")}], r"point 0 \(x=nan\): x is nan, should be finite"),
        ([{"x": float("inf")}], r"point 0 \(x=inf\): x is inf, should be finite"),
        (
            [{"x": 1.0}, {"x": 2.0}, {"x": 1.0}],
            r"points 0 and 2 are the same: x=1\.0; each point must be another one",
        ),
        ([], "points: there is none; should be at least one"),
        ({"x": []}, r"points: x is \[\], should be a list of values"),
        ([{"output": "a"}], r"point 0 .*: output is set by the job itself, leave it out"),
    ],
)
def test_points_that_cannot_be_used_are_refused_by_number_and_name_before_anything_is_written(
    planned, sweep, told
):
    with pytest.raises((ParameterError, SubmissionError), match=told):
        planned(sweep)


def test_a_pattern_without_a_match_and_a_missing_input_are_refused_by_name(planned, toy):
    with pytest.raises(FileNotFoundError, match=r"no file matches .*\*\.root"):
        planned({"x": {"files": "*.root"}})
    with pytest.raises(FileNotFoundError, match=r"not_there\.csv"):
        planned({"x": [1]}, inputs=["not_there.csv"])


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["x = 1"], "has 0 cells tagged parameters, should have one"),
        ([("parameters", "x = 1"), ("parameters", "x = 2")], "has 2 cells tagged parameters, should have one"),
        ([("parameters", "a = 1\nx = a * 2"), "x"], r"line 2: x is computed from a and would keep its old value"),
    ],
)
def test_notebooks_that_cannot_be_swept_are_refused_by_file(make_notebook, cells, told):
    notebook = make_notebook("notebooks/beam/odd.ipynb", *cells)
    with pytest.raises((ParameterError, SubmissionError, RuntimeError), match=rf"odd\.ipynb.*{told}"):
        make_plan(str(notebook), {}, [{"a": 1}], Options.build(HERE))


def test_a_file_that_is_no_notebook_is_refused_by_its_spot(make_notebook):
    notebook = make_notebook("notebooks/beam/cut.ipynb", ("parameters", "x = 1"))
    notebook.write_text('{"cells": [')
    with pytest.raises(ValueError, match=r"cut\.ipynb:1:12: .* should be JSON"):
        make_plan(str(notebook), {}, [{"x": 1}], Options.build(HERE))


def test_a_kernel_that_is_not_installed_is_refused_and_another_language_is_not_forked(
    make_notebook, tmp_path, monkeypatch
):
    notebook = make_notebook("notebooks/beam/other.ipynb", ("parameters", "x = 1"), kernel="elsewhere")
    content = json.loads(notebook.read_text())
    content["metadata"]["kernelspec"]["language"] = "R"
    notebook.write_text(json.dumps(content))
    with pytest.raises(
        SubmissionError, match=r"other\.ipynb: needs the kernel elsewhere \(r\), which is not installed"
    ):
        make_plan(str(notebook), {}, [{"x": 1}], Options.build(HERE))
    folder = tmp_path / "jupyter" / "kernels" / "elsewhere"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps({"argv": ["R"], "display_name": "R", "language": "R"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    plan = make_plan(str(notebook), {}, [{"x": 1}], Options.build(HERE))
    assert plan.options.isolation == "kernel"
    assert plan.notes == ["the notebook is in r: each point starts an ordinary kernel"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dag": True}, "a DAG needs HTCondor; on this computer leave --dag out"),
        ({"notify": "mail"}, "mail comes from the last node of a DAG: add --dag"),
        ({"extra": ["queue 7"]}, "changes queue, which the kit relies on"),
        ({"seed_parameter": "sede"}, r"seed_parameter: sede is not known to the notebook.*seed"),
        ({"site": {"spol": True}}, r"site\.spol is not known.*spool"),
    ],
)
def test_options_that_do_not_fit_are_refused(planned, options, told):
    with pytest.raises(SubmissionError, match=told):
        planned({"x": [1, 2]}, **options)


def test_repeated_points_have_other_seeds_that_are_always_the_same(planned):
    first, again = (planned({"x": [1, 2]}, repeat=3).points for _ in range(2))
    assert first == again
    assert len({point.id for point in first}) == 6
    assert len({point.parameters["seed"] for point in first}) == 6
    assert [point.parameters["x"] for point in first] == [1.0] * 3 + [2.0] * 3


def test_one_seed_for_all_points_is_said_and_is_not_where_each_has_its_own(planned):
    assert planned({"x": [1, 2]}).notes == [
        "all 2 points share one seed; --seed-parameter seed gives each its own"
    ]
    assert planned({"x": [1, 2]}, seed_parameter="seed").notes == []
    assert planned({"seed": [1, 2]}).notes == []
    assert planned({"x": [1]}).notes == []


def test_the_same_values_give_the_same_ids_however_they_are_written(planned):
    assert (
        planned([{"x": 3}]).points == planned({"x": {"range": [3, 3]}}).points == planned([{}], {"x": 3.0}).points
    )


def test_what_a_point_took_before_is_the_median_of_the_same_code(toy, launched):
    status = launched(toy, {"x": [1, 2, 3]}, name="outputs/beam/toy/earlier")
    finish(status, 1.0)
    plan = make_plan(str(toy), {}, {"x": [5, 6]}, Options.build(HERE))
    assert plan.seconds == pytest.approx(max(0.1, status.seconds), abs=1e-3)
    assert plan.ground == "median of outputs/beam/toy/earlier"
    assert known_seconds(plan.notebook, "other code") == (60.0, "a guess: nobody has measured it")


SPOOL = sites.Site("cern-spool", "asked for", max_jobs=100)
POOL = sites.Site("condor", "asked for")


@pytest.mark.parametrize(
    ("points", "options", "site", "jobs"),
    [
        (300, {"target_seconds": 60}, POOL, 300),
        (300, {"target_seconds": 60}, SPOOL, 100),
        (300, {"target_seconds": 60, "max_jobs": 50}, SPOOL, 50),
        (300, {"per_job": 3}, SPOOL, 100),
        (9000, {"target_seconds": 60}, POOL, 1800),
        (9000, {"target_seconds": 60, "max_jobs": 10_000}, POOL, 9000),
    ],
)
def test_jobs_are_as_many_as_asked_for_and_as_the_site_takes(points, options, site, jobs):
    assert chunks_for(points, 60.0, Options.build(options), site) == jobs


def test_more_jobs_by_hand_than_a_spooled_submission_takes_are_refused_with_the_number_that_fits():
    with pytest.raises(
        SubmissionError,
        match=r"300 points, 2 a job, would be 150 jobs; cern-spool takes 100 .* per_job be 3 or more",
    ):
        chunks_for(300, 60.0, Options(per_job=2), SPOOL)
    assert chunks_for(300, 60.0, Options(per_job=2), replace(SPOOL, max_jobs=None)) == 150
    assert planning.UNKNOWN_SECONDS == 60.0


def test_an_input_where_the_site_cannot_read_it_is_refused_with_path_and_rule(planned, commands):
    (commands.folder / "far.csv").touch()
    folder = str(commands.folder)
    with pytest.raises(SubmissionError, match=rf"{folder}/far\.csv: condor: copy it"):
        planned(
            {"x": [1]}, profile="condor", inputs=[f"{folder}/far.csv"], site={"refused": {folder: "copy it"}},
            environment={"python": "/usr/bin/python3"},
        )  # fmt: skip


def test_a_plan_for_cern_says_plainly_that_a_ticket_is_missing(planned, commands):
    about = {"profile": "cern-afs", "environment": {"python": "/usr/bin/python3"}}
    assert planned({"x": [1]}, **about).notes == []
    commands.fails("klist", "")
    assert planned({"x": [1]}, **about).notes == ["no Kerberos ticket: run `kinit` in a terminal, then repeat"]
