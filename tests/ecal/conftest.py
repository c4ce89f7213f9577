"""Files of simulated events, each made but once; the public reference; both ways of computing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit.ecal import working_points
from kit.ecal.building import Rules, build
from kit.ecal.demo import demo
from kit.ecal.dumper import DumperFile
from kit.ecal.engine import NUMPY, compiled_engine

EVENTS = 40


@pytest.fixture(scope="session")
def ecal_data(shared_data: Path) -> Path:
    """Return the folder of public data of this system."""
    return shared_data / "ecal"


@pytest.fixture(scope="session")
def numbers(ecal_data: Path):
    """Return the published numbers of the mustache."""
    return json.loads((ecal_data / "mustache.json").read_text())


@pytest.fixture(scope="session")
def table_path(ecal_data: Path) -> Path:
    """Return the file of the working point that the references were made with."""
    return ecal_data / "working_points" / "simfraction_electron_run3_PU65.json"


@pytest.fixture(scope="session")
def table(table_path: Path):
    """Return that working point."""
    return working_points.read(table_path)


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a file of simulated events, each but once."""
    folder = tmp_path_factory.mktemp("demo")
    made: dict[tuple, Path] = {}

    def make(sample: str = "electrons", events: int = EVENTS, seed: int = 1, layout: str = "rntuple") -> Path:
        key = (sample, events, seed, layout)
        if key not in made:
            made[key] = demo(folder / f"{sample}_{events}_{seed}_{layout}.root", events, sample, seed, layout)
        return made[key]

    return make


@pytest.fixture(scope="session")
def read():
    """Return a function that reads all events of a file."""

    def all_events(path, first=0, last=None, **options):
        with DumperFile(str(path), **options) as source:
            return source.read(first, source.identity.entries if last is None else last)

    return all_events


@pytest.fixture(scope="module")
def made(demo_file, table, read):
    """Return all windows of pairs of particles, with pileup."""
    return build(read(demo_file("pairs"), pileup=True), Rules(table, unmatched="all", pileup=True), NUMPY)


@pytest.fixture(params=["numpy", "compiled"])
def loops(request: pytest.FixtureRequest):
    """Return the loops, in NumPy and compiled."""
    return NUMPY if request.param == "numpy" else compiled_engine()


@pytest.fixture(scope="session")
def tensorflow() -> Path:
    """Return a Python that has TensorFlow: in an environment of its own, made once below the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = Path(base) / "hep-notebook-kit" / f"tensorflow-{sys.version_info[0]}.{sys.version_info[1]}"
    found = home / "bin" / "python"
    if not (home / "whole").exists():
        shutil.rmtree(home, ignore_errors=True)
        steps = [sys.executable, "-m", "venv", home], [found, "-m", "pip", "install", "-q", "tensorflow-cpu"]
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            if done.returncode:
                reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
                pytest.skip(f"TensorFlow cannot be fetched: {reason}")
        (home / "whole").touch()
    return found
