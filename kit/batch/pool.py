"""The pool of this computer: the same chunks, script, worker and files as in a job, as processes side by side.

Each worker is a process group of its own, started by `subprocess`, so that this works inside a notebook. What
happens is written into an event log of HTCondor's form. A stop is asked for by a file in the round's folder; the
workers die with the pool.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from kit import files
from kit.batch import capacity
from kit.batch.chunks import Chunk
from kit.batch.options import Options
from kit.batch.rounds import BatchRun, Round
from kit.batch.script import worker_environment
from kit.batch.tenancy import STOP, birth, holding
from kit.manifest import now

__all__ = ["Pool", "workers_for"]

CLUSTER = 1  # every log of this computer has one
MEMORY_SHARE = 0.9  # of what is available
RESTARTS = 2  # of a chunk whose worker died
LOOK = 0.1  # s between two looks at the workers


@dataclass
class _Working:
    """A chunk that is being worked off."""

    process: int
    chunk: Chunk
    worker: subprocess.Popen[bytes]
    scratch: Path
    told: int = 0


@dataclass
class Pool:
    """Works off one round here.

    Parameters
    ----------
    run, round_
        What to work off.
    options : Options
        `workers`, `cpus`, `retries` count.
    on_look : callable
        Called about ten times a second.
    try_first : bool
        Start one worker, and the others when its first point is done; stop when it is not (`first_failed`).
    """

    run: BatchRun
    round_: Round
    options: Options
    on_look: Callable[[], None] = lambda: None
    try_first: bool = False
    first_failed: bool = False
    _running: list[_Working] = field(default_factory=list)
    _stopping: str = ""
    _trying: bool = False

    def work(self) -> bool:
        """Work off all chunks, and tell whether it was not stopped before the end.

        The first Ctrl-C lets running points end, the second ends them; what has a line stays in either case.
        """
        waiting = deque(enumerate(self.round_.chunks))
        self._trying = self.try_first
        restarts: dict[int, int] = {}
        self.run.results.mkdir(exist_ok=True)
        (self.round_.directory / STOP).unlink(missing_ok=True)
        with holding(self.round_.directory), tempfile.TemporaryDirectory(prefix="kit_") as scratch:
            self._note_start()
            budget = MEMORY_SHARE * capacity.available_mb()
            most = workers_for(self.options)
            try:
                with self._minding_ctrl_c():
                    while (waiting and not self._stopping) or self._running:
                        self._fill(waiting, most, budget, Path(scratch))
                        time.sleep(LOOK)
                        self._look(waiting, restarts)
                        self.on_look()
            finally:
                self._end_all()
            for process, _ in waiting:
                self._event("009", process, "Job was aborted.\n\tstopped by the user")
        return not self._stopping

    @contextlib.contextmanager
    def _minding_ctrl_c(self) -> Iterator[None]:
        """Let Ctrl-C stop the pool instead of raising in the middle of something; only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(
            signal.SIGINT, lambda _number, _frame: self._stop("now" if self._stopping else "gently")
        )
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _fill(self, waiting: deque[tuple[int, Chunk]], most: int, budget: float, scratch: Path) -> None:
        """Start workers while there are cores and memory for them; one always, only one before the first line."""
        while waiting and not self._stopping and len(self._running) < (1 if self._trying else most):
            process, chunk = waiting[0]
            in_use = sum(working.chunk.memory_mb for working in self._running)
            if self._running and in_use + chunk.memory_mb > budget:
                return
            waiting.popleft()
            self._running.append(self._start(process, chunk, scratch))

    def _start(self, process: int, chunk: Chunk, scratch: Path) -> _Working:
        folder = Path(tempfile.mkdtemp(prefix=f"{chunk.name}_", dir=scratch))
        source = self.round_.directory
        for name in ("run.sh", "worker.json"):
            shutil.copyfile(source / name, folder / name)
        shutil.copyfile(source / "points" / f"{chunk.name}.jsonl", folder / f"{chunk.name}.jsonl")
        shutil.copytree(source / "worker", folder / "worker", dirs_exist_ok=True)
        shutil.copyfile(self.run.notebook, folder / "notebook.ipynb")
        command = ["sh", "run.sh", chunk.name, "--round", self.round_.number, "--results", str(self.run.results),
                   "--memory-mb", str(chunk.memory_mb), "--parent", str(os.getpid())]  # fmt: skip
        error, output = self.round_.printed(chunk)
        with error.open("ab") as errors, output.open("ab") as printed:
            worker = subprocess.Popen(
                command, cwd=folder, env=worker_environment(scratch), stdin=subprocess.DEVNULL,
                stdout=printed, stderr=errors, start_new_session=True,
            )  # fmt: skip
        host = platform.node()
        about = f"\tSlotName: local@{host}\n\tCpus = {self.options.cpus}\n\tMemory = {chunk.memory_mb}"
        self._event("001", process, f"Job executing on host: {host}\n{about}")
        return _Working(process, chunk, worker, folder)

    def _look(self, waiting: deque[tuple[int, Chunk]], restarts: dict[int, int]) -> None:
        """Tell what the workers have done since the last look; start again what the machine has spoilt."""
        wish = self.round_.directory / STOP
        if wish.is_file() and (how := wish.read_text(encoding="utf-8")) != self._stopping:
            self._stop(how)
        for working in list(self._running):
            self._tell_progress(working)
            status = working.worker.poll()
            if status is None:
                continue
            self._running.remove(working)
            shutil.rmtree(working.scratch, ignore_errors=True)
            again = restarts.get(working.process, 0)
            if status and not self._stopping and again < min(RESTARTS, self.options.retries):
                restarts[working.process] = again + 1
                self._event("004", working.process, f"Job was evicted.\n\t(0) {_manner(status)}")
                waiting.append((working.process, working.chunk))
            elif self._stopping == "now":
                self._event("009", working.process, "Job was aborted.\n\tstopped by the user")
            else:
                normal = int(status >= 0)
                self._event("005", working.process, f"Job terminated.\n\t({normal}) {_manner(status)}")

    def _tell_progress(self, working: _Working) -> None:
        """Write a progress event when the worker has written lines."""
        path = self.run.results / f"r{self.round_.number}_{working.chunk.name}.jsonl"
        size = path.stat().st_size if path.is_file() else 0
        if size == working.told:
            return
        working.told = size
        lines = [line for line in path.read_bytes().split(b"\n")[:-1] if line]
        if self._trying and lines:
            self._trying = False
            if b'"state":"done"' not in lines[0]:
                self.first_failed = True
                self._stop("now")
        wrong = sum(b'"state":"done"' not in line for line in lines)
        total = len(working.chunk.indexes)
        self._event("008", working.process, f"progress {working.chunk.name} {len(lines)}/{total} {wrong}")

    def _stop(self, how: str) -> None:
        self._stopping = how
        for working in self._running:
            with contextlib.suppress(ProcessLookupError):
                working.worker.send_signal(signal.SIGTERM if how == "now" else signal.SIGUSR1)

    def _end_all(self) -> None:
        """Leave no worker behind, whatever has happened to the pool."""
        for working in self._running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(working.worker.pid, signal.SIGTERM)
        for working in self._running:
            try:
                working.worker.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(working.worker.pid, signal.SIGKILL)
                working.worker.wait()
            self._event("009", working.process, "Job was aborted.\n\tits pool ended")
        self._running.clear()

    def _note_start(self) -> None:
        log = self.round_.log
        about = {
            "profile": "local",
            "cluster": CLUSTER,
            "schedd": "",
            "host": platform.node(),
            "pid": os.getpid(),
            "born": birth(os.getpid()),
            "time": now(),
            "log": log.name,
            "workers": workers_for(self.options),
        }
        with log.open("w", encoding="utf-8") as stream:
            for process, chunk in enumerate(self.round_.chunks):
                text = f"Job submitted from host: {platform.node()}\n    chunk {chunk.name}"
                stream.write(_event_text("000", process, text))
        files.write_json(self.round_.directory / "submitted.json", about)

    def _event(self, number: str, process: int, text: str) -> None:
        with self.round_.log.open("a", encoding="utf-8") as stream:
            stream.write(_event_text(number, process, text))


def workers_for(options: Options) -> int:
    """Return how many workers this computer has room for."""
    return options.workers or max(1, capacity.cores() // options.cpus)


def _manner(status: int) -> str:
    return (
        f"Abnormal termination (signal {-status})" if status < 0 else f"Normal termination (return value {status})"
    )


def _event_text(number: str, process: int, text: str) -> str:
    moment = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S}"
    return f"{number} ({CLUSTER:03d}.{process:03d}.000) {moment} {text}\n...\n"
