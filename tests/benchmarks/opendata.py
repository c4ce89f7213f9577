"""What masses of all combinations cost, beside the plain way (R2), a careful user (R3) and the floor.

    python tests/benchmarks/opendata.py [--events 20000 200000] [--repeats 5] [--json FILE]

All run alternately in this one process, on the same demo files, after imports and first compile; times are
CPU seconds, user and system, medians. What is measured:

ours    the stage `opendata/masses` as a user runs it: from the file to `masses.parquet`, which merges exactly,
        with the run's directory, manifest and checksums
R2      from the file to all mass arrays stored, which is the form in which the original merges; reading back,
        peak cut and filling come on top and are given by themselves
R3      from the file to one histogram of counts per pair, in memory
floor   one read of the branches that are needed, and nothing else

R2 takes minutes: by default it runs once, and at 20 000 events only (`--plain-repeats`, `--plain-events`;
larger files once at most). Before anything is timed, all three must have given the same pairs and counts.
"""

import argparse
import contextlib
import gc
import io
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

PACKAGES = ("numpy", "awkward", "uproot", "numba", "vector", "hist", "pyarrow")
TARGETS = {
    "plain": ("20 k events: R2 / ours", "at least", 500.0),
    "floor": ("200 k events: ours / floor", "at most", 1.8),
    "writing": ("BumpNet histograms, ms each", "at most", 0.5),
    "memory": ("peak resident memory, MB", "at most", 700.0),
    "numba": ("times that a small run imports numba", "at most", 0.0),
}
SEED = 1


