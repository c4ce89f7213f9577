"""Demo files, each made but once, and the two ways of computing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit.opendata import demo_shelf
from kit.opendata.demo import demo
from tests.opendata.comparison import EVENTS, FAULTS, FORMS
from tests.opendata.faulty_service import FaultyService

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


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that a service can serve: a release in two pages, a record with seven index files."""
    folder = tmp_path_factory.mktemp("service")
    demo_shelf.build(folder, events=80)
    return folder


@pytest.fixture
def service(stocked: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyService]:
    """Return catalogue services on this computer that can be told to fail."""
    monkeypatch.setattr("kit.opendata.releases.PAGE", 2)
    monkeypatch.setattr("kit.opendata.portal.PAGE", 3)
    with FaultyService(stocked) as service:
        yield service
