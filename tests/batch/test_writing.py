"""A round in writing is all that its jobs need: points, description, settings, files that travel, a whole DAG."""

import json
import re
import tempfile
from dataclasses import replace

import pytest

import kit
from kit import files
from kit.batch import sites
from kit.batch.chunks import Chunk
from kit.batch.faults import SubmissionError
from kit.batch.launching import create
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.sites import Site
from kit.batch.worker.orders import read_orders, read_points
from kit.batch.writing import Sending, write_round

CONDOR = Site("condor", "asked for")
READING = ("parameters", "inputs = ['demo']"), "open(inputs[0]).read()"


def sending(site, **options):
    given = Options.build({"profile": "local", "memory_mb": 400} | options)
    return Sending(given, site, {"python": "/usr/bin/python3"}, lambda _text: None)


def settings(round_):
    return files.read_json(round_.directory / "worker.json")


def written_by(batch, site=CONDOR, chunks=None, seconds=1.0, number="001", **options):
    return write_round(batch, chunks or [Chunk(range(2), 400)], seconds, sending(site, **options), number, site)


def test_workers_are_told_what_the_run_was_submitted_with(written):
    made = written(2)
    round_ = written_by(made.batch, point_timeout=30.0, guard=False, keep_notebooks="failed", isolation="kernel")
    orders = read_orders(round_.directory / "worker.json")
    assert (orders.code, orders.round, orders.name) == (made.batch.submission["code"], "001", "toy.ipynb")
    assert (orders.point_timeout, orders.guard, orders.keep_notebooks) == (30.0, False, "failed")
    assert (orders.isolation, orders.kit, orders.needs_kit) == ("kernel", kit.__version__, False)


def test_a_worker_reads_its_slice_as_the_points_of_the_run(written):
    made = written(5)
    round_ = written_by(made.batch, chunks=[Chunk([0, 3], 400), Chunk([4], 800)])
    (one, two), (three,) = (read_points(round_.directory / "points" / f"00000{name}.jsonl") for name in (0, 4))
    assert [point.id for point in (one, two, three)] == [made.ids[index] for index in (0, 3, 4)]
    assert [point.parameters["x"] for point in (one, two, three)] == [1.0, 4.0, 5.0]
    text = (round_.directory / "job.sub").read_text()
    assert re.search(r"^arguments += \$\(chunk\) --round 001$", text, re.M)
    assert text.endswith("queue chunk, dir, mem from chunks.txt\n")


def test_on_this_computer_nothing_is_written_for_htcondor(written):
    round_ = written_by(written(2).batch, sites.local())
    assert not (round_.directory / "job.sub").exists()
    assert settings(round_)["flavour"] is None


def test_every_submission_has_a_fresh_log_and_a_name_that_no_other_has(written):
    names = set()
    for place in ("one", "two"):
        batch = written(2, place).batch
        about = settings(written_by(batch))
        assert re.fullmatch(r"events\.\d{8}T\d{6}Z\.log", about["log"])
        assert re.fullmatch(r"toy-[0-9a-f]{6}", about["batch_name"])
        assert f"= {about['batch_name']}\n" in (batch.rounds[0].directory / "job.sub").read_text()
        names.add(about["batch_name"])
    assert len(names) == 2


@pytest.mark.parametrize(
    ("asked", "preloaded"), [("auto", ["json", "pathlib"]), ("none", []), (["numpy"], ["numpy"])]
)
def test_modules_to_import_once_are_those_of_the_notebook_none_or_those_asked_for(written, asked, preloaded):
    assert settings(written_by(written(2).batch, preload=asked))["preload"] == preloaded


@pytest.mark.parametrize(
    ("options", "flavour"),
    [
        ({}, "espresso"),  # 2 x (2 x 400 s) + 300 s = 1900 s is above its 1200 s
        ({"flavour": "tomorrow"}, "tomorrow"),
        ({"max_runtime": 5000}, None),
    ],
)
def test_the_flavour_is_the_shortest_that_holds_the_longest_chunk_twice(written, options, flavour):
    expected = "microcentury" if not options else flavour
    round_ = written_by(written(2).batch, seconds=400.0, **options)
    assert settings(round_)["flavour"] == expected
    text = (round_.directory / "job.sub").read_text()
    assert ("+MaxRuntime" in text) is ("max_runtime" in options)
    assert ("+JobFlavour" in text) is ("max_runtime" not in options)


