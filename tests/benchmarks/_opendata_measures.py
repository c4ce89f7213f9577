"""What the benchmark of opendata times, and how: ours and the floor here, R2 and R3 in processes of their own."""

import contextlib
import gc
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.benchmarks._opendata_processes import in_a_process

SEED = 1

Measurement = Callable[[], dict[str, float]]  # one or more CPU times in seconds, by name


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


def cpu_seconds(way: Callable[[], object]) -> float:
    gc.collect()  # nobody pays for what another one has left behind
    start = time.process_time()
    way()
    return time.process_time() - start


def timed(name: str, way: Callable[[], object], kernels: str = "compiled") -> dict[str, float]:
    """Time `way` in this process."""
    os.environ["KIT_KERNELS"] = kernels
    return {name: cpu_seconds(way)}


def alternately(measurements: list[tuple[Measurement, int]], say: Callable[[str], None]) -> dict[str, list[float]]:
    """Take each measurement as often as it is wanted, round by round."""
    times: dict[str, list[float]] = {}
    for turn in range(max(repeats for _, repeats in measurements)):
        for measurement, repeats in measurements:
            if turn < repeats:
                for name, seconds in measurement().items():
                    times.setdefault(name, []).append(seconds)
                    say(f"  {name}: {seconds:.3f} s")
    return times


ALL_FLOOR, ALL = "floor, 6 types, all options", "ours, 6 types, all options"
ALL_SUB = f"{ALL}, sub-leading"
OPTIONS: dict[str, Any] = {
    "b_tag": True, "overlap_removal": True, "deduplicate": True, "relative_isolation_max": 0.2, "weights": "mc",
    "sample": "simulation", "luminosity": 36.0, "cross_section": 1.0, "sum_of_weights": 1e5,
}  # fmt: skip


def here(path: Path, folder: Path) -> list[Measurement]:
    """Return the measurements of ours and of the floor."""
    from tests.benchmarks._opendata_plain import OPTIONAL, read_branches

    def ours(name: str, kernels: str = "compiled", **chosen: Any) -> Measurement:
        return partial(timed, name, lambda: run_masses([path], folder, **chosen), kernels)

    def floor(name: str, letters: str, more: Sequence[str] = ()) -> Measurement:
        return partial(timed, name, lambda: read_branches(path, letters, more))

    return [
        floor("floor", "emjgt"),
        ours("ours"),
        ours("ours, never compiled", kernels="numpy"),
        ours("ours, sub-leading", sub_leading=True),
        floor("floor, 1 type", "j"),
        ours("ours, 1 type", objects=["j"]),
        ours("ours, 1 type, sub-leading", objects=["j"], sub_leading=True),
        floor("floor, 4 types", "emjg"),
        ours("ours, 4 types", objects=list("emjg")),
        ours("ours, 4 types, sub-leading", objects=list("emjg"), sub_leading=True),
        floor(ALL_FLOOR, "emjgt", OPTIONAL),
        ours(ALL, **OPTIONS),
        ours(ALL_SUB, sub_leading=True, **OPTIONS),
    ]


def elsewhere(task: str, path: Path, folder: Path) -> Measurement:
    """Return the measurement of R2 (`plain`) or R3 (`careful`)."""
    return partial(in_a_process, task, path, folder)


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


def pairs_of(directory: Path) -> int:
    from kit.opendata.massfile import read_masses
    from kit.opendata.spectra import merge

    return len(merge(r.spectra for r in read_masses(directory / "masses.parquet").records()).pairs)
