"""The command answers at once, helps, says faults in one line with a status, and can be stopped at any time."""

import functools
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time

import pytest

from kit import cli, manifest
from kit.directories import is_held

HEAVY = (
    "numpy",
    "matplotlib",
    "pydantic",
    "yaml",
    "papermill",
    "nbformat",
    "jupyter_client",
    "tqdm",
    "uproot",
    "numba",
)


@pytest.fixture
def command(python):
    """Return the command as a process of its own."""
    return lambda *words, **options: python("-m", "kit", *words, **options)


@pytest.fixture
def on_a_terminal(python):
    """Return a function that runs the command on a terminal, and returns what is then on it."""

    def run(*words):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (24, 80))
        process = python("-m", "kit", *words, stdout=theirs, stderr=theirs, stdin=theirs)
        os.close(theirs)
        shown = b""
        while block := _read(ours):
            shown += block
        os.close(ours)
        process.wait(30)
        return shown.decode()

    return run


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_help_comes_in_less_than_half_a_second(command):
    def seconds():
        start = time.perf_counter()
        assert command("--help").wait(60) == 0
        return time.perf_counter() - start

    assert any(seconds() < 0.5 for _ in range(20))  # once is enough: others use the machine, too


@pytest.mark.parametrize("module", ["kit", "kit.cli"])
def test_importing_it_imports_nothing_heavy(python, module):
    process = python("-c", f"import sys, {module}; print(*sys.modules)")
    loaded = {name.partition(".")[0] for name in process.communicate(timeout=120)[0].split()}
    assert loaded.isdisjoint(HEAVY)


def test_help_names_every_command_and_keeps_the_lines_of_its_examples(kit):
    shown = kit("--help").out
    assert "  kit stages                                 what there is\n" in shown
    assert all(re.search(rf"^  {name} +\w", shown, re.MULTILINE) for name in cli.cli.commands)


def test_the_version_is_told(kit):
    import kit as package

    assert kit("--version").out == f"kit, version {package.__version__}\n"


def test_stages_are_listed_with_their_sentence(kit, counting):
    assert kit("stages").out == "beam/counting  How many protons are there?\n"


def test_outside_a_project_it_is_told_where_stages_were_sought(kit, tmp_path):
    assert kit("stages") == (
        1,
        "",
        f"kit: no notebooks/SYSTEM/STAGE.ipynb in {tmp_path}: start kit inside a project, or set KIT_HOME\n",
    )


@pytest.mark.parametrize("words", [["stages", "beam/counting"], ["run", "beam/counting", "-h"]])
def test_a_stage_explains_its_parameters(kit, counting, words):
    assert "GeV, momentum of the beam (> 0, ≤ 7000)" in kit(*words).out


def test_run_without_a_stage_shows_its_help_and_fails(kit):
    answer = kit("run")
    assert answer.status == 2
    assert "Run the notebook of STAGE" in answer.out


def test_a_dry_run_checks_everything_and_runs_nothing(kit, counting, tmp_path):
    (tmp_path / "a.root").touch()
    answer = kit("run", "beam/counting", "-p", "inputs=a.root", "-p", "momentum=26", "--dry-run")
    assert answer.status == 0
    assert answer.out.endswith("all values can be used, 1 file to be read found; nothing was run\n")
    assert kit("run", "beam/counting", "-p", "inputs=b.root", "--dry-run").err.startswith(
        "kit: there is no b.root"
    )
    assert not (tmp_path / "outputs").exists()


