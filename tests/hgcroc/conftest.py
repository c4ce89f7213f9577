"""Emulated test systems, the example procedures, and a limit for every test: none may hang."""

import signal
from collections.abc import Callable, Iterator

import pytest

from kit.hgcroc.board.board import Board
from kit.hgcroc.board.connection import connect
from kit.hgcroc.emulator.service import Emulator
from kit.hgcroc.planning.procedures import read_procedure
from kit.hgcroc.planning.scan import make_plan
from kit.hgcroc.registers import register_table

LIMIT = 60  # s; a module may set its own


@pytest.fixture(autouse=True)
def _no_hang(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that takes longer than its module's LIMIT."""
    seconds = getattr(request.module, "LIMIT", LIMIT)

    def hanging(*_: object) -> None:
        pytest.fail(f"the test hangs: it is not over in {seconds} s")

    before = signal.signal(signal.SIGALRM, hanging)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def stand() -> Iterator[Callable[..., Emulator]]:
    """Return a function that starts an emulator in this process; all end with the test."""
    started: list[Emulator] = []

    def start(*words: object, **options: object) -> Emulator:
        started.append(Emulator(*words, **options))
        started[-1].start()
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def joined() -> Iterator[Callable[..., Board]]:
    """Return a function that connects to an emulator in one dialect; all boards are closed with the test."""
    boards: list[Board] = []

    def join(emulator: Emulator, dialect: str, **options: object) -> Board:
        options = {"timeout": 5.0, "start_timeout": 1.0} | options
        boards.append(connect(emulator.network(dialect), dialect, **options))
        return boards[-1]

    yield join
    for each in boards:
        each.close()


@pytest.fixture(scope="session")
def example(shared_data):
    """Return a function that plans a procedure of the examples: its name and dialect."""
    folders = {"0.1.2": "examples_012", "1.0.15": "examples_1015"}

    def plan(name, dialect="1.0.15", **options):
        procedure, findings = read_procedure(shared_data / "hgcroc" / folders[dialect] / "main.yaml", name)
        return make_plan(procedure, register_table("ld"), findings, **options)

    return plan


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory):
    """Return the scans of the demo: the quick chain of an emulated board with bad channels, measured once."""
    from kit.hgcroc import demo
    from kit.hgcroc.distillation import DistillationParameters

    home = tmp_path_factory.mktemp("hgcroc_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KIT_HOME", str(home))
        return demo.prepare(DistillationParameters())


@pytest.fixture(scope="session")
def distilled(demo_folder, tmp_path_factory):
    """Return a complete run of hgcroc/distillation on the demo's scans."""
    from kit.hgcroc.distillation import DistillationParameters, distil_scans
    from kit.run import Run

    output = tmp_path_factory.mktemp("hgcroc_distilled") / "run"
    p = DistillationParameters(scans=[str(demo_folder)], output=str(output), interactive=False)
    with Run("hgcroc/distillation", p) as run:
        run.summary = distil_scans(p, run)
    return run
