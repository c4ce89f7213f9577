"""What masses of all combinations cost, beside the plain way (R2), a careful user (R3) and the floor.

    python tests/benchmarks/opendata.py [--events 20000 200000] [--repeats 5] [--json FILE]

All run alternately, on the same demo files, after imports and first compile; times are CPU seconds, user and
system, medians. What is measured:

ours    the stage `opendata/masses` as a user runs it: from the file to `masses.parquet`, which merges exactly,
        with the run's directory, manifest and checksums
R2      from the file to all mass arrays stored, which is the form in which the original merges; reading back,
        peak cut and filling come on top and are given by themselves
R3      from the file to one histogram of counts per pair, in memory
floor   one read of the branches that are needed, and nothing else

R2 and R3 have processes of their own, without the stage and numba: a forced collection looks at all that a
process has loaded, and takes three times as long beside a compiler. R2 takes minutes: by default it runs once,
and at 20 000 events only (`--plain-repeats`, `--plain-events`; larger files once at most). Before anything is
timed, all three must have given the same pairs and counts.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks._opendata_measures import (
    ALL,
    ALL_FLOOR,
    ALL_SUB,
    alternately,
    cpu_seconds,
    elsewhere,
    here,
    make_file,
    pairs_of,
    quiet,
    run_masses,
    same_answers,
)
from tests.benchmarks._opendata_processes import compile_times, in_a_process, peak_memory

PACKAGES = ("numpy", "awkward", "uproot", "numba", "vector", "hist", "pyarrow")
TARGETS = {
    "plain": ("20 k events: R2 / ours", "at least", 500.0),
    "floor": ("200 k events: ours / floor", "at most", 1.8),
    "all options": ("200 k events, all options: ours / floor", "at most", 1.8),
    "all options, sub-leading": ("the same, sub-leading, too", "at most", 1.8),
    "writing": ("BumpNet histograms, ms each", "at most", 0.5),
    "memory": ("peak resident memory, MB", "at most", 700.0),
    "panel: open": ("panel of 10 000 pairs: opening, CPU s", "at most", 2.0),
    "panel: switch": ("the same: another pair with its picture, CPU s", "at most", 0.15),
    "panel: filter": ("the same: filtering, CPU s", "at most", 0.1),
    "panel: sort": ("the same: sorting, CPU s", "at most", 0.1),
    "numba": ("times that a small run imports numba", "at most", 0.0),
}


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


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


def judged(name: str, value: float | None) -> tuple[str, str, str]:
    meaning, sense, bound = TARGETS[name]
    if value is None:
        return f"{meaning}: {sense} {bound:g}", "–", "not measured"
    met = value >= bound if sense == "at least" else value <= bound
    return f"{meaning}: {sense} {bound:g}", f"{value:.4g}", "met" if met else "NOT MET"


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
        if "R2" in size["median"]:
            forced = size["median"]["R2"] - size["median"]["R2 without forced collection"]
            parts[-1] += f"\na forced collection in R2: {1e3 * forced / size['pairs']:.0f} ms"
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
    values = dict(found["panel"])
    values |= {"memory": max(found["memory"].values()), "writing": found["writing"]["ms_each"]}
    values["numba"] = float(found["compile"]["small run"]["numba"])
    medians = {int(events): size["median"] for events, size in found["sizes"].items()}
    if "R2" in medians.get(20_000, {}):
        values["plain"] = medians[20_000]["R2"] / medians[20_000]["ours"]
    if 200_000 in medians:
        large = medians[200_000]
        values["floor"] = large["ours"] / large["floor"]
        values["all options"] = large[ALL] / large[ALL_FLOOR]
        values["all options, sub-leading"] = large[ALL_SUB] / large[ALL_FLOOR]
    return values


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    small = make_file(2_000, folder)
    say("checking that all give the same …")
    os.environ["KIT_KERNELS"] = "compiled"  # from here on: first compile and imports are behind us
    same_answers(small, folder)
    found: dict[str, Any] = {"sizes": {}}
    for events in options.events:
        path = make_file(events, folder)
        say(f"{events:,} events …")
        measurements = [(measurement, options.repeats) for measurement in here(path, folder)]
        measurements.append((elsewhere("careful", path, folder), options.careful_repeats))
        if events <= options.plain_events:
            repeats = options.plain_repeats if events <= 20_000 else 1
            measurements.append((elsewhere("plain", path, folder), repeats))
        times = alternately(measurements, say)
        found["sizes"][str(events)] = {
            "megabytes": path.stat().st_size / 1e6,
            "pairs": pairs_of(run_masses([path], folder)),
            "seconds": times,
            "median": {name: statistics.median(values) for name, values in times.items()},
        }
    say("writing, compiling, memory, panel …")
    found["writing"] = writing_times(make_file(max(options.events), folder), folder, options.repeats)
    found["compile"] = compile_times(small, folder)
    sizes = sorted({max(options.events), options.memory_events})
    found["memory"] = peak_memory([make_file(events, folder) for events in sizes], folder)
    found["panel"] = in_a_process("panel", small, folder)
    found["targets"] = targets(found)
    found["machine"] = {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
    found["packages"] = {name: version(name) for name in PACKAGES}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[20_000, 200_000], help="sizes of the demo files")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of ours and the floor")
    parser.add_argument("--careful-repeats", type=int, default=1, help="rounds of R3")
    parser.add_argument("--plain-repeats", type=int, default=1, help="rounds of R2")
    parser.add_argument("--plain-events", type=int, default=20_000, help="largest size at which R2 is run")
    parser.add_argument("--memory-events", type=int, default=1_000_000, help="size of the file for peak memory")
    parser.add_argument("--json", type=Path, help="write all times to this file, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    print(report(found))  # noqa: T201
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
