"""The directory of a run knows its rounds and its points; what is none is refused by what it is."""

import json
import os
from pathlib import Path

import pytest

from kit.batch.faults import SubmissionError
from kit.batch.rounds import batch_run
from kit.parameters import Parameters
from kit.run import Run


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


def test_the_rows_of_a_round_end_where_htcondor_says_whatever_a_name_holds(written):
    rows = ["000000, 000, 300, /d/a\u0085b\u2028c", "000001, 000, 300, /d/e"]
    made = written(2)
    made.write([0, 1])
    (made.batch.rounds[0].directory / "chunks.txt").write_text("\n".join([*rows, ""]), encoding="utf-8")
    assert made.batch.rounds[0].rows == rows


def test_a_run_knows_its_points_and_counts_them_where_jobs_made_them(written):
    made = written(4)
    assert batch_run("run").number_of_points == 4
    record = made.batch.directory / "submission.json"
    record.write_text(json.dumps(json.loads(record.read_text()) | {"points": None}))
    assert batch_run("run").number_of_points == 4
    made.batch.points.write_bytes(2 * made.batch.points.read_bytes())
    assert batch_run("run").number_of_points == 8


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
