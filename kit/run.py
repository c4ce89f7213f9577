"""One execution of a stage: a directory, a manifest, a summary, progress.

The manifest says ``running`` from the first moment and ``complete`` or ``failed`` at the end; files appear under
their final name only when whole. A complete run is never written again; an unfinished one goes on where it
stopped when it is started again with the same parameters.
"""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from kit import files, manifest, progress
from kit.directories import RunError, clear_parts, earlier_attempt, hold, new_directory
from kit.manifest import FinishedRun, complete_below, load
from kit.parameters import Parameters

__all__ = ["FinishedRun", "Run", "RunError", "complete_below", "load"]

Item = TypeVar("Item")
Result = TypeVar("Result")

CHECKSUM_LIMIT = 500_000_000  # bytes; reading all of a larger input would cost more than the work on it


class Run:
    """A run of one stage, as a context manager over its directory.

    Parameters
    ----------
    stage : str
        System and stage, such as ``opendata/masses``.
    parameters : Parameters
        Its ``output`` names the directory; where empty, a new one is made below ``outputs``.

    Raises
    ------
    RunError
        On entering, if the directory holds a complete run, one with other parameters, one that another
        process is writing, or files that are no run.
    """

    def __init__(self, stage: str, parameters: Parameters) -> None:
        self.stage = stage
        self.parameters = parameters
        self.directory = files.resolve(parameters.output) if parameters.output else Path()
        self.summary: dict[str, Any] = {}
        self.notices: list[str] = []
        self.pieces: list[dict[str, Any]] = []  # what became of each input, where a stage keeps account
        self.on_progress: Callable[[int, int | None], None] | None = None
        self.state = "new"
        self._inputs: dict[str, dict[str, Any]] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._earlier: list[dict[str, Any]] = []
        self._loops: list[Generator[Any, None, None]] = []

    def __enter__(self) -> Self:
        if self.parameters.output:
            earlier_attempt(self.directory, self.stage, self.parameters)
            self.directory.mkdir(parents=True, exist_ok=True)
        else:
            self.directory = new_directory(self.stage)
        self._lock = hold(self.directory)
        try:
            self._look_back()
            self.state = "running"
            self._started, self._clock, self._cpu = manifest.now(), time.monotonic(), _cpu_seconds()
            self._write_manifest()
        except BaseException:
            os.close(self._lock)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for loop in self._loops:
            loop.close()  # workers must not go on when the loop over their results has ended early
        try:
            if fault is None:
                self._refuse_incomplete()
                shutil.rmtree(self.directory / ".work", ignore_errors=True)
        except RunError as found:
            fault = found
            raise
        finally:
            self.state = "failed" if fault else "complete"
            try:
                self._write_manifest(fault)
            finally:
                os.close(self._lock)

    def _look_back(self) -> None:
        """Take over what an earlier attempt has left, now that nobody else can write it."""
        clear_parts(self.directory)
        earlier = earlier_attempt(self.directory, self.stage, self.parameters)
        if earlier is None:
            return
        if earlier.state == "complete":
            where = files.shown(self.directory)
            message = f"{where} is complete, with the same parameters; a complete run is never written again"
            raise RunError(message)
        self._earlier = manifest.attempts(earlier.manifest)

    @property
    def work(self) -> Path:
        """A folder for records of finished pieces: kept when the run fails, removed when it is complete."""
        folder = self.directory / ".work"
        folder.mkdir(exist_ok=True)
        return folder

    def read(self, path: str, checksum: str | None = None) -> str:
        """Note that `path` is an input, and return it.

        Without a `checksum`, that of a local file is computed where the file is small enough to be read for
        this alone.
        """
        entry: dict[str, Any] = {"path": path, "bytes": None, "checksum": checksum}
        if not files.is_remote(path):
            entry["bytes"] = files.size(path)
            if checksum is None and entry["bytes"] <= CHECKSUM_LIMIT:
                entry["checksum"] = files.adler32(path)
        self._inputs[path] = entry
        return path

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """Yield a temporary path; the output appears as `name` in the run's directory only when whole."""
        with files.whole(self.directory / name) as part:
            yield part
        self._note_output(name)

    def has(self, name: str) -> bool:
        """Tell whether an earlier attempt at this run has already written output `name`, and keep it if so."""
        if not (self.directory / name).is_file():
            return False
        self._note_output(name)
        return True

    def progress(
        self, items: Iterable[Item], unit: str, total: int | None = None, label: str = ""
    ) -> Iterator[Item]:
        """Yield `items` and show how far the loop is, its rate and the time left."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        interactive = self.parameters.interactive
        for done, item in enumerate(progress.bar(items, unit, total, label, interactive=interactive), 1):
            yield item
            if self.on_progress:
                self.on_progress(done, total)

    def map(
        self, function: Callable[[Item], Result], items: list[Item], unit: str, workers: int = 1
    ) -> Iterator[tuple[Item, Result | Exception]]:
        """Yield each item with its result, or the fault its input caused; `workers` processes side by side."""
        pairs = progress.side_by_side(function, items, min(workers, len(items)))
        self._loops.append(pairs)
        return self.progress(pairs, unit, len(items))

    def notice(self, text: str) -> None:
        """Say something that the user should hear, here and in the manifest."""
        self.notices.append(text)
        print(f"notice: {text}")  # noqa: T201 - it belongs into the notebook

    def _repr_html_(self) -> str:
        return manifest.table(self.stage, self.state, self.directory, self.summary)

    def _note_output(self, name: str) -> None:
        path = self.directory / name
        self._outputs[name] = {"path": name, "bytes": path.stat().st_size, "sha256": files.sha256(path)}

    def _refuse_incomplete(self) -> None:
        """Refuse to call complete what is not: outputs that are gone, a summary that nobody can read back."""
        if gone := [name for name in self._outputs if not (self.directory / name).is_file()]:
            message = f"{files.shown(self.directory)}: {gone[0]} was written and is gone; who removed it?"
            raise RunError(message)
        try:
            files.json_text(self.summary)
        except (TypeError, ValueError) as fault:
            message = f"summary of {self.stage}: {fault}"
            self.summary = {}
            raise RunError(message) from None

    def _write_manifest(self, fault: BaseException | None = None) -> None:
        ended = {
            "ended": manifest.now(),
            "seconds": round(time.monotonic() - self._clock, 3),
            "cpu_seconds": round(_cpu_seconds() - self._cpu, 3),
            "peak_memory_mb": round(max(usage.ru_maxrss for usage in _usage()) / 1024, 1),
        }
        content = {
            "stage": self.stage,
            "state": self.state,
            "parameters": self.parameters.model_dump(),
            "summary": self.summary,
            "fault": _told(fault),
            "notices": self.notices,
            "started": self._started,
            **({} if self.state == "running" else ended),
            "host": platform.node(),
            "process": os.getpid(),
            "software": manifest.software(),
            "inputs": list(self._inputs.values()),
            "outputs": list(self._outputs.values()),
            **({"pieces": self.pieces} if self.pieces else {}),
            "attempts": self._earlier,
        }
        files.write_json(self.directory / manifest.MANIFEST, content)


def _told(fault: BaseException | None) -> dict[str, str] | None:
    if fault is None:
        return None
    return {"kind": type(fault).__name__, "message": str(fault) or type(fault).__name__}


def _usage() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


def _cpu_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in _usage())
