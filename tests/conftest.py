"""What all tests share: public data, a place of their own, notebooks made on the spot, the command itself."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.side_by_side"]
PROJECT = Path(__file__).resolve().parent.parent

# how long an example takes, or its making, says more of the machine than of us
# whichever test loads XRootD's client first: it reads them once, and dead servers are waited for this long
os.environ |= {"XRD_CONNECTIONWINDOW": "1", "XRD_CONNECTIONRETRY": "1"}

settings.register_profile("kit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if "slow" in item.keywords]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if "slow" not in item.keywords]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of public input data; it is not part of the project."""
    folder = Path(os.environ.get("KIT_SHARED_DATA") or PROJECT.parent / "shared" / "data")
    if not folder.is_dir():
        reason = f"no public data at {folder}: set KIT_SHARED_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture(autouse=True)
def _away_from_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whatever a test writes to relative paths land in its own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KIT_HOME", str(tmp_path))


class Answer(NamedTuple):
    """What a command left: its exit status and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def kit(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Return the command `kit` as a function, run in this process."""
    from kit import cli

    def call(*words: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["kit", *map(str, words)])
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            cli.main()
            status = 0
        except SystemExit as end:
            status = end.code or 0
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return Answer(status, *capfd.readouterr())

    return call


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch):
    """Return a function that starts a Python process with `kit` on its path; none outlives the test."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")]))
    started = []

    def start(*words: str, **options) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True} | options
        started.append(subprocess.Popen([sys.executable, *map(str, words)], **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdout, process.stderr)):
            stream.close()


def write_notebook(path: Path, *cells: str | tuple[str, str], kernel: str = "python3") -> Path:
    """Write a notebook of code cells; a pair is a cell of another kind, or one with a tag: its name and source."""
    content = []
    for number, cell in enumerate(cells):
        kind, source = cell if isinstance(cell, tuple) else ("code", cell)
        prose = kind == "markdown"
        tags = {} if kind in ("markdown", "code") else {"tags": [kind]}
        content.append(
            {
                "cell_type": "markdown" if prose else "code",
                "id": f"cell-{number}",
                "metadata": tags,
                "source": source,
            }
            | ({} if prose else {"execution_count": None, "outputs": []})
        )
    kernelspec = {"display_name": "Python 3", "language": "python", "name": kernel}
    whole = {"cells": content, "metadata": {"kernelspec": kernelspec}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def make_notebook(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a notebook: its place below the test's own folder, then its cells."""
    return lambda place, *cells, **options: write_notebook(tmp_path / place, *cells, **options)


@pytest.fixture
def counting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the notebook of a stage in a project of its own: it counts, and its class is on the path."""
    monkeypatch.syspath_prepend(str(PROJECT / "tests" / "stage"))
    path = [str(PROJECT), str(PROJECT / "tests" / "stage"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
    from counting import CountingParameters

    (tmp_path / "parameters").mkdir(exist_ok=True)
    return write_notebook(
        tmp_path / "notebooks" / "beam" / "counting.ipynb",
        ("markdown", "# Counting\n\nHow many protons are there?"),
        ("parameters", CountingParameters.cell()),
        "from counting import CountingParameters, count\nfrom kit.run import Run\n\n"
        "p = CountingParameters.from_cell(globals())\np",
        'with Run("beam/counting", p) as run:\n    run.summary = count(p, run)\nrun',
    )


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Return a function that waits until a condition holds, and tells whether it ever did."""

    def wait(condition: Callable[[], object], seconds: float = 60) -> bool:
        end = time.monotonic() + seconds
        while not (reached := condition()) and time.monotonic() < end:
            time.sleep(0.02)
        return bool(reached)

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Return a function that tells whether a process exists."""
    return lambda process: (status := Path(f"/proc/{process}/stat")).exists() and ") Z" not in status.read_text()


TOY_PARAMETERS = "x: float = 1.0  # the x\nseed: int = 1  # what makes it another\nlimit: float = 1e9  # the limit"
TOY_BODY = (
    "import json\nfrom pathlib import Path\n\nif x > limit and not Path('/KIT_MENDED').exists():\n"
    "    raise ValueError(f'{x} is above {limit}')"
)
TOY_END = "Path('summary.json').write_text(json.dumps({'square': x * x}))\n_ = Path('x.txt').write_text(f'{x}')\nx"
QUICK = {"try_first": False, "profile": "local", "workers": 2, "memory_mb": 400, "per_job": 4}  # jobs cost time


@pytest.fixture
def toy(make_notebook: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a notebook that squares x, and raises where x is above a limit and a file is not there."""
    body = TOY_BODY.replace("/KIT_MENDED", str(tmp_path / "mended"))
    return make_notebook("notebooks/beam/toy.ipynb", ("parameters", TOY_PARAMETERS), body, TOY_END)


@pytest.fixture
def launched(tmp_path: Path) -> Callable[..., Any]:
    """Return a function that launches a sweep and returns how it stands."""

    def launch(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, name: str = "run", **options: Any):
        from kit.batch import launching
        from kit.batch.options import Options
        from kit.batch.planning import make_plan
        from kit.batch.status import status_of

        plan = make_plan(str(notebook), fixed or {}, sweep, Options.build(QUICK | options))
        batch = launching.launch(plan, tmp_path / name, say=lambda _text: None)
        return status_of(batch.directory)

    return launch
