"""How a run comes along is one line that says the numbers, and the end of its jobs is its merge."""

import io
import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from kit import files
from kit.batch.status import Status
from kit.batch.watching import LOG_INTERVAL, MEMORY, Shower, line, watch


def read(made):
    status = Status(made.batch)
    status.read()
    return status


@pytest.fixture
def half_done(written):
    """Return a run of twelve points in three jobs: four done, one failed, one job running, one waiting."""
    made = written(12)
    made.send([0, 1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11])
    made.bring({0: "done", 1: "done", 2: "failed", 3: "done", 4: "memory"})
    made.tell("end", 0)
    made.bring({5: "done"}, chunk="000005")
    made.tell("start", 1)
    made.tell("progress", 1, "000005 4/4")
    return made


def test_the_line_has_bar_counts_rate_and_time_left(half_done):
    text = line(read(half_done), rate=0.05)
    assert text == "████████████▒▒▒▒▒▒······ 4/12 done, 2 failed, 3 running, 3 waiting, 3 a minute, 2 min left"


@pytest.mark.parametrize(("rate", "left"), [(6, "1 s left"), (0.05, "2 min left"), (0.001, "1.7 h left")])
def test_time_left_is_the_rest_over_the_rate(half_done, rate, left):
    assert line(read(half_done), rate).endswith(left)


def test_a_run_that_is_over_has_a_full_bar_and_no_time_left(written):
    made = written(3)
    made.send([0, 1, 2])
    made.bring({0: "done", 1: "done", 2: "done"})
    made.tell("end", 0)
    assert line(read(made), rate=1.0) == "█" * 24 + " 3/3 done"


def test_a_run_whose_jobs_make_their_points_has_none_yet_and_still_a_line(written):
    made = written(1)
    made.batch.points.write_text("")
    record = made.batch.directory / "submission.json"
    files.write_json(record, files.read_json(record) | {"points": None})
    made.batch.__dict__.pop("submission", None)
    made.write([], label="000")
    submitted = {"profile": "condor", "cluster": 17, "schedd": "", "spool": False}
    files.write_json(made.batch.rounds[0].directory / "submitted.json", submitted)
    made.tell("submit", 0, "chunk 000")
    made.tell("start", 0)
    assert line(read(made)) == "·" * 24 + " 0/0 done, 1 jobs at work"


def test_a_log_gets_a_line_at_once_and_then_one_a_minute(half_done):
    stream = io.StringIO()
    shower = Shower(stream)
    status = read(half_done)
    for _ in range(5):
        shower(status)
    assert stream.getvalue() == line(status) + "\n"
    shower(status, at_once=True)
    assert stream.getvalue().count("\n") == 2
    assert LOG_INTERVAL == 60
    shower.close()
    assert stream.getvalue().count("\n") == 2


def test_a_terminal_gets_the_same_line_anew_cut_to_its_width(half_done, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    reading, writing = os.openpty()
    with os.fdopen(writing, "w") as terminal:
        shower = Shower(terminal)
        for _ in range(2):
            shower(read(half_done), at_once=True)
        shower.close()
        terminal.flush()
        raw = b""
        while not raw.endswith(b" \r"):
            raw += os.read(reading, 100_000)
    os.close(reading)
    text = line(read(half_done))[:49]
    assert raw.decode().split("\r") == ["", text, text, " " * 49, ""]  # taken back: the last word comes elsewhere


def test_a_notebook_gets_one_output_that_changes(half_done, tmp_path):
    source = (
        "from kit.batch.status import status_of\nfrom kit.batch.watching import Shower\nshower = Shower()\n"
        "for _ in range(3): shower(status_of('run'), at_once=True)\nshower.close()"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    client = NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, _path()))})
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert "4/12 done" in output.data["text/plain"]


def _path():
    import kit

    return [Path(folder).parent for folder in kit.__path__]


def test_a_quiet_one_says_nothing(half_done):
    stream = io.StringIO()
    Shower(stream, quiet=True)(read(half_done), at_once=True)
    assert stream.getvalue() == ""


def test_the_rate_is_that_of_the_last_quarter_of_an_hour(half_done, monkeypatch):
    times = iter([0.0, 10.0, 10.0 + MEMORY])
    monkeypatch.setattr("kit.batch.watching.time.monotonic", lambda: next(times))
    shower = Shower(io.StringIO())
    shower(read(half_done), at_once=True)
    assert shower.rate == 0
    half_done.bring({6: "done", 7: "done"}, chunk="000006")
    shower(read(half_done), at_once=True)
    assert shower.rate == pytest.approx(2 / 10)
    half_done.bring({9: "done", 10: "done", 11: "done"}, chunk="000009")
    shower(read(half_done), at_once=True)
    assert shower.rate == pytest.approx(3 / MEMORY)  # the first look is forgotten
    assert MEMORY == 15 * 60


def test_watching_ends_with_the_jobs_and_merges_once(half_done):
    status, shown = read(half_done), []

    def show(now):
        shown.append(dict(now.counts))
        if len(shown) == 1:
            half_done.bring({6: "done", 7: "done", 8: "done"}, chunk="000006")
            half_done.tell("end", 1)
        elif len(shown) == 2:
            half_done.tell("remove", 2, "by hand")

    report = watch(status, 0.5, show, interval=0.01)
    assert report["counts"]["done"] == 7
    assert report["accepted"]
    assert [counts["missing"] for counts in shown] == [0, 0]  # who asked tells the end
    table = half_done.batch.merged / "points.csv"
    before = table.stat().st_mtime_ns
    assert watch(read(half_done), 0.5, show)["counts"] == report["counts"]
    assert table.stat().st_mtime_ns == before


def test_results_that_came_after_the_merge_are_merged(half_done):
    half_done.tell("end", 1)
    half_done.tell("end", 2)
    assert watch(read(half_done), 1.0, lambda _status: None)["counts"]["done"] == 4
    late = half_done.bring({9: "done"}, chunk="000009")
    merged = (half_done.batch.merged / "report.json").stat().st_mtime
    os.utime(late, (merged + 1, merged + 1))
    assert watch(read(half_done), 1.0, lambda _status: None)["counts"]["done"] == 5


def test_what_is_good_enough_is_judged_anew_where_less_is_asked_for(half_done):
    half_done.tell("end", 1)
    half_done.tell("end", 2)
    assert not watch(read(half_done), 1.0, lambda _status: None)["accepted"]
    assert watch(read(half_done), 0.3, lambda _status: None)["accepted"]


def test_one_look_does_not_wait_and_does_not_merge_what_still_lives(half_done):
    shown = []
    assert watch(read(half_done), 1.0, shown.append, once=True) is None
    assert shown == []
    assert not half_done.batch.merged.exists()


def test_a_run_of_which_nothing_came_is_not_merged(written):
    made = written(2)
    made.send([0, 1])
    made.tell("remove", 0, "by hand")
    assert watch(read(made), 1.0, lambda _status: None) is None
    assert not made.batch.merged.exists()
