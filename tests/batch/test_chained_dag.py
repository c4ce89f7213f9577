"""A campaign as one DAG: what is known is planned before, the rest is left to the jobs of the later stages."""

import json
import re
import tempfile
from dataclasses import replace

import pytest

from kit import files
from kit.batch.campaign import begin, campaign_in, read_campaign
from kit.batch.chained_dag import resume_dag, rounds_of, start_dag
from kit.batch.dag import variables
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.rounds import BatchRun

POOL = Options(profile="condor", per_job=1)
BEGUN = "000 (018.000.000) 2026-11-20 10:00:00 Job submitted from host: <127.0.0.1>\n...\n"  # DAGMan's own job


def quiet(*_):
    return None


@pytest.fixture
def made(chain, commands, tmp_path, monkeypatch):
    """Return the campaign, where DAGMan may work and nothing is in the queue."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    commands.says("condor_q", "")
    made = read_campaign(chain)
    begin(made, chain, dag=True)
    return made


@pytest.fixture
def ended(made, take_up):
    """Return a function that lets the nodes of a stage end in this way, and DAGMan with them."""

    def end(name, *states):
        run = take_up(made.records[name].run)
        for process, state in enumerate(states):
            chunk = run.latest.chunks[process].name
            run.tell("submit", process, f"DAG Node: {name}-{chunk}", cluster=process + 30)
            run.bring({process: state}, chunk=chunk)
            run.tell("end", process, cluster=process + 30)
        dags = sorted(made.directory.glob("dags/*/campaign.dag"))
        log = dags[-1].with_name("campaign.dag.dagman.log")
        log.write_text(
            f"{BEGUN}005 (018.000.000) 2026-11-20 10:03:00 Job terminated.\n\t(1) return value 1\n...\n"
        )
        return run

    return end


def dag_of(made, number=1):
    return (made.directory / "dags" / f"{number:03d}" / "campaign.dag").read_text()


def brought(made, name):
    round_ = BatchRun(files.resolve(made.records[name].run)).rounds[-1]
    rows = variables((round_.directory / "chunks.txt").read_text().splitlines())
    return {chunk: [path.rpartition("/")[2] for path in row["files"].split(", ")] for chunk, row in rows.items()}


def test_all_stages_become_one_dag_each_behind_the_gate_of_the_one_before(made, commands):
    said = []
    start_dag(made, POOL, said.append)
    text = dag_of(made)
    nodes = [f"make-00000{n}" for n in range(3)] + ["make-gate"]
    nodes += [f"square-00000{n}" for n in range(3)] + ["square-gate", "total-000000", "total-gate"]
    assert re.findall(r"^JOB (\S+)", text, re.M) == nodes
    assert "PARENT make-gate CHILD square-000000 square-000001 square-000002\n" in text
    assert "PARENT square-gate CHILD total-000000\n" in text
    assert len(commands.calls("condor_submit_dag")) == 1
    assert commands.calls("condor_submit") == []
    assert said[-1].startswith("make, square, total are one DAG, cluster 18: outputs/campaigns/chain/dags/001")
    assert set(campaign_in(made.directory).records) == {"make", "square", "total"}


def test_jobs_of_a_later_stage_get_results_of_a_fixed_set_of_jobs_before_each_once(made):
    start_dag(made, POOL, quiet)
    given = brought(made, "square")
    assert given["000001"] == ["r001_000001.jsonl", "r001_000001.tar", "points.jsonl"]
    assert brought(made, "total")["000000"] == [
        *(f"r001_00000{n}.{ending}" for n in range(3) for ending in ("jsonl", "tar")), "points.jsonl",
    ]  # fmt: skip
    run = BatchRun(files.resolve(made.records["square"].run))
    assert not run.points.exists()  # nobody knows them yet
    how = files.read_json(run.rounds[0].directory / "worker.json")["derive"]
    assert (how["parameter"], how["pattern"], how["bundle"]) == ("inputs", "number_*.txt", 4)
    assert (run.directory.parent / run.directory.name / "rounds" / "001" / "points").is_dir()


def test_fewer_jobs_than_before_deal_the_results_among_them(made):
    made.stages[1] = replace(made.stages[1], chunks=2)
    start_dag(made, POOL, quiet)
    given = brought(made, "square")
    assert [sum(name.endswith(".tar") for name in names) for names in given.values()] == [2, 1]
    names = [name for names in given.values() for name in names if name.endswith(".tar")]
    assert sorted(names) == [f"r001_00000{n}.tar" for n in range(3)]


def test_a_later_stage_with_a_sweep_of_its_own_cannot_be_part_of_a_dag(made):
    made.stages[1] = replace(made.stages[1], sweep={"output": ["a", "b"]})
    with pytest.raises(SubmissionError, match="stage square: in a DAG each or all names the outputs of the stage"):
        start_dag(made, POOL, quiet)


def test_below_its_gate_the_rest_of_the_first_stage_is_sent_again_and_all_behind_it(made, ended):
    start_dag(made, POOL, quiet)
    ended("make", "done", "failed", "failed")
    resume_dag(made, Options(retry_failed=True), wait=False, stop_first=False, say=quiet)
    text = dag_of(made, 2)
    assert re.findall(r"^JOB (make-\S+)", text, re.M)[-1] == "make-gate"
    run = BatchRun(files.resolve(made.records["make"].run))
    again = [index for chunk in run.rounds[-1].chunks for index in chunk.indexes]
    assert again == [1, 2]
    # what came in the first round goes along, too
    given = {name for names in brought(made, "square").values() for name in names}
    assert {"r001_000000.tar", f"r002_{run.rounds[-1].chunks[0].name}.tar"} <= given


def test_behind_a_complete_stage_the_next_is_planned_from_what_is_there(made, ended):
    made.stages[1].source.__dict__["pattern"] = "x.txt"
    start_dag(made, POOL, quiet)
    ended("make", "done", "done", "failed")  # two thirds are enough
    said = []
    resume_dag(made, Options(), wait=False, stop_first=False, say=said.append)
    assert "make-" not in dag_of(made, 2)
    assert said[-1].startswith("square, total are one DAG")
    run = BatchRun(files.resolve(made.records["square"].run))
    (point,) = [json.loads(line) for line in run.points.read_text().splitlines()]
    assert len(point["parameters"]["inputs"]) == 2
    assert [list(chunk.indexes) for chunk in run.rounds[-1].chunks] == [[0]]


def test_when_all_is_complete_nothing_is_submitted(made, ended, commands):
    start_dag(made, POOL, quiet)
    ended("make", "done", "done", "done")
    made.stages[:] = made.stages[:1]
    said = []
    resume_dag(made, Options(), wait=False, stop_first=False, say=said.append)
    assert said == ["all stages are complete"]
    assert len(commands.calls("condor_submit_dag")) == 1
    assert len(rounds_of(made)) == 1


def test_a_stage_that_changed_is_made_anew_and_what_was_made_of_it_only_when_asked(made, ended, chain, commands):
    start_dag(made, POOL, quiet)
    first = made.records["make"].run
    ended("make", "done", "done", "done")
    chain.write_text(chain.read_text().replace("limit: 9", "limit: 10").replace("number_*.txt", "x.txt"))
    again, said = read_campaign(chain), []
    again.stages[1:] = [replace(made.stage(one.name)) for one in again.stages[1:]]
    start_dag(again, POOL, said.append)
    assert said[-2].startswith("square, total: made before an earlier stage changed; --stale makes them anew")
    assert said[-1].startswith("make are one DAG")
    assert again.records["make"].run != first
    assert files.resolve(first).is_dir()  # what was there stays
    made.records["make"] = again.records["make"]
    ended("make", "done", "done", "done")
    start_dag(again, POOL, said.append)
    assert said[-1] == "all other stages are complete"
    assert len(commands.calls("condor_submit_dag")) == 2
    again.stages[1].source.__dict__["pattern"] = "x.txt"
    start_dag(again, POOL, said.append, stale=True)
    assert said[-1].startswith("square, total are one DAG")


def test_a_dag_that_is_at_work_is_not_resumed(made):
    start_dag(made, POOL, quiet)
    log = made.directory / "dags" / "001" / "campaign.dag.dagman.log"
    log.write_text(BEGUN)
    with pytest.raises(SubmissionError, match="--stop"):
        resume_dag(made, Options(), wait=False, stop_first=False, say=quiet)
