"""What windows cost, beside the plain way, and the floor; access to one window; TFRecord; memory.

    python tests/benchmarks/ecal.py [--events 2000] [--repeats 5] [--plain-events 200] [--json FILE]

All on the same file of simulated events, alternately, after imports and first compile; times are CPU seconds, user
and system, medians. What is measured:

ours    the stage `ecal/windows` as a user runs it, from the file to parquet, with the run's manifest and checksums
plain   a loop over events with lists and dictionaries, JSON, tar.gz, back, awkward, parquet; on fewer events, and
        given here per event of the file
floor   reading the branches, and writing the finished table

Before anything is timed, both must have given the same windows. On the public reference file, where
KIT_SHARED_DATA names it, the same per event, without opening the file.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks._ecal_measures import Floor, access, cold_process, cpu_seconds, run_stage
from tests.benchmarks._ecal_plain import whole_chain

MODES: dict[str, dict[str, Any]] = {
    "not overlapping, matched": {},
    "overlapping, all": {"overlapping": True, "unmatched": "all"},
}
TARGETS = {
    "not overlapping, matched": ("plain / ours, not overlapping", "at least", 25.0),
    "overlapping, all": ("plain / ours, overlapping", "at least", 25.0),
    "reference": ("plain / ours, public reference file, per event", "at least", 25.0),
    "cold": ("plain / ours, cold process", "at least", 8.0),
    "memory": ("peak resident memory, MB", "at most", 600.0),
    "one": ("one window out of a dataset, ms", "at most", 15.0),
    "index": ("index columns of 50 k windows, ms", "at most", 50.0),
    "records": ("windows per second as TFRecord", "at least", 5000.0),
    "truth": ("truth / windows", "at most", 1.5),
}


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


def groups() -> dict[str, Any]:
    from kit.ecal.features import read_features

    return dict(read_features().groups)


def plain(path: Path, events: int, folder: Path, mode: dict[str, Any], table: Path) -> list[float]:
    from kit.ecal import mustache

    numbers = published(mustache)
    options = {"labels": "deepsc", "overlapping": mode.get("overlapping", False)}
    options["keep"] = "all" if mode.get("unmatched") == "all" else "matched"
    return whole_chain(path, json.loads(table.read_text()), numbers, events, folder, groups(), **options)


def published(mustache: Any) -> dict[str, Any]:
    """Return the numbers of the mustache in the form that the plain way takes."""
    edges = [0.0, *mustache.PHI_EDGES, None]
    rows = [[edges[i], edges[i + 1], *map(float, row)] for i, row in enumerate(mustache.PHI_ROWS)]
    outline = {
        "log10_energy_min": mustache.LOG_ENERGY_MIN,
        "sqrt_log_energy_tuning": mustache.ENERGY_SHIFT,
        "half_crystal_width": 0.0087,
        "curvature_upper": mustache.UPPER_CURVE,
        "curvature_lower": mustache.LOWER_CURVE,
        "w0": mustache.WIDTH_0,
        "w1": mustache.WIDTH_1,
    }
    return {"outline": outline, "dphi": {"rows": rows}}


def same_windows(path: Path, folder: Path, table: Path) -> None:
    """Refuse to time what does not give the same."""
    import awkward as ak

    values = {"inputs": [str(path)], "labels": "deepsc", "events": 50, "working_point": str(table)}
    directory = run_stage("windows", folder, **values)
    plain(path, 50, folder, {}, table)
    mine = ak.from_parquet(next(directory.glob("*.parquet")))
    theirs = ak.from_parquet(folder / "plain.parquet")
    assert len(mine) == len(theirs) > 100
    fields = ("cl_features", "et_cluster"), ("cl_labels", "in_scluster"), ("window_features", "mean_det_cluster")
    for group, name in fields:
        one, other = (ak.flatten(x[group][name], axis=None).to_numpy() for x in (mine, theirs))
        assert abs(one.astype(float) - other.astype(float)).max() < 1e-12, name


def compare(options: argparse.Namespace, folder: Path, path: Path, table: Path) -> dict[str, Any]:
    """Time ours, plain and floor in both modes, alternately."""
    found: dict[str, Any] = {}
    for name, mode in MODES.items():
        values = {"inputs": [str(path)], "working_point": str(table), **mode}
        finished = next(run_stage("windows", folder, **values).glob("*.parquet"))
        floor = Floor(path, finished, folder)
        times: dict[str, list[float]] = {"ours": [], "plain": [], "floor": []}
        for turn in range(options.repeats):
            times["ours"].append(cpu_seconds(lambda v=values: run_stage("windows", folder, **v)))
            times["floor"].append(cpu_seconds(floor))
            if turn < options.plain_repeats:
                spent = plain(path, options.plain_events, folder, mode, table)
                times["plain"].append(sum(spent) * options.events / options.plain_events)
                say(f"  plain, {name}: loop {spent[0]:.2f}, pack {spent[1]:.2f}, convert {spent[2]:.2f} s")
            say(f"  {name}: ours {times['ours'][-1]:.3f}, floor {times['floor'][-1]:.3f} s")
        found[name] = {key: statistics.median(values) for key, values in times.items()}
    return found


def reference_file(options: argparse.Namespace, folder: Path, table: Path) -> float | None:
    """Return plain over ours for an event of the public reference file, without opening it.

    Of 46 branches the first event costs as much as all the others: that is opening, and is taken off both.
    """
    from kit.ecal import working_points
    from kit.ecal.building import Rules, build
    from kit.ecal.dumper import DumperFile
    from kit.ecal.engine import compiled_engine
    from kit.ecal.features import read_features
    from kit.ecal.tables import TableWriter, schema, to_table

    shared = Path(os.environ.get("KIT_SHARED_DATA") or "nowhere") / "ecal" / "ele4_50.root"
    if not shared.is_file():
        return None
    rules, features, loops = Rules(working_points.read(table)), read_features(), compiled_engine()
    layout = schema(features, "float64")
    with DumperFile(str(shared)) as source:

        def ours(events: int = 50) -> None:
            made = build(source.read(0, events), rules, loops)
            with TableWriter(folder / "r.parquet", layout, 1000) as writer:
                writer.write(to_table(made, features, "float64", flavour=11, nan_fill=-999.0))

        ours()
        mine = [cpu_seconds(ours) - cpu_seconds(lambda: ours(1)) for _ in range(4 * options.repeats)]
        theirs = []
        for _ in range(options.plain_repeats):
            whole, one = (sum(plain(shared, number, folder, {}, table)) for number in (50, 1))
            theirs.append(whole - one)
    return statistics.median(theirs) / statistics.median(mine)


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    from kit.ecal import working_points
    from kit.ecal.demo import demo

    table = working_points.find("demo")
    path = demo(folder / "events.root", options.events, "electrons", 1)
    os.environ["KIT_KERNELS"] = "compiled"
    say("checking that both give the same …")
    same_windows(path, folder, table)
    say(f"{options.events} events …")
    found: dict[str, Any] = {"modes": compare(options, folder, path, table)}
    ratio = {name: times["plain"] / times["ours"] for name, times in found["modes"].items()}
    say("cold process, memory, access …")
    cold_process(path, folder, table)
    cold = cold_process(path, folder, table)
    large = demo(folder / "large.root", options.memory_factor * options.events, "electrons", 2)
    peaks = [cold_process(large, folder, table, **mode)["mb"] for mode in MODES.values()]
    found |= {"cold": cold, "peaks": peaks}
    windows = run_stage("windows", folder, inputs=[str(large)])
    found["access"] = access(folder, windows)
    inputs = {"inputs": [str(path)]}
    one, other = (
        statistics.median([cpu_seconds(lambda s=stage: run_stage(s, folder, **inputs)) for _ in range(3)])
        for stage in ("truth", "windows")
    )
    found["targets"] = {
        **ratio,
        "reference": reference_file(options, folder, table),
        "cold": found["modes"]["not overlapping, matched"]["plain"] / cold["seconds"],
        "memory": max(cold["mb"], *peaks),
        **{name: found["access"][name] for name in ("one", "index", "records")},
        "truth": one / other,
    }
    return found


def report(options: argparse.Namespace, found: dict[str, Any]) -> str:
    lines = [f"Python {platform.python_version()}, {os.cpu_count()} cores; {options.events} events, CPU seconds"]
    for name, times in found["modes"].items():
        lines.append(
            f"{name}: ours {times['ours']:.3f}, plain {times['plain']:.2f} "
            f"({times['plain'] / times['ours']:.1f} ×), "
            f"floor {times['floor']:.3f} ({100 * times['floor'] / times['ours']:.0f} % of ours)"
        )
    cold = found["cold"]
    lines.append(f"cold process: {cold['seconds']:.2f} s, {cold['mb']:.0f} MB")
    lines.append(f"{options.memory_factor} × the events: {', '.join(f'{peak:.0f} MB' for peak in found['peaks'])}")
    lines.append("")
    for name, (meaning, sense, bound) in TARGETS.items():
        value = found["targets"][name]
        met = value is not None and (value >= bound if sense == "at least" else value <= bound)
        told = "not measured" if value is None else f"{value:.4g}, {'met' if met else 'NOT MET'}"
        lines.append(f"{meaning}, {sense} {bound:g}: {told}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2000, help="in the file")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of ours and the floor")
    parser.add_argument("--plain-events", type=int, default=200, help="that the plain way is run on")
    parser.add_argument("--plain-repeats", type=int, default=3, help="rounds of the plain way")
    parser.add_argument(
        "--memory-factor", type=int, default=10, help="how much larger the file for peak memory is"
    )
    parser.add_argument("--json", type=Path, help="write all numbers to this file, too")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(options, Path(folder))
    print(report(options, found))  # noqa: T201
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
