"""A process that starts attempts at a stage, and knows what each of them leaves behind.

    python -m tests.faults.keeper [MODULE ...]

It is the reaper of all that comes from it: a process that has lost its parent becomes its child, and is found.
The modules are imported once; an attempt through the door ``cells`` is then a fork that runs the cells of the
notebook, one through the door ``command`` is the command `kit` in a new interpreter. Orders are lines of JSON on
standard input, each has one line of JSON as its answer.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
INTERRUPTED = 130


def run_cells(notebook: str, values: dict[str, Any]) -> None:
    """Run the cells of a notebook, up to the one that holds the run, as papermill would set its parameters."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = "".join(cell["source"])
        exec(compile(source, notebook, "exec"), namespace)
        if "parameters" in cell["metadata"].get("tags", []):
            namespace |= values
        if "with Run(" in source:
            return
    message = f"{notebook}: no cell holds a run"
    raise AssertionError(message)


def told(fault: BaseException) -> tuple[str, int]:
    """Return what `kit run` would say of a fault in a cell, and its exit status."""
    from kit.batch.execution import SPEAKING

    if isinstance(fault, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    name, text = type(fault).__name__, str(fault).strip()
    return (text if name in SPEAKING else f"cell: {name}: {text}"), 1


def attempt(order: dict[str, Any]) -> None:
    """Be the attempt: a child of the keeper, in a session of its own."""
    os.setsid()
    for name, number in order.get("limits", {}).items():
        resource.setrlimit(getattr(resource, name), (number, number))
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    for stream, name in ((1, "out"), (2, "err")):
        handle = os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(handle, stream)
        os.close(handle)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "command" in order:
        os.execv(sys.executable, [sys.executable, "-m", "kit", *order["command"]])
    status = 0
    try:
        run_cells(order["notebook"], order["values"])
    except BaseException as fault:  # noqa: BLE001 - as papermill takes it
        with Path(order["err"] + ".trace").open("w") as stream:  # to mend what is found; no user sees it
            traceback.print_exc(file=stream)
        text, status = told(fault)
        sys.stderr.write(f"kit: {text}\n")
    sys.exit(status)


def children() -> list[int]:
    """Return the living children of this process."""
    with Path(f"/proc/self/task/{os.getpid()}/children").open() as stream:
        return [int(word) for word in stream.read().split() if not _is_dead(int(word))]


def _is_dead(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def _called(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ").strip()[:200]
    except (FileNotFoundError, ProcessLookupError):
        return "?"


def wait(process: int, seconds: float) -> dict[str, Any]:
    """Return how a child has ended and its CPU seconds; a status of None where it has not."""
    end = time.monotonic() + seconds
    while True:
        found, state, usage = os.wait4(process, os.WNOHANG)
        if found:
            return {"status": os.waitstatus_to_exitcode(state), "cpu": usage.ru_utime + usage.ru_stime}
        if time.monotonic() > end:
            return {"status": None, "cpu": 0.0}
        time.sleep(0.005)


def leftovers(seconds: float) -> list[str]:
    """Return the processes that are still there after a time of grace; they are killed then."""
    end = time.monotonic() + seconds
    while (found := children()) and time.monotonic() < end:
        _reap()
        time.sleep(0.02)
    called = [_called(process) for process in found]
    while found := children():
        for process in found:
            os.kill(process, signal.SIGKILL)
        time.sleep(0.02)
        _reap()
    _reap()
    return called


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _answer(words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Take orders until standard input ends."""
    library = ctypes.CDLL(None)
    library.prctl(PR_SET_CHILD_SUBREAPER, 1)
    library.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in sys.argv[1:]:
        importlib.import_module(name)
    _answer("ready")
    for line in sys.stdin:
        order = json.loads(line)
        answer: Any
        match order["do"]:
            case "start":
                answer = os.fork()
                if not answer:
                    attempt(order)
            case "wait":
                answer = wait(order["process"], order["seconds"])
            case "leftovers":
                answer = leftovers(order["seconds"])
        _answer(answer)


if __name__ == "__main__":
    main()
