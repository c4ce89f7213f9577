"""One execution of a stage: a directory, a manifest, a summary, progress.

The manifest says ``running`` from the first moment and ``complete`` or ``failed`` at the end; files appear under
their final name only when whole. A complete run is never written again; an unfinished one goes on where it
stopped when it is started again with the same parameters.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import platform
import resource
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from kit import files, manifest, progress
from kit.manifest import FinishedRun, complete_below, load
from kit.parameters import NOT_COMPARED, Parameters

__all__ = ["FinishedRun", "Run", "RunError", "complete_below", "differences", "is_held", "load", "new_directory"]

Item = TypeVar("Item")
Result = TypeVar("Result")

CHECKSUM_LIMIT = 500_000_000  # bytes; reading all of a larger input would cost more than the work on it


class RunError(RuntimeError):
    """A run that cannot start, go on or be completed; says why and what to do."""


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
        self.on_progress: Callable[[int, int | None], None] | None = None
        self.state = "new"
        self._inputs: dict[str, dict[str, Any]] = {}
        self._outputs: dict[str, dict[str, Any]] = {}
        self._earlier: list[dict[str, Any]] = []
        self._lock: int | None = None

    def __enter__(self) -> Self:
        if self.parameters.output:
            self.directory.mkdir(parents=True, exist_ok=True)
        else:
            self.directory = new_directory(self.stage)
        self._take_hold()
        try:
            self._look_back()
        except BaseException:
            self._let_go()
            raise
        self.state = "running"
        self._started, self._clock, self._cpu = manifest.now(), time.monotonic(), _cpu_seconds()
        self._write_manifest()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.state = "complete" if fault is None else "failed"
        try:
            if fault is None:
                shutil.rmtree(self.directory / ".work", ignore_errors=True)
            self._write_manifest(fault)
        finally:
            self._let_go()

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
        yield from self.progress(pairs, unit, len(items))

    def notice(self, text: str) -> None:
        """Say something that the user should hear, here and in the manifest."""
        self.notices.append(text)
        print(f"notice: {text}")  # noqa: T201 - it belongs into the notebook

    def _repr_html_(self) -> str:
        return manifest.table(self.stage, self.state, self.directory, self.summary)

    def _note_output(self, name: str) -> None:
        path = self.directory / name
        self._outputs[name] = {"path": name, "bytes": path.stat().st_size, "sha256": files.sha256(path)}

    def _take_hold(self) -> None:
        """Lock the directory itself: no file to leave behind, and released when this process dies."""
        self._lock = _lock(self.directory)
        if self._lock is None:
            where = files.shown(self.directory)
            message = f"{where} is being written by another process; wait, or choose another output"
            raise RunError(message)

    def _let_go(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _look_back(self) -> None:
        """Refuse a directory that is not ours to write, and take over what an earlier attempt has left."""
        where = files.shown(self.directory)
        if not (self.directory / manifest.MANIFEST).is_file():
            if strangers := [path.name for path in self.directory.iterdir() if not path.name.startswith(".")]:
                message = f"{where} holds {strangers[0]} but no manifest.json; should be a run, empty or new"
                raise RunError(message)
            return
        earlier = load(self.directory)
        if differing := differences(earlier, self.stage, self.parameters):
            message = f"{where} is a run with other parameters: {differing}; choose another output"
            raise RunError(message)
        if earlier.state == "complete":
            message = f"{where} is complete, with the same parameters; a complete run is never written again"
            raise RunError(message)
        self._earlier = [
            *earlier.manifest.get("attempts", []),
            {key: earlier.manifest.get(key) for key in ("state", "started", "ended", "host", "fault")},
        ]

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
            "attempts": self._earlier,
        }
        files.write_json(self.directory / manifest.MANIFEST, content)


def new_directory(stage: str, label: str = "run") -> Path:
    """Make and return a new directory below ``outputs`` for a run of `stage`."""
    base = files.resolve("outputs") / stage / f"{label}_{datetime.now().astimezone():%Y%m%d_%H%M%S}"
    for number in range(1, 10_000):
        directory = base if number == 1 else base.with_name(f"{base.name}_{number}")
        with contextlib.suppress(FileExistsError):
            directory.mkdir(parents=True)
            return directory
    message = f"{files.shown(base)} and its next 9 999 names exist"
    raise RunError(message)


def is_held(directory: Path) -> bool:
    """Tell whether a process is writing the run in `directory` just now."""
    lock = _lock(directory)
    if lock is not None:
        os.close(lock)
    return lock is None


def _lock(directory: Path) -> int | None:
    """Return an open descriptor that holds the lock of `directory`, None where another process has it."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass  # a file system without locks, such as AFS: the manifest is all there is
    return descriptor


def differences(earlier: FinishedRun, stage: str, parameters: Parameters) -> str:
    """Return in words in what an earlier run differs from the one wanted; empty where in nothing that counts."""
    if earlier.stage != stage:
        return f"it is a run of {earlier.stage}, not of {stage}"
    there, here = earlier.parameters, parameters.compared()
    names = [name for name in {**there, **here} if name not in NOT_COMPARED and there.get(name) != here.get(name)]
    return ", ".join(f"{name} was {there.get(name)!r}, now {here.get(name)!r}" for name in names)


def _told(fault: BaseException | None) -> dict[str, str] | None:
    if fault is None:
        return None
    return {"kind": type(fault).__name__, "message": str(fault) or type(fault).__name__}


def _usage() -> list[resource.struct_rusage]:
    return [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]


def _cpu_seconds() -> float:
    return sum(usage.ru_utime + usage.ru_stime for usage in _usage())
