"""The objects of a range of events as flat arrays, and how the branches of a file become them.

Values stay as they are stored, in the unit of the file. What does not fit together is a FormatError that
names the file, the branch and the entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.opendata.schemas import OBJECT_NAMES, Branches
from kit.opendata.trees import Column, IntArray

Values = npt.NDArray[np.floating[Any]]

GEV = {"GeV": 1.0, "MeV": 1e-3}  # GeV per unit
PLAUSIBLE = (1.0, 5000.0)  # GeV; between them lies the median pT of any reconstructed object
ENOUGH = 10  # objects that make a median
SAMPLE = 10_000  # objects that a median is taken of, to keep it cheap
LEPTONS = (11, 13)  # |PDG number| of electron and muon


@dataclass(frozen=True)
class Objects:
    """All objects of one type over a range of entries; entry i has those from offsets[i] to offsets[i + 1].

    `pt`, `energy` and `mass` are in the unit of the file, as stored. At most one of `energy` and `mass` is
    there; without both, the mass comes from the table of particle masses. `isolation` is the sum of momenta
    in the cone around electrons; `score` tells how much a jet looks like one of a b, in float64; `tracks` how many
    tracks it has: each where it was asked for.
    """

    offsets: IntArray
    pt: Values
    eta: Values
    phi: Values
    energy: Values | None = None
    mass: Values | None = None
    isolation: Values | None = None
    score: npt.NDArray[np.float64] | None = None
    tracks: IntArray | None = None

    def of(self, kept: npt.NDArray[np.bool_]) -> Objects:
        """Return the objects that are `kept`, shape (m,), of the same entries."""
        return self.taken(np.flatnonzero(kept), np.concatenate(([0], np.cumsum(kept)))[self.offsets])

    def taken(self, places: IntArray, offsets: IntArray) -> Objects:
        """Return the objects at `places`, which are those of the entries as `offsets` tell."""
        return Objects(offsets, **{name: column[places] for name, column in self._columns()})

    def at(self, entries: npt.NDArray[np.bool_]) -> Objects:
        """Return the objects of the entries that are kept, shape (n,)."""
        sizes = np.diff(self.offsets)
        places = np.flatnonzero(np.repeat(entries, sizes)) + self.offsets[0]
        return self.taken(places, np.concatenate(([0], np.cumsum(sizes[entries]))))

    def _columns(self) -> list[tuple[str, npt.NDArray[Any]]]:
        return [(name, v) for name, v in vars(self).items() if name != "offsets" and v is not None]


@dataclass(frozen=True)
class Chunk:
    """The entries `first` to `last`, that one excluded, of a source; a letter that is absent has no objects.

    `ids` holds, where asked for, one number per entry for run, lumi, event and channel, as the source has them;
    `triggers` tells of each which have fired, `numbers` what its weight is made of. `steps` are the entries, and
    their sum of weights, that each step before has left, where some were taken out since: then there are `left`.
    """

    first: int
    last: int
    unit: str
    objects: Mapping[str, Objects]
    ids: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    triggers: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)
    numbers: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    weights: npt.NDArray[np.float64] | None = None
    steps: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    left: int | None = None

    @property
    def events(self) -> int:
        """Number of entries that are left."""
        return self.last - self.first if self.left is None else self.left

    def after(self, step: str, kept: npt.NDArray[np.bool_]) -> Chunk:
        """Return the chunk with the entries that a step of the selection keeps, shape (n,)."""
        begun = dict(self.steps) or {"read": (self.events, self.sum_of_weights)}
        if kept.all():
            return replace(self, steps=begun | {step: (self.events, self.sum_of_weights)})
        some = replace(
            self,
            objects={letter: objects.at(kept) for letter, objects in self.objects.items()},
            weights=None if self.weights is None else self.weights[kept],
            left=int(np.count_nonzero(kept)),
            ids={name: values[kept] for name, values in self.ids.items()},
            triggers={name: values[kept] for name, values in self.triggers.items()},
            numbers={name: values[kept] for name, values in self.numbers.items()},
        )
        return replace(some, steps=begun | {step: (some.events, some.sum_of_weights)})

    @property
    def sum_of_weights(self) -> float:
        """The sum of their weights; without weights, each counts as one."""
        return float(self.events if self.weights is None else self.weights.sum())


def nothing(events: int) -> Objects:
    """Return `events` entries without objects."""
    none = np.empty(0, dtype=np.float32)
    return Objects(np.zeros(events + 1, dtype=np.int64), none, none, none)


def assemble(branches: Branches, columns: Mapping[str, Column], first: int, path: str) -> Objects:
    """Return the objects of one type.

    Parameters
    ----------
    branches : Branches
        Where the type is found.
    columns : mapping of str to Column
        Those branches, as read.
    first : int
        Entry at which the columns begin, for messages.
    path : str
        The file, for messages.

    Raises
    ------
    FormatError
        If a branch is no list of numbers, its lengths differ from those of the others or from the counter,
        or a lepton is neither electron nor muon.
    """
    names = branches.lists
    offsets = _offsets(names, columns, first, path)
    if branches.counter:
        _check_counter(branches, columns[branches.counter], offsets, first, path)
    values = {name: columns[name].content for name in names}
    if branches.kind:
        kinds = _kinds(branches.kind, values[branches.kind], offsets, first, path)
        chosen = kinds == branches.pdg
        values = {name: content[chosen] for name, content in values.items()}
        offsets = np.concatenate(([0], np.cumsum(chosen)))[offsets]
    return Objects(
        offsets,
        values[branches.pt],
        values[branches.eta],
        values[branches.phi],
        energy=values.get(branches.energy),
        mass=values.get(branches.mass),
        isolation=values.get(branches.isolation),
    )


def _offsets(names: list[str], columns: Mapping[str, Column], first: int, path: str) -> IntArray:
    """Return the offsets that all branches of a type share."""
    shared = columns[names[0]].offsets
    for name in names:
        offsets = columns[name].offsets
        if offsets is None or shared is None:
            message = f"{path}:{name}: holds one number per entry, must be a list of numbers"
            raise FormatError(message)
        if not np.array_equal(offsets, shared):
            entry, here, there = _differing(np.diff(offsets), np.diff(shared))
            message = (
                f"{path}:{name}: entry {first + entry} has {here} values, {names[0]} has {there}; must be the same"
            )
            raise FormatError(message)
    assert shared is not None
    return shared


def _check_counter(branches: Branches, counter: Column, offsets: IntArray, first: int, path: str) -> None:
    numbers = assemble_numbers(branches.counter, {branches.counter: counter}, path)
    lengths = np.diff(offsets)
    if not np.array_equal(lengths, numbers):
        entry, here, there = _differing(lengths, numbers)
        said = f"its counter {branches.counter} says {there}"
        message = f"{path}:{branches.pt}: entry {first + entry} has {here} values, {said}"
        raise FormatError(message)


def assemble_numbers(name: str, columns: Mapping[str, Column], path: str) -> npt.NDArray[Any]:
    """Return a branch that has one whole number per entry; raise a FormatError if it has not."""
    column = columns[name]
    if column.offsets is not None or column.content.dtype.kind not in "iu":
        message = f"{path}:{name}: must be one whole number per entry"
        raise FormatError(message)
    return column.content


def _differing(here: npt.NDArray[Any], there: npt.NDArray[Any]) -> tuple[int, int, int]:
    entry = int(np.flatnonzero(here != there)[0])
    return entry, int(here[entry]), int(there[entry])


def _kinds(name: str, values: npt.NDArray[Any], offsets: IntArray, first: int, path: str) -> npt.NDArray[Any]:
    """Return the absolute PDG number of each lepton; unsigned branches hold negative ones as complements."""
    kinds = np.abs(values.astype(np.int32, copy=False))
    strange = np.flatnonzero((kinds != LEPTONS[0]) & (kinds != LEPTONS[1]))
    if len(strange):
        entry = int(np.searchsorted(offsets, strange[0], side="right")) - 1
        message = (
            f"{path}:{name}: entry {first + entry} has a lepton of type {values[strange[0]]}, must be 11 or 13"
        )
        raise FormatError(message)
    return kinds


def check_unit(chunk: Chunk, path: str) -> None:
    """Raise a FormatError if a type's median pT cannot be one in the unit assumed.

    Every type with at least ten usable objects is judged; where none has as many, all of them are.
    """
    medians = {}
    for letter, objects in chunk.objects.items():
        pt = objects.pt[:: max(1, len(objects.pt) // SAMPLE)]
        pt = pt[np.isfinite(pt) & (pt > 0)]
        if len(pt):
            medians[letter] = (len(pt), float(np.median(pt)) * GEV[chunk.unit])
    judged = {letter: m for letter, m in medians.items() if m[0] >= ENOUGH} or medians
    low, high = PLAUSIBLE
    for letter, (_, median) in judged.items():
        if not low <= median <= high:
            message = (
                f"{path}: entries {chunk.first} to {chunk.last - 1}: the median pT of {OBJECT_NAMES[letter]} is"
                f" {median:.4g} GeV with the unit taken as {chunk.unit}, must be {low:g} to {high:g} GeV"
            )
            raise FormatError(message)
