"""A run by the command: nothing starts that cannot work, nothing is lost, and the manifest tells how it went."""

import json
import os
import re
import sys

import pytest

import kit as package
from kit import files, manifest
from kit.batch.notebooks import Notebook
from kit.batch.runner import draw, executed_copy, is_complete, run_notebook
from kit.directories import RunError, hold
from kit.parameters import Parameters
from kit.run import Run


@pytest.fixture
def stage(counting, tmp_path, monkeypatch):
    """Return the stage with a kernel that leaves a mark when it starts."""
    folder = tmp_path / "jupyter" / "kernels" / "marked"
    folder.mkdir(parents=True)
    command = f"touch '{tmp_path}/started'; exec '{sys.executable}' -m ipykernel_launcher -f {{connection_file}}"
    spec = {"argv": ["sh", "-c", command], "display_name": "Marked", "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    counting.write_text(counting.read_text().replace('"name": "python3"', '"name": "marked"'))
    return Notebook(counting)


@pytest.fixture
def started(tmp_path):
    """Return a function that tells whether a kernel has started since it was last asked."""

    def ask():
        mark = tmp_path / "started"
        was_there = mark.exists()
        mark.unlink(missing_ok=True)
        return was_there

    return ask


def fingerprint(folder):
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in [folder, *folder.rglob("*")]
    }


def test_a_run_leaves_data_manifest_and_executed_notebook_and_is_never_done_twice(stage, started, tmp_path):
    asked = stage.parameters({"protons": 4, "title": "ä b"}, "here")
    directory = run_notebook(stage, asked, "production")
    assert started()
    assert re.fullmatch(r"outputs/beam/counting/production_\d{8}_\d{6}", str(directory.relative_to(tmp_path)))
    assert sorted(path.name for path in directory.iterdir()) == ["counting.ipynb", "manifest.json", "protons.txt"]
    run = manifest.load(directory)
    assert (run.stage, run.state, run.summary["protons"]) == ("beam/counting", "complete", 4)
    assert run.parameters == asked.model_dump() | {"output": str(directory), "interactive": False}
    assert executed_copy(directory, "beam/counting").is_file()

    before = fingerprint(directory)
    again = asked.with_values(output=str(directory))
    assert is_complete(stage, again)
    assert run_notebook(stage, again) == directory
    with pytest.raises(RunError, match=r"other parameters: protons was 4, now 5; choose another output"):
        run_notebook(stage, again.with_values(protons=5))
    assert not started()
    assert fingerprint(directory) == before


def test_the_executed_notebook_shows_only_what_was_asked_for(stage):
    directory = run_notebook(stage, stage.parameters({"protons": 4}, "here"))
    cells = files.read_json(executed_copy(directory, stage.stage))["cells"]
    (injected,) = [cell["source"] for cell in cells if "injected-parameters" in cell["metadata"].get("tags", [])]
    assert set("".join(injected).splitlines()) == {
        "# Parameters",
        "protons = 4",
        f'output = "{directory}"',
        "interactive = False",
    }


def test_what_was_edited_in_the_cell_is_run_unless_the_command_says_otherwise(counting):
    counting.write_text(counting.read_text().replace("protons: int = 3", "protons: int = 5"))
    edited = Notebook(counting)
    assert manifest.load(run_notebook(edited, edited.parameters({}, "here"))).summary["protons"] == 5
    asked = edited.parameters({"protons": 3}, "here")
    assert manifest.load(run_notebook(edited, asked)).summary["protons"] == 3


def test_a_killed_kernel_leaves_a_failed_manifest_and_the_run_goes_on_where_it_stopped(stage, tmp_path):
    asked = stage.parameters({"dies_at": 2, "output": "run"}, "here")
    with pytest.raises(RunError, match=r"kernel died.*\(executed so far: run/counting\.ipynb\)"):
        run_notebook(stage, asked)
    failed = manifest.load("run")
    assert (failed.state, failed.manifest["fault"]["kind"]) == ("failed", "RunError")
    assert (tmp_path / "run" / "counting.ipynb").is_file()
    run_notebook(stage, asked)
    complete = manifest.load("run")
    assert (complete.state, complete.summary["found_already"]) == ("complete", 2)
    assert [attempt["state"] for attempt in complete.manifest["attempts"]] == ["failed"]


def test_a_fault_of_the_stage_is_told_as_it_is_and_kept(stage):
    with pytest.raises(RunError, match=r"^proton 1 is an antiproton \(executed so far: run/counting\.ipynb\)$"):
        run_notebook(stage, stage.parameters({"fails_at": 1, "output": "run"}, "here"))
    failed = manifest.load("run").manifest
    assert failed["fault"] == {"kind": "FormatError", "message": "proton 1 is an antiproton"}


def test_a_notebook_without_a_run_of_its_own_gets_a_manifest_that_follows_its_fate(make_notebook, tmp_path):
    foreign = Notebook(make_notebook("notes/a.ipynb", ("parameters", "width = 1"), "open('there').read()"))
    asked = foreign.parameters({"width": 2.5, "output": "run"}, "here")
    with pytest.raises(RunError, match="No such file or directory: 'there'"):
        run_notebook(foreign, asked)
    assert manifest.load("run").state == "failed"
    (tmp_path / "notes" / "there").touch()
    run_notebook(foreign, asked)
    run = manifest.load("run")
    assert (run.stage, run.state, run.parameters["width"]) == ("notes/a", "complete", 2.5)
    assert run.manifest["fault"] is None
    assert [attempt["state"] for attempt in run.manifest["attempts"]] == ["failed"]
    assert is_complete(foreign, asked)


