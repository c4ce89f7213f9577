"""Files of simulated events in every schema, so that notebooks and tests run without a network.

The same seed gives the same events in every schema that has the objects. Files are written as uproot can:
counted arrays in a TTree, lists in an RNTuple; `std::vector` branches exist in real files only.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kit
from kit import files
from kit.opendata.collisions import BLOCK, Collisions, collide, reordered
from kit.opendata.demo_extras import GENERATED, cone_sums, event_columns, scores
from kit.opendata.processes import Particles
from kit.opendata.schemas import GENERATED_TAG, SCHEMAS, Branches, Schema, Storage
from kit.parameters import Parameters

__all__ = ["demo", "demo_paths", "prepare", "with_demo"]

IntArray = npt.NDArray[np.int64]

DEMO = "demo"  # the word among a stage's inputs
FOLDER = "outputs/demo/opendata"
DEMO_EVENTS, DEMO_SEED = 20_000, 1
VERSION = 3  # of the events that a seed gives: in the file's name, so that those of an older kit are not used
SCALE = {"GeV": 1.0, "MeV": 1e3}  # units per GeV
NOISE = 1e-5  # GeV; what NanoAOD keeps in Photon_mass


def demo(
    schema: str,
    path: str | Path,
    events: int,
    seed: int,
    *,
    storage: Storage = "TTree",
    photon_mass: bool = True,
    duplicates: float = 0.0,
    bad_values: float = 0.0,
    unsorted: bool = False,
) -> Path:
    """Write simulated events in the form of a release, and return the path.

    Parameters
    ----------
    schema : str
        A name of `schemas.SCHEMA_NAMES`, except `skim`.
    path : str or Path
        The file; replaced if it exists.
    events, seed : int
        How many; which.
    storage : str
        `TTree` or, for 2024r-pp and nanoaod, `RNTuple`.
    photon_mass : bool
        Whether NanoAOD has a branch Photon_mass, as it had before version 12.
    duplicates, bad_values, unsorted
        See `collide`.
    """
    import uproot

    entry = next((s for s in SCHEMAS if s.name == schema and storage in s.storages and s.name != "skim"), None)
    if entry is None:
        message = f"there is no demo in schema {schema} as {storage}"
        raise ValueError(message)
    # named after its content: the same demo made twice is a copy, not other data
    options: dict[str, Any] = {"duplicates": duplicates, "bad_values": bad_values, "unsorted": unsorted}
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{VERSION} {schema} {storage} {events} {seed} {photon_mass} {options}")
    with uproot.recreate(path, uuid_function=lambda: name) as file:
        file[GENERATED_TAG] = f"simulated by kit {kit.__version__}, not measured"
        tree: Any = None
        for first in range(0, max(events, 1), BLOCK):
            made = collide(min(BLOCK, events - first), seed, first=first, **options)
            columns = dict(_columns(entry, storage, made, photon_mass))
            tree = tree or _tree(file, entry, storage, columns)
            tree.extend(columns)
        if schema == "nanoaod":
            total = np.array([GENERATED["sum"]])
            file.mktree("Runs", {"genEventSumw": total.dtype}).extend({"genEventSumw": total})
    return Path(path)


def _tree(file: Any, entry: Schema, storage: Storage, columns: Mapping[str, Any]) -> Any:
    """Return a new, empty tree with branches for `columns`; lists of one collection share a counter."""
    types = {
        name: array.dtype if isinstance(array, np.ndarray) else array.type.content
        for name, array in columns.items()
    }
    if storage == "RNTuple":
        return file.mkrntuple(entry.tree, types)
    counters = {b.pt.removesuffix("pt"): b.counter for b in entry.objects.values()}

    def counter(name: str) -> str:
        stem = next((stem for stem in counters if name.startswith(stem)), name)
        return counters.get(stem) or "n" + stem.rstrip("._")

    return file.mktree(entry.tree, types, counter_name=counter)


def _columns(entry: Schema, storage: Storage, made: Collisions, photon_mass: bool) -> Iterator[tuple[str, Any]]:
    """Yield the branches of some events, by name."""
    kinds = {"run": np.int32, "lumi": np.uint32, "event": np.uint64}
    for column, values in made.ids.items():
        if column in entry.ids:
            yield entry.ids[column], values.astype(kinds[column])
    yield from event_columns(entry, made)
    collections: dict[str, list[str]] = {}  # leptons of both flavours may be one
    for letter, branches in entry.objects.items():
        collections.setdefault(branches.pt, []).append(letter)
    for letters in collections.values():
        parts = [made.objects[letter] for letter in letters]
        pdg = np.concatenate([np.full(len(made.objects[x].event), entry.objects[x].pdg) for x in letters])
        both = Particles(**{name: np.concatenate([vars(part)[name] for part in parts]) for name in vars(parts[0])})
        order = np.argsort(both.event, kind="stable")
        particles, branches = reordered(both, order), entry.objects[letters[0]]
        keeps_mass = photon_mass or letters != ["g"]
        columns = _momenta(branches, particles, SCALE[entry.unit], keeps_mass)
        if branches.kind:
            columns[branches.kind] = pdg[order].astype(np.int32 if entry.unit == "GeV" else np.uint32)
        if letters == ["j"]:
            columns |= scores(entry, storage, particles)
        counts = np.bincount(particles.event, minlength=made.events)
        yield from ((name, _lists(counts, column)) for name, column in columns.items())
        if storage == "RNTuple" and branches.counter:
            yield branches.counter, counts.astype(np.uint32)


def _momenta(
    branches: Branches, particles: Particles, scale: float, keeps_mass: bool
) -> dict[str, npt.NDArray[Any]]:
    values = {branches.pt: particles.pt * scale, branches.eta: particles.eta, branches.phi: particles.phi}
    if branches.energy:
        energy = np.hypot(particles.pt * np.cosh(particles.eta), particles.mass)
        values[branches.energy] = energy * scale
    if branches.mass and keeps_mass:
        noise = np.where(particles.mass == 0, NOISE * np.cos(1e4 * particles.eta), 0)
        values[branches.mass] = (particles.mass + noise) * scale
    if branches.isolation:
        values[branches.isolation] = cone_sums(particles) * scale
    return {name: column.astype(np.float32) for name, column in values.items()}


def _lists(counts: IntArray, content: npt.NDArray[Any]) -> Any:
    import awkward as ak

    return ak.unflatten(content, counts)


def demo_paths() -> list[Path]:
    """Return the files that the input `demo` stands for."""
    return [files.resolve(FOLDER) / f"physlite_{DEMO_EVENTS}_{DEMO_SEED}_v{VERSION}.root"]


def prepare(p: Parameters) -> None:
    """Make the files that the input `demo` of `p` stands for, where they do not exist."""
    if DEMO in getattr(p, "inputs", []):
        for path in demo_paths():
            if not path.exists():
                with files.whole(path) as part:
                    demo("2024r-pp", part, DEMO_EVENTS, DEMO_SEED)


def with_demo(inputs: Iterable[str]) -> list[str]:
    """Return `inputs` with the paths of the demo in place of the word `demo`."""
    return [path for name in inputs for path in (map(str, demo_paths()) if name == DEMO else [name])]
