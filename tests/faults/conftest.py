"""The bench of all faults, and the table that is printed at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.faults.bench import Bench


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seeds", type=int, default=1, help="how often each cell of the table of faults is tried")
    parser.addoption(
        "--door", choices=["cells", "command"], help="only this way to run a stage, in all tests of faults"
    )


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("faults"))
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of faults × stages, with how often what became of them."""
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, value in getattr(report, "user_properties", []):
                if name == "fault" and report.when == "call":
                    row, stage, word = value
                    counts.setdefault(row, Counter())[stage, word] += 1
    if not counts:
        return
    terminalreporter.section("faults × stages: attempts right/refused/killed/with another answer/WRONG")
    for line in table(counts):
        terminalreporter.write_line(line)


def table(counts: dict[str, Counter[tuple[str, str]]]) -> list[str]:
    stages = sorted({stage for row in counts.values() for stage, _ in row})
    words = ("right", "refused", "killed", "other", "wrong")
    head = ["", *(stage.partition("/")[2] for stage in stages), "all"]
    rows = [head]
    for row, found in counts.items():
        cells = [[found[stage, word] for word in words] for stage in stages]
        cells.append([sum(column) for column in zip(*cells, strict=True)])
        rows.append([row, *("/".join(map(str, cell)) if any(cell) else "–" for cell in cells)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
