"""What planning, storing and measuring of scans cost, beside two plain ways and the targets.

    python tests/benchmarks/hgcroc.py [--points 20000] [--plain-points 12] [--json FILE]

Times are CPU seconds of one thread, the best of three. The plain ways are tests/hgcroc/plain_expansion.py (per
point a deep copy and recursive update of the 7875-leaf tree, the difference to the point before, its text) and
tests/hgcroc/reference.py (records, checksums, channels one by one); both are measured on a part and scaled.
Before anything is timed both ways must give the same patches and the same summaries.
"""

# ruff: noqa: E402, T201 - a program, which finds the project by its own place
import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

import numpy as np
import yaml

from kit.hgcroc.archive import read_archive, write_archive
from kit.hgcroc.board.board import Run
from kit.hgcroc.board.connection import connect
from kit.hgcroc.emulator.chip import Trigger
from kit.hgcroc.emulator.hexaboard import Hexaboard
from kit.hgcroc.emulator.run_plans import RunPlan
from kit.hgcroc.emulator_process import EmulatorProcess
from kit.hgcroc.events import event_arrays
from kit.hgcroc.legacy import export_012
from kit.hgcroc.measurements import Scan
from kit.hgcroc.measuring import Measuring, board_settings
from kit.hgcroc.planning.dryrun import count_writes, order_of
from kit.hgcroc.planning.patch_texts import patch_texts
from kit.hgcroc.planning.procedures import read_procedure
from kit.hgcroc.planning.scan import make_plan
from kit.hgcroc.rawdata import decode, pack
from kit.hgcroc.recording import open_again
from kit.hgcroc.registers import register_table
from kit.hgcroc.scanfile import create
from kit.hgcroc.summaries import summarise
from tests.hgcroc import plain_expansion, reference
from tests.hgcroc.samples import point_columns
from tests.hgcroc.stands import CURRENT, init_tree

TABLE = register_table("ld")
TARGETS = {  # meaning, bound, whether it is a least
    "plan": ("plan of 20 000 points, YAML included, s", 0.5, False),
    "plan_memory": ("memory of that process above the imports, MB", 200.0, False),
    "million": ("plan of 1 000 000 points, s", 2.0, False),
    "million_memory": ("memory of that process above the imports, MB", 500.0, False),
    "expansion": ("plain / ours, patches of 2 000 points as text", 1000.0, True),
    "register": ("any register at any point, ms", 10.0, False),
    "stored": ("1000 x 234 summary stored, s", 1.0, False),
    "flat": ("the same as the 179 columns of 0.1.2, s", 4.0, False),
    "events": ("100 x 1000 events: raw to summary and file, s", 6.0, False),
    "events_size": ("that file, MB", 150.0, False),
    "events_ratio": ("plain / ours, raw to summary", 30.0, True),
    "measurement": ("1000 events over the sockets, our side, ms", 20.0, False),
    "loop": ("a point without data and files, ms", 0.3, False),
    "emulator": ("emulated board, 1000 events of 3 chips, ms", 25.0, False),
}
AXES = [
    {"key": ["target", [*TABLE.rocs], "Top", 0, "phase_strobe"], "values": {"stop": 16}},
    {"key": ["target", [*TABLE.rocs], "ReferenceVoltage", [0, 1], "Calib"], "values": {"stop": 1250}},
]


def cpu(function: Callable[[], Any], repeats: int = 3) -> float:
    """Return the least CPU time of a function, in seconds."""
    best = float("inf")
    for _ in range(repeats):
        begin = time.process_time()
        function()
        best = min(best, time.process_time() - begin)
    return best