@pytest.fixture
def reading(make_notebook, tmp_path):
    """Return a function that makes a run over input files, so many a point."""
    notebook = make_notebook("notebooks/beam/reading.ipynb", *READING)

    def make(*names, bundle=1):
        for name in names:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        sweep = {"inputs": {"files": "d*/*.txt", "bundle": bundle}}
        return create(make_plan(str(notebook), {}, sweep, sending(CONDOR).options), tmp_path / "run", "sweep")

    return make


def test_files_that_jobs_cannot_see_travel_with_the_chunk_that_needs_them(reading, tmp_path):
    batch = reading("d1/a.txt", "d1/b.txt")
    round_ = written_by(batch, chunks=[Chunk([0], 400), Chunk([1], 400)])
    rows = (round_.directory / "chunks.txt").read_text().splitlines()
    assert rows == [f"00000{index}, 000, 400, {tmp_path}/d1/{name}.txt" for index, name in enumerate("ab")]
    (point,) = read_points(round_.directory / "points" / "000001.jsonl")
    assert point.inputs == {f"{tmp_path}/d1/b.txt": "b.txt"}
    text = (round_.directory / "job.sub").read_text()
    assert re.search(r"^transfer_input_files += .*, \$\(files\)$", text, re.M)
    assert text.endswith("queue chunk, dir, mem, files from chunks.txt\n")


def test_files_that_jobs_see_stay_where_they_are(reading, tmp_path):
    batch = reading("d1/a.txt")
    round_ = written_by(batch, replace(CONDOR, shared=[str(tmp_path)]), [Chunk([0], 400)])
    assert (round_.directory / "chunks.txt").read_text() == "000000, 000, 400\n"
    assert read_points(round_.directory / "points" / "000000.jsonl")[0].inputs == {}
    assert "$(files)" not in (round_.directory / "job.sub").read_text()


@pytest.fixture
def as_dag(written, monkeypatch, tmp_path):
    """Return a function that writes a round as a DAG, of a run that does not lie below the temporary directory."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    made = written(4)

    def write(**further):
        return made, written_by(made.batch, chunks=[Chunk([0, 1], 400), Chunk([2, 3], 400)], dag=True, **further)

    return write


def test_a_dag_has_a_node_for_each_chunk_and_a_gate_behind_them(as_dag):
    made, round_ = as_dag()
    assert not (round_.directory / "job.sub").exists()
    text = (round_.directory / "round.dag").read_text()
    jobs = re.findall(r"^JOB (\S+) (\S+)", text, re.M)
    assert [name for name, file in jobs if file == "chunk.sub"] == ["chunk-000000", "chunk-000002"]
    (gate,) = [name for name, file in jobs if file == "merge.sub"]
    assert re.search(rf"^PARENT chunk-000000 chunk-000002 CHILD {gate}$", text, re.M)
    assert re.findall(r"^RETRY (\S+) 1$", text, re.M)[:2] == ["chunk-000000", "chunk-000002"]
    assert settings(round_)["prefix"] == "chunk-"
    assert round_.log.name == "round.dag.nodes.log"
    node = (round_.directory / "chunk.sub").read_text()
    assert node.endswith("\nqueue\n")
    assert not re.search(r"^(log|batch_name|max_materialize) ", node, re.M)
    assert made.batch.merged.is_dir()


def test_the_gate_gets_the_lines_of_earlier_rounds_and_of_this_one(as_dag):
    made, _ = as_dag()
    made.bring({0: "done"})
    round_ = written_by(made.batch, chunks=[Chunk([1], 400)], number="002", dag=True, accept=0.5)
    text = (round_.directory / "merge.sub").read_text()
    inputs = re.search(r"^transfer_input_files += (.*)$", text, re.M)[1].split(", ")
    assert inputs == ["worker", "../../points.jsonl", "../../results/r001_000000.jsonl",
                      "../../results/r002_000001.jsonl"]  # fmt: skip
    assert re.search(r"^arguments += gate --accept 0\.5$", text, re.M)


def test_a_dag_below_the_temporary_directory_is_refused_before_a_round_is_written(
    written, commands, monkeypatch, tmp_path
):
    commands.does("condor_config_val", "echo 1")  # HTCondor's default of DAGMAN_USE_STRICT
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = written(2)
    with pytest.raises(SubmissionError, match=r"run: DAGMan refuses directories below .*; put the run elsewhere"):
        written_by(made.batch, dag=True)
    assert made.batch.rounds == []


def test_on_this_computer_a_dag_is_an_ordinary_round(written):
    round_ = written_by(written(2).batch, sites.local(), dag=True)
    assert not (round_.directory / "round.dag").exists()
    assert json.loads((round_.directory / "chunks.json").read_text()) == [["0-1", 400]]