def test_a_run_prints_its_summary_and_directory_and_a_second_says_that_it_is_there(kit, counting, tmp_path):
    (tmp_path / "parameters" / "short.yaml").write_text("protons: 1234\n")
    answer = kit("run", "beam/counting", "-f", "parameters/short.yaml", "-p", "title=a b")
    assert answer.status == 0
    *numbers, directory = answer.out.splitlines()
    assert numbers == ["  protons: 1 234", "  found already: 0"]
    assert directory.startswith("outputs/beam/counting/short_")
    words = ["run", "beam/counting", "-f", "parameters/short.yaml", "-p", "title=a b", "-p", f"output={directory}"]
    again = kit(*words)
    assert again.out.startswith(f"{directory} is already complete, with the same values; nothing was run\n")
    assert (again.status, again.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-p", "protonz=3"], "kit: command line: protonz is not known (did you mean protons?)"),
        (["-p", "protons"], "kit: command line: -p protons should be NAME=VALUE"),
        (["-p", "momentum=0"], "kit: command line: momentum is 0 GeV, not above 0.0 GeV"),
        (
            ["-f", "no.yaml"],
            "kit: {root}/no.yaml: No such file or directory; should be YAML, one `name: value` a line",
        ),
        (["-p", "output=a_file"], "kit: a_file is a file; should be a folder, or a new name"),
        (["-p", "output=/sys/run"], "kit: /sys/run: "),
    ],
)
def test_a_fault_of_the_user_is_one_line_and_leaves_nothing(kit, counting, tmp_path, words, told):
    (tmp_path / "a_file").touch()
    answer = kit("run", "beam/counting", *words)
    assert (answer.status, answer.out) == (1, "")
    assert answer.err.startswith(told.format(root=tmp_path))
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "outputs").exists()


def test_a_stage_that_fails_is_told_in_one_line_with_where_to_look(kit, counting):
    answer = kit("run", "beam/counting", "-p", "fails_at=1", "-p", "output=run")
    assert answer.status == 1
    assert answer.err.splitlines()[-1] == "kit: proton 1 is an antiproton (executed so far: run/counting.ipynb)"


@pytest.mark.parametrize("words", [["fly"], ["run", "--fast"], ["completion", "csh"], ["plots"]])
def test_a_wrong_word_is_told_with_the_usage_and_status_2(kit, words):
    answer = kit(*words)
    assert answer.status == 2
    assert answer.err.startswith("Usage: ")


def test_debug_shows_the_trace(kit):
    with pytest.raises(RuntimeError, match="there is no stage or notebook nothing"):
        kit("--debug", "run", "nothing")


def test_plots_of_what_is_no_run_are_refused(kit, tmp_path):
    assert kit("plots", "nothing") == (
        1,
        "",
        "kit: nothing has no manifest.json; should be the directory of a run\n",
    )


def test_cells_are_checked_and_written_anew(kit, counting):
    assert kit("cells", "--check") == (0, "", "")
    counting.write_text(counting.read_text().replace("protons: int = 3", "protons: int = 5"))
    answer = kit("cells", "--check")
    assert answer.status == 1
    assert answer.out == "notebooks/beam/counting.ipynb\n"
    assert answer.err == "kit: these parameters cells differ from their models: kit cells writes them anew\n"
    assert kit("cells").out == "notebooks/beam/counting.ipynb\n"
    assert kit("cells", "--check") == (0, "", "")


def test_the_check_prints_a_line_for_each_finding(kit):
    answer = kit("check")
    assert re.search(r"^✓ Python: 3\.\d+\.\d+$", answer.out, re.MULTILINE)
    assert answer.status == (1 if "✗" in answer.out else 0)
    assert bool(answer.err) == bool(answer.status)


