"""The bench of all faults, and the table of them: printed, and written where ``--table`` names a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults import table
from tests.faults.bench import Bench

BEGUN = time.monotonic()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=1, help="how often each cell of the table of faults is tried")
    parser.addoption("--table", help="folder to write the table of faults into, as text and as JSON")
    parser.addoption(
        "--door", choices=["cells", "command"], help="only this way to run a stage, in all tests of faults"
    )


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("faults"))
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the table of faults × stages, with how often what became of them."""
    found = table.Found()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                found.add(report.nodeid, report.user_properties)
    if found.counts:
        terminalreporter.section(f"faults × stages: attempts {'/'.join(table.WORDS)}")
        for line in table.lines(found.counts):
            terminalreporter.write_line(line)
    if folder := config.getoption("--table", None):
        called = config.invocation_params
        for path in table.write(called.dir / folder, found, called.args, time.monotonic() - BEGUN):
            terminalreporter.write_line(f"written: {path}")
