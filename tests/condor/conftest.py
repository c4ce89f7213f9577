"""A real HTCondor pool for the tests of this folder: fetched once, started once, stopped at the end."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

POOL = Path(__file__).with_name("pool")
SMALL = {
    "profile": "condor",
    "environment": {"python": sys.executable},
    "memory_mb": 300,
    "disk_mb": 20,
    "try_first": False,
}
PATIENCE = 120.0  # s


@pytest.fixture(scope="session")
def pool_environment() -> Iterator[dict[str, str]]:
    """Start a pool of eight CPUs, and return the environment in which its commands work."""
    state = tempfile.mkdtemp(prefix="kit-pool-")
    Path(state).chmod(0o755)
    settings = {"CONDOR_POOL_STATE": state, "CONDOR_POOL_CPUS": "8", "CONDOR_POOL_MEMORY": "8000"}
    own = os.environ | settings
    started = subprocess.run([POOL, "start"], env=own, capture_output=True, text=True, timeout=600, check=False)
    try:
        if started.returncode:
            reason = f"no HTCondor pool here: {(started.stderr.strip().splitlines() or ['it says nothing'])[-1]}"
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
def pool(pool_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Let the commands of the pool be found, and return what controls it; no job outlives its test."""
    for name, value in pool_environment.items():
        monkeypatch.setenv(name, value)

    def control(word: str) -> None:
        subprocess.run([POOL, word], check=True, capture_output=True)

    yield control
    subprocess.run(["condor_rm", "-all"], capture_output=True, check=False)


@pytest.fixture
def submitted(launched: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that submits a sweep to the pool and returns how it stands."""

    def submit(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, name: str = "run", **options: Any):
        return launched(notebook, sweep, fixed, name, **(SMALL | options))

    return submit


@pytest.fixture
def until() -> Callable[..., Any]:
    """Return a function that reads a status until a condition holds (by default: no job is left), or fails."""

    def wait(status: Any, condition: Callable[[Any], object] = lambda status: not status.alive) -> Any:
        end = time.monotonic() + PATIENCE
        status.read()
        while not condition(status):
            if time.monotonic() > end:
                log = status.run.rounds[-1].log
                pytest.fail(f"{status.counts} after {PATIENCE} s\n{log.read_text() if log.exists() else 'no log'}")
            time.sleep(0.2)
            status.read()
        return status

    return wait
