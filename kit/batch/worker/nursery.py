"""Where kernels are born: a process that has imported all they need and forks one on request.

The nursery never starts a thread and never opens a ZeroMQ context; a fork would carry over neither. Starting a
kernel thus costs a fork instead of a new Python with all its imports. What the kernels import besides is imported
here once (`preload`), module by module, and left out where a thread is there afterwards.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from . import family

__all__ = ["Ending", "Nursery"]

# figures vanish from the outputs of a kernel whose inline backend was imported before it
NEVER = frozenset({"matplotlib_inline", "ipympl", "google.colab"})
INLINE = "module://matplotlib_inline.backend_inline"
END_PATIENCE = 2.0  # s
THREADS = Path("/proc/self/task")


@dataclass(frozen=True)
class Ending:
    """How a kernel ended: exit status (negative: a signal), peak memory in MB, CPU time in seconds."""

    status: int
    rss_mb: float
    cpu_seconds: float


class Nursery:
    """The nursery as its worker sees it.

    Parameters
    ----------
    modules : list of str
        What to import beforehand; what cannot be imported, or starts threads, is left to the kernels.
    hide : str
        Folder of the worker's own files: kernels must not import from it.
    """

    def __init__(self, modules: list[str], hide: str = "") -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _serve(theirs, modules, hide)
        theirs.close()
        self._socket = ours
        self._stream = ours.makefile("rw")
        self._greeting: dict[str, Any] | None = None

    @property
    def usable(self) -> bool:
        """Whether it can fork kernels; waits until its imports are done."""
        return bool(self._greeted()["usable"])

    @property
    def preloaded(self) -> list[str]:
        """The modules that its kernels find imported."""
        return list(self._greeted()["preloaded"])

    def bear(self, connection_file: str, directory: str) -> int:
        """Start a kernel for `connection_file` in `directory` and return its process."""
        self._greeted()
        self._say({"connection_file": connection_file, "directory": directory})
        return int(self._hear()["pid"])

    def farewell(self, timeout: float) -> Ending | None:
        """Wait for the end of the kernel; None when it still lives after `timeout` seconds."""
        readable, _, _ = select.select([self._socket], [], [], timeout)
        return Ending(**self._hear()) if readable else None

    def close(self) -> None:
        """End the nursery and whatever kernel it still has."""
        with contextlib.suppress(OSError):
            self._stream.close()
            self._socket.close()
        family.end(self.pid)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _greeted(self) -> dict[str, Any]:
        if self._greeting is None:
            self._greeting = self._hear()
        return self._greeting

    def _say(self, message: dict[str, Any]) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()

    def _hear(self) -> dict[str, Any]:
        line = self._stream.readline()
        if not line:
            return {"usable": False, "preloaded": [], "pid": 0, "status": 1, "rss_mb": 0.0, "cpu_seconds": 0.0}
        heard: dict[str, Any] = json.loads(line)
        return heard


def _serve(connection: socket.socket, modules: list[str], hide: str) -> NoReturn:
    """Be the nursery: import, greet, fork kernels until the worker is gone."""
    family.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hide in sys.path:
        sys.path.remove(hide)
    try:
        importlib.import_module("ipykernel.kernelapp")
        importlib.import_module("ipykernel.ipkernel")
        importlib.import_module("ipykernel.zmqshell")
        usable = _threads() == 1
    except ImportError:
        usable = False
    preloaded = _preload(modules) if usable else []
    with connection.makefile("rw") as stream:
        stream.write(json.dumps({"usable": usable, "preloaded": preloaded}) + "\n")
        stream.flush()
        for line in stream:
            _one_kernel(connection, stream, **json.loads(line))
    os._exit(0)


def _one_kernel(connection: socket.socket, stream: Any, connection_file: str, directory: str) -> None:
    """Fork a kernel, tell its process, and its ending when it comes; end it when the worker is gone."""
    pid = os.fork()
    if pid == 0:
        stream.close()
        connection.close()
        _be_a_kernel(connection_file, directory)
    stream.write(json.dumps({"pid": pid}) + "\n")
    stream.flush()
    ended, wake = socket.socketpair()
    ended.setblocking(False)
    wake.setblocking(False)
    signal.set_wakeup_fd(wake.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        while True:
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if done:
                break
            readable, _, _ = select.select([connection, ended], [], [], 1.0)
            if connection in readable:  # nothing is said while a kernel lives: the worker is gone
                family.end(pid)
                os._exit(0)
            with contextlib.suppress(BlockingIOError):
                ended.recv(64)
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        ended.close()
        wake.close()
    stream.write(json.dumps(_ending(status, usage)) + "\n")
    stream.flush()


def _ending(status: int, usage: resource.struct_rusage) -> dict[str, float]:
    return {
        "status": os.waitstatus_to_exitcode(status),
        "rss_mb": round(usage.ru_maxrss / 1024, 1),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
    }


def _be_a_kernel(connection_file: str, directory: str) -> NoReturn:
    """Be an ordinary kernel: own process group, nothing on standard input, fresh random numbers."""
    os.setsid()
    family.die_with_parent()
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.chdir(directory)
    if numpy_random := sys.modules.get("numpy.random"):
        numpy_random.seed()  # or all points would draw the same numbers; Python's own generator sees to itself
    from ipykernel.kernelapp import IPKernelApp

    application = IPKernelApp.instance()
    # parent_handle 1: no thread that watches for the parent, which Linux does for us, and no greeting on stdout
    application.initialize(
        ["-f", connection_file, "--HistoryManager.hist_file=:memory:", "--IPKernelApp.parent_handle=1"]
    )
    application.start()
    if application.control_thread:
        # it still says that the shutdown is done; closing its channel meanwhile would lock both for ever
        application.control_thread.join(END_PATIENCE)
    sys.exit(0)


def _preload(modules: list[str]) -> list[str]:
    """Import `modules` and return those that are in; a module after which a thread is there is tried in a child.

    The child that could import all becomes the nursery; one that found a module with threads says which and ends.
    """
    os.environ.setdefault("MPLBACKEND", INLINE)  # matplotlib reads it on import, a kernel would set it later
    wanted = [module for module in modules if module.partition(".")[0] not in NEVER]
    while wanted:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            family.die_with_parent()
            imported = []
            for module in wanted:
                good = _import(module)
                if _threads() > 1:
                    os.write(writing, module.encode())
                    os._exit(1)
                imported += [module] if good else []
            os.close(writing)
            return imported
        os.close(writing)
        with os.fdopen(reading) as told:
            culprit = told.read()
        if not culprit:
            _stand_aside(child)
        os.waitpid(child, 0)
        wanted.remove(culprit)
    return []


def _stand_aside(child: int) -> NoReturn:
    """Wait for the child that has become the nursery, and end as it ends."""
    os.closerange(3, 256)
    _, status = os.waitpid(child, 0)
    os._exit(max(0, os.waitstatus_to_exitcode(status)))


def _import(module: str) -> bool:
    try:
        importlib.import_module(module)
    except Exception:  # noqa: BLE001 - whatever it is, the notebook's own import will tell
        return False
    return True


def _threads() -> int:
    return len(list(THREADS.iterdir())) if THREADS.is_dir() else 1
