"""What mixing an ensemble costs, beside plain ways of doing it and the floor of reading and writing.

    python tests/benchmarks/mu2e.py [--events 1000000] [--memory 2500000 10000000] [--json FILE]

Eight processes of simulated stand-ins: 24 flat branches and a record of four lists, about 100 bytes an event,
baskets of 200 000 entries. All times are CPU seconds, user and system, of one process each; mixing and floor run
alternately in one process, the better of two. What is measured:

mixing   a plan's file written by the stage's own code, zstd
floor    the same branches read by whole baskets, the same number of rows written, not mixed
lists    read by 10 000, turned into Python lists, appended in the order of the rows (100 000 events)
events   one read an event (2 000 events)
virtual  labels and entry numbers of ten million rows, in `poisson` and in `art`
toys     1000 toys of 8 processes in 200 bins, for pools of 10⁵ and 10⁷ events
memory   peak of a process that mixes, at two sizes
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

SHARES = (0.55, 0.01, 0.12, 0.08, 0.09, 0.05, 0.07, 0.03)
PROCESSES = (
    "CRYCosmic", "CeMLL", "DIO", "IPAMichel", "RMCExternal", "RMCInternal", "RPCExternal", "RPCInternal",
)  # fmt: skip
THRESHOLDS = {"DIO": 95.0, "RPCExternal": 50.0, "RPCInternal": 50.0, "RMCExternal": 85.0, "RMCInternal": 85.0,
              "IPAMichel": 70.0}  # fmt: skip
TARGETS = {  # meaning, bound, whether it is a least
    "floor": ("mixing / floor", 1.10, False),
    "lists": ("lists / mixing, CPU per event", 20.0, True),
    "events": ("event by event / mixing, CPU per event", 1000.0, True),
    "rate": ("million events per CPU second", 0.5, True),
    "virtual": ("virtual, ten million rows, s", 1.0, False),
    "virtual_art": ("virtual, ten million labels of art, s", 1.0, False),
    "toys": ("1000 toys, s", 1.0, False),
    "toys_size": ("1000 toys, pool of 10⁷ / of 10⁵", 1.5, False),
    "memory": ("peak memory at the larger size, MB", 400.0, False),
    "memory_growth": ("peak memory, larger / smaller size", 1.10, False),
}


def plan_for(folder: Path, events: int, **changes: Any) -> Any:
    """Return a plan of so many events, in one subrun; primaries are made where they do not exist."""
    from kit.mu2e.catalogue import catalogue_of
    from kit.mu2e.planning import Request, choose, parts_for
    from kit.mu2e.primaries import measure
    from kit.mu2e.standins import TREE, Standin, write_standin

    pools = {}
    for process, share in zip(PROCESSES, SHARES, strict=True):
        number = 4 if share > 0.3 else 2
        entries = int(events * share * 1.15) // number
        paths = [folder / f"{process}_{events}_{i}.root" for i in range(number)]
        for i, path in enumerate(paths):
            if not path.exists():
                made = Standin(process, entries, 10.0 * entries, THRESHOLDS.get(process), i)
                write_standin(path, made)
        key = "livetime_s" if "Cosmic" in process else "generated"
        entry = {"files": [str(path) for path in paths], "tree": TREE, "normaliser": {key: 1e12}}
        pools[process] = measure(catalogue_of({process: entry}, "")[process])
    means = {process: events * share for process, share in zip(PROCESSES, SHARES, strict=True)}
    request = Request(
        "bench", "bench", "asimov", 1, 1, 1, 100_000, "entry", "sequential", 1430, 0, means,
        {"wall_s": 1.0, "on_spill_s": 1.0}, {"synthetic": [], "entries": {}},
    )  # fmt: skip
    free = {part.shelf.key: [(0, part.items)] for part in parts_for(pools, request)[2]}
    return choose(request, pools, free)[0]


def cpu(action: Any) -> float:
    before = time.process_time()
    action()
    return time.process_time() - before


def mixed(plan: Any, path: Path) -> None:
    from kit.mu2e.building import Builder
    from kit.mu2e.mixture_options import MixtureParameters

    Builder(plan, MixtureParameters()).write(path, 0)


def taken(plan: Any) -> list[int]:
    """Return how many entries of each source a plan takes."""
    entries = [0] * len(plan.sources)
    for takes in plan.takes[0]:
        for part, start, stop in takes:
            entries[plan.parts[part][0]] += stop - start
    return entries


def measure_mixing(folder: Path, events: int) -> dict[str, float]:
    from tests.benchmarks import _mu2e_plain as plain

    plan = plan_for(folder, events)
    out = folder / "out.root"
    mixed(plan_for(folder, 50_000), out)  # imports, first calls
    plain.floor(plan_for(folder, 50_000).sources, taken(plan_for(folder, 50_000)), out)
    mixing, floor = [], []
    for _ in range(2):
        floor.append(cpu(lambda: plain.floor(plan.sources, taken(plan), out)))
        mixing.append(cpu(lambda: mixed(plan, out)))
    return {"mixing": min(mixing) / events, "floor": min(floor) / events}


def measure_plain(folder: Path, events: int) -> dict[str, float]:
    """Time the plain ways on the first rows of a small plan."""
    from kit.mu2e.plans import rows_of
    from tests.benchmarks import _mu2e_plain as plain

    small = plan_for(folder, events)
    rows = [
        pair
        for part in rows_of(small, 0, {})
        for pair in zip(part.source.tolist(), part.entry.tolist(), strict=True)
    ]
    few = rows[:2000]
    out = folder / "plain.root"
    plain.per_event(small.sources, few[:50], out)
    lists = cpu(lambda: plain.with_lists(small.sources, rows, out)) / len(rows)
    return {"lists": lists, "events": cpu(lambda: plain.per_event(small.sources, few, out)) / len(few)}


def measure_virtual(folder: Path, events: int) -> dict[str, float]:
    """Time all rows of a plan, whose files are never opened."""
    from kit.mu2e.plans import Plan, rows_of
    from kit.mu2e.sources import Source

    counts = [int(events * share) for share in SHARES]
    sources = [Source(f"{name}.root", "t", events, name, 0) for name in PROCESSES]
    common = (100_000, "entry", "sequential", 1430, 0, list(PROCESSES), list(map(float, counts)), list(SHARES),
              sources, [[i] for i in range(8)], [("", 0.0)] * 8, list(range(8)), [counts],
              [[[(i, 0, n)] for i, n in enumerate(counts)]])  # fmt: skip
    found = {}
    for name, mode in (("virtual", "poisson"), ("virtual_art", "art")):
        plan = Plan("b", "b", mode, 1, *common, seeds=[1])
        if mode == "art":  # labels alone: counts follow from them
            from kit.mu2e.sampler import simulate_job

            found[name] = cpu(lambda: simulate_job(SHARES, 1, [events] * 8, events))
        else:
            found[name] = cpu(lambda plan=plan: sum(len(rows) for rows in rows_of(plan, 0, {})))
    return {name: value * 10_000_000 / events for name, value in found.items()}


def measure_toys(_folder: Path, _events: int) -> dict[str, float]:
    from kit.mu2e.toys import draw_toys

    edges = np.linspace(70, 150, 201)
    times = {}
    for total in (10**5, 10**7):
        pool = {
            name: np.full(201, max(1, int(total * share / 201)))
            for name, share in zip(PROCESSES, SHARES, strict=True)
        }
        means = {name: 0.5 * float(pool[name].sum()) * 10**5 / total for name in PROCESSES}
        draw_toys(pool, means, 10, edges, 1)
        times[total] = cpu(lambda pool=pool, means=means: draw_toys(pool, means, 1000, edges, 1))
    return {"toys": max(times.values()), "toys_size": times[10**7] / times[10**5]}


def measure_memory(folder: Path, events: int) -> dict[str, float]:
    mixed(plan_for(folder, events), folder / "out.root")
    return {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def elsewhere(name: str, folder: Path, events: int) -> dict[str, float]:
    """Return what a measure finds in a process of its own."""
    words = [sys.executable, __file__, "--measure", name, "--folder", str(folder), "--events", str(events)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(words, check=True, capture_output=True, text=True, env=environment)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--plain-events", type=int, default=100_000)
    parser.add_argument("--memory", type=int, nargs=2, default=[2_500_000, 10_000_000])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        found = globals()[f"measure_{options.measure}"](options.folder, options.events)
        print(json.dumps(found))  # noqa: T201 - read by elsewhere
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        mixing = elsewhere("mixing", folder, options.events)
        plain = elsewhere("plain", folder, options.plain_events)
        found = {
            "floor": mixing["mixing"] / mixing["floor"],
            "lists": plain["lists"] / mixing["mixing"],
            "events": plain["events"] / mixing["mixing"],
            "rate": 1e-6 / mixing["mixing"],
            **elsewhere("virtual", folder, 10_000_000),
            **elsewhere("toys", folder, 0),
        }
        for path in folder.glob("*.root"):
            path.unlink()
        small, large = options.memory
        before = elsewhere("primaries", folder, small) and elsewhere("memory", folder, small)["memory"]
        after = elsewhere("primaries", folder, large) and elsewhere("memory", folder, large)["memory"]
        found |= {"memory": after, "memory_growth": after / before}
    missed = 0
    for key, (meaning, bound, least) in TARGETS.items():
        good = found[key] >= bound if least else found[key] <= bound
        missed += not good
        sign = "at least" if least else "at most"
        print(f"{'✓' if good else '✗'} {meaning}: {found[key]:.3g} ({sign} {bound:g})")  # noqa: T201
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return int(missed > 0)


def measure_primaries(folder: Path, events: int) -> dict[str, float]:
    """Make the primaries in a process that does nothing else, so that their making does not count as memory."""
    plan_for(folder, events)
    return {"made": 1.0}


if __name__ == "__main__":
    sys.exit(main())
