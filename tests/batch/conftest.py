"""Commands of HTCondor as programs in a folder: what they say lies beside them, what they are asked is kept."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

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