def write_procedure(folder: Path, points: int, repeat: int = 1) -> Path:
    """Write a procedure over a full file of reset values, as users have it."""
    axes = [AXES[0], AXES[1] | {"values": {"stop": points // 16 // repeat}}]
    reset = {"target": TABLE.tree(range(TABLE.size), TABLE.reset)}
    (folder / "reset.yaml").write_text(yaml.dump(reset, Dumper=yaml.CSafeDumper))
    init = CURRENT | {"target": init_tree()}
    (folder / "init.yaml").write_text(yaml.safe_dump(init))
    settings = {"default": ["reset.yaml"], "init": ["init.yaml"]}
    entry = {"name": "scan", "type": "daq", "system_settings": settings, "repeat": repeat, "parameters": axes}
    (folder / "main.yaml").write_text(yaml.safe_dump({"procedures": [entry]}, sort_keys=False))
    return folder / "main.yaml"


def plan_of(path: Path, **options: Any) -> Any:
    procedure, findings = read_procedure(path, "scan")
    return make_plan(procedure, TABLE, findings, **options)


def plan_once(path: str) -> None:
    """Plan in a process of its own and print CPU time and memory above the imports."""
    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    plan = plan_of(Path(path))
    order = order_of(plan, "serpentine")
    writes = int(count_writes(plan, order, plan.initial(TABLE.reset)).sum())
    spent = time.process_time() - begin
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps([spent, memory, len(plan), writes]))


def planned(path: Path) -> tuple[float, float]:
    runs = []
    for _ in range(3):
        words = [sys.executable, __file__, "--plan-once", str(path)]
        answer = subprocess.run(words, capture_output=True, text=True, check=True).stdout
        runs.append(json.loads(answer)[:2])
    return min(run[0] for run in runs), max(run[1] for run in runs)


def expansion(folder: Path, plain_points: int) -> dict[str, float]:
    """Return the ratio of the plain expansion to ours, after seeing that both are the same."""
    plan = plan_of(write_procedure(folder, 2000))
    initial = yaml.load((folder / "reset.yaml").read_text(), Loader=yaml.CSafeLoader)
    init = yaml.safe_load((folder / "init.yaml").read_text())
    plain_expansion.deep_update(initial, init)
    axes = [AXES[0], AXES[1] | {"values": {"stop": 125}}]

    def plain(count: int) -> list[str]:
        texts = []
        for patch in plain_expansion.patches_1015(initial, axes):
            texts.append(yaml.safe_dump(patch))
            if len(texts) == count:
                break
        return texts

    ours = list(patch_texts(plan))
    assert [yaml.safe_load(text) for text in ours[:plain_points]] == [
        yaml.safe_load(text) for text in plain(plain_points)
    ]
    fast = cpu(lambda: list(patch_texts(plan)))
    slow = cpu(lambda: plain(plain_points), 1) / plain_points * 2000
    states = plan.states(plan.initial(TABLE.reset))
    register = cpu(lambda: states.columns(np.array([5000]), [1234]))
    return {"expansion": slow / fast, "register": register * 1e3, "plain_point": slow / 2000 * 1e3}


def summary_of_point(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return summarise(decode(raw_data(40, rng)), 3)


def raw_data(events: int, rng: np.random.Generator) -> bytes:
    """Return a raw file like those of an injection scan: some channels with charge, others with noise."""
    shape = (events * 3, 2, 37)
    adc = rng.normal(285, 1.1, shape).astype(int)
    hit = np.zeros(37, bool)
    hit[[10, 20]] = True
    toa, tot = np.where(hit, rng.normal(500, 0.5, shape), 0), np.where(hit, rng.normal(300, 0.5, shape), 0)
    flags = np.where(hit, 3, 0)
    counter = np.arange(events).repeat(3) % 64
    modes = rng.normal(200, 2, (events * 3, 2, 2))
    words = pack(adc, toa, tot, flags * np.ones(shape, int), modes, counter=counter[:, None])
    return write_archive(np.arange(events).repeat(3), np.tile(np.arange(3), events), words)


def storing(folder: Path) -> dict[str, float]:
    """Return what 1000 points of a summary cost, as our file and as the flat table of 0.1.2."""
    plan = plan_of(write_procedure(folder, 992))
    summaries = [summary_of_point(seed) for seed in range(20)]
    path = folder / "scan.h5"

    def store() -> None:
        create(path, plan, TABLE.reset, {})
        with open_again(path, plan) as recorder:
            for point in range(len(plan)):
                recorder.write(point, point_columns(), summaries[point % 20])

    stored = cpu(store)
    with Scan.open(path) as scan:
        flat = cpu(lambda: export_012(scan, folder / "flat.hdf5"), 2)
    return {"stored": stored * 1000 / 992, "flat": flat * 1000 / 992}


def events(folder: Path) -> dict[str, float]:
    """Return what 100 runs of 1000 events cost, from raw data to summary and file."""
    plan = plan_of(write_procedure(folder, 96), n_events=1000)
    runs = [raw_data(1000, np.random.default_rng(seed)) for seed in range(4)]
    path = folder / "events.h5"

    def all_of_it() -> None:
        create(path, plan, TABLE.reset, {}, events=True)
        with open_again(path, plan) as recorder:
            for point in range(len(plan)):
                raw = decode(runs[point % 4])
                recorder.write(point, point_columns(n_events=1000), summarise(raw, 3), event_arrays(raw, 3))

    spent = cpu(all_of_it, 2) * 100 / len(plan)
    size = path.stat().st_size / 1e6 * 100 / len(plan)
    part = runs[0][: 45 + 392 * 60]
    ours, plain = summarise(decode(part), 3), reference.summarise(reference.read_records(part))
    assert plain[0, 0, 10]["adc_median"] == ours["adc_median"][10]

    def plainly() -> None:
        records = reference.read_records(part)
        reference.corruption_of(records)
        reference.summarise(records)

    slow = cpu(plainly, 1) * len(read_archive(runs[0]).event) / 60
    fast = cpu(lambda: summarise(decode(runs[0]), 3))
    return {"events": spent, "events_size": size, "events_ratio": slow / fast}


class NoBoard:
    """A board without data and files: what is left is the loop itself."""

    def __init__(self, state: Any) -> None:
        self.state, self.table = state, TABLE
        self.line = type("Line", (), {"dialect": "1.0.15"})()

    def become(self, state: Any) -> int:
        index = TABLE.writes(self.state, state)
        self.state = state
        return len(index)

    def take(self, _limit: float) -> Run:
        return Run([], 0.0)


def measuring(folder: Path) -> dict[str, float]:
    """Return what a measurement costs us over the sockets, and the loop without them."""
    plan = plan_of(write_procedure(folder, 992))
    states = plan.states(plan.initial(TABLE.reset))
    loop = Measuring(NoBoard(states.base.copy()), plan, states, readback="none", max_retries=0)
    spent = cpu(lambda: [loop.measure(point) for point in range(300)]) / 300
    big = plan_of(folder / "main.yaml", n_events=1000)
    with EmulatorProcess() as emulator, connect(emulator.networks["1.0.15"], "1.0.15") as board:
        states = big.states(big.initial(board.base_state()))
        board.initialise(board_settings(big.settings(0), "1.0.15"))
        real = Measuring(board, big, states)
        real.measure(0)
        ours = cpu(lambda: [real.measure(point) for point in range(1, 11)]) / 10
    return {"loop": spent * 1e3, "measurement": ours * 1e3}


def emulated() -> dict[str, float]:
    """Return what 1000 events cost the emulated board, from the trigger to the bytes."""
    board = Hexaboard()
    board.write(init_tree())
    board.write({roc: {"ReferenceVoltage": {"all": {"Calib": 800}}} for roc in TABLE.rocs})
    plan = RunPlan(Trigger(pulsed=True, distance=22), 1000, 44, "current")
    return {"emulator": cpu(lambda: [list(board.take(plan)) for _ in range(5)]) / 5 * 1e3}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--plain-points", type=int, default=12)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plan-once", help=argparse.SUPPRESS)
    options, _ = parser.parse_known_args()
    if options.plan_once:
        plan_once(options.plan_once)
        return 0
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        found["plan"], found["plan_memory"] = planned(write_procedure(folder, options.points))
        found["million"], found["million_memory"] = planned(write_procedure(folder, 1_000_000, repeat=16))
        for part in (lambda: expansion(folder, options.plain_points), lambda: storing(folder),
                     lambda: events(folder), lambda: measuring(folder), emulated):  # fmt: skip
            found |= part()
    missed = 0
    for name, (meaning, bound, least) in TARGETS.items():
        good = found[name] >= bound if least else found[name] <= bound
        missed += not good
        sign = "≥" if least else "≤"
        print(f"{'ok  ' if good else 'MISS'} {meaning:58} {found[name]:12.4g}   {sign} {bound:g}")
    print(f"     the plain expansion takes {found['plain_point']:.1f} ms a point")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return missed


if __name__ == "__main__":
    sys.exit(main())
