"""A run tells the truth about itself: what it read and wrote, how it ended, and that it is whole."""

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import files
from kit.files import FormatError
from kit.parameters import Parameters, parameter
from kit.run import Run, RunError, load


class Beam(Parameters):
    momentum: float = parameter(450.0, "momentum", unit="GeV")
    title: str = parameter("", "what to call it")
    planes: list[str] = parameter(["x", "y"], "planes of the wires")
    cuts: dict[str, float] = parameter({}, "cuts by name")


printable = st.text(st.characters(exclude_categories=["C"]))
finite = st.floats(allow_nan=False, allow_infinity=False)
beams = st.builds(
    Beam, momentum=finite, title=printable, planes=st.lists(printable), cuts=st.dictionaries(printable, finite)
)
summaries = st.dictionaries(
    printable, st.integers() | finite | st.booleans() | printable | st.lists(st.integers()), max_size=4
)


def state(path):
    return json.loads((path / "manifest.json").read_text())["state"]


def fingerprint(folder):
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


@settings(max_examples=25, deadline=None)  # each run is on the disk before it ends
@given(beams, summaries)
def test_parameters_and_summary_read_back_from_the_manifest(beam, summary):
    with Run("beam/scan", beam) as run:
        run.summary = summary
    back = load(run.directory)
    assert Beam.build(back.parameters) == beam
    assert back.summary == summary


def test_the_manifest_says_running_from_the_first_moment_and_complete_at_the_end(tmp_path):
    with Run("beam/scan", Beam()) as run:
        assert state(run.directory) == "running"
    assert state(run.directory) == "complete"
    assert run.directory.parent == tmp_path / "outputs" / "beam" / "scan"


def test_the_manifest_of_a_failed_run_names_the_fault(tmp_path):
    with pytest.raises(FormatError, match="wire 3 is cut"), Run("beam/scan", Beam()) as run:
        message = "wire 3 is cut"
        raise FormatError(message)
    content = load(run.directory).manifest
    assert (content["state"], content["fault"]) == ("failed", {"kind": "FormatError", "message": "wire 3 is cut"})


def test_inputs_and_outputs_stand_in_the_manifest_with_bytes_and_checksums(tmp_path):
    (tmp_path / "in.txt").write_text("Wikipedia")
    with Run("beam/scan", Beam()) as run:
        assert run.read(str(tmp_path / "in.txt")) == str(tmp_path / "in.txt")
        run.read("https://example.org/a.root", checksum="adler32:00000001")
        with run.writing("deep/out.txt") as part:
            part.write_text("abc")
    content = load(run.directory).manifest
    assert content["inputs"] == [
        {"path": str(tmp_path / "in.txt"), "bytes": 9, "checksum": "adler32:11e60398"},
        {"path": "https://example.org/a.root", "bytes": None, "checksum": "adler32:00000001"},
    ]
    (output,) = content["outputs"]
    assert (output["path"], output["bytes"]) == ("deep/out.txt", 3)
    assert output["sha256"].startswith("ba7816bf")  # FIPS 180-2, appendix B.1


def test_a_large_input_is_not_read_for_its_checksum_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("kit.run.CHECKSUM_LIMIT", 8)
    (tmp_path / "in.txt").write_text("Wikipedia")
    with Run("beam/scan", Beam()) as run:
        run.read(str(tmp_path / "in.txt"))
    assert load(run.directory).manifest["inputs"][0]["checksum"] is None


def test_an_output_that_fails_does_not_appear(tmp_path):
    with (
        pytest.raises(ZeroDivisionError),
        Run("beam/scan", Beam(output="run")) as run,
        run.writing("a.txt") as part,
    ):
        part.write_text("half")
        raise ZeroDivisionError
    assert [path.name for path in run.directory.iterdir()] == ["manifest.json"]
    assert load("run").manifest["outputs"] == []


def test_a_complete_run_is_never_written_again(tmp_path):
    with Run("beam/scan", Beam(output="run")) as run, run.writing("a.txt") as part:
        part.write_text("a")
    before = fingerprint(tmp_path / "run")
    with pytest.raises(
        RunError, match="run is complete, with the same parameters; a complete run is never written"
    ):
        Run("beam/scan", Beam(output="run")).__enter__()
    with pytest.raises(
        RunError, match=r"other parameters: momentum was 450\.0, now 7000\.0; choose another output"
    ):
        Run("beam/scan", Beam(output="run", momentum=7000.0)).__enter__()
    assert fingerprint(tmp_path / "run") == before


def test_an_unfinished_run_goes_on_with_what_it_has_and_remembers_the_attempt(tmp_path):
    with pytest.raises(KeyboardInterrupt), Run("beam/scan", Beam(output="run")) as run:
        with run.writing("first.txt") as part:
            part.write_text("1")
        (run.work / "piece").touch()
        raise KeyboardInterrupt
    with Run("beam/scan", Beam(output="run")) as run:
        assert (run.work / "piece").exists()
        assert run.has("first.txt")
        assert not run.has("second.txt")
    content = load("run").manifest
    assert content["state"] == "complete"
    assert [attempt["fault"]["kind"] for attempt in content["attempts"]] == ["KeyboardInterrupt"]
    assert [output["path"] for output in content["outputs"]] == ["first.txt"]
    assert not (tmp_path / "run" / ".work").exists()


