"""Files of simulated events as the dumper would write them, so that notebooks and tests run without a network.

The same seed gives the same events in both layouts that uproot can write.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kit import files
from kit.ecal.branches import TREE
from kit.ecal.events import AnyArray, FloatArray, starts
from kit.ecal.particles import SAMPLES, Particles, Sample, make_particles, make_showers
from kit.ecal.showers import make_clusters
from kit.ecal.superclusters import gather
from kit.parameters import Parameters

__all__ = ["demo", "demo_paths", "prepare", "with_demo"]

DEMO = "demo"  # the word among a stage's inputs
FOLDER = "outputs/demo/ecal"
DEMO_FILES: tuple[tuple[Sample, int, int], ...] = (("electrons", 150, 1), ("electrons", 150, 2), ("pairs", 150, 3))
VERSION = 1  # of the events that a seed gives: in the file's name, so that those of an older kit are not used
BLOCK = 250  # events made at once
EVENTS_A_SEED = 10_000_000  # event numbers of different seeds do not overlap
FIRST_EVENT = 1 << 33  # as in real files, beyond 32 bits


def demo(
    path: str | Path,
    events: int,
    sample: Sample = "electrons",
    seed: int = 1,
    layout: Literal["rntuple", "flat"] = "rntuple",
) -> Path:
    """Write simulated events, and return the path.

    Parameters
    ----------
    path : str or Path
        The file; replaced if it exists.
    events, seed : int
        How many; which.
    sample : str
        ``electrons``, ``photons``, ``pairs`` or ``soft``; see `particles.make_particles`.
    layout : str
        ``rntuple``, or ``flat`` for a TTree of counted arrays.
    """
    import uproot

    # named after its content: the same demo made twice is a copy, not other data
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{VERSION} {sample} {events} {seed} {layout}")
    folder, _, tree_name = TREE.partition("/")
    with uproot.recreate(path, uuid_function=lambda: name) as file:
        tree: Any = None
        for first in range(0, max(events, 1), BLOCK):
            number = min(BLOCK, events - first)
            rng = np.random.default_rng([seed, SAMPLES.index(sample), first])
            columns = _event_columns(number, first, seed, rng) | _collision_columns(sample, number, rng)
            stored = _flat(columns) if layout == "flat" else {k: _nested(*v) for k, v in columns.items()}
            types = {k: v.dtype if isinstance(v, np.ndarray) else v.type.content for k, v in stored.items()}
            if tree is None:
                where = file.mkdir(folder)
                tree = where.mkrntuple(tree_name, types) if layout == "rntuple" else where.mktree(tree_name, types)
            tree.extend(stored)
    return Path(path)


Column = tuple[list[AnyArray], AnyArray]  # offsets of each level of lists, and the numbers


def _event_columns(number: int, first: int, seed: int, rng: np.random.Generator) -> dict[str, Column]:
    """Return the columns with one number an event."""
    place = first + np.arange(number)
    pileup = rng.uniform(55, 75, number)
    columns: dict[str, AnyArray] = {
        "eventId": FIRST_EVENT + seed * EVENTS_A_SEED + place,
        "lumiId": (1 + place // 100).astype(np.int32),
        "runId": np.ones(number, np.int32),
        "nVtx": rng.poisson(0.65 * pileup).astype(np.int32),
        "rho": (0.4 * pileup + rng.normal(0, 1.5, number)).astype(np.float32),
        "truePU": pileup,
        "obsPU": rng.poisson(pileup).astype(np.float64),
        "caloParticlePU_totEnergy": (60 * pileup).astype(np.float32),
    }
    return {name: ([], values) for name, values in columns.items()}


def _collision_columns(sample: Sample, number: int, rng: np.random.Generator) -> dict[str, Column]:
    """Return the columns of particles, clusters, hits and superclusters."""
    particles = make_particles(sample, number, rng)
    clusters = make_clusters(make_showers(particles, number, rng), particles, rng)
    by_event = starts(np.bincount(clusters.event, minlength=number))
    columns: dict[str, Column] = {}
    columns |= {f"pfCluster_{k}": ([by_event], v) for k, v in clusters.columns.items()}
    columns |= {
        f"pfClusterHit_{k}": ([by_event, clusters.hits.offsets], v) for k, v in clusters.hits.columns.items()
    }
    of_calos = starts(np.bincount(particles.event, minlength=number))
    rows = starts(np.diff(of_calos)[clusters.event])
    columns |= {f"pfCluster_{k}": ([by_event, rows], v) for k, v in clusters.scores.items()}
    columns |= {f"caloParticle_{k}": ([of_calos], v) for k, v in _calo_columns(particles).items()}
    held = {k: clusters.columns[k] for k in ("eta", "phi", "iz", "rawEnergy", "energy")}
    seeds, members = gather(clusters.event, held["eta"], held["phi"], held["iz"], held["rawEnergy"])
    owner = np.repeat(np.arange(len(seeds)), members.counts)
    sums = {k: np.bincount(owner, held[k][members["cluster"]], len(seeds)) for k in ("rawEnergy", "energy")}
    told: dict[str, AnyArray] = {
        "seedIndex": (seeds - by_event[clusters.event[seeds]]).astype(np.int32),
        "rawEnergy": sums["rawEnergy"].astype(np.float32),
        "energy": sums["energy"].astype(np.float32),
        "eta": held["eta"][seeds],
    }
    of_superclusters = starts(np.bincount(clusters.event[seeds], minlength=number))
    columns |= {f"superCluster_{k}": ([of_superclusters], v) for k, v in told.items()}
    listed = members["cluster"] - by_event[clusters.event[members["cluster"]]]
    nested = ([of_superclusters, members.offsets], listed.astype(np.int32))
    return columns | {"superCluster_pfClustersIndex": nested}


def _calo_columns(particles: Particles) -> dict[str, AnyArray]:
    p = particles
    barrel = np.abs(p.eta) < 1.479  # |η| where the endcaps begin
    single: dict[str, FloatArray] = {
        "simEnergy": p.deposited,
        "simEnergyGoodStatus": p.deposited,
        "genEnergy": p.energy,
        "simEta": p.eta,
        "simPhi": (p.phi + p.charge * 0.6 / p.pt + np.pi) % (2 * np.pi) - np.pi,
        "genEta": p.eta,
        "genPhi": p.phi,
    }
    columns: dict[str, AnyArray] = {name: values.astype(np.float32) for name, values in single.items()}
    return columns | {"simIz": np.where(barrel, 0, np.sign(p.eta)).astype(np.int32)}


def _nested(levels: list[AnyArray], numbers: AnyArray) -> Any:
    """Return a column as an awkward array, with one list for each level."""
    import awkward as ak

    if not levels:
        return numbers
    array: Any = ak.contents.NumpyArray(numbers)
    for offsets in reversed(levels):
        array = ak.contents.ListOffsetArray(ak.index.Index64(offsets), array)
    return ak.Array(array)


def _flat(columns: Mapping[str, Column]) -> dict[str, Any]:
    """Return columns with nested lists flattened, and the counts that undo it."""
    stored: dict[str, Any] = {}
    for name, (levels, numbers) in columns.items():
        whole = [levels[1][levels[0]]] if len(levels) == 2 else levels
        stored[name] = _nested(whole, numbers)
    for counter, model in (
        ("pfClusterHit_n", "pfClusterHit_fraction"),
        ("superCluster_pfClustersIndex_n", "superCluster_pfClustersIndex"),
    ):
        outer, inner = columns[model][0]
        stored[counter] = _nested([outer], np.diff(inner).astype(np.int32))
    return stored


def demo_paths() -> list[Path]:
    """Return the files that the input `demo` stands for."""
    folder = files.resolve(FOLDER)
    return [folder / f"{sample}_{events}_{seed}_v{VERSION}.root" for sample, events, seed in DEMO_FILES]


def prepare(p: Parameters) -> None:
    """Make the files that the input `demo` of `p` stands for, where they do not exist."""
    if DEMO in getattr(p, "inputs", []):
        for path, (sample, events, seed) in zip(demo_paths(), DEMO_FILES, strict=True):
            if not path.exists():
                with files.whole(path) as part:
                    demo(part, events, sample, seed)


def with_demo(inputs: Iterable[str]) -> list[str]:
    """Return `inputs` with the paths of the demo in place of the word `demo`."""
    return [path for name in inputs for path in (map(str, demo_paths()) if name == DEMO else [name])]
