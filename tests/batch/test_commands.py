"""The commands as a person uses them: what they say, what they leave, and how they end.

Exit status 0: good; 1: points failed or are missing; 2: refused.
"""

import csv
import json
import re
from pathlib import Path

import pytest

from kit.batch.commands import COMMANDS
from kit.batch.status import STATES, status_of

HERE = ("--profile", "local", "--workers", "2", "--memory-mb", "400")
SLOW = ("parameters", "x: float = 1.0  # the x\npause: float = 0.0  # s"), "import time\ntime.sleep(pause)\nx"


@pytest.fixture
def submit(kit, toy):
    """Return a function that submits the toy notebook."""
    return lambda *words: kit("submit", "beam/toy", "--run", "run", *HERE, *words)


@pytest.fixture
def failing(submit):
    """Submit six points of which two fail, and return the answer."""
    return submit("--over", "x=1..6", "-p", "limit=4.5")


def points_of(answer):
    assert answer.status == 0, answer.err
    lines = Path("run/points.jsonl").read_text().splitlines()
    return [json.loads(line)["parameters"] for line in lines]


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_there_are_twelve_commands_each_with_help_and_an_answer_in_json(kit):
    names = [command.name for command in COMMANDS]
    assert names == [
        "plan",
        "submit",
        "status",
        "watch",
        "why",
        "try",
        "resume",
        "stop",
        "hold",
        "release",
        "collect",
        "campaign",
    ]
    for name in names:
        answer = kit(name, "--help")
        assert answer.status == 0
        assert "--json" in answer.out


def test_a_plan_tells_numbers_and_points_and_writes_nothing(kit, toy, tmp_path):
    before = tree(tmp_path)
    answer = kit("plan", "beam/toy", "--over", "x=1..20", *HERE)
    assert answer.status == 0
    lines = [line.strip() for line in answer.out.splitlines()]
    assert {"points: 20", "jobs: 8", "points a job: 2 to 3", "CPU hours: 0.33", "0: x=1.0", "19: x=20.0"} <= set(
        lines
    )
    told = json.loads(kit("plan", "beam/toy", "--over", "x=1..20", "--json", *HERE).out)
    assert (told["points"], told["jobs"]) == (20, 8)
    assert told["notes"] == ["all 20 points share one seed; --seed-parameter seed gives each its own"]
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "xs"),
    [
        (["--over", "x=1,2,5"], [(1, 1), (2, 1), (5, 1)]),
        (["--over", "x=0..1..0.5"], [(0, 1), (0.5, 1), (1, 1)]),
        (["--over", "x=1,2", "--over", "seed=3,4"], [(1, 3), (1, 4), (2, 3), (2, 4)]),
        (["--over", "x=1,2", "--over", "seed=3,4", "--zip"], [(1, 3), (2, 4)]),
        (["--over", "x=@list.txt", "-p", "seed=9"], [(7, 9), (8, 9)]),
        (["--points", "table.csv"], [(1, 5), (2, 6)]),
        (["--points", "table.csv", "--over", "limit=8,9"], [(1, 5), (1, 5), (2, 6), (2, 6)]),
        (["--over", "x=1,2", "-f", "values.yaml"], [(1, 4), (2, 4)]),
        (["--over", "x=1,2", "-f", "values.yaml", "-p", "seed=5"], [(1, 5), (2, 5)]),
    ],
)
def test_points_are_those_that_the_command_line_describes(submit, words, xs):
    Path("list.txt").write_text("7\n8\n")
    Path("table.csv").write_text("x,seed\n1,5\n2,6\n")
    Path("values.yaml").write_text("seed: 4\n")
    found = points_of(submit("--dry-run", *words))
    assert [(point["x"], point.get("seed", 1)) for point in found] == xs
    assert len({json.dumps(point, sort_keys=True) for point in found}) == len(xs)