KILLED = """
import os, signal, sys
from kit.parameters import Parameters
from kit.run import Run
with Run("beam/scan", Parameters(output="run")) as run:
    with run.writing("first.txt") as part:
        part.write_text("1")
    with run.writing("second.txt") as part:
        part.write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_run_stays_running_and_unheld_and_goes_on_without_its_remains(tmp_path, python):
    assert python("-c", KILLED).wait(20) == -signal.SIGKILL
    assert state(tmp_path / "run") == "running"
    assert [path.name for path in (tmp_path / "run").glob(".second.txt.*.part.txt")]
    with Run("beam/scan", Parameters(output="run")) as run:
        assert run.has("first.txt")
        assert not run.has("second.txt")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["first.txt", "manifest.json"]
    assert load("run").manifest["attempts"][0]["state"] == "running"


def test_a_directory_that_another_process_writes_is_refused_and_untouched(tmp_path, python):
    holder = python(
        "-c",
        "import time\nfrom kit.parameters import Parameters\nfrom kit.run import Run\n"
        "with Run('beam/scan', Parameters(output='run')): print('running', flush=True); time.sleep(60)",
    )
    assert holder.stdout.readline() == "running\n"
    before = fingerprint(tmp_path / "run")
    with pytest.raises(RunError, match="run is being written by another process"):
        Run("beam/scan", Parameters(output="run")).__enter__()
    assert fingerprint(tmp_path / "run") == before


def test_a_refused_run_lets_go_of_its_directory(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("damaged")
    with pytest.raises(FormatError, match="should be JSON"):
        Run("beam/scan", Beam(output="run")).__enter__()
    (tmp_path / "run" / "manifest.json").unlink()
    with Run("beam/scan", Beam(output="run")):
        pass


def test_an_output_that_somebody_removed_makes_the_run_fail(tmp_path):
    with (
        pytest.raises(RunError, match=r"run: a\.txt was written and is gone"),
        Run("s/s", Beam(output="run")) as run,
    ):
        with run.writing("a.txt") as part:
            part.write_text("a")
        (run.directory / "a.txt").unlink()
    assert load("run").state == "failed"


def test_a_directory_that_is_removed_while_running_makes_the_run_fail_not_vanish(tmp_path):
    with pytest.raises(RunError, match=r"a\.txt was written and is gone"), Run("s/s", Beam(output="run")) as run:
        with run.writing("a.txt") as part:
            part.write_text("a")
        shutil.rmtree(run.directory)
        with run.writing("b.txt") as part:
            part.write_text("b")
    assert load("run").state == "failed"


def test_a_summary_that_cannot_be_kept_makes_the_run_fail_with_its_name(tmp_path):
    told = r"summary of s/s: \{1\} is a set, which JSON cannot hold"
    with pytest.raises(RunError, match=told), Run("s/s", Beam(output="run")) as run:
        run.summary = {"masses": {1}}
    assert load("run").state == "failed"


def test_a_full_disk_fails_the_run_and_names_the_file(tmp_path, python):
    process = python(
        "-c",
        "import resource\nfrom kit.parameters import Parameters\nfrom kit.run import Run\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "with Run('s/s', Parameters(output='run')) as run, run.writing('big.txt') as part:\n"
        "    part.write_text('x' * 100_000)",
    )
    assert re.search(r"File too large: '\S*big\.txt'", process.communicate(timeout=120)[1])
    assert load("run").state == "failed"
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["manifest.json"]


def test_a_folder_that_cannot_be_written_is_named():
    with pytest.raises(OSError, match="'/sys/run'"):  # not even root may make folders there
        Run("s/s", Beam(output="/sys/run")).__enter__()


def test_a_notice_is_printed_and_kept(capsys):
    with Run("s/s", Beam()) as run:
        run.notice("2 of 3 wires answer")
    assert capsys.readouterr().out == "notice: 2 of 3 wires answer\n"
    assert load(run.directory).manifest["notices"] == ["2 of 3 wires answer"]


def test_progress_tells_a_panel_each_step_and_knows_the_total():
    steps = []
    with Run("s/s", Beam()) as run:
        run.on_progress = lambda done, total: steps.append((done, total))
        assert list(run.progress("abc", "letter")) == ["a", "b", "c"]
        assert list(run.progress(iter("ab"), "letter")) == ["a", "b"]
    assert steps == [(1, 3), (2, 3), (3, 3), (1, None), (2, None)]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_map_gives_every_item_its_result_or_fault_for_any_number_of_workers(counting, workers):
    from counting import square

    with Run("s/s", Beam()) as run:
        results = dict(run.map(square, [1, 2, -3, 4], "piece", workers))
    assert [results[number] for number in (1, 2, 4)] == [1, 4, 16]
    assert isinstance(results[-3], FormatError)


def test_a_map_over_nothing_gives_nothing():
    with Run("s/s", Beam()) as run:
        assert list(run.map(abs, [], "piece", workers=4)) == []


def test_workers_stop_when_the_loop_over_their_results_fails(counting, tmp_path):
    from counting import square

    with pytest.raises(ZeroDivisionError), Run("s/s", Beam()) as run:
        loop = run.map(square, list(range(1000, 1200)), "piece", workers=2)
        for _ in loop:
            raise ZeroDivisionError
    assert list(loop) == []  # it was closed, though somebody, such as a notebook's trace, still holds it


def test_a_run_shows_itself_in_a_notebook():
    with Run("s/s", Beam(output="run")) as run:
        run.summary = {"four_leptons": 1234}
    assert run._repr_html_() == load("run")._repr_html_()
    assert "four leptons" in run._repr_html_()


def test_plain_papermill_may_keep_its_copy_in_the_directory_of_the_run(counting, tmp_path):
    words = ["-m", "papermill", counting, "run/counting.ipynb", "-p", "output", "run", "-p", "protons", "2"]
    (tmp_path / "run").mkdir()
    subprocess.run([sys.executable, *map(str, words)], check=True, capture_output=True)
    assert load("run").summary == {"protons": 2, "found_already": 0}
    assert files.read_json("run/counting.ipynb")["metadata"]["papermill"]["exception"] is None
