"""What the benchmark of the calorimeter measures besides the chain: the floor, memory, access."""

import contextlib
import gc
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DRAWN = ("en_cluster", "et_cluster", "cluster_deta", "cluster_dphi", "is_seed", "in_scluster", "calo_score",
         "cl_calo_index", "in_mustache", "seed_eta", "seed_phi", "et_seed", "calo_index", "simfraction_wp",
         "seed_iz", "seed_iphi", "run_id", "lumi_id", "event_id", "is_calo_matched_diffcalo")  # fmt: skip


def cpu_seconds(way: Callable[[], object]) -> float:
    gc.collect()  # nobody pays for what another one has left behind
    start = time.process_time()
    way()
    return time.process_time() - start


def run_stage(stage: str, folder: Path, **values: Any) -> Path:
    """Run a stage and return its directory."""
    import importlib

    from kit.run import Run

    names = {
        "windows": ("WindowParameters", "make_windows"),
        "truth": ("TruthParameters", "study_truth"),
        "datasets": ("DatasetParameters", "make_datasets"),
    }
    module = importlib.import_module(f"kit.ecal.{stage}")
    model, verb = (getattr(module, name) for name in names[stage])
    p = model(output=tempfile.mkdtemp(dir=folder), interactive=False, **values)
    quiet = io.StringIO()
    with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet), Run(f"ecal/{stage}", p) as run:
        run.summary = verb(p, run)
    return run.directory


class Floor:
    """What nobody can do without: decompressing the branches, compressing a table that is there already.

    No interpretation of bytes, no list of events: the numbers lie as they are needed, in pieces of a chunk.
    """

    def __init__(self, path: Path, finished: Path, folder: Path) -> None:
        import pyarrow.parquet as pq

        from kit.ecal.dumper import DumperFile

        self.stored, self.written = folder / "floor.bin", folder / "floor.parquet"
        self.table = pq.read_table(finished)
        self.sizes: list[int] = []
        with DumperFile(str(path)) as source, self.stored.open("wb") as stream:
            for first in range(0, source.identity.entries, 500):
                for numbers in arrays_of(source.read(first, min(first + 500, source.identity.entries))):
                    piece = zlib.compress(numbers.tobytes(), 1)
                    self.sizes.append(len(piece))
                    stream.write(piece)

    def __call__(self) -> None:
        import pyarrow.parquet as pq
        from isal import isal_zlib

        with self.stored.open("rb") as stream:
            for size in self.sizes:
                isal_zlib.decompress(stream.read(size))
        pq.write_table(
            self.table,
            self.written,
            row_group_size=1000,
            compression="zstd",
            use_dictionary=False,
            write_statistics=False,
        )


def arrays_of(events: Any) -> Iterator[Any]:
    yield from events.event.values()
    for group in (events.clusters, events.calos, events.superclusters, events.hits, events.scores, events.members):
        yield group.offsets.astype("i4")
        yield from group.columns.values()


def elsewhere(code: str) -> dict[str, float]:
    """Run code in a process of its own; it prints a JSON object."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def cold_process(path: Path, folder: Path, table: Path, **mode: Any) -> dict[str, float]:
    """Return CPU seconds and MB of a whole process, imports included, with the compiled loops from their cache."""
    return elsewhere(
        "import json, resource\nfrom pathlib import Path\n"
        "from kit.ecal.windows import WindowParameters, make_windows\nfrom kit.run import Run\n"
        f"p = WindowParameters(inputs=[{str(path)!r}], output={tempfile.mkdtemp(dir=folder)!r},\n"
        f"    interactive=False, working_point={str(table)!r}, **{mode!r})\n"
        "with Run('ecal/windows', p) as run:\n    run.summary = make_windows(p, run)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        # what getrusage says of memory includes the process that started this one
        "peak = next(line for line in Path('/proc/self/status').read_text().splitlines() if 'VmHWM' in line)\n"
        "print(json.dumps({'seconds': used.ru_utime + used.ru_stime, 'mb': int(peak.split()[1]) / 1024}))"
    )


def access(folder: Path, windows: Path) -> dict[str, float]:
    """Return milliseconds for one window, for index columns of 50 000 windows; windows a second as TFRecord."""
    import numpy as np

    from kit.ecal import tfrecord
    from kit.ecal.access import WindowFile, part_of
    from kit.ecal.features import read_features
    from kit.ecal.selection import INDEX
    from kit.ecal.window_files import WindowFiles

    directory = run_stage("datasets", folder, inputs=[str(windows)])
    path = directory / "train" / "part-0.parquet"
    with WindowFile(path) as file:
        total, parts = sum(file.rows), len(file.rows)
    draw = random.Random(1)
    single = []
    for _ in range(20):
        number = draw.randrange(total)

        def one(number: int = number) -> None:
            with WindowFiles([path]) as files:
                file, group, row = files.locate(number)
                file.read(group, DRAWN, calos=True, hits=True).take(np.array([row]))

        single.append(1e3 * cpu_seconds(one))

    def index() -> None:
        with WindowFile(path) as file:
            for group in range(parts):
                file.read(group, INDEX)

    with WindowFile(path) as file:
        part = part_of(file.table(0))
    weight, features = np.ones(len(part)), read_features()
    coding = statistics.median(
        cpu_seconds(lambda: list(tfrecord.records(list(tfrecord.messages(part, features, weight, -999.0)))))
        for _ in range(5)
    )
    return {
        "one": statistics.median(single),
        "index": 1e3 * statistics.median([cpu_seconds(index) for _ in range(5)]) * 50_000 / total,
        "records": len(part) / coding,
        "windows": total,
    }
