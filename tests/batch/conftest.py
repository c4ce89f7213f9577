"""A batch run as it lies on the disk, written without running anything: rounds, their logs, what came back."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from kit import files
from kit.batch.chunks import Chunk
from kit.batch.launching import create
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.rounds import Round
from kit.batch.sites import Site
from kit.batch.worker.ledger import Ledger
from kit.batch.writing import Sending, write_round

CLUSTER = 17
EVENTS = {
    "submit": "000 ({job}) 2026-11-20 10:00:00 Job submitted from host: <127.0.0.1?alias=schedd.here>\n    {text}",
    "start": "001 ({job}) 2026-11-20 10:01:00 Job executing on host: <127.0.0.1:9618>\n\tMemory = 400",
    "progress": "008 ({job}) 2026-11-20 10:02:00 progress {text}",
    "end": "005 ({job}) 2026-11-20 10:03:00 Job terminated.\n\t(1) Normal termination (return value 0)",
    "remove": "009 ({job}) 2026-11-20 10:03:00 Job was aborted.\n\t{text}",
    "hold": "012 ({job}) 2026-11-20 10:03:00 Job was held.\n\t{text}",
}


class Written:
    """A run of the notebook `toy`, whose points are x = 1, 2, …"""

    def __init__(self, notebook: Path, folder: Path, points: int, **options: Any) -> None:
        self.options = Options.build({"profile": "local", "try_first": False, "memory_mb": 400} | options)
        plan = make_plan(str(notebook), {}, {"x": {"range": [1, points]}}, self.options)
        self.batch = create(plan, folder, "sweep")
        self.ids = [json.loads(line)["id"] for line in self.batch.points.read_text().splitlines()]
        self.scratch = folder.with_name(f"{folder.name} made")

    def write(self, *chunks: Sequence[int], site: str = "condor", **further: Any) -> Round:
        """Write the next round, with chunks of these indexes, and submit it nowhere."""
        number = f"{len(self.batch.rounds) + 1:03d}"
        sending = Sending(
            self.options, Site(site, "asked for"), {"python": "/usr/bin/python3"}, lambda _text: None
        )
        made = [Chunk(indexes, self.options.memory_mb, **further) for indexes in chunks]
        return write_round(self.batch, made, 1.0, sending, number, sending.site)

    def send(self, *chunks: Sequence[int], cluster: int = CLUSTER, **about: Any) -> Round:
        """Write the next round and note that it was submitted; its log has the first event of each job."""
        made = self.write(*chunks)
        record = {"profile": "condor", "cluster": cluster, "schedd": "schedd.here", "spool": False} | about
        files.write_json(made.directory / "submitted.json", record)
        for process, chunk in enumerate(made.chunks):
            self.tell("submit", process, f"chunk {chunk.name}", cluster=cluster)
        return made

    def tell(self, event: str, process: int, text: str = "", cluster: int = CLUSTER) -> None:
        """Append an event to the log of the latest round."""
        job = f"{cluster:03d}.{process:03d}.000"
        with self.batch.rounds[-1].log.open("a", encoding="utf-8") as stream:
            stream.write(EVENTS[event].format(job=job, text=text) + "\n...\n")

    def bring(self, states: Mapping[int, str], number: str = "001", chunk: str = "000000", text: str = "") -> Path:
        """Leave the lines and files of a chunk, as its worker does, and return the path of the lines."""
        ledger = Ledger(self.batch.results, f"r{number}_{chunk}")
        for index, state in states.items():
            folder = self.scratch / number / str(index)
            folder.mkdir(parents=True)
            (folder / "x.txt").write_text(f"point {index}{text}")
            ledger.add(self.line(index, state, number, chunk), folder)
        ledger.close()
        return ledger.path

    def line(self, index: int, state: str, number: str = "001", chunk: str = "000000") -> dict[str, Any]:
        """Return the line of a point that took 1 + `index` s of time, half of it on the processor."""
        error = {"name": "ValueError", "value": "too big", "cell": 3, "traceback": ["ValueError: too big"]}
        return {
            "id": self.ids[index], "index": index, "chunk": chunk, "round": number, "code": "abc", "state": state,
            "started": "2026-11-20T10:00:00+00:00", "seconds": 1.0 + index, "cpu_seconds": (1.0 + index) / 2,
            "rss_mb": 100.0 + index, "host": "node", "slot": "slot1", "kit": "0", "outputs": [],
            "error": None if state == "done" else error, "summary": {"square": (index + 1) ** 2},
        }  # fmt: skip


@pytest.fixture
def written(toy: Path, tmp_path: Path) -> Callable[..., Written]:
    """Return a function that writes a run of so many points."""
    return lambda points=6, name="run", **options: Written(toy, tmp_path / name, points, **options)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that puts a program in the place of a command, and one that returns how it was called.

    What HTCondor itself does is tested in tests/condor; here, what we do with its answers.
    """
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def put(command: str, text: str = "") -> Callable[[], list[str]]:
        calls = folder / f"{command}.calls"
        (folder / command).write_text(f'#!/bin/sh\necho "$*" >>"{calls}"\n{text}\n')
        (folder / command).chmod(0o755)
        return lambda: calls.read_text().splitlines() if calls.exists() else []

    return put
