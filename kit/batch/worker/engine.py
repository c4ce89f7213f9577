"""Two papermill engines: kernels forked from a warm nursery, and ordinary ones where that is not possible.

Both drive real kernels through papermill, over unix sockets in a private directory: injection, metadata and the
executed notebook are papermill's, and no TCP port can collide with that of another job.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient.exceptions import DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from . import family
from .nursery import Ending, Nursery

__all__ = ["FORK", "KERNEL", "Midwife"]

FORK = "kit-fork"
KERNEL = "kit-kernel"
LONGEST_SOCKET_PATH = 107  # bytes; what Linux lets the name of a unix socket hold
START_PATIENCE = 60.0  # s for a kernel to answer
END_PATIENCE = 10.0  # s for a kernel to end by itself, with all that it does at its exit
CHILD_PATIENCE = 1.0  # s for it to see to its children, whose hold on its output would keep it alive
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
QUIET = ["--HistoryManager.hist_file=:memory:"]


class Midwife:
    """Starts kernels for the engines, tells who wants to know about each, and keeps how the last one ended.

    Parameters
    ----------
    nursery : Nursery or None
        Where forked kernels come from.
    on_start : callable
        Called with the process of each kernel before its first cell runs.
    """

    def __init__(self, nursery: Nursery | None, on_start: Callable[[int], None]) -> None:
        self.nursery = nursery
        self.on_start = on_start
        self.notebook: Any = None
        self.ending: Ending | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="kit", dir=_short_directory())
        self._number = 0

    def sockets(self) -> str:
        """Return a new prefix for the sockets of a kernel."""
        self._number += 1
        return f"{self._folder.name}/{self._number}"

    def close(self) -> None:
        """Remove the directory of the sockets."""
        with contextlib.suppress(OSError):
            self._folder.cleanup()


def _short_directory() -> str | None:
    """Return a directory in which the name of a socket is short enough, None for the usual one."""
    for directory in (tempfile.gettempdir(), "/tmp", "/dev/shm"):  # noqa: S108 - a private folder is made in it
        length = len(os.fsencode(directory)) + len("/kitxxxxxxxx/100000-5")
        if length < LONGEST_SOCKET_PATH and os.access(directory, os.W_OK):
            return directory
    return None


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """Papermill's client for a kernel that is already there."""

    def run_cells(self, language: dict[str, Any]) -> None:
        """Run all cells and note language and widgets, as papermill does."""
        self.reset_execution_trackers()
        self.papermill_execute_cells()
        self.nb.metadata["language_info"] = language
        self.set_widgets_metadata()


class _Forked:
    """What nbclient asks of the manager of a kernel."""

    has_kernel = True
    ipykernel = True

    def __init__(self, pid: int) -> None:
        self.pid = pid

    async def is_alive(self) -> bool:
        """Tell whether the process is there; one that only waits to be collected is not."""
        try:
            status = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return status.rpartition(")")[2].split()[0] not in "ZX"

    async def interrupt_kernel(self) -> None:
        """Do to the kernel what Ctrl-C does."""
        os.kill(self.pid, signal.SIGINT)


class ForkEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook in a kernel forked from the nursery."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, log_output: bool = False, *, midwife: Midwife, **_: Any
    ) -> None:
        """Run the cells; afterwards `midwife` knows the notebook and how the kernel ended."""
        assert midwife.nursery is not None
        midwife.notebook, midwife.ending = nb_man.nb, None
        sockets = midwife.sockets()
        connection = _connection_file(sockets, kernel_name)
        pid = midwife.nursery.bear(str(connection), str(Path.cwd()))
        midwife.on_start(pid)
        client = AsyncKernelClient(connection_file=str(connection))
        client.load_connection_file()
        manager = _Forked(pid)
        try:
            language = run_sync(_ready)(client, sockets, manager)
            runner = _Client(nb_man, km=manager, kernel_name=kernel_name, log_output=log_output)
            runner.kc = client
            runner.run_cells(language)
        finally:
            client.shutdown()
            midwife.ending = _farewell(midwife.nursery, pid)
            client.stop_channels()
            _clear(sockets)


