"""What becomes runs: plans, submissions, resumptions, as a person asks for them.

Exit status 0: good; 1: points failed or are missing; 2: refused.
"""

import json
import re
from pathlib import Path

import pytest

from kit.batch.commands import COMMANDS
from kit.batch.status import STATES, status_of

SLOW = ("parameters", "x: float = 1.0  # the x\npause: float = 0.0  # s"), "import time\ntime.sleep(pause)\nx"


def points_of(answer):
    assert answer.status == 0, answer.err
    lines = Path("run/points.jsonl").read_text().splitlines()
    return [json.loads(line)["parameters"] for line in lines]


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_there_are_twelve_commands_each_with_help_and_an_answer_in_json(kit):
    names = {command.name for command in COMMANDS}
    made = {"plan", "submit", "resume", "campaign"}
    assert names == made | {"status", "watch", "why", "try", "stop", "hold", "release", "collect"}
    assert len(COMMANDS) == len(names)
    for name in names:
        answer = kit(name, "--help")
        assert answer.status == 0
        assert "--json" in answer.out


def test_a_plan_tells_numbers_and_points_and_writes_nothing(kit, toy, tmp_path, here):
    before = tree(tmp_path)
    answer = kit("plan", "beam/toy", "--over", "x=1..20", *here)
    assert answer.status == 0
    lines = [line.strip() for line in answer.out.splitlines()]
    assert {"points: 20", "jobs: 8", "points a job: 2 to 3", "CPU hours: 0.333", "0: x=1.0", "19: x=20.0"} <= set(
        lines
    )
    told = json.loads(kit("plan", "beam/toy", "--over", "x=1..20", "--json", *here).out)
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


def test_files_are_points_each_or_in_bundles(kit, make_notebook, here):
    make_notebook(
        "notebooks/beam/reading.ipynb", ("parameters", "inputs: list[str] = ['demo']  # files"), "inputs"
    )
    for name in "abc":
        Path(f"{name}.txt").touch()
    words = ["submit", "beam/reading", "--over", "inputs=*.txt", "--dry-run", *here]
    each = points_of(kit(*words, "--run", "run"))
    assert [[Path(path).name for path in point["inputs"]] for point in each] == [["a.txt"], ["b.txt"], ["c.txt"]]
    for text in ("inputs=@list", "inputs=b.txt,c.txt"):
        Path("list").write_text("b.txt\nc.txt\n")
        told = json.loads(kit("plan", "beam/reading", "--over", text, *here, "--json").out)
        assert (told["points"], told["input files"]) == (2, 2)
    told = json.loads(kit("plan", *words[1:4], "--bundle", "2", *here, "--json").out)
    assert (told["points"], told["input files"]) == (2, 3)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "say which points: --over NAME=VALUES, or --points FILE"),
        (["--over", "xx=1,2"], r"xx is not known"),
        (["--over", "x=1,two"], r"point 1 .*x is 'two', should be float"),
        (["--over", "x=1,1"], "points 0 and 1 are the same: x=1.0"),
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


def test_an_unknown_stage_is_refused_with_the_nearest(kit, toy, here):
    answer = kit("submit", "beam/toi", "--over", "x=1", *here)
    assert answer.status == 2
    assert "did you mean beam/toy?" in answer.err


def test_a_dry_run_ends_well_and_resume_sends_it(submit, kit):
    answer = submit("--over", "x=1..6", "--dry-run")
    assert answer.status == 0
    assert "2 jobs are written in run/rounds/001; nothing was submitted" in answer.out
    assert not list(Path("run/results").iterdir())
    assert kit("status", "run").status == 1
    assert kit("resume", "run").status == 0
    assert status_of("run").good


def test_resume_does_nothing_then_exactly_what_failed_and_the_run_is_good(failing, kit, tmp_path):
    answer = kit("resume", "run")
    assert "nothing is missing: 4 of 6 points are done, 2 failed" in answer.out
    assert answer.status == 0  # though the run is not good, as `kit status` says
    assert kit("status", "run").status == 1
    assert len(list(Path("run/rounds").iterdir())) == 1
    (tmp_path / "mended").touch()
    answer = kit("resume", "run", "--retry-failed", "--json")
    told = json.loads(answer.out)
    assert (answer.status, told["done"], told["failed"], told["reasons"]) == (0, 6, 0, [])
    lines = [line for path in Path("run/results").glob("r002*.jsonl") for line in path.read_text().splitlines()]
    assert sorted(json.loads(line)["index"] for line in lines) == [4, 5]
    answer = kit("resume", "run")
    assert (answer.status, answer.out.splitlines()[0]) == (0, "nothing is missing: 6 of 6 points are done")


def test_a_run_at_work_is_shown_refused_to_resume_stopped_and_resumed(
    kit, python, make_notebook, eventually, here
):
    make_notebook("notebooks/beam/slow.ipynb", *SLOW)
    words = [
        "submit",
        "beam/slow",
        "--run",
        "run",
        "--over",
        "x=1..8",
        "-p",
        "pause=1.5",
        "--no-try-first",
        "--per-job",
        "2",
        *here,
    ]
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
    process.communicate(timeout=120)
    assert process.returncode == 1
    missing = status_of("run").counts["missing"]
    assert 0 < missing < 8
    answer = kit("resume", "run")
    assert answer.status == 0
    assert f"{missing} points are sent again" in answer.out
    assert kit("stop", "run").out.startswith("nothing of this run waits or runs")


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
