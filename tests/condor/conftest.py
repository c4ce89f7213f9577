"""A real HTCondor pool for the tests of this folder: fetched once, started once, stopped after the last of them.

A test of a system's own stages is a file ``tests/condor/test_<system>.py``. Whatever is in this folder has the
pool in its environment, so `kit submit` and `condor_q` work in it as at a terminal. What helps:

``real_stage("opendata/masses", {"inputs": {"files": …}}, {"pt_min": …}, per_job=…)``
    runs a sweep over a stage of the project, on the pool and on this computer, and returns how both stand when all
    is over and collected; ``sweeps.differing_files(pool, here)`` then tells which of their files differ. Inputs
    travel with the jobs; where a format records their paths, ``site={"shared": [folder]}`` leaves them in place.
``submitted(notebook, sweep, fixed, name, **options)``
    submits a sweep in the test's own folder and returns at once; ``until(status)`` waits for it.
``@pytest.mark.early(begin=sweeps.swept(cells, sweep, fixed, **options))`` with the fixture ``early``
    the same for what only has to be waited for: all sweeps that a file's tests are marked with are submitted
    together by its first test, since a pool works on many at a time. The mark takes any function of a folder.

Jobs ask for 300 MB and run the Python of the tests; other options are given by name. A sweep of a few points takes
5 to 10 s, most of it the start of Python in each job: few jobs, not few points, make a test fast.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.batch.status import Status
from tests.condor import sweeps

POOL = Path(__file__).with_name("pool")
NO_POOL = "no HTCondor pool here"
PROJECT = Path(__file__).resolve().parent.parent.parent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "early(begin): what the file's first test begins, in a folder of its own")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let all skips for want of a pool have one place, so that the summary is one line."""
    report = yield
    if report.skipped and call.excinfo and str(call.excinfo.value).startswith(NO_POOL):
        report.longrepr = (str(POOL), 1, f"Skipped: {call.excinfo.value}")
    return report


@pytest.fixture(scope="package")
def pool_environment() -> Iterator[dict[str, str]]:
    """Start a pool of eight CPUs, and return the environment in which its commands work.

    It stops after the last test of this folder: a pool that waits takes time from others.
    """
    state = tempfile.mkdtemp(prefix="kit-pool-")
    Path(state).chmod(0o755)
    settings = {"CONDOR_POOL_STATE": state, "CONDOR_POOL_CPUS": "8", "CONDOR_POOL_MEMORY": "8000"}
    own = os.environ | settings
    started = subprocess.run([POOL, "start"], env=own, capture_output=True, text=True, timeout=600, check=False)
    try:
        if started.returncode:
            reason = f"{NO_POOL}: {(started.stderr.strip().splitlines() or ['it says nothing'])[-1]}"
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        text = subprocess.run([POOL, "env"], env=own, capture_output=True, text=True, check=True).stdout
        shell = f'{text}\nprintf "%s\\n%s" "$CONDOR_CONFIG" "$PATH"'
        config, path = subprocess.run(
            ["sh", "-c", shell], capture_output=True, text=True, check=True
        ).stdout.split("\n")
        yield settings | {"CONDOR_CONFIG": config, "PATH": path}
    finally:
        subprocess.run([POOL, "stop"], env=own, capture_output=True, check=False)
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture(autouse=True)
def pool(
    pool_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[str], None]]:
    """Let the commands of the pool be found, and return what controls it; no job outlives its test."""
    for name, value in (pool_environment | _own_modules()).items():
        monkeypatch.setenv(name, value)

    def control(word: str) -> None:
        subprocess.run([POOL, word], check=True, capture_output=True)

    yield control
    sweeps.remove_below(tmp_path, pool_environment)


def _own_modules() -> dict[str, str]:
    """Return what lets jobs find the kit that is tested, also where it is not installed."""
    return {"PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))}


@pytest.fixture(scope="module")
def begun(
    request: pytest.FixtureRequest, pool_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, tuple[Path, Any]]]:
    """Begin what the tests of this file are marked with, all at once; return folder and result by test."""
    found: dict[str, tuple[Path, Any]] = {}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (pool_environment | _own_modules()).items():
            patch.setenv(name, value)
        for item in request.session.items:
            mark = item.get_closest_marker("early")
            if mark and item.path == request.path:
                home = tmp_path_factory.mktemp("early")
                (home / "parameters").mkdir()
                sweeps.enter(home, patch)
                found[item.name] = home, mark.kwargs["begin"](home)
    yield found
    for home, _ in found.values():
        sweeps.remove_below(home, pool_environment)


@pytest.fixture
def early(
    begun: dict[str, tuple[Path, Any]], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Return what this test's mark has begun; the test happens in the folder in which that was."""
    home, result = begun[request.node.name]
    sweeps.enter(home, monkeypatch)
    return result


@pytest.fixture
def submitted(tmp_path: Path) -> Callable[..., Status]:
    """Return a function that submits a sweep to the pool and returns how it stands."""

    def submit(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, name: str = "run", **options: Any):
        return sweeps.submit(notebook, sweep, fixed, run=tmp_path / name, **options)

    return submit


@pytest.fixture
def until() -> Callable[..., Status]:
    """Return a function that reads a status until a condition holds (by default: no job is left), or fails."""
    return sweeps.wait


@pytest.fixture
def real_stage(tmp_path: Path) -> Callable[..., tuple[Status, Status]]:
    """Return a function that runs a sweep over a stage of the project on the pool and on this computer."""

    def run(stage: str, sweep: Any, fixed: dict[str, Any] | None = None, **options: Any) -> tuple[Status, Status]:
        notebook = PROJECT / "notebooks" / f"{stage}.ipynb"
        pool = sweeps.submit(notebook, sweep, fixed, run=tmp_path / "pool", **options)
        here = sweeps.submit(notebook, sweep, fixed, run=tmp_path / "here", **(options | sweeps.HERE))
        sweeps.wait(pool)
        for status in (pool, here):
            sweeps.gather(status)
        return pool, here

    return run