def test_a_directory_that_is_being_written_is_refused_and_untouched(stage, started, tmp_path, python):
    holder = python(
        "-c",
        "import time\nfrom counting import CountingParameters as P\nfrom kit.run import Run\n"
        "with Run('beam/counting', P(output='run')): print('running', flush=True); time.sleep(60)",
    )
    assert holder.stdout.readline() == "running\n"
    before = fingerprint(tmp_path / "run")
    with pytest.raises(RunError, match="run is being written by another process; wait, or choose another output"):
        run_notebook(stage, stage.parameters({"output": "run"}, "here"))
    assert not started()
    assert fingerprint(tmp_path / "run") == before


def test_who_comes_second_by_a_second_does_not_spoil_the_manifest_of_the_first(
    counting, tmp_path, python, eventually
):
    """The directory is free when the command looks, and taken when its kernel is up."""
    waiting = "import pathlib, time\\npathlib.Path('up').touch()\\nwhile not pathlib.Path('go').exists():"
    waiting += "\\n    time.sleep(.01)\\nfrom counting import CountingParameters, count"
    source = counting.read_text().replace("from counting import CountingParameters, count", waiting)
    counting.write_text(source)
    late = python("-m", "kit", "run", "beam/counting", "-p", "output=run")
    assert eventually((counting.parent / "up").exists)
    with Run("beam/counting", Notebook(counting).parameters({"output": "run"}, "here")):
        before = (tmp_path / "run" / "manifest.json").read_bytes()
        (counting.parent / "go").touch()
        assert "is being written by another process" in late.communicate(timeout=120)[1]
        assert (tmp_path / "run" / "manifest.json").read_bytes() == before
    assert late.returncode == 1


@pytest.mark.parametrize(
    ("output", "told"),
    [("a_file", "a_file is a file; should be a folder, or a new name"), ("notes", r"notes holds thesis\.tex")],
)
def test_what_is_no_directory_for_a_run_is_refused_before_a_kernel_starts(stage, started, tmp_path, output, told):
    (tmp_path / "a_file").touch()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "thesis.tex").touch()
    with pytest.raises(RunError, match=told):
        run_notebook(stage, stage.parameters({"output": output}, "here"))
    assert not started()


def test_a_kernel_that_is_not_installed_leaves_no_directory(make_notebook, tmp_path):
    notebook = Notebook(make_notebook("notes/a.ipynb", ("parameters", "x = 1"), kernel="nobody"))
    with pytest.raises(RunError, match="wants kernel nobody"):
        run_notebook(notebook, notebook.parameters({}, "here"))
    assert not (tmp_path / "outputs").exists()


@pytest.fixture
def beam_plots(tmp_path, monkeypatch):
    """Add a system `beam` to the package: return the path of its plots."""
    (tmp_path / "more" / "beam").mkdir(parents=True)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / "more")])
    yield tmp_path / "more" / "beam" / "plots.py"
    for name in [name for name in sys.modules if name.startswith("kit.beam")]:
        del sys.modules[name]


@pytest.fixture
def finished():
    with Run("beam/counting", Parameters(output="run")) as run:
        run.summary = {"protons": 3}
    return run.directory


DRAWING = """
from kit import figures

def counting_figures(run):
    drawing, axes = figures.figure()
    axes.bar(["protons"], [run.summary["protons"]])
    return {"protons": drawing}
"""


def test_figures_are_drawn_again_from_a_run_and_are_no_outputs_of_it(beam_plots, finished):
    beam_plots.write_text(DRAWING)
    before = (finished / "manifest.json").read_bytes()
    assert draw(finished, ("png", "pdf")) == [
        finished / "plots" / "protons.png",
        finished / "plots" / "protons.pdf",
    ]
    assert (finished / "plots" / "protons.png").read_bytes()[1:4] == b"PNG"
    assert (finished / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("content", [None, "", "def other_figures(run): pass"])
def test_a_stage_without_figures_says_so(beam_plots, finished, content):
    if content is not None:
        beam_plots.write_text(content)
    with pytest.raises(RunError, match="beam/counting has no figures of its own"):
        draw(finished)


def test_plots_that_need_what_is_not_installed_say_what(beam_plots, finished):
    beam_plots.write_text("import no_such_library")
    with pytest.raises(ModuleNotFoundError, match="no_such_library"):
        draw(finished)


def test_the_lock_is_free_after_asking(stage, tmp_path):
    (tmp_path / "run").mkdir()
    assert not is_complete(stage, stage.parameters({"output": "run"}, "here"))
    os.close(hold(tmp_path / "run"))


def test_a_complete_run_whose_output_is_gone_is_not_called_complete(stage):
    asked = stage.parameters({"output": "run"}, "here")
    with Run(stage.stage, asked) as run, run.writing("counts.txt") as part:
        part.write_text("3")
    assert is_complete(stage, asked)
    (run.directory / "counts.txt").unlink()
    with pytest.raises(
        RunError, match=r"^run is complete, but counts\.txt is gone or changed since; start anew elsewhere$"
    ):
        is_complete(stage, asked)
