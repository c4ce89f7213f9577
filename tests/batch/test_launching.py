"""From a plan to a run: the whole directory or nothing, the first point here, the others where they belong."""

import json
import stat
import sys
from pathlib import Path

import pytest

from kit import manifest
from kit.batch import launching
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.rounds import batch_run
from kit.batch.status import status_of

POOL = {"profile": "condor", "environment": {"python": sys.executable}, "memory_mb": 300}


@pytest.fixture
def plan(toy, commands):
    """Return a function that plans a sweep for the stand-in of a pool."""

    def make(sweep, fixed=None, **options):
        return make_plan(str(toy), fixed or {}, sweep, Options.build(POOL | options))

    return make


def test_a_round_holds_the_files_of_the_specification_and_each_job_its_slice_only(plan, tmp_path, commands):
    said = []
    run = launching.launch(
        plan({"x": {"range": [1, 20]}}, per_job=7, try_first=False), tmp_path / "run", say=said.append
    )
    below = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"manifest.json", "submission.json", "notebook.ipynb", "points.jsonl", "rounds", "results"} <= below
    (round_,) = run.rounds
    inside = {path.name for path in round_.directory.iterdir()}
    assert {"chunks.txt", "points", "job.sub", "run.sh", "worker", "submitted.json", "logs"} <= inside
    rows = (round_.directory / "chunks.txt").read_text().splitlines()
    assert rows == ["000000, 000, 300", "000006, 000, 300", "000013, 000, 300"]
    whole = run.points.read_text().splitlines(keepends=True)
    slices = [(round_.directory / "points" / f"{row[:6]}.jsonl").read_text() for row in rows]
    assert [text.count("\n") for text in slices] == [6, 7, 7]
    assert "".join(slices) == "".join(whole)
    assert (round_.directory / "logs" / "000").is_dir()
    assert stat.S_IMODE((round_.directory / "run.sh").stat().st_mode) & 0o111
    assert round_.log.name.startswith("events.2")
    assert f"log                     = {round_.log.name}" in (round_.directory / "job.sub").read_text()
    assert commands.calls("condor_submit") == ["-terse job.sub"]
    assert any(text.startswith("3 jobs submitted as cluster 17 to the schedd; `kit watch ") for text in said)
    assert "profile condor: asked for" in said


def test_the_submission_says_how_it_was_sent_and_the_manifest_that_it_is_not_over(plan, toy, tmp_path):
    made = plan({"x": [1, 2]}, {"limit": 9.0}, retries=5, dry_run=True)
    run = launching.launch(made, tmp_path / "run", say=lambda _text: None)
    about = run.submission
    assert (about["stage"], about["points"], about["code"]) == ("beam/toy", 2, made.code)
    assert (about["values"], about["sweep"]) == ({"limit": 9.0}, {"x": [1, 2]})
    assert about["options"]["retries"] == 5
    assert set(about["options"]) == set(Options.model_fields)
    assert set(about["software"]) == {"kit", "commit", "papermill", "python"}
    assert about["rounds"] == ["001"]
    record = manifest.load(tmp_path / "run").manifest
    assert (record["state"], record["stage"], record["parameters"]) == ("running", "beam/toy", {"limit": 9.0})


def test_the_notebook_that_runs_has_no_outputs_and_the_same_cells(plan, toy, tmp_path):
    content = json.loads(toy.read_text())
    content["cells"][1] |= {
        "outputs": [{"name": "stdout", "output_type": "stream", "text": "seen"}],
        "execution_count": 7,
    }
    toy.write_text(json.dumps(content))
    run = launching.launch(plan({"x": [1]}, dry_run=True), tmp_path / "run", say=lambda _text: None)
    copy = json.loads(run.notebook.read_text())
    assert [cell["source"] for cell in copy["cells"]] == [cell["source"] for cell in content["cells"]]
    assert [(cell["outputs"], cell["execution_count"]) for cell in copy["cells"]] == [([], None)] * 3


def test_a_dry_run_writes_the_jobs_and_submits_nothing(plan, tmp_path, commands):
    said = []
    run = launching.launch(plan({"x": [1, 2, 3]}, per_job=1, dry_run=True), tmp_path / "run", say=said.append)
    assert (run.rounds[0].directory / "job.sub").read_text().endswith("queue chunk, dir, mem from chunks.txt\n")
    assert commands.calls("condor_submit") == []
    assert run.rounds[0].submitted is None
    assert said[-1] == "3 jobs are written in run/rounds/001; nothing was submitted"


def test_the_first_point_runs_here_its_result_counts_and_the_jobs_have_the_others(plan, tmp_path, commands):
    said = []
    run = launching.launch(plan({"x": {"range": [3, 8]}}), tmp_path / "run", say=said.append)
    assert [round_.number for round_ in run.rounds] == ["000", "001"]
    assert [index for chunk in run.rounds[1].chunks for index in chunk.indexes] == [1, 2, 3, 4, 5]
    assert status_of(run.directory).counts["done"] == 1
    assert any(text.startswith("the first point took ") for text in said)
    assert commands.calls("condor_submit") == ["-terse job.sub"]


