"""Which results an input stands for, and the masses that several of them hold together."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from kit.opendata.demo import demo
from kit.opendata.events import EventParameters, read_events
from kit.opendata.gathering import DEMO_RUN, MASS_ARRAYS, demo_run, gather, pooled_masses
from kit.opendata.massarrays import read_arrays
from kit.opendata.masses import MassParameters, make_masses
from kit.opendata.merging import merge_masses
from kit.run import Run, RunError, load

EVENTS = 300


@pytest.fixture(scope="module")
def jobs(tmp_path_factory):
    """Return a folder with a batch run of two jobs on two files, which have kept their masses."""
    folder = tmp_path_factory.mktemp("batch")
    files = [str(demo("2020e-13tev", folder / f"{seed}.root", EVENTS, seed)) for seed in (1, 2)]
    for job in (1, 2):
        p = MassParameters(
            inputs=files, job=job, jobs=2, keep_masses=True, output=str(folder / "outputs" / f"{job:06d}")
        )
        with Run("opendata/masses", p) as run:
            run.summary = make_masses(p, run)
    (folder / "points.jsonl").write_text("".join(json.dumps({"index": k}) + "\n" for k in range(2)))
    (folder / "manifest.json").write_text(
        json.dumps({"stage": "opendata/masses", "state": "running", "parameters": {}})
    )
    return folder


def jobs_in(gathered):
    return [result.about["job"] for result in gathered.results]


def test_a_run_stands_for_itself(jobs):
    gathered = gather([str(jobs / "outputs" / "000002")])
    assert (jobs_in(gathered), gathered.expected) == ([2], None)


def test_a_pattern_and_a_file_stand_for_the_runs_they_name(jobs):
    assert jobs_in(gather([str(jobs / "outputs" / "0*")])) == [1, 2]
    assert jobs_in(gather([str(jobs / "outputs" / "000001" / "masses.parquet")])) == [1]


def test_a_batch_run_stands_for_all_its_points_and_tells_their_number(jobs):
    gathered = gather([str(jobs)])
    assert (jobs_in(gathered), gathered.expected) == ([1, 2], 2)


def test_a_run_that_is_named_twice_is_there_once(jobs):
    gathered = gather([str(jobs / "outputs" / "000001"), str(jobs)])
    assert (jobs_in(gathered), gathered.expected) == ([1, 2], None)


def test_what_holds_no_run_of_masses_is_refused(jobs, tmp_path):
    with pytest.raises(RunError, match=r"holds no complete run of opendata/masses$"):
        gather([str(tmp_path)])
    shutil.copytree(jobs / "outputs" / "000001", tmp_path / "other")
    manifest = tmp_path / "other" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"complete"', '"failed"'))
    with pytest.raises(RunError, match="other holds no complete run of opendata/masses; it is failed"):
        gather([str(tmp_path / "other")])


def test_a_run_of_another_stage_is_called_what_it_is(tmp_path):
    p = EventParameters(inputs=[str(demo("2020e-13tev", tmp_path / "a.root", 50, 1))], output=str(tmp_path / "in"))
    with Run("opendata/events", p) as run:
        run.summary = read_events(p, run)
    with pytest.raises(RunError, match=r"in is a run of opendata/events, should be one of opendata/masses$"):
        gather([str(tmp_path / "in")])
    with pytest.raises(RunError, match=r"no complete run of opendata/masses; it holds runs of opendata/events$"):
        gather([str(tmp_path)])


def test_processes_that_want_the_demo_at_once_all_get_it(tmp_path):
    code = "from kit.opendata import demo, gathering; demo.DEMO_EVENTS = 1000; print(gathering.demo_run())"
    environment = {**os.environ, "KIT_HOME": str(tmp_path)}
    started = [
        subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert [text.splitlines()[-1] for text in told] == [str(tmp_path / DEMO_RUN)] * 3
    assert load(tmp_path / DEMO_RUN).state == "complete"


def test_a_demo_of_older_events_is_made_anew(monkeypatch):
    first = load(demo_run())
    monkeypatch.setattr("kit.opendata.demo.VERSION", 99)
    assert load(demo_run()).manifest["inputs"] != first.manifest["inputs"]


def test_masses_of_all_results_are_pooled_by_file(jobs):
    results = gather([str(jobs)]).results
    pairs = {(state, im) for result in results for state, im in next(iter(result.records())).spectra.pairs}
    pooled = pooled_masses(results, pairs)
    for pair in pairs:
        alone = [
            masses
            for job in ("000001", "000002")
            for _, *found, masses in read_arrays(jobs / "outputs" / job / MASS_ARRAYS)
            if tuple(found) == pair
        ]
        assert [m.tolist() for m in pooled[pair]] == [m.tolist() for m in alone]
    assert sum(len(m) for masses in pooled.values() for m in masses) == sum(
        record.spectra.total for result in results for record in result.records()
    )


def test_masses_of_a_piece_that_came_twice_are_pooled_once(jobs, tmp_path):
    shutil.copytree(jobs / "outputs" / "000001", tmp_path / "copy")
    once = gather([str(jobs)]).results
    twice = gather([str(jobs), str(tmp_path / "copy")]).results
    pair = next(iter(once[0].records())).spectra.pairs[0]
    assert len(twice) == 3
    one, two = pooled_masses(once, {pair}), pooled_masses(twice, {pair})
    assert np.array_equal(np.concatenate(one[pair]), np.concatenate(two[pair]))


def test_masses_that_were_not_kept_are_asked_for(jobs, tmp_path):
    shutil.copytree(jobs / "outputs" / "000001", tmp_path / "without")
    (tmp_path / "without" / MASS_ARRAYS).unlink()
    with pytest.raises(RunError, match=f"without has no {MASS_ARRAYS}: run masses with keep_masses"):
        pooled_masses(gather([str(tmp_path / "without")]).results, set())


def test_the_demo_is_made_once_and_told_apart(tmp_path):
    first = demo_run()
    assert first == tmp_path / "outputs" / "demo" / "opendata" / "masses"
    ended = load(first).manifest["ended"]
    made = (first / "masses.parquet").stat().st_mtime_ns
    gathered = gather(["demo"])
    assert len(gathered.results) == 1
    assert merge_masses(gathered.results).generated
    assert (load(first).manifest["ended"], (first / "masses.parquet").stat().st_mtime_ns) == (ended, made)


def test_a_demo_of_other_parameters_is_made_anew(tmp_path):
    manifest = demo_run() / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"max_total": 4', '"max_total": 3'))
    assert load(demo_run()).parameters["max_total"] == 4


def test_a_batch_run_that_was_not_collected_says_how_to(tmp_path):
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "points.jsonl").write_text("")
    with pytest.raises(
        RunError, match="holds no complete run of opendata/masses; kit collect unpacks those of a batch"
    ):
        gather([str(tmp_path / "batch")])
