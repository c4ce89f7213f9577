"""``python -m worker CHUNK``: work off one chunk in the current directory.

Exit status 0 whenever it could work, also if every point failed, so that the pool never repeats physics. 65:
environment or version wrong, 66: own input unreadable, 67: the disk is full.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import importlib.util
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from . import family
from .chirp import Chirp
from .derivation import Derivation, derive, write_points
from .ledger import Ledger
from .limits import Limits, read_limits
from .nursery import Nursery
from .orders import Orders, OrdersError, Point, read_orders, read_points

if TYPE_CHECKING:
    from .execution import Execution
    from .watch import Watch

ENVIRONMENT, INPUT, DISK = 65, 66, 67
# what papermill and nbformat import where it is installed, for stores and checks that no job needs: seconds
NEEDLESS = ("rfc3987_syntax", "pyarrow", "boto3", "azure", "gcsfs", "github")
FULL = (errno.ENOSPC, errno.EDQUOT)


def main() -> int:
    """Work off the chunk that the command line names, and return the exit status."""
    options = _options()
    if options.parent:
        family.die_with_parent()
        if os.getppid() != options.parent:  # it was gone before
            return 0
    folder = Path.cwd()
    results = Path(options.results).absolute()
    name = f"{'d' if options.derived else 'r'}{options.round}_{options.chunk}"
    for ending in ("jsonl", "tar"):  # a missing output file would hold the job
        (results / f"{name}.{ending}").touch()
    try:
        orders = read_orders(folder / "worker.json")
        points = _points(orders, options, folder)
        if fault := _wrong_version(orders):
            return _end(ENVIRONMENT, fault)
        # before papermill and its threads are here
        nursery = Nursery(orders.preload, str(folder)) if orders.isolation == "fork" else None
        limits = read_limits(options.memory_mb, options.seconds)
        ledger = Ledger(results, name)
        return _work(orders, points, limits, ledger, nursery)
    except OrdersError as fault:
        return _end(INPUT, str(fault))
    except ImportError as fault:
        return _end(ENVIRONMENT, f"{fault}: install papermill and ipykernel in {sys.executable}")
    except OSError as fault:
        if fault.errno in FULL:
            return _end(DISK, f"{fault.filename or folder}: {fault.strerror}")
        raise


def _work(orders: Orders, points: list[Point], limits: Limits, ledger: Ledger, nursery: Nursery | None) -> int:
    """Run the points that have no line yet."""
    for module in NEEDLESS:
        sys.modules.setdefault(module, None)  # type: ignore[arg-type]
    warnings.simplefilter("ignore")  # of papermill's libraries, on every run
    logging.disable(logging.WARNING)
    # what they import starts threads: only now that the nursery is its own process
    from .engine import Midwife
    from .execution import Execution
    from .watch import Watch

    if nursery and not nursery.usable:
        print("kernels cannot be forked here: each point starts an ordinary one", flush=True)
        nursery.close()
        nursery = None
    if nursery:
        print(f"kernels are forked with {', '.join(nursery.preloaded) or 'nothing'} imported", flush=True)
    watch = Watch(limits if orders.guard else limits.without_memory(), orders.point_timeout)
    midwife = Midwife(nursery, watch.begin_kernel)
    _leave_politely(watch, nursery)
    watch.start()
    chunk = ledger.path.stem.partition("_")[2]
    _each(points, Execution(orders, chunk, midwife, watch, Path.cwd()), ledger)
    watch.stop()
    ledger.close()
    midwife.close()
    if nursery:
        nursery.close()
    return 0


def _each(points: list[Point], execution: Execution, ledger: Ledger) -> None:
    """Run the points one after another while the time allows, and tell how far it is."""
    chirp = Chirp(Path.cwd()) if execution.orders.live_progress else None
    stop_asked = _stop_request()
    slowest = 0.0
    for point in points:
        if point.id in ledger.kept:
            continue
        if stop_asked():
            print("asked to stop: the rest is left to the next", flush=True)
            break
        if not execution.watch.limits.allows(slowest):
            print("the end of the job is near: the rest is left to the next", flush=True)
            break
        clock = time.monotonic()
        outcome = execution.run(point)
        if outcome is None:
            print(f"{point.id} was given up, since the end of the job was near", flush=True)
            break
        line, directory = outcome
        ledger.add(line, directory, execution.left_out(line["state"]))
        execution.clear(directory)
        slowest = max(slowest, time.monotonic() - clock)
        print(f"{point.id} {line['state']} {line['seconds']:.1f} s {line['rss_mb']:.0f} MB", flush=True)
        if chirp:
            failed = sum(other["state"] != "done" for other in ledger.kept.values())
            count = f"{len(ledger.kept)}/{len(points)}"
            chirp.say(f"progress {execution.chunk} {count} {failed}", at_once=len(ledger.kept) == len(points))


def _stop_request() -> Callable[[], bool]:
    """Let SIGUSR1 ask for no more points; return what tells whether it came."""
    asked: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: asked.append(number))
    return lambda: bool(asked)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker", description="Work off one chunk in the current directory.")
    parser.add_argument("chunk", help="name of the chunk")
    parser.add_argument("--round", required=True, help="number of the round")
    parser.add_argument("--derived", action="store_true", help="make the points of what an earlier stage has left")
    parser.add_argument("--results", default=".", help="where the two result files go")
    parser.add_argument("--parent", type=int, help="process without which there is nothing to do")
    parser.add_argument("--memory-mb", type=float, help="memory of the slot, where no pool says it")
    parser.add_argument("--seconds", type=float, help="time for the chunk, where no pool says it")
    return parser.parse_args()


def _points(orders: Orders, options: argparse.Namespace, folder: Path) -> list[Point]:
    """Return the points of the chunk: those given, or those made of what an earlier stage has left."""
    if orders.derive is None:
        return read_points(folder / f"{options.chunk}.jsonl")
    points = derive(Derivation(**orders.derive), orders.code, folder)
    write_points(points, folder / f"points_{options.chunk}.jsonl")
    return points


def _wrong_version(orders: Orders) -> str:
    """Return what is wrong with the kit that is installed here; empty where nothing is, or it is not needed."""
    if importlib.util.find_spec("kit") is None:
        return f"the kit is not installed in {sys.executable}" if orders.needs_kit else ""
    here = getattr(importlib.import_module("kit"), "__version__", "")
    if orders.needs_kit and here != orders.kit:
        return f"the kit is {here} in {sys.executable}, the points were made by {orders.kit}"
    return ""


def _leave_politely(watch: Watch, nursery: Nursery | None) -> None:
    """On SIGTERM end the running point and go: what has a line is on the disk already."""

    def leave(_number: int, _frame: object) -> NoReturn:
        watch.end_family()
        if nursery:
            nursery.close()
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)


def _end(status: int, message: str) -> int:
    print(f"worker: {message}", file=sys.stderr, flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
