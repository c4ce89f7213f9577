"""What smartpixels/convolution costs, beside the plain loop of the original and the floor of each step.

    python tests/benchmarks/smartpixels.py [--clusters 5000] [--repeats 3] [--plain-clusters 12] [--json FILE]

All run alternately in processes of their own, start-up included, on files of the demo generator in the byte format
of PixelAV; times are CPU seconds, user and system, of one thread, the best of `--repeats`. What is measured:

plain    tests/smartpixels/reference.py, the original's way line by line: per cluster, its fixed time taken off
ours     the stage as a job runs it: gzip in, gzip text out, manifest and checksums, no unpacked copy
NumPy    the same without numba
steps    decompress, parse, respond (gradient, convolution, rounding), print, compress, each by itself on blocks
tables   what parquet costs in addition, and memory at two sizes of a file and for an array of 192 x 48

Before anything is timed the texts of the plain loop and of both forms of the loops must be the same.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

UNIQUE = 150  # clusters that are generated; longer files repeat them, which no gzip window is long enough to see
TARGETS = {  # meaning, bound, whether it is a least
    "ratio": ("plain / ours, CPU per cluster", 750.0, True),
    "moonshot": ("the same, aim", 1000.0, True),
    "rate": ("clusters per second of CPU", 1500.0, True),
    "memory_small": ("memory at 1 000 clusters, MB", 300.0, False),
    "memory_large": ("memory at all clusters, MB", 300.0, False),
    "memory_array": ("memory for 192x48, MB over 8 x the text of a cluster", 300.0, False),
    "list": ("parquet as lists in addition, ms", 0.2, False),
    "wide": ("parquet with 8463 columns in addition, ms", 0.6, False),
}
FLOORS = {
    "decompress": 0.076,
    "parse": 0.17,
    "respond": 0.064,
    "print": 0.025,
    "compress": 0.016,
}  # ms; best kernels

PLAIN = """
import gzip, sys
from tests.smartpixels import reference
from pathlib import Path
text = reference.convolve_text(reference.read_text(Path(sys.argv[1])), reference.read_text(Path(sys.argv[2])))
with gzip.open(sys.argv[3], "wt") as stream:
    stream.write(text)
"""
OURS = """
import json, sys
from kit.run import Run
from kit.smartpixels.convolution import ConvolutionParameters, convolve
p = ConvolutionParameters.build(json.loads(sys.argv[1]))
with Run("smartpixels/convolution", p) as run:
    run.summary = convolve(p, run)
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def process(script: str, *arguments: str, **environment: str) -> tuple[float, float, float]:
    """Run a script; return its CPU seconds, wall seconds, and peak memory in MB where it tells that."""
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as faults:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-c", script, *arguments], env=variables | environment, stdout=out, stderr=faults
        )
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - started
        if child.returncode:
            faults.seek(0)
            sys.exit(f"a measurement failed:\n{faults.read()}")
        out.seek(0)
        told = out.read().split()  # the kernel's own figure would be at least that of this process, which forked
        peak = int(told[-1]) / 1024 if told and told[-1].isdigit() else 0.0
        return used.ru_utime + used.ru_stime, wall, peak


def make_files(folder: Path, clusters: int) -> dict[str, Path]:
    """Write pulses, cluster files of several lengths and one of a large array."""
    from kit.smartpixels import demo
    from kit.smartpixels.demo import Sensor
    from kit.smartpixels.pixelav import cluster_text

    (folder / "pulses.csv").write_text(demo.make_pulses())
    texts = [cluster_text(one) for one in demo.make_clusters(UNIQUE)]
    header = demo.HEADER + b"50.000000  12.500000  100.000000  10.000000\n"
    member = gzip.compress(b"".join(texts), 6)
    files = {"pulses": folder / "pulses.csv"}
    for name, count in {"few": 4, "some": ARGUMENTS.plain_clusters, "thousand": 1000, "all": clusters}.items():
        files[name] = folder / f"pixel_clusters_d{len(files)}.out.gz"
        whole, rest = divmod(count, UNIQUE)
        files[name].write_bytes(gzip.compress(header) + member * whole + gzip.compress(b"".join(texts[:rest]), 6))
    large = Sensor(rows=192, columns=48)
    files["array"] = folder / "pixel_clusters_d9.out.gz"
    demo.write_clusters(files["array"], demo.make_clusters(4, sensor=large), large)
    return files


