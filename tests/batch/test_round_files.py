"""A round is there whole or not at all, and reads back as it was written."""

import json
import os

import pytest

from kit.batch.chunks import Chunk
from kit.batch.round_files import RoundFiles

LINES = [b'{"id":"%016x","index":%d,"parameters":{"x":%d}}\n' % (index, index, index) for index in range(5)]


def round_files(chunks, **changes):
    about = {"lines": LINES, "worker": {"log": "events.log"}, "description": "queue\n", "script": "#!/bin/sh\n"}
    return RoundFiles(**({"chunks": chunks, "carried": {}} | about | changes))


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
