"""The directory of a run: new, held by the process that writes it, or with an earlier attempt in it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from kit import files, manifest, wording
from kit.manifest import FinishedRun
from kit.parameters import NOT_COMPARED, Parameters

__all__ = ["RunError", "clear_parts", "earlier_attempt", "hold", "is_held", "new_directory", "one_at_a_time"]


class RunError(RuntimeError):
    """A run that cannot start, go on or be completed; says why and what to do."""


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


def earlier_attempt(directory: Path, stage: str, parameters: Parameters) -> FinishedRun | None:
    """Return the run that `directory` holds already, None where it is new or empty.

    Raises
    ------
    RunError
        If it is not ours to write: a file, a folder of other things, a run with other parameters.
    """
    where = files.shown(directory)
    if not directory.is_dir():
        if directory.exists():
            message = f"{where} is a file; should be a folder, or a new name"
            raise RunError(message)
        return None
    if not (directory / manifest.MANIFEST).is_file():
        if strangers := [path.name for path in sorted(directory.iterdir()) if not _belongs(path)]:
            message = f"{where} holds {strangers[0]} but no {manifest.MANIFEST}; should be a run, empty or new"
            raise RunError(message)
        return None
    earlier = manifest.load(directory)
    if differing := _differences(earlier, stage, parameters):
        message = f"{where} is a run with other parameters: {differing}; choose another output"
        raise RunError(message)
    return earlier


def hold(directory: Path) -> int:
    """Lock the directory itself, and return the descriptor that holds it until it is closed.

    There is no file to leave behind, and the lock is gone when this process dies.

    Raises
    ------
    RunError
        If another process holds it.
    """
    descriptor = _lock(directory)
    if descriptor is None:
        message = f"{files.shown(directory)} is being written by another process; wait, or choose another output"
        raise RunError(message)
    return descriptor


def is_held(directory: Path) -> bool:
    """Tell whether a process is writing the run in `directory` just now."""
    descriptor = _lock(directory)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is None


def clear_parts(directory: Path) -> None:
    """Remove what a killed process had begun to write; only whoever holds the directory may do so."""
    for part in directory.rglob(".*.part*"):
        part.unlink(missing_ok=True)


def _belongs(path: Path) -> bool:
    """Tell whether a run may find `path` in its directory: hidden, or papermill's own copy of the notebook."""
    if path.suffix != ".ipynb":
        return path.name.startswith(".")
    content = files.read_json(path)
    return isinstance(content, dict) and "papermill" in content.get("metadata", {})


def _differences(earlier: FinishedRun, stage: str, parameters: Parameters) -> str:
    """Return in words in what an earlier run differs from the one wanted; empty where in nothing that counts."""
    if earlier.stage != stage:
        return f"it is a run of {earlier.stage}, not of {stage}"
    there, here = earlier.parameters, parameters.compared()
    counting = [name for name in {**there, **here} if name not in {*NOT_COMPARED, *parameters.effort}]
    names = [name for name in counting if there.get(name) != here.get(name)]
    return ", ".join(
        f"{name} was {wording.short(repr(there.get(name)))}, now {wording.short(repr(here.get(name)))}"
        for name in names
    )


@contextlib.contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Let processes that would make the same thing in a folder, which is made, wait for each other."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks, such as AFS
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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
