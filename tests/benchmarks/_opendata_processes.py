"""What the benchmark of opendata measures in processes of their own: each starts from nothing and prints JSON."""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def in_a_process(task: str, path: Path, folder: Path, **environment: str) -> dict[str, Any]:
    """Run one task of `TASKS` in a new interpreter, and return what it found."""
    command = [sys.executable, str(Path(__file__).resolve()), task, str(path), str(folder)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{task} failed:\n{done.stderr}"
        raise RuntimeError(message)
    return json.loads(done.stdout.splitlines()[-1])


def load_kernels(path: Path, folder: Path) -> dict[str, Any]:
    """Compile the kernels, or load them from the cache."""
    from kit.opendata.engine import compiled_engine

    start, wall = time.process_time(), time.perf_counter()
    compiled_engine()
    return {"cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - wall}


def run_once(path: Path, folder: Path) -> dict[str, Any]:
    """Run the stage on one file as a notebook's first cell would, imports included."""
    start = time.process_time()
    from tests.benchmarks._opendata_measures import run_masses

    run_masses([path], folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB; Linux counts in kB
    return {"cpu_seconds": time.process_time() - start, "peak_mb": peak, "numba": "numba" in sys.modules}


def run_plainly(path: Path, folder: Path) -> dict[str, float]:
    """Time R2 after imports and a first, small run: without and with forced collection, and what follows."""
    from tests.benchmarks import _opendata_plain as plain

    def seconds(run: Callable[..., object], *arguments: Path, **chosen: Any) -> float:
        start = time.process_time()
        run(*arguments, **chosen)
        return time.process_time() - start

    with tempfile.TemporaryDirectory(dir=folder) as fresh:
        first, second, third = (Path(fresh) / f"{number}.sqlite" for number in range(3))
        plain.store_masses(path, first, letters="mg", collect=False)
        return {
            "R2 without forced collection": seconds(plain.store_masses, path, second, collect=False),
            "R2": seconds(plain.store_masses, path, third, collect=True),
            "R2, on from stored arrays to histograms": seconds(plain.fill_stored, third),
        }


def run_carefully(path: Path, folder: Path) -> dict[str, float]:
    """Time R3 after imports and a first, small run."""
    from tests.benchmarks import _opendata_plain as plain

    plain.count_carefully(path, letters="mg")
    start = time.process_time()
    plain.count_carefully(path)
    return {"R3": time.process_time() - start}


def look_through(_path: Path, folder: Path) -> dict[str, float]:
    """Open the panel of masses on ten thousand pairs, switch, filter and sort, as where somebody clicks.

    A switch is over when its picture is; what filters and sorts is over when the list is, and the kernel hears the
    next click.
    """
    from kit.opendata.histograms import HistogramParameters
    from kit.opendata.panel import MassPanel
    from tests.opendata.many_pairs import write_many

    p = HistogramParameters(inputs=[write_many(folder / "many", PAIRS)], min_events=1)

    def seconds(clock: Callable[[], float], act: Callable[[int], object]) -> float:
        taken = []
        for place in range(11):
            start = clock()
            act(place)
            taken.append(clock() - start)
            panel.picture.flush()
        return statistics.median(taken)

    def switch(_place: int) -> None:
        panel.browser.next()
        panel.picture.flush()

    start = time.process_time()
    panel = MassPanel(p)
    panel.picture.flush()
    found = {"panel: open": time.process_time() - start}
    found["panel: switch"] = seconds(time.process_time, switch)
    browser = panel.browser
    filters = [f"{place % 3}e entries>{100 + place}" for place in range(11)]
    found["panel: filter"] = seconds(time.thread_time, lambda place: browser.set_trait("filter", filters[place]))
    browser.filter = ""
    orders = ["entries", "excess"] * 6
    found["panel: sort"] = seconds(time.thread_time, lambda place: browser.set_trait("order", orders[place]))
    panel.close()
    return found


TASKS = {
    "kernels": load_kernels,
    "masses": run_once,
    "plain": run_plainly,
    "careful": run_carefully,
    "panel": look_through,
}
PAIRS = 10_000  # that the panel shows


def compile_times(small: Path, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        places = {"NUMBA_CACHE_DIR": cache}
        first = in_a_process("kernels", small, folder, **places)
        second = in_a_process("kernels", small, folder, **places)
        few = in_a_process("masses", small, folder, KIT_KERNELS="", **places)
    return {"first": first, "from cache": second, "small run": few}


def peak_memory(paths: list[Path], folder: Path) -> dict[str, float]:
    return {path.stem: in_a_process("masses", path, folder, KIT_KERNELS="")["peak_mb"] for path in paths}


if __name__ == "__main__":
    task, path, folder = sys.argv[1:]
    print(json.dumps(TASKS[task](Path(path), Path(folder))))  # noqa: T201 - read by in_a_process
