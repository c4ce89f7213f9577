"""One notebook, here and now: checked before its kernel starts, executed by papermill, told the truth about."""

from __future__ import annotations

import contextlib
import importlib
import os
import platform
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kit import files, manifest
from kit.batch.notebooks import Notebook
from kit.parameters import Parameters
from kit.run import RunError, differences, is_held, new_directory

__all__ = ["draw", "execute", "executed_copy", "run_notebook"]

SPEAKING = (
    "ParameterError",
    "FormatError",
    "RunError",
    "FileNotFoundError",
    "ModuleNotFoundError",
    "RunError",
)


def run_notebook(notebook: Notebook, parameters: Parameters, label: str = "run") -> Path:
    """Run a notebook into its run directory, and return the directory.

    A complete run with the same parameters is left as it is; the executed notebook is kept beside the results,
    also when it failed.

    Raises
    ------
    RunError
        If the directory holds a complete run with other parameters.
    RunError
        If a cell failed or the kernel died; the manifest then says so.
    """
    if parameters.output:
        directory = files.resolve(parameters.output)
        if manifest.state_of(directory) == "complete":
            if differing := differences(manifest.load(directory), notebook.stage, parameters):
                where = files.shown(directory)
                message = f"{where} is a complete run with other parameters: {differing}; choose another output"
                raise RunError(message)
            return directory
        directory.mkdir(parents=True, exist_ok=True)
        if is_held(directory):
            message = (
                f"{files.shown(directory)} is being written by another process; wait, or choose another output"
            )
            raise RunError(message)
    else:
        directory = new_directory(notebook.stage, label)
    values = {name: value for name, value in parameters.changed().items() if notebook.takes(name)}
    own = {"output": str(directory), "interactive": False}
    values |= {name: value for name, value in own.items() if notebook.takes(name)}
    try:
        execute(notebook, values, executed_copy(directory, notebook.stage))
    except BaseException as fault:
        _close(directory, notebook, parameters, fault)
        raise
    _close(directory, notebook, parameters, None)
    return directory


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
    except ModuleNotFoundError:
        room = None
    make = getattr(room, f"{stage}_figures", None)
    if make is None:
        message = f"{run.stage} has no figures of its own"
        raise RunError(message)
    plots = run.directory / "plots"
    return [path for name, picture in make(run).items() for path in figures.write(picture, plots / name, formats)]


def execute(notebook: Notebook, values: Mapping[str, Any], executed: Path) -> None:
    """Run `notebook` with `values` and leave the executed copy at `executed`, also when it fails.

    papermill rewrites the notebook after every cell: that happens in a scratch folder, and the result is
    copied once. A pipe shows the progress of the stage on this process' standard error.

    Raises
    ------
    RunError
        With the error of the cell that failed, or if the kernel died.
    """
    # heavy, and needed by nothing else
    import papermill
    from nbclient.exceptions import DeadKernelError

    with tempfile.TemporaryDirectory(prefix="kit_") as scratch, _shown_progress(Path(scratch)):
        part = Path(scratch) / executed.name
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of papermill's libraries, on every run
                papermill.execute_notebook(
                    str(notebook.path),
                    str(part),
                    parameters=dict(values),
                    progress_bar=False,
                    cwd=str(notebook.path.parent),
                    extra_arguments=["--log-level=ERROR"],  # ipykernel warns of TCP at every start
                )
        except papermill.PapermillExecutionError as fault:
            raise RunError(_cell_fault(fault)) from fault
        except DeadKernelError:
            message = "the notebook's kernel died; it was killed, perhaps for want of memory"
            raise RunError(message) from None
        finally:
            if part.is_file():
                with files.whole(executed) as copy:
                    shutil.copyfile(part, copy)


def _cell_fault(fault: Any) -> str:
    """Return the error of a cell; one that speaks for itself goes without its class."""
    text = str(fault.evalue).strip() or fault.ename
    return text if fault.ename in SPEAKING else f"cell {fault.exec_count}: {fault.ename}: {text}"


def _close(directory: Path, notebook: Notebook, parameters: Parameters, fault: BaseException | None) -> None:
    """Let the manifest tell the truth where the notebook could not: its kernel died, or it keeps none."""
    record = directory / manifest.MANIFEST
    content = dict(manifest.load(directory).manifest) if record.is_file() else {}
    if content.get("state") in ("complete", "failed"):
        return
    content = {"stage": notebook.stage, "parameters": parameters.model_dump(), "started": manifest.now()} | content
    content["state"] = "failed" if fault else "complete"
    content["fault"] = {"kind": type(fault).__name__, "message": str(fault) or "interrupted"} if fault else None
    content |= {"ended": manifest.now(), "host": platform.node(), "software": manifest.software()}
    files.write_json(record, content)


@contextlib.contextmanager
def _shown_progress(folder: Path) -> Iterator[None]:
    """Let kernels started in the block write their progress to our standard error, through a named pipe."""
    path = folder / "progress"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR)  # open for writing, too: a kernel that closes its end does not end the reading
    width = str(shutil.get_terminal_size().columns) if sys.stderr.isatty() else ""
    thread = threading.Thread(target=_copy_out, args=(pipe,), daemon=True)
    thread.start()
    told = {"KIT_PROGRESS": str(path), "KIT_PROGRESS_WIDTH": width, "KIT_HOME": str(files.home())}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        os.write(pipe, b"\0")
        thread.join()
        os.close(pipe)


def _copy_out(pipe: int) -> None:
    while block := os.read(pipe, 4096):
        text, end, _ = block.partition(b"\0")
        sys.stderr.write(text.decode(errors="replace"))
        sys.stderr.flush()
        if end:
            return
