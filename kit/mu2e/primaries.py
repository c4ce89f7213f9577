"""Primaries as they lie in ROOT files: how many entries, and how many events or seconds they stand for."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import files
from kit.files import FormatError
from kit.mu2e.catalogue import Primary
from kit.mu2e.processes import COSMICS
from kit.mu2e.sources import Source, open_file
from kit.mu2e.weights import weights_of

__all__ = ["Pool", "measure", "suspicious_livetimes"]

COUNTER = "genCountLogger/numEvents"  # bin 1: events that a job generated
OUTLIER = 5.0  # robust standard deviations


@dataclass(frozen=True)
class Pool:
    """What is available of one process.

    Attributes
    ----------
    normaliser : float
        Events generated; for cosmics seconds of livetime.
    normalisers : tuple of float
        The same for each file; empty where it was given for all together.
    origin : str
        Where the normaliser is from.
    weights : (float, float) or None
        Sum and largest of the weights, where entries carry weights: thinning leaves about their ratio.
    """

    primary: Primary
    sources: tuple[Source, ...]
    normaliser: float
    normalisers: tuple[float, ...]
    origin: str
    weights: tuple[float, float] | None = None

    @property
    def entries(self) -> int:
        """Entries in all trees of all files."""
        return sum(source.entries for source in self.sources)


def measure(primary: Primary) -> Pool:
    """Look into all files of a primary, and return what they hold.

    Raises
    ------
    FormatError
        Naming every file that is not ROOT, cut short, listed twice or empty, every missing tree, and every
        normaliser that is absent, not positive or smaller than the number of entries.
    """
    faults: list[str] = []
    sources: list[Source] = []
    seen: dict[str, str] = {}
    counted: list[float] = []
    for path in primary.files:
        try:
            with open_file(path) as file:
                identity = str(file.file.uuid)
                if identity in seen:
                    faults.append(f"{path}: the same file as {seen[identity]}: it is listed twice, or copied")
                    continue
                seen[identity] = path
                sources += _sources(file, path, primary, identity, faults)
                counted += _normaliser_of(file, path, primary, faults)
        except FormatError as fault:
            faults.append(str(fault))
    total, each, origin = _normaliser(primary, counted, faults)
    entries = sum(source.entries for source in sources)
    if primary.process not in COSMICS and 0 < total < entries and not faults:
        faults.append(
            f"{primary.process}: {entries} entries of {total:g} generated ({origin}), should not be more"
        )
    if faults:
        raise FormatError("\n".join(faults))
    return Pool(primary, tuple(sources), total, each, origin, weights_of(primary, sources))


def _sources(file: Any, path: str, primary: Primary, identity: str, faults: list[str]) -> list[Source]:
    found = []
    for name in primary.trees:
        kinds = {key.partition(";")[0]: kind for key, kind in file.classnames().items()}
        trees = [key for key, kind in kinds.items() if kind in ("TTree", "TNtuple", "TNtupleD", "ROOT::RNTuple")]
        if name.partition(";")[0] not in trees:
            faults.append(f"{path}: there is no tree {name}; there are {', '.join(trees) or 'none'}")
            continue
        size = files.size(path) or 0
        found.append(Source(path, name, int(file[name].num_entries), identity, size))
    if found and not any(source.entries for source in found):
        faults.append(f"{path}: {' and '.join(primary.trees)} hold 0 entries")
    return found


def _normaliser_of(file: Any, path: str, primary: Primary, faults: list[str]) -> list[float]:
    """Return what one file says of itself: its side file first, then its histogram."""
    given = set(primary.normaliser)
    if given & {"generated", "livetime_s"}:
        return []
    key = "livetime_s" if primary.process in COSMICS else "generated"
    side = Path(f"{path}.norm.json")
    if not given and not files.is_remote(path) and side.is_file():
        content = files.read_json(side)
        value, origin = (content.get(key) if isinstance(content, dict) else None), side.name
        if not isinstance(value, int | float):
            faults.append(f"{side}: there is no number {key}")
            return []
    else:
        name = primary.normaliser.get("histogram", COUNTER)
        if name not in file:
            faults.append(
                f"{path}: nothing says what it stands for: no {key} in the catalogue, no {side.name}, no {name}"
            )
            return []
        value, origin = float(file[name].values()[0]), name
    if not value > 0:
        faults.append(f"{path}: {key} is {value:g} in {origin}, should be above 0")
        return []
    return [float(value)]


def _normaliser(primary: Primary, counted: list[float], faults: list[str]) -> tuple[float, tuple[float, ...], str]:
    key = next(iter(primary.normaliser), "")
    if key not in ("generated", "livetime_s"):
        return left_to_right(counted), tuple(counted), f"histogram {primary.normaliser[key]}" if key else "files"
    wanted = "livetime_s" if primary.process in COSMICS else "generated"
    if key != wanted:
        faults.append(f"{primary.process}: the catalogue says {key}, should say {wanted}")
    value = primary.normaliser[key]
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) and len(value) != len(primary.files):
        faults.append(f"{primary.process}: {key} has {len(value)} values for {len(primary.files)} files")
    if bad := [one for one in values if not isinstance(one, int | float) or not one > 0]:
        faults.append(f"{primary.process}: {key} is {bad[0]!r} in the catalogue, should be above 0")
        return 0.0, (), "catalogue"
    numbers = [float(one) for one in values]
    return left_to_right(numbers), tuple(numbers) if isinstance(value, list) else (), "catalogue"


def left_to_right(values: list[float]) -> float:
    """Return the sum in plain order: newer versions of `sum` compensate, and their last digit differs."""
    total = 0.0
    for value in values:
        total += value
    return total


def suspicious_livetimes(livetimes: tuple[float, ...]) -> list[str]:
    """Return what is odd about the livetimes of cosmic files: whole numbers, and outliers.

    Real files have carried livetimes that an integer division had cut.
    """
    told = []
    whole = [value for value in livetimes if value == int(value)]
    if whole:
        told.append(
            f"{len(whole)} of {len(livetimes)} are whole seconds, such as {whole[0]:g} s: cut by a division?"
        )
    if len(livetimes) > 2:
        middle = statistics.median(livetimes)
        spread = 1.4826 * statistics.median(abs(value - middle) for value in livetimes)
        far = [
            value
            for value in livetimes
            if abs(value - middle) > OUTLIER * spread and abs(value - middle) > 1e-9 * middle
        ]
        if far:
            told.append(
                f"{len(far)} of {len(livetimes)} lie more than 5 robust σ from {middle:g} s, such as {far[0]:g} s"
            )
    return [f"livetimes: {text}" for text in told]