def run_masses(inputs: list[Path], folder: Path, **chosen: Any) -> Path:
    """Run the stage on files, and return its directory."""
    from kit.opendata.masses import MassParameters, make_masses
    from kit.run import Run

    directory = Path(tempfile.mkdtemp(dir=folder))
    p = MassParameters(inputs=[str(path) for path in inputs], output=str(directory), interactive=False, **chosen)
    with quiet(), Run("opendata/masses", p) as run:
        run.summary = make_masses(p, run)
    return directory


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep progress and notices out of the report."""
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        yield


def make_file(events: int, folder: Path) -> Path:
    from kit.opendata.demo import demo

    path = folder / f"physlite_{events}.root"
    if not path.exists():
        demo("2024r-pp", path, events, SEED)
    return path


# ── side by side ────────────────────────────────────────────────────────────────────────────────────

Way = Callable[[], object]


def cpu_seconds(way: Way) -> float:
    gc.collect()  # nobody pays for what another one has left behind
    start = time.process_time()
    way()
    return time.process_time() - start


def alternately(ways: dict[str, tuple[Way, int]]) -> dict[str, list[float]]:
    """Time each way as often as it is to be run, round by round."""
    times: dict[str, list[float]] = {name: [] for name, (_, repeats) in ways.items() if repeats}
    for turn in range(max(repeats for _, repeats in ways.values())):
        for name, (way, repeats) in ways.items():
            if turn < repeats:
                times[name].append(cpu_seconds(way))
                say(f"  {name}: {times[name][-1]:.3f} s")
    return times


def in_numpy(way: Way) -> Way:
    """Return `way` without the compiled loops: what a first run on few events costs."""

    def run() -> None:
        os.environ["KIT_KERNELS"] = "numpy"
        try:
            way()
        finally:
            os.environ["KIT_KERNELS"] = "compiled"

    return run


def ways_of(path: Path, folder: Path, options: argparse.Namespace, events: int) -> dict[str, tuple[Way, int]]:
    from tests.benchmarks import _opendata_plain as plain

    database = folder / "masses.sqlite"

    def stored(collect: bool) -> Way:
        def run() -> None:
            database.unlink(missing_ok=True)
            plain.store_masses(path, database, collect=collect)

        return run

    ways: dict[str, tuple[Way, int]] = {
        "floor": (lambda: plain.read_branches(path), options.repeats),
        "ours": (lambda: run_masses([path], folder), options.repeats),
        "ours, never compiled": (in_numpy(lambda: run_masses([path], folder)), options.repeats),
        "ours, sub-leading": (lambda: run_masses([path], folder, sub_leading=True), options.repeats),
        "ours, 4 types": (lambda: run_masses([path], folder, objects=list("emjg")), options.repeats),
        "floor, 4 types": (lambda: plain.read_branches(path, "emjg"), options.repeats),
        "ours, 1 type": (lambda: run_masses([path], folder, objects=["j"]), options.repeats),
        "floor, 1 type": (lambda: plain.read_branches(path, "j"), options.repeats),
        "R3": (lambda: plain.count_carefully(path), options.careful_repeats),
    }
    if events <= options.plain_events:
        repeats = options.plain_repeats if events <= 20_000 else 1
        ways["R2 without forced collection"] = (stored(collect=False), repeats)
        ways["R2"] = (stored(collect=True), repeats)
        ways["R2, on from stored arrays to histograms"] = (lambda: plain.fill_stored(database), repeats)
    return ways


def same_answers(path: Path, folder: Path) -> int:
    """Return the number of pairs; raise a RuntimeError unless ours, R2 and R3 give the same counts."""
    from kit.opendata.massfile import read_masses
    from kit.opendata.spectra import merge
    from tests.benchmarks import _opendata_plain as plain

    directory = run_masses([path], folder)
    spectra = merge(record.spectra for record in read_masses(directory / "masses.parquet").records())
    rows = {pair: spectra.counts(pair) for pair in spectra.pairs}
    ours = {pair: {int(b): int(row[b]) for b in row.nonzero()[0]} for pair, row in rows.items()}
    database = folder / "check.sqlite"
    plain.store_masses(path, database, collect=False)
    careful = plain.counted_spectra(plain.count_carefully(path))
    for name, theirs in (("R2", plain.stored_spectra(database)), ("R3", careful)):
        if theirs != ours:
            message = f"{path.name}: {name} has other pairs or counts than the stage: nothing to compare"
            raise RuntimeError(message)
    return len(ours)


# ── in a process of its own ─────────────────────────────────────────────────────────────────────────


def in_a_process(task: str, path: Path, folder: Path, **environment: str) -> dict[str, Any]:
    """Run one task of `TASKS` in a new interpreter, and return what it found."""
    command = [sys.executable, str(Path(__file__).resolve()), "--task", task, str(path), str(folder)]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{task} failed:\n{done.stderr}"
        raise RuntimeError(message)
    return json.loads(done.stdout.splitlines()[-1])


def load_kernels(path: Path, folder: Path) -> dict[str, Any]:
    """Compile the kernels, or load them from the cache."""
    from kit.opendata import kernels

    start, wall = time.process_time(), time.perf_counter()
    kernels.compiled()
    return {"cpu_seconds": time.process_time() - start, "seconds": time.perf_counter() - wall}


def run_once(path: Path, folder: Path) -> dict[str, Any]:
    """Run the stage on one file as a notebook's first cell would, imports included."""
    start = time.process_time()
    run_masses([path], folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MB; Linux counts in kB
    return {"cpu_seconds": time.process_time() - start, "peak_mb": peak, "numba": "numba" in sys.modules}


TASKS = {"kernels": load_kernels, "masses": run_once}


def compile_times(small: Path, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        places = {"NUMBA_CACHE_DIR": cache}
        first = in_a_process("kernels", small, folder, **places)
        second = in_a_process("kernels", small, folder, **places)
        few = in_a_process("masses", small, folder, KIT_KERNELS="", **places)
    return {"first": first, "from cache": second, "small run": few}


def peak_memory(paths: list[Path], folder: Path) -> dict[str, float]:
    return {path.stem: in_a_process("masses", path, folder, KIT_KERNELS="")["peak_mb"] for path in paths}


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────


def writing_times(path: Path, folder: Path, repeats: int) -> dict[str, float]:
    """Time the whole stage `histograms`, and the writing of one file by itself, per histogram."""
    from kit.opendata.bumpnet import read_histograms, write_histograms
    from kit.opendata.histograms import HistogramParameters, make_histograms
    from kit.run import Run

    masses = run_masses([path], folder)
    stage, writing, number = [], [], 0
    for _ in range(repeats):
        directory = Path(tempfile.mkdtemp(dir=folder))
        p = HistogramParameters(inputs=[str(masses)], output=str(directory), interactive=False, min_events=10)
        with quiet(), Run("opendata/histograms", p) as run:
            stage.append(cpu_seconds(lambda p=p, run=run: run.summary.update(make_histograms(p, run))))
        histograms = read_histograms(directory / "bumpnet.root")
        number = len(histograms)
        target = directory / "again.root"
        writing.append(cpu_seconds(lambda h=histograms, t=target: write_histograms(t, h)))
    return {
        "histograms": number,
        "ms_each": 1e3 * statistics.median(writing) / number,
        "stage_seconds": statistics.median(stage),
    }


# ── the report ──────────────────────────────────────────────────────────────────────────────────────


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


def judged(name: str, value: float | None) -> tuple[str, str, str]:
    meaning, sense, bound = TARGETS[name]
    if value is None:
        return f"{meaning}: {sense} {bound:g}", "–", "not measured"
    met = value >= bound if sense == "at least" else value <= bound
    return f"{meaning}: {sense} {bound:g}", f"{value:.3g}", "met" if met else "NOT MET"


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(lines)


def report(found: dict[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in (found["machine"] | found["packages"]).items())
    parts = [machine]
    for events, size in found["sizes"].items():
        ours = size["median"]["ours"]
        rows = [("CPU seconds", "median", "least", "times", "of ours")]
        for name, times in size["seconds"].items():
            median = size["median"][name]
            rows.append((name, f"{median:.4f}", f"{min(times):.4f}", str(len(times)), f"{median / ours:.2f}"))
        parts.append(f"{int(events):,} events, {size['megabytes']:.1f} MB, {size['pairs']} pairs\n{table(rows)}")
    parts.append(f"one forced collection: {found['collection_ms']:.0f} ms")
    compiled = found["compile"]
    parts.append(
        f"first compile {compiled['first']['cpu_seconds']:.2f} s, from cache "
        f"{compiled['from cache']['cpu_seconds']:.2f} s; a run on 2 000 events, imports included, "
        f"{compiled['small run']['cpu_seconds']:.2f} s, "
        + ("loads numba" if compiled["small run"]["numba"] else "and never imports numba")
    )
    memory = ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in found["memory"].items())
    parts.append(f"peak resident memory in MB: {memory}")
    writing = found["writing"]
    parts.append(
        f"{writing['histograms']} BumpNet histograms: {writing['ms_each']:.3f} ms each; the stage histograms, "
        f"three files and checks: {writing['stage_seconds']:.2f} s"
    )
    parts.append(table([("target", "found", ""), *(judged(n, found["targets"].get(n)) for n in TARGETS)]))
    return "\n\n".join(parts)


def targets(found: dict[str, Any]) -> dict[str, float]:
    values = {"memory": max(found["memory"].values()), "writing": found["writing"]["ms_each"]}
    values["numba"] = float(found["compile"]["small run"]["numba"])
    medians = {int(events): size["median"] for events, size in found["sizes"].items()}
    if "R2" in medians.get(20_000, {}):
        values["plain"] = medians[20_000]["R2"] / medians[20_000]["ours"]
    if 200_000 in medians:
        values["floor"] = medians[200_000]["ours"] / medians[200_000]["floor"]
    return values


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    small = make_file(2_000, folder)
    say("checking that all give the same …")
    os.environ["KIT_KERNELS"] = "compiled"  # from here on: first compile and imports are behind us
    same_answers(small, folder)
    found: dict[str, Any] = {"sizes": {}, "collection_ms": 1e3 * cpu_seconds(gc.collect)}
    for events in options.events:
        path = make_file(events, folder)
        say(f"{events:,} events …")
        times = alternately(ways_of(path, folder, options, events))
        found["sizes"][str(events)] = {
            "megabytes": path.stat().st_size / 1e6,
            "pairs": pairs_of(run_masses([path], folder)),
            "seconds": times,
            "median": {name: statistics.median(values) for name, values in times.items()},
        }
    say("writing, compiling, memory …")
    found["writing"] = writing_times(make_file(max(options.events), folder), folder, options.repeats)
    found["compile"] = compile_times(small, folder)
    sizes = sorted({max(options.events), options.memory_events})
    found["memory"] = peak_memory([make_file(events, folder) for events in sizes], folder)
    found["targets"] = targets(found)
    found["machine"] = {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    found["packages"] = {name: version(name) for name in PACKAGES}
    return found


def pairs_of(directory: Path) -> int:
    from kit.opendata.massfile import read_masses
    from kit.opendata.spectra import merge

    return len(merge(r.spectra for r in read_masses(directory / "masses.parquet").records()).pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[20_000, 200_000], help="sizes of the demo files")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of ours and the floor")
    parser.add_argument("--careful-repeats", type=int, default=1, help="rounds of R3")
    parser.add_argument("--plain-repeats", type=int, default=1, help="rounds of R2")
    parser.add_argument("--plain-events", type=int, default=20_000, help="largest size at which R2 is run")
    parser.add_argument("--memory-events", type=int, default=1_000_000, help="size of the file for peak memory")
    parser.add_argument("--json", type=Path, help="write all times to this file, too")
    parser.add_argument("--task", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        task, path, folder = options.task
        print(json.dumps(TASKS[task](Path(path), Path(folder))))  # noqa: T201 - read by in_a_process
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    print(report(found))  # noqa: T201
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