def test_the_demo_prints_its_page_and_fails_where_a_stage_failed(kit, counting, tmp_path):
    (tmp_path / "parameters" / "beam").mkdir()
    (tmp_path / "parameters" / "beam" / "counting.yaml").write_text("fails_at: 0\n")
    answer = kit("demo", "--output", "shown")
    assert answer.status == 1
    assert answer.out.splitlines()[-1] == str(tmp_path / "shown" / "index.html")
    assert answer.err.endswith("kit: 1 of the stages failed: beam/counting\n")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("kit sta", {"stages", "status"}),
        ("kit run be", {"beam/counting"}),
        ("kit run beam/counting -p mo", {"momentum="}),
        ("kit run beam/nothing -p mo", set()),
        ("kit run -p mo", set()),
    ],
)
def test_the_shell_is_offered_commands_stages_and_parameters(counting, python, words, offered):
    # as a shell calls it: by a script whose name is kit
    process = python(
        "-c",
        "import sys; sys.argv[0] = 'kit'; from kit.cli import main; main()",
        env={
            **os.environ,
            "_KIT_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        },
    )
    answer, trace = process.communicate(timeout=120)
    assert {line.partition(",")[2] for line in answer.split()} == offered
    assert trace == ""


def test_a_broken_notebook_offers_nothing_and_spoils_no_line(counting, python):
    counting.write_text("<<<<<<< ours")
    words = {"_KIT_COMPLETE": "bash_complete", "COMP_WORDS": "kit run be", "COMP_CWORD": "2"}
    ask = "import sys; sys.argv[0] = 'kit'; from kit.cli import main; main()"
    answer, trace = python("-c", ask, env={**os.environ, **words}).communicate(timeout=120)
    assert (answer.strip(), trace) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_of_each_shell_can_be_had(kit, shell):
    assert "_KIT_COMPLETE" in kit("completion", shell).out


def test_a_terminal_gets_colours_unless_it_wants_none(on_a_terminal, counting, monkeypatch):
    assert "\x1b[1m" in on_a_terminal("stages")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in on_a_terminal("stages")


def test_a_terminal_gets_a_bar_of_its_width(on_a_terminal, counting):
    shown = on_a_terminal("run", "beam/counting")
    (line,) = [line for line in re.split("[\r\n]+", shown) if "3/3" in line]
    assert len(line) == 80


def test_a_terminal_that_knows_few_signs_is_no_reason_to_stop(counting, python):
    process = python("-m", "kit", "stages", "beam/counting", env={**os.environ, "PYTHONIOENCODING": "latin-1"})
    assert "GeV, momentum of the beam (> 0, ? 7000)" in process.communicate(timeout=120)[0]
    assert process.returncode == 0


def test_a_reader_that_goes_away_ends_it_quietly(counting, tmp_path):
    line = f"'{sys.executable}' -m kit stages beam/counting | true"
    answer = subprocess.run(["sh", "-c", f"{line}; {line}"], capture_output=True, text=True, check=False)
    assert answer.stderr == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_fails_the_run_leaves_nothing_and_says_how_to_go_on(
    counting, command, eventually, alive, tmp_path, monkeypatch, number
):
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    words = ["run", "beam/counting", "-p", "output=run", "-p", "protons=50"]
    usual = functools.partial(signal.signal, number, signal.SIG_DFL)  # whoever started the tests may ignore it
    process = command(*words, "-p", "delay=0.2", start_new_session=True, preexec_fn=usual)
    assert eventually((tmp_path / "run" / ".work" / "1").exists)
    kernel = manifest.load("run").manifest["process"]
    os.killpg(process.pid, number)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert told.splitlines()[-1] == "kit: interrupted; the same command with -p output=run goes on"
    assert "Traceback" not in told
    assert manifest.load("run").state == "failed"
    assert (tmp_path / "run" / "counting.ipynb").is_file()
    assert eventually(lambda: not alive(kernel))
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_interrupt_before_the_kernel_is_up_is_told_too(counting, command, eventually, tmp_path):
    process = command("run", "beam/counting", "-p", "output=run", "-p", "delay=1", start_new_session=True)
    assert eventually((tmp_path / "run").is_dir)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=120)
    assert process.returncode in (130, -signal.SIGINT)  # either way a shell reports 130
    assert told.splitlines()[-1].startswith("kit: interrupted")
    assert "Traceback" not in told


def test_a_command_that_is_killed_takes_its_kernel_with_it_and_the_run_goes_on(
    kit, counting, command, eventually, alive, tmp_path
):
    words = ["run", "beam/counting", "-p", "output=run", "-p", "protons=15", "-p", "delay=0.3"]
    process = command(*words)
    assert eventually((tmp_path / "run" / ".work" / "1").exists)
    kernel = manifest.load("run").manifest["process"]
    process.kill()
    assert eventually(lambda: not alive(kernel))
    assert manifest.load("run").state == "running"
    assert eventually(
        lambda: not is_held(tmp_path / "run")
    )  # the system ends what it held after the process itself
    assert kit(*words).status == 0
    assert manifest.load("run").summary["found_already"] >= 2


def test_a_full_disk_fails_the_command_in_one_line(counting, python):
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)); sys.argv[0] = 'kit'; "
    )
    process = python(
        "-c", limited + "from kit.cli import main; main()", "run", "beam/counting", "-p", "output=run"
    )
    _, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert re.fullmatch(r"kit: \S+\.ipynb: file too large", told.splitlines()[-1])
    assert "Traceback" not in told
