"""The commands about a run that is there: what they say, what they leave, and how they end."""

import csv
import json
from pathlib import Path

import pytest

from kit.batch.run_commands import RUN_COMMANDS
from kit.batch.status import STATES


def tree(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("command", [*(command.name for command in RUN_COMMANDS), "resume"])
def test_what_is_no_batch_run_is_refused_by_every_command(kit, tmp_path, command):
    (tmp_path / "notes").mkdir()
    for name in ("notes", "nowhere"):
        answer = kit(command, name, *(["0"] if command == "try" else []))
        assert (answer.status, answer.out) == (2, "")
        words = {
            "notes": "notes holds no points; should be what `kit submit` made",
            "nowhere": "there is no directory nowhere; `kit list` shows the runs",
        }
        assert words[name] in answer.err
    assert not (tmp_path / "nowhere").exists()


def test_what_is_over_is_told_once_by_who_watches(failing, kit):
    answer = kit("watch", "run")
    assert (answer.status, answer.err) == (1, "")
    assert answer.out.count("4/6 done, 2 failed") == 1


def test_a_damaged_line_of_the_points_is_refused_by_its_number(failing, kit):
    lines = Path("run/points.jsonl").read_text().splitlines(keepends=True)
    Path("run/points.jsonl").write_text("".join([*lines[:2], lines[2][:25] + "\n", *lines[3:]]))
    for command, *rest in (["why", "5"], ["collect"], ["resume", "--retry-failed"], ["status"]):
        if command == "status":
            Path("run/state.json").unlink()  # what was remembered needs no points
        answer = kit(command, "run", *rest)
        assert answer.status == 2, command
        assert "points.jsonl:3: " in answer.err
        assert "should be a point" in answer.err


def test_points_that_fail_are_grouped_by_their_error_and_the_status_is_one(failing, kit):
    assert failing.status == 1
    assert "4/6 done, 2 failed" in failing.out
    assert "2 failed: cell 3: ValueError: 5.0 is above 4.5 (first: point 4)" in failing.out
    again = kit("status", "run")
    assert again.status == 1
    assert again.out.splitlines()[-1] == "run"
    answer = kit("status", "run", "--json")
    told = json.loads(answer.out)
    assert {state: told[state] for state in STATES} == dict.fromkeys(STATES, 0) | {"done": 4, "failed": 2}
    assert (told["over"], len(told["reasons"]), answer.status) == (True, 1, 1)
    assert Path("run/merged/points.csv").is_file()  # merged without being asked, since all jobs have ended


def test_why_tells_of_the_run_or_of_one_point(failing, kit):
    answer = kit("why", "run")
    assert answer.out.splitlines() == ["2 failed: cell 3: ValueError: 5.0 is above 4.5 (first: point 4)"]
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


def test_jobs_on_a_pool_are_submitted_followed_and_merged_when_the_last_has_ended(kit, toy, sent):
    made = sent(toy, {"x": [1, 2, 3]}, per_job=1)
    answer = kit("status", "run")
    assert answer.status == 0
    assert "3 waiting" in answer.out
    assert "waiting (no log yet): run/rounds/001/events." in answer.out
    made.begin(0, 1, 2)
    assert kit("why", "run").out == "3 points running since 2026-11-20 10:01:00\n"
    made.bring({0: "done", 1: "done"})
    made.tell("end", 0)
    made.tell("end", 1)
    assert "2/3 done, 1 running" in kit("status", "run").out
    assert not Path("run/merged/report.json").exists()
    made.tell("remove", 2, "removed due to wall time exceeded allowed max.")
    answer = kit("watch", "run")
    assert answer.status == 1
    assert "2/3 done, 1 missing" in answer.out
    assert "1 jobs: removed: over the time of its flavour → `kit resume` takes shorter jobs" in answer.out
    report = json.loads(Path("run/merged/report.json").read_text())
    assert (report["points"], report["counts"]["done"], report["accepted"]) == (3, 2, False)


def test_to_be_held_is_what_hold_is_asked_for(kit, toy, sent, commands):
    made = sent(toy, {"x": [1, 2]}, per_job=1)
    made.begin(0, 1)
    event = "012 (017.00{}.000) 2026-11-20 10:03:00 Job was held.\\n\\tvia condor_hold\\n...\\n"
    held = event.format(0) + event.format(1)
    commands.does("condor_hold", f"printf '{held}' >>{made.latest.log}")
    answer = kit("hold", "run")
    assert (answer.status, "2 held" in answer.out) == (0, True)
    assert kit("status", "run").status == 1
