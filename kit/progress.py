"""How far a loop is, with rate and time left: in a terminal, a live notebook and a log alike.

A notebook that runs in batch shows no bar: its executed copy would keep every redraw. The runner that started
it reads the bar from a pipe instead (environment ``KIT_PROGRESS``) and shows it where the person is.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TextIO, TypeVar

from kit.files import FormatError

__all__ = ["bar", "side_by_side"]

Item = TypeVar("Item")
Result = TypeVar("Result")

LOG_INTERVAL = 30.0  # s between two lines in a log
FAULTS = (FormatError, OSError)  # what an input can do to a piece of work; anything else is our own mistake


def bar(
    items: Iterable[Item], unit: str, total: int | None = None, label: str = "", *, interactive: bool = True
) -> Iterator[Item]:
    """Yield `items` and show how many are done, the rate and the time left.

    Parameters
    ----------
    items : iterable
        What is worked through; its length is asked where `total` is not given.
    unit : str
        What one item is called: "file", "piece".
    total : int, optional
        Number of items, where `items` has no length.
    label : str
        Shown in front of the bar.
    interactive : bool
        Whether a person watches this notebook; false hands the bar to the runner, if there is one.
    """
    if total == 0:
        yield from items
        return
    from tqdm import tqdm

    options: dict[str, Any] = {"unit": " " + unit, "total": total, "desc": label or None}
    if pipe := _pipe():
        width = os.environ.get("KIT_PROGRESS_WIDTH")
        with contextlib.closing(pipe):
            yield from tqdm(items, **options, **({"file": pipe, "ncols": int(width)} if width else _log(pipe)))
    elif _in_a_kernel():
        if interactive:
            from tqdm.notebook import tqdm as tqdm_notebook

            yield from tqdm_notebook(items, **options)
        else:
            yield from items
    elif sys.stderr.isatty():
        yield from tqdm(items, dynamic_ncols=True, **options)
    else:
        yield from tqdm(items, **options, **_log(sys.stderr))


def side_by_side(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int = 1
) -> Generator[tuple[Item, Result | Exception], None, None]:
    """Yield each item with its result, or with the fault that its input caused, as they come.

    Parameters
    ----------
    function : callable
        Importable by its name where `workers` is more than one: each worker is a process of its own.
    items : iterable
        Picklable, where `workers` is more than one.
    workers : int
        Processes; with one, everything happens here, in order.

    Raises
    ------
    Exception
        Whatever is not a fault of an input (`FormatError`, `OSError`) ends the loop.
    """
    if workers <= 1:
        for item in items:
            result: Result | Exception
            try:
                result = function(item)
            except FAULTS as fault:
                result = fault
            yield item, result
        return
    import multiprocessing

    # spawned, not forked: a notebook's kernel has threads, and a forked child could inherit a held lock
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_begin_worker) as pool:
        futures: dict[Future[Result], Item] = {pool.submit(function, item): item for item in items}
        try:
            for future in as_completed(futures):
                raised = future.exception()
                yield futures.pop(future), raised if isinstance(raised, FAULTS) else future.result()
        except BrokenProcessPool:
            message = "a worker process died; the machine may be out of memory: try fewer workers"
            raise RuntimeError(message) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """Let this worker end quietly when it is interrupted, and with its parent where the parent is killed."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.platform == "linux":
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGTERM)


class _Lines:
    """A stream on which a redrawn bar becomes lines, as a log wants them."""

    def __init__(self, stream: TextIO | _Pipe) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        if text := text.strip():
            self.stream.write(text + "\n")

    def flush(self) -> None:
        self.stream.flush()


class _Pipe:
    """The runner's pipe. What it has no room for, or nobody to read, is dropped: work does not wait for a bar."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.descriptor, text.encode())

    def flush(self) -> None:
        pass

    def close(self) -> None:
        os.close(self.descriptor)


def _log(stream: TextIO | _Pipe) -> dict[str, Any]:
    return {"file": _Lines(stream), "mininterval": LOG_INTERVAL, "ncols": 80}


def _pipe() -> _Pipe | None:
    """Open the runner's pipe; None where there is none, or nobody reads it."""
    path = os.environ.get("KIT_PROGRESS", "")
    try:
        if not path or not stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116 - one call, may be absent
            return None
        return _Pipe(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return None


def _in_a_kernel() -> bool:
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return bool(shell and hasattr(shell, "kernel"))