def stage(folder: Path, clusters: Path, pulses: Path, **chosen: Any) -> str:
    output = tempfile.mkdtemp(dir=folder)
    return json.dumps({"clusters": [str(clusters)], "pulses": str(pulses), "output": output, **chosen})


def text_of(values: str) -> bytes:
    (path,) = Path(json.loads(values)["output"]).glob("convolved_output_*")
    return gzip.decompress(path.read_bytes())


def check_texts(folder: Path, files: dict[str, Path]) -> None:
    process(PLAIN, str(files["some"]), str(files["pulses"]), str(folder / "plain.out.gz"))
    wanted = gzip.decompress((folder / "plain.out.gz").read_bytes())
    for loops in ("numpy", "compiled"):
        values = stage(folder, files["some"], files["pulses"])
        process(OURS, values, KIT_KERNELS=loops)
        if text_of(values) != wanted:
            sys.exit(f"the text of the {loops} loops is not that of the plain loop")


def measure(folder: Path, files: dict[str, Path], clusters: int) -> dict[str, Any]:
    """Measure all alternately and return the best of each."""
    times: dict[str, list[float]] = {}
    walls, peaks = [], {}
    for _ in range(ARGUMENTS.repeats):
        for name in ("few", "some"):
            cpu, *_ = process(PLAIN, str(files[name]), str(files["pulses"]), str(folder / "plain.out.gz"))
            times.setdefault(f"plain {name}", []).append(cpu)
        for name, key in (("all", "ours"), ("thousand", "ours, 1000")):
            cpu, wall, peak = process(OURS, stage(folder, files[name], files["pulses"]), KIT_KERNELS="compiled")
            times.setdefault(key, []).append(cpu)
            peaks[key] = peak
            if key == "ours":
                walls.append(wall)
        cpu, *_ = process(OURS, stage(folder, files["thousand"], files["pulses"]), KIT_KERNELS="numpy")
        times.setdefault("NumPy, 1000", []).append(cpu)
        for layout, kind in (("list", "float32"), ("wide", "float64")):
            chosen = {"formats": ["text", "parquet"], "parquet_layout": layout, "parquet_type": kind}
            values = stage(folder, files["all"], files["pulses"], **chosen)
            cpu, _, peak = process(OURS, values, KIT_KERNELS="compiled")
            times.setdefault(layout, []).append(cpu)
            peaks[layout] = peak
    _, _, peaks["array"] = process(OURS, stage(folder, files["array"], files["pulses"]), KIT_KERNELS="compiled")
    best = {name: min(values) for name, values in times.items()}
    plain = (best["plain some"] - best["plain few"]) / (ARGUMENTS.plain_clusters - 4)
    text = len(gzip.decompress(files["array"].read_bytes())) / 4 / 1e6
    ours = best["ours"] / clusters
    return {
        "plain": plain,
        "ours": ours,
        "start": (best["ours, 1000"] * clusters - best["ours"] * 1000) / (clusters - 1000),
        "numpy": best["NumPy, 1000"] / 1000,
        "ratio": plain / ours,
        "moonshot": plain / ours,
        "rate": 1 / ours,
        "wall_rate": clusters / min(walls),
        "memory_small": peaks["ours, 1000"],
        "memory_large": peaks["ours"],
        "memory_array": peaks["array"] - 8 * text,
        "list": 1e3 * (best["list"] - best["ours"]) / clusters,
        "wide": 1e3 * (best["wide"] - best["ours"]) / clusters,
        "memory_tables": {name: peaks[name] for name in ("list", "wide")},
        "times": times,
    }


def blocks(path: Path) -> Iterator[Any]:
    from kit.smartpixels.engine import compiled_engine
    from kit.smartpixels.options import ClusterParameters
    from kit.smartpixels.reader import ClusterFile

    with ClusterFile(str(path), ClusterParameters(clusters=[str(path)]), engine=compiled_engine()) as source:
        yield from source.blocks()


