"""A round as a DAG: a node a chunk, a gate behind all of them, stages behind gates."""

from pathlib import Path

import pytest

from kit.batch.chunks import Chunk
from kit.batch.dag import Stage, check_place, dag_text, dagman_log, variables
from kit.batch.faults import SubmissionError
from kit.batch.round_files import RoundFiles
from kit.batch.sites import Site

CONDOR = Site("condor", "asked for")


def rows(carried):
    chunks = [Chunk(range(2), 300), Chunk(range(2, 4), 600)]
    return RoundFiles(chunks, [], {}, "", "", carried).rows


def test_the_columns_of_a_chunk_are_those_of_its_row():
    assert variables(rows({})) == {
        "000000": {"chunk": "000000", "dir": "000", "mem": "300"},
        "000002": {"chunk": "000002", "dir": "000", "mem": "600"},
    }
    found = variables(rows({"000000": {"b c.root": "/a/b c.root", "d.root": "/d.root"}, "000002": {}}))
    assert found["000000"]["files"] == "/a/b c.root, /d.root"


def test_a_backslash_in_a_name_is_no_escape_of_dagmans():
    (line,) = [
        line for line in dag_text([Stage("a", "", {"0": {"files": "/d/a\\b"}})]).splitlines() if "VARS" in line
    ]
    assert line == r'VARS a-0 files="/d/a\\b"'


@pytest.mark.parametrize("folder", ['/d/a"b', "/d/$(x)", "/d/a\nJOB evil evil.sub"])
def test_a_folder_that_dagman_would_misread_is_refused(folder):
    with pytest.raises(SubmissionError, match="HTCondor's lists cannot hold a name with"):
        dag_text([Stage("a", folder, {})])


def test_each_chunk_is_one_node_tried_twice_and_the_gate_is_the_child_of_all():
    lines = dag_text([Stage("chunk", "", variables(rows({})))]).splitlines()
    assert lines == [
        "JOB chunk-000000 chunk.sub",
        'VARS chunk-000000 chunk="000000" dir="000" mem="300"',
        "RETRY chunk-000000 1",
        "JOB chunk-000002 chunk.sub",
        'VARS chunk-000002 chunk="000002" dir="000" mem="600"',
        "RETRY chunk-000002 1",
        "JOB chunk-gate merge.sub",
        "PARENT chunk-000000 chunk-000002 CHILD chunk-gate",
    ]


def test_the_next_stage_starts_behind_the_gate_of_the_former_and_runs_in_its_own_folder():
    nodes = variables(rows({}))
    stages = [Stage("events", "a/rounds/001", nodes), Stage("masses", "b/rounds/001", nodes, after="events")]
    lines = dag_text(stages).splitlines()
    assert lines[-1] == "PARENT events-gate CHILD masses-000000 masses-000002"
    assert sum(line.startswith("PARENT") for line in lines) == 3
    assert 'JOB masses-gate merge.sub DIR "b/rounds/001"' in lines
    assert all('DIR "a/rounds/001"' in line for line in lines if line.startswith("JOB events"))
    names = [line.split()[1] for line in lines if line.startswith("JOB")]
    assert len(names) == len(set(names)) == 6


def test_what_dagman_writes_about_itself_lies_beside_the_dag():
    assert dagman_log("a/round.dag") == Path("a/round.dag.dagman.log")


def test_a_dag_is_refused_where_dagman_cannot_work(commands, tmp_path):
    with pytest.raises(SubmissionError, match="cern-spool: a DAG cannot be spooled; leave --dag out"):
        check_place(Path("/afs/run"), Site("cern-spool", "asked for", spool=True))
    with pytest.raises(SubmissionError, match="/eos/user/run: DAGMan cannot keep its files on EOS"):
        check_place(Path("/eos/user/run"), CONDOR)


@pytest.mark.parametrize(("strict", "refused"), [("1", True), ("0", False), ("", False)])
def test_the_temporary_directory_is_refused_where_dagman_is_strict(commands, monkeypatch, strict, refused):
    monkeypatch.setattr("tempfile.tempdir", "/scratch")
    commands.says("condor_config_val", f"{strict}\n")
    check_place(Path("/home/me/run"), CONDOR)
    if refused:
        with pytest.raises(SubmissionError, match="DAGMan refuses directories below /scratch"):
            check_place(Path("/scratch/run"), CONDOR)
    else:
        check_place(Path("/scratch/run"), CONDOR)
    assert set(commands.calls("condor_config_val")) == {"DAGMAN_USE_STRICT"}
