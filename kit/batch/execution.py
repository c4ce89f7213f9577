"""A notebook in a kernel of its own, executed by papermill; its progress is shown where the person is."""

from __future__ import annotations

import codecs
import contextlib
import logging
import os
import re
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kit import files
from kit.batch.notebooks import Notebook
from kit.directories import RunError

__all__ = ["execute", "kernel_options"]

PARSER = "rfc3987_syntax"
# errors that speak for themselves, wherever in a notebook they arise
SPEAKING = ("ParameterError", "FormatError", "RunError", "FileNotFoundError", "ModuleNotFoundError")

WORDLESS = "CellExecutionError"  # of a cell that failed without an error in its output
WANT_OF_MEMORY = re.compile(
    r"failed to map segment|start new thread|(?:cannot|unable to) allocate|libllvmlite|bad_alloc|MemoryError",
    re.IGNORECASE,
)


def execute(notebook: Notebook, values: Mapping[str, Any], executed: Path) -> None:
    """Run `notebook` with `values` and leave the executed copy at `executed`, also when it fails.

    papermill rewrites the notebook after every cell: that happens in a scratch folder, and the result is
    copied once. A pipe shows the progress of the stage on this process' standard error.

    Raises
    ------
    RunError
        With the error of the cell that failed, or if the kernel died.
    """
    with _without_parser():  # heavy, and needed by nothing else
        import papermill
        from nbclient.exceptions import DeadKernelError

    options = kernel_options(notebook)
    with tempfile.TemporaryDirectory(prefix="kit_") as scratch, _shown_progress(Path(scratch)):
        part = Path(scratch) / executed.name
        try:
            with warnings.catch_warnings(), files.naming(part):
                warnings.simplefilter("ignore")  # of papermill's libraries, on every run
                logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what it has to say, we say
                papermill.execute_notebook(
                    _literally(notebook.path),
                    _literally(part),
                    parameters=dict(values),
                    progress_bar=False,
                    cwd=str(notebook.path.parent),
                    **options,
                )
        except KeyboardInterrupt:
            logging.getLogger("asyncio").disabled = True  # it would tell that what it waited for is gone
            raise
        except papermill.PapermillExecutionError as fault:
            raise RunError(_cell_fault(fault)) from fault
        except papermill.exceptions.PapermillException as fault:
            message = f"{files.shown(notebook.path)}: {fault}"
            raise RunError(message) from fault
        except DeadKernelError:
            message = "the notebook's kernel died; it was killed, perhaps for want of memory"
            raise RunError(message) from None
        except RuntimeError as fault:
            if "Kernel died" not in str(fault):
                raise
            message = "the notebook's kernel died before its first cell, perhaps for want of memory"
            raise RunError(message) from None
        finally:
            if part.is_file():
                with files.whole(executed) as copy:
                    shutil.copyfile(part, copy)


@contextlib.contextmanager
def _without_parser() -> Iterator[None]:
    """Keep what is imported from making a parser of addresses, of a second, that no notebook is checked by.

    It comes with JupyterLab; where it is not installed, nobody misses it.
    """
    if PARSER in sys.modules:
        yield
        return
    sys.modules[PARSER] = None  # type: ignore[assignment]  # what Python takes for a module that is not there
    try:
        yield
    finally:
        del sys.modules[PARSER]


def _literally(path: Path) -> str:
    """Return `path` for papermill, which would fill in what stands in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def kernel_options(notebook: Notebook) -> dict[str, Any]:
    """Return what papermill must know about the notebook's kernel.

    Raises
    ------
    RunError
        If it is not installed.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    specs = KernelSpecManager()
    try:
        spec = specs.get_kernel_spec(notebook.kernel)
    except NoSuchKernel:
        known = ", ".join(sorted(specs.find_kernel_specs()))
        message = f"{files.shown(notebook.path)}: wants kernel {notebook.kernel}, which is not installed ({known})"
        raise RunError(message) from None
    # it warns on every run that it is reached over TCP, and shows the trace of its own end when interrupted
    quiet = ["--IPKernelApp.log_level=CRITICAL"] if any("ipykernel" in word for word in spec.argv) else []
    return {"kernel_name": notebook.kernel, "language": spec.language, "extra_arguments": quiet}


def _cell_fault(fault: Any) -> str:
    """Return the error of a cell; one that speaks for itself goes without its class."""
    text = str(fault.evalue).strip() or fault.ename
    if fault.ename in SPEAKING:
        return text
    if text == WORDLESS:
        return f"cell {fault.exec_count}: the kernel could not say what was wrong, perhaps for want of memory"
    told = f"{fault.ename}: {text}"
    for line in told.splitlines():
        if WANT_OF_MEMORY.search(line):  # what else is said takes it for something else
            return f"cell {fault.exec_count}: perhaps for want of memory: {line.strip()}"
    return f"cell {fault.exec_count}: {told}"


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
    """Copy to standard error until a zero comes; read on where nobody hears it any more, as after ``| head``."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    end = b""
    while not end:
        text, end, _ = os.read(pipe, 4096).partition(b"\0")
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(decoder.decode(text))
            sys.stderr.flush()