def steps(files: dict[str, Path]) -> dict[str, float]:
    """Return the CPU time of each step in ms per cluster, on a file of a thousand."""
    from isal import isal_zlib

    from kit.smartpixels.amplifier import measured_templates
    from kit.smartpixels.engine import compiled_engine
    from kit.smartpixels.options import AmplifierParameters
    from kit.smartpixels.pixelav import tag_line
    from kit.smartpixels.pulses import read_pulses
    from kit.smartpixels.stream import TextStream
    from kit.smartpixels.text import Tags, Text
    from kit.smartpixels.voltages import Amplifier

    p, engine = AmplifierParameters(), compiled_engine()
    amplifier = Amplifier(measured_templates(read_pulses(str(files["pulses"]), p), p), p)
    spent = dict.fromkeys(FLOORS, 0.0)

    def timed(step: str, work: Callable[[], Any]) -> Any:
        started = time.thread_time()
        result = work()
        spent[step] += time.thread_time() - started
        return result

    with TextStream(str(files["thousand"])) as stream:
        while not stream.ended:
            timed("decompress", stream.fill)
            stream.begin = stream.end
    reading = time.thread_time()
    for _ in blocks(files["thousand"]):
        pass
    spent["parse"] = time.thread_time() - reading - spent["decompress"]
    tags, out = Tags(tag_line(200.0 * step) for step in range(31)), Text(2_000_000)
    deflate = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
    for block in blocks(files["thousand"]):
        found = timed("respond", lambda block=block: amplifier.respond(block, engine))
        text = timed("print", lambda found=found: engine.print_clusters(found.tenths, found.block, tags, out))
        timed("compress", lambda text=text: deflate.compress(text))
    return spent  # of a thousand clusters, so seconds are milliseconds of one


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def report(found: dict[str, Any]) -> str:
    rows = [("CPU per cluster", "ms", "plain / it")]
    for name, key in (("plain loop", "plain"), ("ours", "ours"), ("ours with NumPy, 1000 clusters", "numpy")):
        rows.append((name, f"{1e3 * found[key]:.3f}", f"{found['plain'] / found[key]:.0f}"))
    parts = [
        table(rows),
        f"of ours, {found['start']:.2f} s are for starting, once a job",
        f"by the clock {found['wall_rate']:.0f} clusters per second, which other work on the machine slows down",
    ]
    rows = [("step", "ms", "best kernels", "times")]
    for name, floor in FLOORS.items():
        rows.append((name, f"{found['steps'][name]:.3f}", f"{floor:.3f}", f"{found['steps'][name] / floor:.2f}"))
    rows.append(("all", f"{sum(found['steps'].values()):.3f}", f"{sum(FLOORS.values()):.3f}", ""))
    parts.append(table(rows))
    rows = [("target", "wanted", "found", "")]
    for key, (meaning, bound, least) in TARGETS.items():
        met = found[key] >= bound if least else found[key] <= bound
        sign = "at least" if least else "at most"
        rows.append((meaning, f"{sign} {bound:g}", f"{found[key]:.4g}", "met" if met else "NOT MET"))
    return "\n\n".join([*parts, table(rows)])


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="kit_bench_") as name:
        folder = Path(name)
        os.environ["KIT_HOME"] = name
        from kit.smartpixels.engine import compiled_engine

        compiled_engine()
        say("making clusters …")
        files = make_files(folder, ARGUMENTS.clusters)
        say("comparing texts …")
        check_texts(folder, files)
        say(f"measuring, {ARGUMENTS.repeats} times …")
        found = measure(folder, files, ARGUMENTS.clusters)
        rounds = [steps(files) for _ in range(max(ARGUMENTS.repeats, 2))]
        found["steps"] = {step: min(one[step] for one in rounds) for step in FLOORS}
    print(report(found))  # noqa: T201 - this is a program
    if ARGUMENTS.json:
        ARGUMENTS.json.write_text(json.dumps(found, indent=1) + "\n")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is a program


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clusters", type=int, default=5000, help="of the file that is timed")
    parser.add_argument("--repeats", type=int, default=3, help="the best counts")
    parser.add_argument("--plain-clusters", type=int, default=12, help="that the plain loop is timed on")
    parser.add_argument("--json", type=Path, help="write all times there")
    ARGUMENTS, _ = parser.parse_known_args()  # ./run bench hands its arguments to every benchmark
    main()