class KernelEngine(NBClientEngine):  # type: ignore[misc]
    """Runs a notebook in an ordinary kernel of any language."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, log_output: bool = False, *, midwife: Midwife, **_: Any
    ) -> None:
        """Run the cells; afterwards `midwife` knows the notebook and how the kernel ended."""
        midwife.notebook, midwife.ending = nb_man.nb, None
        sockets = midwife.sockets()
        manager = AsyncKernelManager(
            kernel_name=kernel_name, transport="ipc", ip=sockets, connection_file=f"{sockets}.json"
        )
        arguments = QUIET if manager.ipykernel else []
        run_sync(manager.start_kernel)(extra_arguments=arguments, preexec_fn=family.die_with_parent)
        pid = int(getattr(manager.provisioner, "pid", 0) or 0)
        midwife.on_start(pid)
        client = manager.client()
        try:
            client.start_channels()
            run_sync(client.wait_for_ready)(timeout=START_PATIENCE)
            runner = _Client(nb_man, km=manager, kernel_name=kernel_name, log_output=log_output)
            runner.kc = client
            information = runner.wait_for_reply(client.kernel_info())
            runner.run_cells(information["content"]["language_info"])
        finally:
            rss, cpu = _used(pid)
            run_sync(manager.shutdown_kernel)()
            client.stop_channels()
            midwife.ending = Ending(0, rss, cpu)
            _clear(sockets)


papermill_engines.register(FORK, ForkEngine)
papermill_engines.register(KERNEL, KernelEngine)


def _connection_file(sockets: str, kernel_name: str) -> Path:
    """Write how to reach a kernel through unix sockets, and return the path of that file."""
    ports = {f"{channel}_port": number for number, channel in enumerate(CHANNELS, 1)}
    about = {
        "transport": "ipc",
        "ip": sockets,
        **ports,
        "key": secrets.token_hex(16),
        "signature_scheme": "hmac-sha256",
        "kernel_name": kernel_name,
    }
    path = Path(f"{sockets}.json")
    path.write_text(json.dumps(about), encoding="utf-8")
    return path


def _farewell(nursery: Nursery, pid: int) -> Ending | None:
    """Wait for the end of a kernel that was told to go, and help where it does not come."""
    ending = nursery.farewell(CHILD_PATIENCE)
    if ending is None:
        for child in family.descendants(pid):
            family.end(child)
        ending = nursery.farewell(END_PATIENCE)
    if ending is None:
        family.end(pid)
        ending = nursery.farewell(END_PATIENCE)
    return ending


async def _ready(client: AsyncKernelClient, sockets: str, kernel: _Forked) -> dict[str, Any]:
    """Wait until the kernel answers on shell and iopub, and return what it says about its language.

    A connection made before the kernel listens is tried again only after 0.1 s, so its sockets are waited for;
    the first message on iopub can be lost before the subscription is up, so the question is repeated.
    """
    end = time.monotonic() + START_PATIENCE
    while not all(path.exists() for path in _socket_paths(sockets)):
        await _check(kernel, end)
        await asyncio.sleep(0.003)
    client.start_channels()
    while True:
        client.kernel_info()
        with contextlib.suppress(Empty):
            reply = await client.shell_channel.get_msg(timeout=5)
            while True:
                message = await client.iopub_channel.get_msg(timeout=0.05)
                if message["content"].get("execution_state") == "idle":
                    language: dict[str, Any] = reply["content"]["language_info"]
                    return language
        await _check(kernel, end)


async def _check(kernel: _Forked, end: float) -> None:
    if not await kernel.is_alive():
        message = "Kernel died before its first cell"
        raise DeadKernelError(message)
    if time.monotonic() > end:
        message = f"Kernel did not answer within {START_PATIENCE:.0f} s"
        raise DeadKernelError(message)


def _socket_paths(sockets: str) -> Iterator[Path]:
    for number in range(1, len(CHANNELS) + 1):
        yield Path(f"{sockets}-{number}")


def _clear(sockets: str) -> None:
    for path in (*_socket_paths(sockets), Path(f"{sockets}.json")):
        path.unlink(missing_ok=True)


def _used(pid: int) -> tuple[float, float]:
    """Return peak memory in MB and CPU seconds of a living process with its collected children."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    peak = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)
    return round(peak / 1024, 1), round(sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK"), 3)
