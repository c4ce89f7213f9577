"""What ended for its memory gets more, what ended for its time gets shorter jobs, the rest goes as before."""

import json

import pytest

from kit.batch import sites
from kit.batch.chunks import Chunk
from kit.batch.events import Job
from kit.batch.faults import SubmissionError
from kit.batch.options import Options
from kit.batch.regrouping import by_reason, chunks_of, told, with_more_time
from kit.batch.round_files import RoundFiles
from kit.batch.rounds import BatchRun
from kit.batch.status import Status
from kit.batch.writing import Sending


@pytest.fixture
def status(tmp_path):
    """Return a status of twenty points in two jobs, whose states a test sets itself."""
    (tmp_path / "rounds").mkdir()
    (tmp_path / "results").mkdir()
    rows = [f'{{"id":"{index:016x}","index":{index},"parameters":{{}}}}\n' for index in range(20)]
    (tmp_path / "points.jsonl").write_text("".join(rows))
    (tmp_path / "submission.json").write_text('{"points": 20, "options": {}}')
    chunks = [Chunk(range(10), 1000), Chunk(range(10, 20), 1000)]
    worker = {"log": "l", "flavour": "longlunch"}
    made = RoundFiles(chunks, [row.encode() for row in rows], worker, "", "#!/bin/sh\n", {})
    round_ = made.write(tmp_path / "rounds", "001")
    (round_.directory / "submitted.json").write_text(json.dumps({"profile": "condor", "cluster": 1, "dag": None}))
    read = Status(BatchRun(tmp_path))
    read.read()
    return read


def set_job(status, place, **fields):
    state = status.chunks[place]
    object.__setattr__(state, "job", Job(**fields))
    object.__setattr__(state, "left", 10)


def sending(**options):
    return Sending(Options.build(options), sites.Site("condor", ""), {})


def test_points_of_a_removed_job_go_as_before(status):
    set_job(status, 0, state="removed", reason="via condor_rm (by user me)")
    groups = by_reason(status, range(10))
    assert (len(groups.plain), groups.memory, groups.late) == (10, {}, {})
    assert told(groups) == ""


def test_points_held_for_memory_get_twice_the_request_or_half_more_than_the_peak(status):
    set_job(status, 0, state="removed", code=34, request_mb=1000, peak_mb=1200)
    set_job(status, 1, state="removed", code=21, subcode=102, request_mb=1000, peak_mb=3000)
    groups = by_reason(status, range(20))
    chunks = chunks_of(groups, 60.0, sending(per_job=10))
    assert [(len(chunk.indexes), chunk.memory_mb) for chunk in chunks] == [(10, 2000), (10, 4500)]
    assert told(groups) == ": 20 of them with more memory, 4500 MB"


def test_a_point_that_the_guard_ended_gets_more_alone(status):
    status.results.letters[3] = "m"
    status.results.rss_mb[3] = 1500.0
    set_job(status, 0, state="done", exit=0)
    groups = by_reason(status, [3])
    (chunk,) = chunks_of(groups, 60.0, sending())
    assert (list(chunk.indexes), chunk.memory_mb) == ([3], 2250)


def test_more_than_the_most_is_capped_once_and_then_refused(status):
    set_job(status, 0, state="removed", code=34, request_mb=1000, peak_mb=1000)
    groups = by_reason(status, range(10))
    assert chunks_of(groups, 60.0, sending(memory_max_mb=1500, memory_mb=1000))[0].memory_mb == 1500
    set_job(status, 0, state="removed", code=34, request_mb=1600, peak_mb=1500)
    groups = by_reason(status, range(10))
    with pytest.raises(SubmissionError, match="10 points need more memory than memory_max_mb, 1500 MB"):
        chunks_of(groups, 60.0, sending(memory_max_mb=1500, memory_mb=1000))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "removed", "reason": "wall time exceeded allowed max"},
        {"state": "held", "code": 47},
        {"state": "done"},
    ],
)
def test_points_of_a_job_without_time_go_into_jobs_half_as_long(status, fields):
    set_job(status, 0, **fields)
    groups = by_reason(status, range(10))
    chunks = chunks_of(groups, 60.0, sending())
    assert [len(chunk.indexes) for chunk in chunks] == [5, 5]
    assert with_more_time(groups, status, Options()).flavour is None


def test_a_single_point_without_time_gets_the_next_flavour_or_twice_the_limit(status):
    state = status.chunks[0]
    object.__setattr__(state, "chunk", Chunk(range(1), 1000))
    object.__setattr__(status.chunks[1], "chunk", Chunk(range(1, 20), 1000))
    set_job(status, 0, state="removed", reason="wall time exceeded allowed max")
    groups = by_reason(status, [0])
    assert with_more_time(groups, status, Options()).flavour == "workday"
    assert with_more_time(groups, status, Options(max_runtime=500)).max_runtime == 1000
