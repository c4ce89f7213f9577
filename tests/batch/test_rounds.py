"""A round is there whole or not at all, and reads back as it was written."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.batch.chunks import Chunk
from kit.batch.faults import SubmissionError
from kit.batch.rounds import RoundFiles, batch_run, compact, spread
from kit.parameters import Parameters
from kit.run import Run

LINES = [b'{"id":"%016x","index":%d,"parameters":{"x":%d}}\n' % (index, index, index) for index in range(5)]


def round_files(chunks, **changes):
    about = {"lines": LINES, "worker": {"log": "events.log"}, "description": "queue\n", "script": "#!/bin/sh\n"}
    return RoundFiles(**({"chunks": chunks, "carried": {}} | about | changes))


@given(st.lists(st.integers(0, 30)))
def test_indexes_read_back_as_they_were_written(indexes):
    assert list(spread(compact(indexes))) == indexes


def test_indexes_are_written_as_people_write_them_and_a_hundred_thousand_take_no_space():
    assert compact([0, 1, 2, 5, 7, 8]) == "0-2,5,7-8"
    assert compact([]) == ""
    assert spread(compact(range(100_000))) == range(100_000)


def test_a_round_has_what_a_job_needs_and_each_chunk_its_own_points(tmp_path):
    made = round_files([Chunk([0, 3], 400), Chunk([1, 2], 800)], further={"round.dag": "JOB a chunk.sub\n"})
    round_ = made.write(tmp_path, "001")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["001"]
    expected = "chunks.json chunks.txt job.sub logs points round.dag run.sh worker worker.json"
    assert sorted(path.name for path in round_.directory.iterdir()) == expected.split()
    assert (round_.directory / "points" / "000000.jsonl").read_bytes() == LINES[0] + LINES[3]
    assert (round_.directory / "points" / "000001.jsonl").read_bytes() == LINES[1] + LINES[2]
    assert (round_.directory / "chunks.txt").read_text() == "000000, 000, 400\n000001, 000, 800\n"
    assert os.access(round_.directory / "run.sh", os.X_OK)
    assert (round_.directory / "worker" / "__main__.py").is_file()
    assert not list(round_.directory.rglob("__pycache__"))


def test_chunks_read_back_with_their_points_memory_and_names(tmp_path):
    chunks = [Chunk([0, 3], 400), Chunk(range(1, 3), 800), Chunk([], 300, "007")]
    back = round_files(chunks).write(tmp_path, "002")
    assert [(list(each.indexes), each.memory_mb, each.name) for each in back.chunks] == [
        ([0, 3], 400, "000000"), ([1, 2], 800, "000001"), ([], 300, "007"),
    ]  # fmt: skip
    assert back.number == "002"
    assert back.log == back.directory / "events.log"
    assert back.submitted is None


def test_a_thousand_chunks_share_a_log_directory_that_is_there_before_any_job(tmp_path):
    lines = [LINES[0]] * 2001
    made = round_files([Chunk([index], 400) for index in (0, 999, 1000, 2000)], lines=lines).write(tmp_path, "001")
    assert sorted(path.name for path in made.worker_log.iterdir()) == ["000", "001", "002"]
    errors, output = made.printed(made.chunks[2])
    assert [errors, output] == [made.worker_log / "001" / "001000.err", made.worker_log / "001" / "001000.out"]


def test_what_a_killed_submission_left_is_replaced_and_a_failing_one_leaves_no_round(tmp_path):
    (tmp_path / "001.part" / "points").mkdir(parents=True)
    (tmp_path / "001.part" / "points" / "stale.jsonl").touch()
    with pytest.raises(IndexError):
        round_files([Chunk([99], 400)]).write(tmp_path, "001")
    assert not (tmp_path / "001").exists()
    made = round_files([Chunk([0], 400)]).write(tmp_path, "001")
    assert [path.name for path in (made.directory / "points").iterdir()] == ["000000.jsonl"]


def test_files_that_travel_are_a_column_and_each_point_knows_them_by_both_names(tmp_path):
    carried = {"000000": {"/far/Größe.root": "/far/Größe.root", "/far/b.root": "/sent/c.root"}, "000001": {}}
    made = round_files([Chunk([0], 400), Chunk([1], 400)], carried=carried).write(tmp_path, "001")
    assert made.directory.joinpath("chunks.txt").read_text().splitlines()[0] == (
        "000000, 000, 400, /far/Größe.root, /sent/c.root"
    )
    point = json.loads((made.directory / "points" / "000000.jsonl").read_text())
    assert point == json.loads(LINES[0]) | {"inputs": {"/far/Größe.root": "Größe.root", "/far/b.root": "c.root"}}
    assert (made.directory / "points" / "000001.jsonl").read_bytes() == LINES[1]


def test_rounds_come_in_their_order_and_half_ones_do_not_count(written):
    made = written(3)
    assert made.batch.rounds == []
    made.write([0, 1, 2])
    made.write([2])
    (made.batch.directory / "rounds" / "003.part").mkdir()
    assert [round_.number for round_ in made.batch.rounds] == ["001", "002"]
    made.batch.note()
    assert batch_run(made.batch.directory).submission["rounds"] == ["001", "002"]
    assert made.batch.submission["rounds"] == ["001", "002"]


def test_a_run_knows_its_points_and_counts_them_where_jobs_made_them(written):
    made = written(4)
    assert batch_run("run").number_of_points == 4
    record = made.batch.directory / "submission.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"points": None}))
    assert batch_run("run").number_of_points == 4
    made.batch.points.write_bytes(made.batch.points.read_bytes() + LINES[0])
    assert batch_run("run").number_of_points == 5


def test_what_is_no_batch_run_is_refused_with_what_it_is(written, tmp_path):
    with pytest.raises(SubmissionError, match=r"^there is no directory nowhere; `kit list` shows the runs$"):
        batch_run("nowhere")
    with Run("beam/counting", Parameters(output="single")):
        pass
    with pytest.raises(SubmissionError, match=r"^single is a single run; should be what"):
        batch_run(Path("single"))
    written(2).batch.points.unlink()
    with pytest.raises(SubmissionError, match=r"^run .*if that was ended, repeat it"):
        batch_run("run")


def test_a_folder_of_runs_is_refused_with_the_latest_of_them(written):
    for number, name in enumerate(("outputs/beam/toy/a", "outputs/beam/toy/b")):
        made = written(1, name)
        os.utime(made.batch.directory / "submission.json", (number, number))
    with pytest.raises(SubmissionError, match=r"toy is a folder of runs; the latest is outputs/beam/toy/b$"):
        batch_run("outputs/beam/toy")