def test_files_are_points_each_or_in_bundles(kit, make_notebook):
    make_notebook(
        "notebooks/beam/reading.ipynb", ("parameters", "inputs: list[str] = ['demo']  # files"), "inputs"
    )
    for name in "abc":
        Path(f"{name}.txt").touch()
    words = ["submit", "beam/reading", "--over", "inputs=*.txt", "--dry-run", *HERE]
    each = points_of(kit(*words, "--run", "run"))
    assert [[Path(path).name for path in point["inputs"]] for point in each] == [["a.txt"], ["b.txt"], ["c.txt"]]
    for text in ("inputs=@list", "inputs=b.txt,c.txt"):
        Path("list").write_text("b.txt\nc.txt\n")
        told = json.loads(kit("plan", "beam/reading", "--over", text, *HERE, "--json").out)
        assert (told["points"], told["input files"]) == (2, 2)
    told = json.loads(kit("plan", *words[1:4], "--bundle", "2", *HERE, "--json").out)
    assert (told["points"], told["input files"]) == (2, 3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say which points: --over NAME=VALUES, or --points FILE"),
        (["--over", "xx=1,2"], r"xx is not known"),
        (["--over", "x=1,two"], r"point 2 .*x is 'two', should be float"),
        (["--over", "x=1,1"], "points 1 and 2 are the same: x=1.0"),
        (["--over", "x=1..2", "-p", "limt=3"], "limt is not known"),
        (["--points", "nowhere.csv"], "nowhere.csv"),
        (["--over", "x=1..2", "--memory-mb", "12"], "memory_mb is 12"),
        (["--over", "x=1..2", "--dag"], "a DAG needs HTCondor"),
        (["--over", "x=1..2", "--flavour", "workday", "--max-runtime", "9"], "give one of them"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words_and_nothing_is_written(submit, toy, tmp_path, words, told):
    before = tree(tmp_path)
    answer = submit(*words)
    assert answer.status == 2
    assert re.search(told, answer.err)
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert tree(tmp_path) == before


def test_an_unknown_stage_is_refused_with_the_nearest(kit, toy):
    answer = kit("submit", "beam/toi", "--over", "x=1", *HERE)
    assert answer.status == 2
    assert "did you mean beam/toy?" in answer.err


@pytest.mark.parametrize("command", ["status", "watch", "why", "resume", "stop", "collect"])
def test_what_is_no_batch_run_is_refused_by_every_command(kit, tmp_path, command):
    (tmp_path / "notes").mkdir()
    for name in ("notes", "nowhere"):
        answer = kit(command, name)
        assert (answer.status, answer.out) == (2, "")
        assert f"{name} holds no points; should be what `kit submit` made" in answer.err
    assert not (tmp_path / "nowhere").exists()


def test_a_dry_run_ends_well_and_resume_sends_it(submit, kit):
    answer = submit("--over", "x=1..3", "--dry-run")
    assert answer.status == 0
    assert "3 jobs are written in run/rounds/001; nothing was submitted" in answer.out
    assert not list(Path("run/results").iterdir())
    assert kit("status", "run").status == 1
    assert kit("resume", "run").status == 0
    assert status_of("run").good


def test_points_that_fail_are_grouped_by_their_error_and_the_status_is_one(failing, kit):
    assert failing.status == 1
    assert "4/6 done, 2 failed" in failing.out
    assert "1 failed: cell 3: ValueError: 5.0 is above 4.5 (first: point 4)" in failing.out
    again = kit("status", "run")
    assert again.status == 1
    assert again.out.splitlines()[-1] == "run"
    answer = kit("status", "run", "--json")
    told = json.loads(answer.out)
    assert {state: told[state] for state in STATES} == dict.fromkeys(STATES, 0) | {"done": 4, "failed": 2}
    assert (told["over"], len(told["reasons"]), answer.status) == (True, 2, 1)
    assert Path("run/merged/points.csv").is_file()  # merged without being asked, since all jobs have ended


def test_why_tells_of_the_run_or_of_one_point(failing, kit):
    answer = kit("why", "run")
    assert answer.out.splitlines() == [
        f"1 failed: cell 3: ValueError: {x}.0 is above 4.5 (first: point {x - 1})" for x in (5, 6)
    ]
    assert json.loads(kit("why", "run", "--json").out) == answer.out.splitlines()
    about = json.loads(kit("why", "run", "5", "--json").out)
    assert (about["state"], about["parameters"]["x"]) == ("failed", 6.0)
    assert f"point 5 ({about['id']}): failed" in kit("why", "run", about["id"][:9]).out
    answer = kit("why", "run", "x")
    assert answer.status == 2
    assert "no point begins with x; should be an id, its beginning, or a number from 0 to 5" in answer.err


def test_a_point_is_tried_here_without_counting(failing, kit, tmp_path):
    before = tree(tmp_path / "run" / "results")
    answer = kit("try", "run", "5")
    assert answer.status == 1
    assert answer.out.startswith("failed after ")
    assert "cell 3: ValueError: 6.0 is above 4.5" in answer.out
    good = kit("try", "run", "0", "--json")
    told = json.loads(good.out)
    assert (good.status, told["state"]) == (0, "done")
    assert Path(told["folder"], "x.txt").read_text() == "1.0"
    (tmp_path / "mended").touch()
    assert kit("try", "run", "5").status == 0
    assert tree(tmp_path / "run" / "results") == before
    assert kit("status", "run").status == 1


def test_resume_does_nothing_then_exactly_what_failed_and_the_run_is_good(failing, kit, tmp_path):
    answer = kit("resume", "run")
    assert "nothing is missing: 4 of 6 points are done, 2 failed" in answer.out
    assert len(list(Path("run/rounds").iterdir())) == 1
    (tmp_path / "mended").touch()
    answer = kit("resume", "run", "--retry-failed", "--json")
    told = json.loads(answer.out)
    assert (answer.status, told["done"], told["failed"], told["reasons"]) == (0, 6, 0, [])
    lines = [line for path in Path("run/results").glob("r002*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(json.loads(line)["index"] for line in lines) == [4, 5]
    answer = kit("resume", "run")
    assert (answer.status, answer.out.splitlines()[0]) == (0, "nothing is missing: 6 of 6 points are done")


def test_collect_unpacks_once_by_id_by_pattern_or_lists(submit, kit):
    assert submit("--over", "x=1..3").status == 0
    answer = kit("collect", "run")
    assert answer.out.startswith("9 files written to run/outputs")
    ids = [json.loads(line)["id"] for line in Path("run/points.jsonl").read_text().splitlines()]
    assert sorted(path.name for path in Path("run/outputs").iterdir()) == sorted(ids)
    assert Path("run/outputs", ids[1], "x.txt").read_text() == "2.0"
    before = tree(Path("run/outputs"))
    assert kit("collect", "run").out.startswith("0 files written")
    assert tree(Path("run/outputs")) == before
    assert kit("collect", "run", "--naming", "x_{x:.2f}").status == 0
    assert Path("run/outputs/x_3.00/x.txt").read_text() == "3.0"
    answer = kit("collect", "run", "--naming", "same")
    assert answer.status == 2
    assert "the pattern 'same' gives one name to several points" in answer.err
    assert kit("collect", "run", "--list").out.startswith("9 files listed in run/merged/files.csv")
    assert len(list(csv.DictReader(Path("run/merged/files.csv").read_text().splitlines()))) == 9
    table = list(csv.DictReader(Path("run/merged/points.csv").read_text().splitlines()))
    assert [(row["x"], row["state"], row["square"]) for row in table] == [
        ("1.0", "done", "1.0"),
        ("2.0", "done", "4.0"),
        ("3.0", "done", "9.0"),
    ]


def test_a_run_is_found_from_any_folder_by_the_path_that_the_kit_shows(submit, kit, tmp_path, monkeypatch):
    shown = submit("--over", "x=1").out.splitlines()[-1]
    monkeypatch.chdir(tmp_path / "notebooks")
    assert shown == "run"
    assert "1/1 done" in kit("status", shown).out
    assert kit("status", "../run").status == 0


def test_a_run_at_work_is_shown_refused_to_resume_stopped_and_resumed(kit, python, make_notebook, eventually):
    make_notebook("notebooks/beam/slow.ipynb", *SLOW)
    words = ["submit", "beam/slow", "--run", "run", "--over", "x=1..8", "-p", "pause=0.7", "--no-try-first", *HERE]
    process = python("-m", "kit", *words)
    assert eventually(
        lambda: Path("run/rounds/001/submitted.json").exists() and status_of("run").counts["done"], 60
    )
    answer = kit("status", "run", "--json")
    told = json.loads(answer.out)
    assert (answer.status, told["over"]) == (0, False)  # nothing is wrong with what is still at work
    assert sum(told[state] for state in STATES) == 8
    answer = kit("resume", "run")
    assert answer.status == 2
    assert "run: of the pool of this computer 2 jobs run and " in answer.err
    assert "--wait waits for them, --stop removes them first" in answer.err
    answer = kit("stop", "run")
    assert "the pool of this computer has stopped" in answer.out
    assert answer.status == 1
    process.communicate(timeout=30)
    assert process.returncode == 1
    missing = status_of("run").counts["missing"]
    assert 0 < missing < 8
    answer = kit("resume", "run")
    assert answer.status == 0
    assert f"{missing} points are sent again" in answer.out
    assert kit("stop", "run").out.startswith("nothing of this run waits or runs")


def test_jobs_on_a_pool_are_submitted_followed_and_merged_when_the_last_has_ended(kit, toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=1)
    answer = kit("status", "run")
    assert answer.status == 0
    assert "3 waiting" in answer.out
    assert "waiting (no log yet): run/rounds/001/events." in answer.out
    made.begin(0, 1, 2)
    made.lines(0, 1)
    made.end(0, 1)
    assert "2/3 done, 1 running" in kit("status", "run").out
    assert not Path("run/merged/report.json").exists()
    made.event("009", 2, "Job was aborted.", "removed due to wall time exceeded allowed max.")
    answer = kit("watch", "run")
    assert answer.status == 1
    assert "2/3 done, 1 missing" in answer.out
    assert "1 jobs: removed: over the time of its flavour → `kit resume` takes shorter jobs" in answer.out
    report = json.loads(Path("run/merged/report.json").read_text())
    assert (report["points"], report["counts"]["done"], report["accepted"]) == (3, 2, False)


def test_a_submission_to_a_pool_ends_well_while_its_jobs_wait(kit, toy, commands):
    words = ["--profile", "condor", "--environment", "python=/usr/bin/python3", "--no-try-first", "--per-job", "2"]
    answer = kit("submit", "beam/toy", "--run", "run", "--over", "x=1..4", "--json", *words)
    assert answer.status == 0
    told = json.loads(answer.out)
    assert (told["waiting"], told["over"]) == (4, False)
    assert "2 jobs submitted as cluster 17" in answer.err
    commands.fails("condor_submit", "ERROR: the schedd is full")
    answer = kit("submit", "beam/toy", "--run", "second", "--over", "x=1..4", *words)
    assert answer.status == 2
    assert "condor_submit: ERROR: the schedd is full" in answer.err