def test_a_first_point_that_fails_stops_the_submission_and_its_notebook_is_there(plan, tmp_path, commands):
    made = plan({"x": {"range": [3, 8]}}, {"limit": 2.0})
    with pytest.raises(
        SubmissionError,
        match=r"the first point failed, nothing else was started: cell 3: .* 3\.0 is above 2\.0 \(see",
    ):
        launching.launch(made, tmp_path / "run", say=lambda _text: None)
    assert commands.calls("condor_submit") == []
    assert len(list((tmp_path / "run" / "outputs").glob("*/toy.ipynb"))) == 1


@pytest.mark.parametrize("content", ["thesis.tex", "submission.json"])
def test_a_folder_that_holds_something_is_refused_and_untouched(plan, tmp_path, content):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / content).write_text("mine")
    with pytest.raises(
        SubmissionError, match=r"^run is there already; `kit resume` goes on with a run, or choose ano"
    ):
        launching.launch(plan({"x": [1]}), tmp_path / "run", say=lambda _text: None)
    assert [path.name for path in (tmp_path / "run").iterdir()] == [content]


def test_of_two_submissions_into_one_folder_the_second_is_refused_and_the_first_is_whole(
    plan, tmp_path, monkeypatch
):
    made, write, told = plan({"x": [1, 2]}, dry_run=True), launching.points.write, []

    def while_it_is_written(path, points):
        monkeypatch.setattr(launching.points, "write", write)
        with pytest.raises(
            SubmissionError, match=r"^run is being made by another submission; wait for it, or"
        ) as e:
            launching.create(made, tmp_path / "run", "")
        told.append(e)
        write(path, points)

    monkeypatch.setattr(launching.points, "write", while_it_is_written)
    run = launching.launch(made, tmp_path / "run", say=lambda _text: None)
    assert len(told) == 1
    assert batch_run(tmp_path / "run").number_of_points == 2
    assert run.notebook.is_file()
    assert {path.name for path in tmp_path.glob(".*")} == set()


def test_a_file_in_the_place_of_the_folder_is_refused(plan, tmp_path):
    (tmp_path / "run").write_text("mine")
    with pytest.raises(SubmissionError, match=r"^run is there already"):
        launching.launch(plan({"x": [1]}), tmp_path / "run", say=lambda _text: None)
    assert (tmp_path / "run").read_text() == "mine"


def test_what_a_killed_submission_left_is_no_run_and_not_in_the_way(plan, tmp_path):
    (tmp_path / ".run.part" / "rounds").mkdir(parents=True)
    (tmp_path / ".run.part" / "submission.json").write_text("{")
    (tmp_path / "run").mkdir()
    with pytest.raises(SubmissionError, match="run holds no points; should be what `kit submit` made"):
        batch_run(tmp_path / "run")
    run = launching.launch(plan({"x": [1]}, dry_run=True), tmp_path / "run", say=lambda _text: None)
    assert batch_run(tmp_path / "run").number_of_points == 1
    assert run.submission["rounds"] == ["001"]
    assert not (tmp_path / ".run.part").exists()


def test_without_a_ticket_nothing_is_written(plan, tmp_path, commands):
    commands.fails("klist", "")
    with pytest.raises(SubmissionError, match="no Kerberos ticket: run `kinit` in a terminal, then repeat"):
        launching.launch(plan({"x": [1]}, profile="cern-afs"), tmp_path / "run", say=lambda _text: None)
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "outputs").exists()


def test_a_run_lies_where_the_runs_of_its_stage_lie(plan, tmp_path):
    run = launching.launch(plan({"x": [1]}, dry_run=True), label="scan", say=lambda _text: None)
    assert run.directory.parent == tmp_path / "outputs" / "beam" / "toy"
    assert run.directory.name.startswith("scan_2")


def test_a_spooled_submission_is_spooled_and_a_dag_is_given_to_dagman(plan, tmp_path, commands):
    spool = plan({"x": [1]}, profile="cern-spool")
    launching.launch(spool, tmp_path / "spool", say=lambda _text: None)
    assert commands.calls("condor_submit") == ["-terse -spool job.sub"]
    commands.says("condor_config_val", "0\n")
    run = launching.launch(
        plan({"x": [1, 2]}, per_job=1, dag=True, try_first=False), tmp_path / "dag", say=lambda _text: None
    )
    (call,) = commands.calls("condor_submit_dag")
    assert call.endswith("-maxjobs 500 round.dag")
    inside = {path.name for path in run.rounds[0].directory.iterdir()}
    assert {"round.dag", "chunk.sub", "merge.sub"} <= inside
    assert "job.sub" not in inside
    assert Path(run.rounds[0].submitted["dag"]).name == "round.dag"
