"""A run writes only into a directory that is its own."""

import json
import os
import re
import subprocess

import pytest

from kit.directories import RunError, clear_parts, earlier_attempt, hold, is_held, new_directory, one_at_a_time
from kit.parameters import Parameters, parameter


class Beam(Parameters):
    momentum: float = parameter(450.0, "momentum", unit="GeV")
    title: str = parameter("", "what to call it")


@pytest.fixture
def run(tmp_path):
    """Return a function that leaves a manifest in the folder `run`."""
    folder = tmp_path / "run"
    folder.mkdir()

    def leave(state="failed", stage="beam/scan", **values):
        content = {"stage": stage, "state": state, "parameters": Beam(**values).model_dump()}
        (folder / "manifest.json").write_text(json.dumps(content))
        return folder

    return leave


def test_a_new_directory_is_named_by_stage_label_and_time(tmp_path):
    made = new_directory("beam/scan", "production")
    assert re.fullmatch(r"outputs/beam/scan/production_\d{8}_\d{6}", str(made.relative_to(tmp_path)))
    assert made.is_dir()


def test_two_runs_begun_in_one_second_have_two_directories():
    made = {new_directory("beam/scan") for _ in range(20)}
    assert len(made) == 20


@pytest.mark.parametrize("content", [None, [], [".work", ".sys.v#.x"]])
def test_a_new_or_empty_directory_holds_no_attempt(tmp_path, content):
    for name in content or []:
        (tmp_path / "run" / name).mkdir(parents=True)
    assert earlier_attempt(tmp_path / "run", "beam/scan", Beam()) is None


def test_an_earlier_attempt_with_the_same_parameters_is_found(run):
    folder = run(momentum=7000.0, output="here", interactive=False)
    assert earlier_attempt(folder, "beam/scan", Beam(momentum=7000.0)).state == "failed"


def test_a_run_with_other_parameters_is_refused_with_what_differs(run):
    folder = run(momentum=7000.0, title="a")
    with pytest.raises(
        RunError,
        match=r"^run is a run with other parameters: momentum was 7000\.0, now 450\.0, title was 'a', now ''; "
        "choose another output$",
    ):
        earlier_attempt(folder, "beam/scan", Beam())


def test_a_run_goes_on_with_more_workers(run):
    class Parallel(Beam):
        workers: int = parameter(1, "processes side by side")

    folder = run()
    content = json.loads((folder / "manifest.json").read_text())
    content["parameters"]["workers"] = 1
    (folder / "manifest.json").write_text(json.dumps(content))
    assert earlier_attempt(folder, "beam/scan", Parallel(workers=8)).state == "failed"


def test_a_run_whose_class_has_changed_since_is_refused(run):
    class Now(Parameters):
        momentum: float = parameter(450.0, "momentum", unit="GeV")
        spread: float = parameter(0.1, "spread", unit="GeV")

    with pytest.raises(RunError, match=r"title was '', now None, spread was None, now 0\.1"):
        earlier_attempt(run(), "beam/scan", Now())


def test_a_run_of_another_stage_is_refused(run):
    with pytest.raises(RunError, match="it is a run of beam/dump, not of beam/scan"):
        earlier_attempt(run(stage="beam/dump"), "beam/scan", Beam())


def test_a_long_difference_is_cut(run):
    with pytest.raises(RunError) as refused:
        earlier_attempt(run(title="x" * 5000), "beam/scan", Beam())
    assert len(str(refused.value)) < 400


def test_a_folder_of_other_things_is_refused_with_one_of_them(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunError, match=r"holds thesis\.tex but no manifest\.json; should be a run, empty or new"):
        earlier_attempt(tmp_path, "beam/scan", Beam())


def test_a_notebook_to_work_in_is_refused_and_papermills_copy_is_not(tmp_path, make_notebook):
    path = make_notebook("scan.ipynb", "1 + 1")
    with pytest.raises(RunError, match=r"holds scan\.ipynb"):
        earlier_attempt(tmp_path, "beam/scan", Beam())
    content = json.loads(path.read_text())
    content["metadata"]["papermill"] = {"parameters": {}}
    path.write_text(json.dumps(content))
    assert earlier_attempt(tmp_path, "beam/scan", Beam()) is None


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "run").touch()
    with pytest.raises(RunError, match=r"^run is a file; should be a folder, or a new name$"):
        earlier_attempt(tmp_path / "run", "beam/scan", Beam())


def test_only_one_can_hold_a_directory_and_nothing_is_left_of_it(tmp_path):
    descriptor = hold(tmp_path)
    assert is_held(tmp_path)
    with pytest.raises(RunError, match="is being written by another process; wait, or choose another output"):
        hold(tmp_path)
    os.close(descriptor)
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_is_killed_holds_nothing_any_more(tmp_path, python):
    holder = python("-c", "from kit.directories import *; from pathlib import Path; import sys, time\n"
                    "hold(Path('.')); print('held', flush=True); time.sleep(60)")  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    assert is_held(tmp_path)
    holder.kill()
    holder.wait()
    assert not is_held(tmp_path)


def test_what_a_killed_process_had_begun_to_write_is_cleared_and_nothing_else(tmp_path):
    kept = [".work/3", "masses.parquet", "a.part", ".hidden"]
    for name in [*kept, ".masses.parquet.1a2b3c4d.part.parquet", "plots/.a.png.1a2b3c4d.part.png"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clear_parts(tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == sorted(
        kept
    )


def test_who_comes_second_waits_for_the_first(tmp_path, python):
    program = (
        "import sys\nfrom pathlib import Path\nfrom kit.directories import one_at_a_time\n"
        "with one_at_a_time(Path('shelf')):\n    print('made:', Path('shelf/thing').exists())"
    )
    with one_at_a_time(tmp_path / "shelf"):
        second = python("-c", program, cwd=tmp_path)
        with pytest.raises(subprocess.TimeoutExpired):
            second.wait(1.0)
        (tmp_path / "shelf" / "thing").touch()
    assert second.communicate()[0] == "made: True\n"
