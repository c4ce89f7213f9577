"""Stand-in primaries: simulated events for processes without public data, and not Mu2e simulation.

Momentum, time and a few track quantities follow the physics of each process in outline; all files say in their
title what they are.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.mu2e import spectra
from kit.mu2e.captures import Closure
from kit.mu2e.processes import family

__all__ = ["LABEL", "TREE", "Standin", "columns_of", "write_standin"]

FloatArray = npt.NDArray[np.float64]

LABEL = "simulated stand-in, not Mu2e simulation"
TREE = "EventNtuple/ntuple"
VERSION = 1  # of the events that a seed gives

CONVERSION_ENERGY = 104.97  # MeV; on aluminium
ENERGY_LOSS = 0.6  # MeV; mean in the stopping target, exponential: our choice
RESOLUTION = 0.15  # MeV; of the momentum
MUON_LIFETIME = 864.0  # ns; in muonic aluminium
PION_LIFETIME = 26.0  # ns
PION_TAIL = 0.1  # share of late pions, flat in time: our choice
SPILL = 1695.0  # ns
COSMIC_RANGE = (70.0, 150.0)  # MeV
KMAX = 90.1  # MeV; endpoint of radiative muon capture
MEASURED = (  # what a track has besides momentum and time: name, middle, width
    ("momerr", 0.12, 0.02), ("t0err", 0.5, 0.1), ("d0", 0.0, 60.0), ("z0", 0.0, 200.0), ("tandip", 0.8, 0.12),
    ("phi0", 0.0, 1.8), ("rmax", 550.0, 40.0), ("chisq", 40.0, 9.0), ("fitcon", 0.5, 0.29), ("nactive", 38.0, 6.0),
    ("trkqual", 0.8, 0.15), ("trkpid", 0.7, 0.2), ("cluster_e", 80.0, 12.0), ("cluster_t", 0.0, 1.0),
    ("crv_dt", 0.0, 400.0), ("nhits", 40.0, 6.0), ("radlen", 0.02, 0.004),
)  # fmt: skip


@dataclass(frozen=True)
class Standin:
    """What one file holds.

    Attributes
    ----------
    entries : int
        Reconstructed events.
    normaliser : float
        Events generated; for cosmics seconds.
    threshold : float or None
        MeV; what was generated above.
    """

    process: str
    entries: int
    normaliser: float
    threshold: float | None
    seed: int
    run: int = 1430
    subrun: int = 0


def write_standin(path: Path, made: Standin, basket: int = 200_000, *, ids: str = "run") -> Path:
    """Write one file of stand-in events, and return its path.

    Parameters
    ----------
    path : Path
        The file; replaced if it exists.
    made : Standin
        What it holds.
    basket : int
        Entries in a basket.
    ids : str
        ``run`` for branches run, subrun, event; ``evtinfo`` for evtinfo.runid and so on.
    """
    import hist
    import uproot

    # named after its content: the same events made twice are a copy, not other data
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"{VERSION} {made} {ids}")
    random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(made.seed)))
    with uproot.recreate(path, uuid_function=lambda: name, compression=uproot.ZSTD(1)) as file:
        tree: Any = None
        for first in range(0, max(made.entries, 1), basket):
            columns = columns_of(made, min(basket, made.entries - first), first, random, ids)
            if tree is None:
                types = {key: _type(value) for key, value in columns.items()}
                tree = file.mktree(TREE, types, title=LABEL, counter_name=_counter)
            tree.extend(columns)
        counter: Any = hist.Hist(hist.axis.Regular(1, 0, 1, name="events"))
        counter[0] = made.normaliser
        file["genCountLogger/numEvents"] = counter
    return path


def columns_of(made: Standin, entries: int, first: int, random: np.random.Generator, ids: str) -> dict[str, Any]:
    """Return branches of some events, by name: 24 flat ones, and hits as lists of 1 to 5."""
    import awkward as ak

    energy = _energies(made, entries, random)
    times = _times(made, entries, random)
    names = (
        ("run", "subrun", "event") if ids == "run" else ("evtinfo.runid", "evtinfo.subrunid", "evtinfo.eventid")
    )
    numbers = (np.full(entries, made.run), np.full(entries, made.subrun), first + 1 + np.arange(entries))
    columns: dict[str, Any] = {name: values.astype(np.int32) for name, values in zip(names, numbers, strict=True)}
    columns["mom"] = energy + random.normal(0, RESOLUTION, entries)
    columns["t0"] = times
    columns |= {name: random.normal(middle, width, entries) for name, middle, width in MEASURED}
    columns["mcmom"], columns["mct0"] = energy, times
    counts = random.integers(1, 6, entries)
    total = int(counts.sum())
    start = np.repeat(times, counts)
    hits = {
        "hits_t": start + random.uniform(0, 30, total),
        "hits_edep": random.exponential(1.5e-3, total),
        "hits_r": random.uniform(380, 680, total),
        "hits_z": random.uniform(-1500, 1500, total),
    }
    flat = {
        name: values if values.dtype == np.int32 else values.astype(np.float32) for name, values in columns.items()
    }
    return flat | {name: ak.unflatten(values.astype(np.float32), counts) for name, values in hits.items()}


def _type(column: Any) -> Any:
    return column.dtype if isinstance(column, np.ndarray) else column.type.content


def _counter(name: str) -> str:
    return "nhits_" if name.startswith("hits_") else f"n{name}"


def _energies(made: Standin, entries: int, random: np.random.Generator) -> FloatArray:
    """Return the electrons' momenta, before resolution."""
    kind = family(made.process)
    if kind == "ce":
        return CONVERSION_ENERGY - random.exponential(ENERGY_LOSS, entries)
    if kind == "cosmic":
        return random.uniform(*COSMIC_RANGE, entries)
    born: spectra.Spectrum = Closure(KMAX)
    if kind != "rmc":
        born = spectra.ipa() if kind == "ipa" else {"dio": spectra.dio, "rpc": spectra.rpc}[kind]()
    low = made.threshold or 0.0
    edges = np.linspace(low, {"dio": 104.97, "rpc": 134.5, "rmc": KMAX, "ipa": 100.0}[kind], 4001)
    shares = np.append(0.0, np.cumsum(born.per_bin(edges)))
    energy = np.interp(random.uniform(0, shares[-1], entries), shares, edges)
    if kind in ("rpc", "rmc"):  # the electron of a converted photon takes a flat share
        energy = energy * random.uniform(0, 1, entries)
    return np.asarray(energy)


def _times(made: Standin, entries: int, random: np.random.Generator) -> FloatArray:
    kind = family(made.process)
    if kind == "cosmic":
        return random.uniform(0, SPILL, entries)
    lifetime = PION_LIFETIME if kind == "rpc" else MUON_LIFETIME
    # the exponential, cut at the end of the spill
    times = -lifetime * np.log1p(-random.uniform(0, 1, entries) * -np.expm1(-SPILL / lifetime))
    if kind == "rpc":
        late = random.uniform(0, 1, entries) < PION_TAIL
        times = np.where(late, random.uniform(0, SPILL, entries), times)
    return np.asarray(times)
