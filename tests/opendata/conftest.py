"""Demo files, each made but once, and the two ways of computing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kit.opendata.demo import demo
from tests.opendata.comparison import EVENTS, FAULTS, FORMS

DemoFile = Callable[..., Path]


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> DemoFile:
    """Return a function that makes a demo file, each but once."""
    folder = tmp_path_factory.mktemp("demo")
    made: dict[str, Path] = {}

    def make(form: str, faults: str, events: int = EVENTS, seed: int = 7) -> Path:
        schema, how = FORMS[form]
        name = f"{form} {faults} {events} {seed}"
        if name not in made:
            path = folder / f"{len(made)}.root"
            made[name] = demo(schema, path, events, seed, **how, **FAULTS[faults])
        return made[name]

    return make


@pytest.fixture(params=["numpy", "compiled"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let both ways of computing be compared, whatever the number of events."""
    monkeypatch.setenv("KIT_KERNELS", request.param)
    return request.param
