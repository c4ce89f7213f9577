"""What the tests of this folder submit: sweeps over notebooks made on the spot, and how they are waited for."""

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit.batch import launching
from kit.batch.collecting import collect
from kit.batch.merging import finish
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.rounds import BatchRun
from kit.batch.status import Status, status_of
from tests.conftest import TOY_BODY, TOY_END, TOY_PARAMETERS, write_notebook

SMALL = {
    "profile": "condor",
    "environment": {"python": sys.executable},
    "memory_mb": 300,
    "disk_mb": 20,
    "try_first": False,
}
HERE = {"profile": "local", "workers": 2}
PATIENCE = 300.0  # s; a busy machine is slow, and a test that passes does not wait for it
EFFORT = re.compile(r"seconds|per_second|rss_mb|memory_mb")
MENDED = "mended"  # the file whose presence lets a failing point pass

Cells = tuple[str | tuple[str, str], ...]
TOY: Cells = (("parameters", TOY_PARAMETERS), TOY_BODY, TOY_END)
PAUSE: Cells = (
    ("parameters", "x: float = 1.0  # the x\npause: float = 1.0  # s"),
    "import time\ntime.sleep(pause)\nx",
)
READ: Cells = (("parameters", "inputs = ['demo']"), "open(inputs[0]).read()")
KILL: Cells = (  # its second point, or the worker of that
    ("parameters", "x = 1\nvictim = 'point'"),
    "import os\nfrom pathlib import Path",
    "whom = os.getpid() if victim == 'point' else os.getppid()",
    "if x == 2 and not Path('/KIT_MENDED').exists():\n    os.kill(whom, 9)",
)
BLOCK: Cells = (  # points above 2
    ("parameters", "x = 1"),
    "import time\nfrom pathlib import Path",
    "while x > 2 and not Path('/KIT_MENDED').exists():\n    time.sleep(0.1)",
)
HOG: Cells = (
    ("parameters", "mb = 1\npause = 3"),
    "hog = b'1' * (mb << 20)\nimport time\ntime.sleep(pause if mb > 100 else 0)",
)


def write(home: Path, cells: Cells, name: str = "made") -> Path:
    """Write a notebook into the project `home`; what makes it pass is the file ``mended`` there."""
    mended = str(home / MENDED)
    cells = tuple(cell.replace("/KIT_MENDED", mended) if isinstance(cell, str) else cell for cell in cells)
    return write_notebook(home / "notebooks" / "beam" / f"{name}.ipynb", *cells)


def submit(
    notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, *, run: Path, **options: Any
) -> Status:
    """Submit a sweep over a notebook, to the pool unless the options say otherwise; return how it stands."""
    plan = make_plan(str(notebook), fixed or {}, sweep, Options.build(SMALL | options))
    return status_of(launching.launch(plan, run, say=lambda _text: None).directory)


def swept(
    cells: Cells, sweep: Any, fixed: dict[str, Any] | None = None, **options: Any
) -> Callable[[Path], Status]:
    """Return what submits a sweep over a notebook of these cells, made in a given folder (``early`` takes it)."""
    return lambda home: submit(write(home, cells), sweep, fixed, run=home / "run", **options)


def wait(
    status: Status, condition: Callable[[Status], object] = lambda status: not status.alive,
    patience: float = PATIENCE,
) -> Status:  # fmt: skip
    """Read a status until a condition holds (by default: no job is left), and return it; or fail."""
    end = time.monotonic() + patience
    status.read()
    while not condition(status):
        if time.monotonic() > end:
            log = status.run.rounds[-1].log
            pytest.fail(f"{status.counts} after {patience} s\n{log.read_text() if log.exists() else 'no log'}")
        time.sleep(0.1)
        status.read()
    return status


def enter(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Let `home` be the project in which the rest happens."""
    patch.chdir(home)
    patch.setenv("KIT_HOME", str(home))


def remove_below(folder: Path, environment: dict[str, str]) -> None:
    """Remove what jobs are left whose files lie below `folder`."""
    mine = f'substr(Iwd, 0, {len(str(folder))}) == "{folder}"'
    command = ["condor_rm", "-constraint", mine]
    subprocess.run(command, env=os.environ | environment, capture_output=True, check=False)


def gather(status: Status) -> None:
    """Merge a run that is over and unpack its files."""
    finish(status, 1.0)
    collect(status)


def table(run: BatchRun) -> list[dict[str, str]]:
    """Return the merged table without what measures effort: times, rates, memory."""
    rows = csv.DictReader((run.merged / "points.csv").read_text().splitlines())
    return [{name: value for name, value in row.items() if not EFFORT.search(name)} for row in rows]


def ids_in(directory: Path) -> list[str]:
    """Return the id of each line that came back, in all rounds."""
    texts = (path.read_text() for path in sorted(directory.glob("results/*.jsonl")))
    return [json.loads(line)["id"] for text in texts for line in text.splitlines()]


def once_each(status: Status) -> bool:
    """Tell whether there is one line for each point."""
    ids = ids_in(status.run.directory)
    return len(ids) == len(set(ids)) == status.total


def differing_files(one: Status, other: Status) -> list[str]:
    """Return the names of collected files that only one of two runs has, or that differ by a byte.

    What tells of the moment and the place is left out: manifests, executed notebooks.
    """
    contents = []
    for status in (one, other):
        root = status.run.directory / "outputs"
        files = [path for path in sorted(root.rglob("*")) if path.is_file()]
        kept = [path for path in files if path.name != "manifest.json" and path.suffix != ".ipynb"]
        contents.append({str(path.relative_to(root)): path.read_bytes() for path in kept})
    first, second = contents
    assert first, "no files were collected"
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
