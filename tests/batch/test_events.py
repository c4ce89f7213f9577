"""The event log: states of jobs of every kind, read whole, in pieces, and cut anywhere."""

import json

import pytest

from kit.batch.events import END, EventLog

LOGS = ("zoo", "memory_ladder", "evicted_resumed", "late_materialised", "dag.nodes", "twenty_jobs")
each_log = pytest.mark.parametrize("name", LOGS)


@pytest.fixture(scope="module")
def expected(shared_data):
    return json.loads((shared_data / "batch" / "expected.json").read_text())


def read(path, cluster=None):
    log = EventLog(path, cluster)
    log.read()
    return log


def told(log):
    """Return what the table of expected states says, as far as the log has it."""
    found = {}
    for (cluster, process), job in log.jobs.items():
        about = {"state": job.state, "starts": job.starts, "holds": job.holds}
        about |= {"exit": job.exit} if job.exit is not None else {}
        about |= {"signal": job.signal} if job.signal is not None else {}
        about |= {"hold": [job.code, job.subcode]} if job.state == "held" else {}
        found[f"{cluster}.{process}"] = about
    return found


@each_log
def test_every_job_ends_in_the_state_in_which_condor_left_it(shared_data, expected, name):
    assert told(read(shared_data / "batch" / f"{name}.log")) == expected[f"{name}.log"]


@each_log
def test_a_cut_log_gives_the_state_of_the_whole_events_before_the_cut(shared_data, tmp_path, name):
    whole = (shared_data / "batch" / f"{name}.log").read_bytes()
    growing = EventLog(tmp_path / "growing.log")
    for cut in range(0, len(whole), 97):
        (tmp_path / "growing.log").write_bytes(whole[:cut])
        growing.read()
        events = whole[:cut].rpartition(END)[0]
        (tmp_path / "whole.log").write_bytes(events + END if events else b"")
        assert told(growing) == told(read(tmp_path / "whole.log"))


@each_log
def test_another_clusters_events_change_nothing(shared_data, tmp_path, expected, name):
    own = (shared_data / "batch" / f"{name}.log").read_bytes()
    cluster = int(next(iter(expected[f"{name}.log"])).partition(".")[0])
    foreign = (shared_data / "batch" / "twenty_jobs.log").read_bytes().replace(b"(0", b"(9")
    (tmp_path / "both.log").write_bytes(foreign + own)
    mine = {job: about for job, about in expected[f"{name}.log"].items() if job.startswith(f"{cluster}.")}
    assert told(read(tmp_path / "both.log", cluster)) == mine


def test_it_goes_on_from_where_it_was_remembered(shared_data, tmp_path, expected):
    whole = (shared_data / "batch" / "zoo.log").read_bytes()
    path = tmp_path / "zoo.log"
    path.write_bytes(whole[:9000])
    memory = json.loads(json.dumps(read(path).remembered()))
    path.write_bytes(whole)
    later = EventLog(path)
    later.recall(memory)
    assert later.read()
    assert not later.read()
    assert told(later) == expected["zoo.log"]


def test_a_log_that_shrank_is_read_anew(shared_data, tmp_path):
    path = tmp_path / "a.log"
    path.write_bytes((shared_data / "batch" / "twenty_jobs.log").read_bytes())
    log = read(path)
    path.write_bytes((shared_data / "batch" / "memory_ladder.log").read_bytes())
    log.read()
    assert list(log.jobs) == [(34, 0)]


def test_a_log_that_is_not_there_yet_has_no_jobs(tmp_path):
    log = EventLog(tmp_path / "nothing.log")
    assert not log.read()
    assert log.jobs == {}


def test_it_knows_chunk_slot_memory_and_progress(shared_data):
    job = read(shared_data / "batch" / "memory_ladder.log").jobs[34, 0]
    assert (job.note, job.slot, job.request_mb, job.peak_mb) == ("m", "slot1_2@127-0-0-1.localdomain", 640, 416)
    assert (job.done, job.total) == (16, 16)


def test_the_reason_of_a_removal_is_the_pools(shared_data):
    jobs = read(shared_data / "batch" / "zoo.log").jobs
    assert "wall time" in jobs[11, 0].reason
    assert jobs[10, 0].reason.startswith("via condor_rm")


def test_the_schedd_is_the_alias_of_the_first_submission(shared_data):
    assert read(shared_data / "batch" / "zoo.log").schedd == "127-0-0-1.localdomain"


def test_old_times_and_unknown_numbers_are_read(tmp_path):
    (tmp_path / "old.log").write_bytes(
        b"000 (007.003.000) 11/20 09:19:01 Job submitted from host: <a>\n    chunk x\n...\n"
        b"777 (007.003.000) 11/20 09:19:01 Something new.\n...\nno event at all\n...\n"
        b"005 (007.003.000) 11/20 09:20:01 Job terminated.\n\t(1) Normal termination (return value 0)\n...\n"
    )
    job = read(tmp_path / "old.log").jobs[7, 3]
    assert (job.state, job.note) == ("done", "x")
