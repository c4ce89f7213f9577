"""A manifest tells what ran, and is found again wherever the run has been moved."""

import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kit
from kit import files, manifest
from kit.manifest import complete_below, load
from kit.parameters import Parameters
from kit.run import Run


def leave_run(path, fails=False, **summary):
    try:
        with Run("beam/scan", Parameters(output=str(path))) as run:
            run.summary = summary
            with run.writing("a.txt") as part:
                part.write_text("a")
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    return run.directory


def test_a_run_reads_back_with_stage_state_parameters_and_summary(tmp_path):
    run = load(leave_run("run", protons=3))
    assert (run.stage, run.state, run.summary) == ("beam/scan", "complete", {"protons": 3})
    assert run.parameters == {"output": "run", "interactive": True}


def test_a_run_can_be_moved(tmp_path):
    leave_run("run", protons=3)
    shutil.move(tmp_path / "run", tmp_path / "elsewhere")
    moved = load("elsewhere")
    (output,) = moved.manifest["outputs"]
    assert files.sha256(moved.directory / output["path"]) == output["sha256"]


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"^nothing has no manifest\.json; should be the directory of a run"
    ):
        load("nothing")


@pytest.mark.parametrize("content", ["[]", "{}", '{"stage": "a", "state": "complete"}', '"complete"'])
def test_a_manifest_that_names_no_run_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(
        files.FormatError, match=r"manifest\.json: should name stage, state and parameters of a run"
    ):
        load(tmp_path)


def test_a_damaged_manifest_is_refused_with_its_spot(tmp_path):
    (tmp_path / "manifest.json").write_text('{"stage": ')
    with pytest.raises(files.FormatError, match=r"manifest\.json:1:11: .* should be JSON"):
        load(tmp_path)


def test_the_complete_runs_below_a_folder_come_in_order_and_failed_ones_do_not(tmp_path):
    for name in ("b", "a", "c"):
        leave_run(f"points/{name}", fails=name == "c")
    assert [run.directory.name for run in complete_below("points")] == ["a", "b"]
    assert [run.directory.name for run in complete_below("points/a")] == ["a"]
    assert complete_below("points/c") == []
    assert complete_below("nothing") == []


def test_of_a_batch_run_the_points_count_and_not_itself(tmp_path):
    leave_run("batch")
    (tmp_path / "batch" / "points.jsonl").touch()
    for number in (1, 2):
        leave_run(f"batch/outputs/{number}")
    assert [run.directory.name for run in complete_below("batch")] == ["1", "2"]


def test_the_software_names_versions_and_interpreter():
    software = manifest.software()
    assert software["kit"] == kit.__version__
    assert software["python"] == ".".join(map(str, sys.version_info[:3]))
    assert software["executable"] == sys.executable


def test_the_commit_is_that_of_the_checkout_and_a_plus_tells_of_changes(tmp_path, python):
    shutil.copytree(Path(kit.__file__).parent, tmp_path / "kit", ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init", "-q"], ["add", "kit"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *words], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    ask = "import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '.'); from kit import manifest; "
    ask += "print(manifest.software()['commit'])"
    assert python("-c", ask).communicate()[0].strip() == head
    (tmp_path / "kit" / "new.py").touch()
    assert python("-c", ask).communicate()[0].strip() == head + "+"
    shutil.rmtree(tmp_path / ".git")
    assert python("-c", ask).communicate()[0].strip() == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567, "1 234 567"),
        (3.14159265, "3.14159"),
        (1e-12, "1e-12"),
        (True, "yes"),
        (None, "–"),
        ([1, 2.5], "1, 2.5"),
        ([], "–"),
        ({"e": 1000, "m": 2}, "e 1 000, m 2"),
        ({"0": 16009, "e0": 24}, "0: 16 009, e0: 24"),
        ("four leptons", "four leptons"),
    ],
)
def test_a_number_reads_as_people_write_it(value, text):
    assert manifest.number_text(value) == text


def test_the_table_of_a_notebook_escapes_names_and_values(tmp_path):
    shown = load(leave_run("run <i>", **{"a<b": "<script>"}))._repr_html_()
    assert html.escape("run <i>") in shown
    assert "<script>" not in shown
    assert "a<b" not in shown


def test_attempts_grow_by_one_each_time():
    first = {"state": "failed", "started": "a", "ended": "b", "host": "c", "fault": None, "summary": {}}
    (told,) = manifest.attempts(first)
    assert told == {"state": "failed", "started": "a", "ended": "b", "host": "c", "fault": None}
    assert manifest.attempts({**first, "attempts": [told]}) == [told, told]


def test_a_manifest_is_json_that_people_can_read(tmp_path):
    text = (leave_run("run", title="Größe 5 μm") / "manifest.json").read_text(encoding="utf-8")
    assert '"title": "Größe 5 μm"' in text
    assert json.loads(text)["summary"] == {"title": "Größe 5 μm"}
