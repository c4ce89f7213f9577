"""A batch run as it lies on the disk, written without running anything: rounds, their logs, what came back."""

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kit import files
from kit.batch.chunks import Chunk
from kit.batch.launching import create
from kit.batch.options import Options
from kit.batch.planning import make_plan
from kit.batch.rounds import Round
from kit.batch.sites import Site
from kit.batch.status import Status
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

    def read(self) -> Status:
        """Return how the run stands, read anew."""
        status = Status(self.batch)
        status.read()
        return status

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
def two_rounds(written: Callable[..., Written]) -> Written:
    """Return a run of five points: one failed first, one done twice, one still failed, one without a line."""
    made = written(5)
    made.send([0, 1, 2, 3, 4])
    made.bring({3: "done", 0: "failed", 1: "done", 2: "failed"})
    made.tell("end", 0)
    made.send([0, 1, 2, 4], cluster=18)
    made.tell("end", 0, cluster=18)
    made.bring({0: "done", 1: "done", 2: "memory"}, "002", text=" again")
    return made


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


PROGRAM = """#!/bin/sh
name=${0##*/}
here=${0%/*}
printf '%s\\n' "$name $*" >>"$here/calls"
if [ -f "$here/$name.err" ]; then cat "$here/$name.err" >&2; exit 1; fi
if [ -f "$here/$name.out" ]; then cat "$here/$name.out"; fi
"""
WORDS = {
    "condor_version": "$CondorVersion: 23.9.6 2024-08-08 BuildID: 748275 $\n",
    "condor_submit": "17.0 - 17.1\n",
    "condor_submit_dag": "1 job(s) submitted to cluster 18.\n",
    "condor_q": "",
    "condor_rm": "All jobs in cluster 17 have been marked for removal\n",
    "condor_config_val": "",
    "klist": "",
}


class Commands(NamedTuple):
    """The folder of the commands."""

    folder: Path

    def says(self, name: str, text: str) -> None:
        """Let a command succeed with these words."""
        (self.folder / f"{name}.err").unlink(missing_ok=True)
        (self.folder / f"{name}.out").write_text(text)

    def fails(self, name: str, text: str) -> None:
        """Let a command fail with these words."""
        (self.folder / f"{name}.err").write_text(text)

    def calls(self, name: str) -> list[str]:
        """Return what a command was asked, in order."""
        record = self.folder / "calls"
        lines = record.read_text().splitlines() if record.exists() else []
        return [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """Let programs stand for the commands of HTCondor: a pool that takes everything and runs nothing."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in WORDS.items():
        (folder / name).write_text(PROGRAM)
        (folder / name).chmod(0o755)
        (folder / f"{name}.out").write_text(text)
    monkeypatch.setenv("PATH", f"{folder}:/usr/local/bin:/usr/bin:/bin")
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)
    return Commands(folder)


@pytest.fixture
def no_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command be found at all."""
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    for name in ("LOADEDMODULES", "CERN_HTCONDOR", "SWAN_HOME"):
        monkeypatch.delenv(name, raising=False)


class Sent:
    """A run whose jobs were taken by the stand-in of a pool; what becomes of them is told event by event."""

    def __init__(self, status: Any, commands: Commands) -> None:
        self.run = status.run
        self.commands = commands

    @property
    def latest(self) -> Any:
        """The latest round."""
        return self.run.rounds[-1]

    def event(self, number: str, process: int, text: str, *details: str) -> None:
        """Write an event of cluster 17 into the log of the latest round."""
        lines = [
            f"{number} (017.{process:03d}.000) 2026-11-20 09:19:02 {text}",
            *(f"\t{line}" for line in details),
        ]
        with self.latest.log.open("a") as log:
            log.write("\n".join([*lines, "...", ""]))

    def begin(self, *processes: int, memory: int = 300) -> None:
        """Let jobs be submitted and start."""
        for process in processes:
            chunk = self.latest.chunks[process].name
            self.event(
                "000", process, "Job submitted from host: <127.0.0.1:1?alias=schedd.here&a>", f"chunk {chunk}"
            )
            self.event(
                "001", process, "Job executing on host: <127.0.0.1:2>", "SlotName: slot1@n", f"Memory = {memory}"
            )

    def lines(self, *indexes: int, state: str = "done", **more: Any) -> None:
        """Bring home lines of points, without files."""
        where = {index: chunk for chunk in self.latest.chunks for index in chunk.indexes}
        points = [json.loads(line) for line in self.run.points.read_text().splitlines()]
        error = None if state == "done" else {"name": "Fault", "value": state, "cell": 2, "traceback": []}
        for index in indexes:
            line = {
                "id": points[index]["id"],
                "index": index,
                "chunk": where[index].name,
                "round": self.latest.number,
            }
            line |= {
                "code": "abc",
                "state": state,
                "started": "2026-11-20T09:19:02+00:00",
                "seconds": 2.0,
                "slot": "s",
            }
            line |= {"cpu_seconds": 1.0, "rss_mb": 50.0, "host": "n", "kit": "", "error": error, "outputs": []}
            line |= {"summary": None} | more
            path = self.run.results / f"r{self.latest.number}_{where[index].name}.jsonl"
            with path.open("a") as stream:
                stream.write(json.dumps(line) + "\n")

    def end(self, *processes: int) -> None:
        """Let jobs end well."""
        for process in processes:
            self.event("005", process, "Job terminated.", "(1) Normal termination (return value 0)")

    def removable(self, *processes: int) -> None:
        """Let the pool's removal of these jobs reach the log."""
        folder = self.commands.folder
        texts = [
            f"009 (017.{n:03d}.000) 2026-11-20 09:20:00 Job was aborted.\n\tvia condor_rm\n...\n"
            for n in processes
        ]
        (folder / "gone").write_text("".join(texts))
        program = f"cat '{folder / 'gone'}' >>'{self.latest.log}'\n"
        (folder / "condor_rm").write_text(PROGRAM + program)


@pytest.fixture
def sent(launched: Callable[..., Any], commands: Commands) -> Callable[..., Sent]:
    """Return a function that submits a sweep to the stand-in of a pool."""
    commands.says("condor_q", json.dumps([{"ClusterId": 17, "GlobalJobId": "schedd.here#17.0#1"}]))
    small = {"profile": "condor", "environment": {"python": sys.executable}, "memory_mb": 300}

    def send(notebook: Path, sweep: Any, fixed: dict[str, Any] | None = None, **options: Any) -> Sent:
        return Sent(launched(notebook, sweep, fixed, **(small | options)), commands)

    return send


@pytest.fixture
def here() -> tuple[str, ...]:
    """Return the options of a small pool on this computer."""
    return ("--profile", "local", "--workers", "2", "--memory-mb", "400")


@pytest.fixture
def submit(kit: Callable[..., Any], toy: Path, here: tuple[str, ...]) -> Callable[..., Any]:
    """Return the command that submits the toy notebook to this computer."""
    return lambda *words: kit("submit", "beam/toy", "--run", "run", *here, *words)


@pytest.fixture
def failing(submit: Callable[..., Any]) -> Any:
    """Submit six points of which two fail, and return the answer."""
    return submit("--over", "x=1..6", "-p", "limit=4.5")
