"""The worker as a job starts it: every point has its line, and no fault of a point is a fault of the job."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
SLEEP = "import time\ntime.sleep(x)"
HOG = "hog = b'1' * (x << 20)\nimport time\ntime.sleep(2 if x > 100 else 0)"


def test_every_point_is_done_with_its_files_and_numbers(chunk):
    made = chunk(
        ("parameters", "x = 1"), "import json\nopen('summary.json', 'w').write(json.dumps({'square': x * x}))\nx"
    )
    made.points({"x": 2}, {"x": 3})
    assert made.run()[0] == 0
    lines = made.lines()
    assert [line["state"] for line in lines] == ["done", "done"]
    assert [line["summary"] for line in lines] == [{"square": 4}, {"square": 9}]
    assert [output["name"] for output in lines[0]["outputs"]] == ["summary.json", "toy.ipynb"]
    for key in ("id", "index", "chunk", "round", "code", "started", "host", "slot", "kit"):
        assert key in lines[0]
    assert lines[0]["seconds"] > 0
    assert lines[0]["rss_mb"] > 20
    assert lines[0]["error"] is None


def test_a_point_that_raises_is_failed_with_cell_and_traceback_and_the_next_one_runs(chunk):
    made = chunk(("parameters", "x = 1"), "def f():\n    return 1 / x\nf()")
    made.points({"x": 0}, {"x": 1})
    assert made.run()[0] == 0
    failed, done = made.lines()
    assert (failed["state"], done["state"]) == ("failed", "done")
    assert (failed["error"]["name"], failed["error"]["cell"]) == ("ZeroDivisionError", 3)
    assert len(failed["error"]["traceback"]) <= 20
    assert "\x1b" not in json.dumps(failed["error"])


def test_a_kernel_that_dies_is_told_in_the_line_and_on_top_of_the_executed_notebook(chunk):
    made = chunk(("parameters", "x = 1"), "import os, signal\nif x: os.kill(os.getpid(), signal.SIGKILL)")
    made.points({"x": 1}, {"x": 0})
    assert made.run()[0] == 0
    died, done = made.lines()
    assert (died["state"], done["state"]) == ("died", "done")
    assert died["error"]["value"] == "the kernel died (signal 9)"
    assert died["error"]["cell"] == 3
    whole = made.tar.read_bytes()
    assert b"The kernel of this point died." in whole


def test_a_point_that_outgrows_its_memory_is_ended_alone(chunk):
    made = chunk(("parameters", "x = 1"), HOG)
    made.points({"x": 1}, {"x": 400}, {"x": 2})
    assert made.run("--memory-mb", "400")[0] == 0
    assert [line["state"] for line in made.lines()] == ["done", "memory", "done"]
    assert made.lines()[1]["rss_mb"] > 200
    assert b"outgrew the memory of its job" in made.tar.read_bytes()


def test_memory_of_a_points_own_children_counts(chunk):
    made = chunk(
        ("parameters", "x = 400"),
        "import subprocess, sys\nhog = 'import time; h = b\"1\" * (400 << 20); time.sleep(20)'\n"
        "subprocess.run([sys.executable, '-c', hog])",
    )
    made.points({"x": 1})
    assert made.run("--memory-mb", "400")[0] == 0
    assert made.lines()[0]["state"] == "memory"


def test_without_the_guard_nobody_ends_it(chunk):
    made = chunk(("parameters", "x = 1"), HOG)
    made.orders(guard=False)
    made.points({"x": 400})
    assert made.run("--memory-mb", "400")[0] == 0
    assert made.lines()[0]["state"] == "done"


def test_a_point_over_its_time_is_interrupted_as_by_ctrl_c(chunk):
    made = chunk(("parameters", "x = 1"), SLEEP)
    made.orders(point_timeout=1.0)
    made.points({"x": 60}, {"x": 0})
    assert made.run()[0] == 0
    timeout, done = made.lines()
    assert (timeout["state"], done["state"]) == ("timeout", "done")
    assert timeout["error"]["name"] == "KeyboardInterrupt"
    assert timeout["seconds"] < 50


@pytest.mark.slow
def test_a_point_that_does_not_stop_when_interrupted_is_killed(chunk):
    made = chunk(
        ("parameters", "x = 1"),
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)",
    )
    made.orders(point_timeout=1.0)
    made.points({"x": 1})
    assert made.run()[0] == 0
    assert made.lines()[0]["state"] == "timeout"
    assert 10 < made.lines()[0]["seconds"] < 20


def test_it_stops_by_itself_before_the_end_of_the_job(chunk):
    made = chunk(("parameters", "x = 1"), SLEEP)
    made.points(*({"x": 1} for _ in range(60)))
    started = time.monotonic()
    status, out, _ = made.run("--seconds", "12")
    assert status == 0
    assert time.monotonic() - started < 12
    assert 1 <= len(made.lines()) < 12
    assert "the rest is left to the next" in out


def test_a_running_point_is_given_up_when_the_end_is_near_and_has_no_line(chunk):
    made = chunk(("parameters", "x = 1"), SLEEP)
    made.points({"x": 60}, {"x": 0})
    status, out, _ = made.run("--seconds", "6")
    assert status == 0
    assert made.lines() == []
    assert "was given up" in out


def test_a_chunk_that_is_started_again_continues(chunk):
    made = chunk(("parameters", "x = 1"), SLEEP)
    made.points({"x": 0}, {"x": 1}, {"x": 0})
    made.run()
    first = made.lines()
    made.results.write_text("".join(json.dumps(line) + "\n" for line in first[:1]))
    made.run()
    again = made.lines()
    assert again[0] == first[0]
    assert [line["index"] for line in again] == [0, 1, 2]
    assert again[1]["started"] >= first[2]["started"]


@pytest.mark.parametrize("isolation", ["fork", "kernel"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_worker_that_is_ended_leaves_whole_lines_and_no_process(chunk, isolation, number, eventually, alive):
    made = chunk(
        ("parameters", "x = 1\nplace = ''"),
        "import os, time\nfrom pathlib import Path\nPath(place).write_text(f'{os.getpid()}')\ntime.sleep(x)",
    )
    place = made.folder / "kernel.pid"
    made.orders(isolation=isolation)
    made.points(*({"x": x, "place": str(place)} for x in (0, 100)))
    process = made.start()
    assert eventually(lambda: made.results.exists() and made.results.stat().st_size > 0, 60)
    first = int(place.read_text())
    assert eventually(lambda: place.exists() and place.read_text() not in ("", str(first)), 60)
    kernel = int(place.read_text())
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == (0 if number == signal.SIGTERM else -number)
    assert eventually(lambda: not alive(kernel))
    assert [line["state"] for line in made.lines()] == ["done"]


def test_it_stops_after_the_running_point_when_asked(chunk, eventually):
    made = chunk(("parameters", "x = 1\nplace = ''"), f"open(place, 'w').write(f'{{x}}')\n{SLEEP}")
    place = made.folder / "begun"
    made.points(*({"x": x, "place": str(place)} for x in (0, 1, 0)))
    process = made.start()
    assert eventually(lambda: place.exists() and place.read_text() == "1", 60)
    process.send_signal(signal.SIGUSR1)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert len(made.lines()) == 2
    assert "asked to stop" in out


def test_it_does_nothing_without_the_parent_that_it_should_have(chunk):
    made = chunk(("parameters", "x = 1"), "x")
    made.points({"x": 1})
    assert made.run("--parent", str(os.getpid()))[0] == 0
    assert len(made.lines()) == 1
    made.results.unlink()
    assert made.run("--parent", "1")[0] == 0
    assert not made.results.exists()


@pytest.mark.parametrize(
    ("spoil", "status", "words"),
    [
        (lambda made: (made.folder / "worker.json").write_text("{"), 66, "worker.json"),
        (lambda made: (made.folder / "000000.jsonl").write_text('{"id": 1}\n'), 66, "000000.jsonl:1"),
        (lambda made: (made.folder / "000000.jsonl").unlink(), 66, "No such file"),
        (lambda made: made.orders(needs_kit=True, kit="0.0.0"), 65, "the points were made by 0.0.0"),
    ],
)
def test_faults_of_the_job_have_their_own_status_and_leave_both_files(chunk, spoil, status, words):
    made = chunk(("parameters", "x = 1"), "x")
    made.points({"x": 1})
    spoil(made)
    got, _, err = made.run(PYTHONPATH=str(PROJECT))
    assert got == status
    assert words in err
    assert made.results.exists()
    assert made.tar.exists()


def test_good_points_keep_no_notebook_where_only_failures_should(chunk):
    made = chunk(("parameters", "x = 1"), "1 / x")
    made.orders(keep_notebooks="failed")
    made.points({"x": 1}, {"x": 0})
    made.run()
    assert [[output["name"] for output in line["outputs"]] for line in made.lines()] == [[], ["toy.ipynb"]]


def test_a_point_gets_its_directory_and_is_told_that_nobody_watches(chunk):
    made = chunk(
        ("parameters", "output = ''\ninteractive = True\nx = 1"),
        "from pathlib import Path\nassert not interactive\n"
        "_ = Path(output, 'here.txt').write_text(str(Path.cwd() == Path(output)))",
    )
    made.orders(takes=["output", "interactive"])
    made.points({"x": 1})
    made.run()
    assert [output["name"] for output in made.lines()[0]["outputs"]] == ["here.txt", "toy.ipynb"]
    assert b"True" in made.tar.read_bytes()


def test_files_that_came_with_the_job_are_found_under_their_old_names(chunk):
    made = chunk(
        ("parameters", "inputs = []"),
        "import json\nopen('summary.json', 'w').write(json.dumps({'text': open(inputs[0]).read()}))",
    )
    (made.folder / "a.txt").write_text("carried")
    made.points({"inputs": ["/far/away/a.txt"]}, inputs={"/far/away/a.txt": "a.txt"})
    made.run()
    assert made.lines()[0]["summary"] == {"text": "carried"}


def test_a_log_that_grows_too_long_keeps_its_end(chunk, tmp_path):
    chatter = (
        "import os, time\nlog = os.open(f'/proc/{os.getppid()}/fd/1', os.O_WRONLY | os.O_APPEND)\n"
        "os.write(log, b'y' * 5_000_000)\ntime.sleep(1)"
    )
    made = chunk(("parameters", "x = 1"), chatter)
    made.points({"x": 1}, {"x": 2})
    with (tmp_path / "out").open("wb") as stream:
        command = [sys.executable, "-m", "worker", "000000", "--round", "001"]
        subprocess.run(command, cwd=made.folder, stdout=stream, check=True)
    text = (tmp_path / "out").read_text()
    assert len(text) < 3_000_000
    assert text.startswith("[the beginning was cut]")
    assert text.rstrip().endswith(" MB")
