"""Every run is found once, with the state that it really has; what is asked for is what comes."""

import json
from datetime import datetime

import pytest

from kit import files
from kit.directories import hold
from kit.runs.finding import chosen, damaged_below, folder_bytes, runs_below, sorted_by


@pytest.fixture
def outputs(tmp_path, make_run):
    make_run("outputs/beam/scan/b", {"muons": 30}, started="2026-05-02T10:00:00+00:00")
    make_run("outputs/beam/scan/a", {"muons": 4}, energy=120.0, started="2026-05-03T10:00:00+00:00")
    make_run("outputs/beam/dump/c", stage="beam/dump", state="failed", started="2026-05-01T10:00:00+00:00")
    make_run("outputs/line/tune/d", stage="line/tune", state="running", started="2026-05-04T10:00:00+00:00")
    return tmp_path / "outputs"


def names(found):
    return "".join(one.directory.name for one in found)


def test_runs_are_found_at_any_depth_and_a_run_itself_too(outputs):
    assert names(runs_below(outputs)) == "cabd"
    assert names(runs_below(outputs / "beam" / "scan" / "b")) == "b"
    assert runs_below(outputs / "nowhere") == []


def test_points_belong_to_their_batch_run_and_hidden_folders_to_nobody(outputs, make_run):
    make_run("outputs/beam/scan/a/outputs/point")
    make_run("outputs/.gone/x")
    assert names(runs_below(outputs)) == "cabd"


def test_a_run_that_nobody_writes_has_stopped(outputs):
    assert [one.state for one in runs_below(outputs)] == ["failed", "complete", "complete", "stopped"]


def test_a_run_that_is_held_and_one_whose_jobs_are_elsewhere_run(outputs):
    import os

    descriptor = hold(outputs / "line" / "tune" / "d")
    assert runs_below(outputs)[-1].state == "running"
    os.close(descriptor)
    (outputs / "line" / "tune" / "d" / "points.jsonl").touch()
    assert runs_below(outputs)[-1].state == "running"
    assert runs_below(outputs)[-1].is_batch


def test_a_batch_run_whose_jobs_are_gone_has_stopped_and_its_time_is_that_to_its_merge(toy, launched, tmp_path):
    run = launched(toy, {"x": [1, 2]}).run
    record = run.directory / "manifest.json"
    content = json.loads(record.read_text())
    assert [one.state for one in runs_below(run.directory)] == ["stopped"]  # not merged, and nobody at work
    (run.rounds[-1].directory / "submitting.json").write_text("{}")
    assert [one.state for one in runs_below(run.directory)] == ["stopped"]
    (run.rounds[-1].directory / "submitted.json").unlink()  # perhaps HTCondor has it
    assert [one.state for one in runs_below(run.directory)] == ["running"]
    times = {"started": "2026-05-01T10:00:00+00:00", "ended": "2026-05-01T10:02:30+00:00"}
    record.write_text(json.dumps(content | times | {"state": "complete"}))
    assert [(one.state, one.seconds) for one in runs_below(run.directory)] == [("complete", 150.0)]


def test_a_damaged_manifest_is_named_and_hides_no_other_run(outputs):
    (outputs / "beam" / "dump" / "c" / "manifest.json").write_text('{"stage": ')
    assert names(runs_below(outputs)) == "abd"
    (told,) = damaged_below(outputs)
    assert "outputs/beam/dump/c/manifest.json" in told


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "cabd"),
        ({"stage": "beam"}, "cab"),
        ({"stage": "beam/scan"}, "ab"),
        ({"stage": "bea"}, ""),
        ({"states": ["failed", "stopped"]}, "cd"),
        ({"values": {"energy": 120}}, "a"),
        ({"values": {"muons": 30}}, "b"),
        ({"values": {"muons": 30, "energy": 120.0}}, ""),
        ({"values": {"pions": 1}}, ""),
        ({"before": datetime.fromisoformat("2026-05-02T12:00+02:00")}, "c"),
        ({"since": datetime.fromisoformat("2026-05-02T12:00+02:00")}, "abd"),
    ],
)
def test_what_is_asked_for_is_what_comes(outputs, wanted, found):
    assert names(chosen(runs_below(outputs), **wanted)) == found


@pytest.mark.parametrize(
    ("key", "order"),
    [("path", "cabd"), ("started", "cbad"), ("stage", "cbad"), ("state", "abcd"), ("muons", "abcd")],
)
def test_runs_are_sorted_and_those_without_the_number_come_last(outputs, key, order):
    assert names(sorted_by(runs_below(outputs), key)) == order


def test_bytes_of_a_folder_are_those_of_all_its_files(tmp_path):
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "x" / "a").write_bytes(bytes(10))
    (tmp_path / "x" / "y" / "b").write_bytes(bytes(300))
    (tmp_path / "x" / "far").symlink_to(files.resolve("nowhere"))
    assert folder_bytes(tmp_path / "x") == 310 + len(str(files.resolve("nowhere")))
