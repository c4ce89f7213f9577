"""One notebook, here and now: checked before its kernel starts, executed, told the truth about."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import files, manifest
from kit.batch import execution
from kit.batch.notebooks import Notebook
from kit.directories import RunError, earlier_attempt, hold, is_held, new_directory
from kit.manifest import FinishedRun
from kit.parameters import Parameters

__all__ = ["draw", "executed_copy", "is_complete", "run_notebook"]

MISSING = object()


def run_notebook(notebook: Notebook, parameters: Parameters, label: str = "run") -> Path:
    """Run a notebook into its run directory, and return the directory.

    A complete run with the same parameters is left as it is; the executed notebook is kept beside the results,
    also when it failed.

    Raises
    ------
    RunError
        If it cannot be run, see `is_complete`; if a cell failed or the kernel died: the manifest then says so.
    KeyboardInterrupt
        Saying how to go on.
    """
    if is_complete(notebook, parameters):
        return files.resolve(parameters.output)
    if parameters.output:
        directory = files.resolve(parameters.output)
        directory.mkdir(parents=True, exist_ok=True)
    else:
        directory = new_directory(notebook.stage, label)
    executed = executed_copy(directory, notebook.stage)
    try:
        with _recorded(directory, notebook, parameters):
            execution.execute(notebook, _values_to_set(notebook, parameters, directory), executed)
    except KeyboardInterrupt:
        message = f"interrupted; the same command with -p output={files.shown(directory)} goes on"
        raise KeyboardInterrupt(message) from None
    except RunError as fault:
        message = f"{fault} (executed so far: {files.shown(executed)})" if executed.is_file() else str(fault)
        raise RunError(message) from fault
    return directory


def is_complete(notebook: Notebook, parameters: Parameters) -> bool:
    """Tell whether the run that is asked for is there already, complete.

    Raises
    ------
    RunError
        If it could not be run: its kernel is not installed, or its directory is being written, or holds
        something else.
    """
    if parameters.output:
        directory = files.resolve(parameters.output)
        earlier = earlier_attempt(directory, notebook.stage, parameters)
        if earlier and earlier.state == "complete":
            _refuse_losses(earlier)
            return True
        if directory.is_dir():
            os.close(hold(directory))
    execution.kernel_options(notebook)
    return False


def _refuse_losses(run: FinishedRun) -> None:
    """Raise a RunError if outputs of a complete run are gone or cut: it is not what its manifest says."""
    lost = [
        output["path"]
        for output in run.manifest.get("outputs", [])
        if not (path := run.directory / output["path"]).is_file() or path.stat().st_size != output["bytes"]
    ]
    if lost:
        where = files.shown(run.directory)
        message = f"{where} is complete, but {', '.join(lost)} is gone or changed since; start anew elsewhere"
        raise RunError(message)


def _values_to_set(notebook: Notebook, parameters: Parameters, directory: Path) -> dict[str, Any]:
    """Return what differs from the notebook's own cell; a foreign one may know no ``output``."""
    wanted = {**parameters.model_dump(), "output": str(directory), "interactive": False}
    return {
        name: value
        for name, value in wanted.items()
        if notebook.values.get(name, MISSING) != value and (notebook.own or name in notebook.values)
    }


def executed_copy(directory: Path, stage: str) -> Path:
    """Return where the executed notebook of a run lies."""
    return directory / f"{stage.rpartition('/')[2]}.ipynb"


def draw(directory: Path, formats: tuple[str, ...] = ("png",)) -> list[Path]:
    """Draw the figures of an existing run anew into its ``plots`` folder, and return their paths.

    Raises
    ------
    RunError
        If its stage draws nothing.
    """
    from kit import figures

    run = manifest.load(directory)
    system, _, stage = run.stage.partition("/")
    try:
        room = importlib.import_module(f"kit.{system}.plots")
    except ModuleNotFoundError as fault:
        if not f"kit.{system}.plots".startswith(str(fault.name)):
            raise
        room = None
    make = getattr(room, f"{stage}_figures", None)
    if make is None:
        message = f"{run.stage} has no figures of its own"
        raise RunError(message)
    plots = run.directory / "plots"
    return [path for name, picture in make(run).items() for path in figures.write(picture, plots / name, formats)]


@contextlib.contextmanager
def _recorded(directory: Path, notebook: Notebook, parameters: Parameters) -> Iterator[None]:
    """Let the manifest tell the truth where the notebook could not: its kernel died, or it keeps none."""
    before, started = _manifest_in(directory), manifest.now()
    fault: BaseException | None = None
    try:
        yield
    except BaseException as raised:
        fault = raised
        raise
    finally:
        content = _manifest_in(directory)
        ended = content != before and content.get("state") != "running"
        if not ended and not is_held(directory):
            if content == before:
                content = {"stage": notebook.stage, "parameters": parameters.model_dump(), "started": started}
                content["attempts"] = manifest.attempts(before) if before else []
            told = {"kind": type(fault).__name__, "message": str(fault) or "interrupted"} if fault else None
            content |= {"state": "failed" if fault else "complete", "fault": told, "ended": manifest.now()}
            content |= {"host": platform.node(), "software": manifest.software()}
            files.write_json(directory / manifest.MANIFEST, content)


def _manifest_in(directory: Path) -> dict[str, Any]:
    if not (directory / manifest.MANIFEST).is_file():
        return {}
    return dict(manifest.load(directory).manifest)
