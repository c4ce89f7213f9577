"""The cuts: which objects and events of a chunk pass.

Cuts act on objects first, then each type is counted; an event is rejected if a type has more objects than
`max_count`, or if too few or too many types are present. Stored values are converted to float64 GeV before
anything is compared: 2.47 stored as a float32 is larger than 2.47.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from kit.opendata.chunks import Chunk, Objects
from kit.opendata.combinations import STATE_ORDER
from kit.opendata.engine import NUMPY, Engine
from kit.opendata.overlaps import without_overlaps
from kit.opendata.selection import Selection
from kit.opendata.twins import Chosen, Cuts, FloatArray, IntArray, Stored

__all__ = ["UNIT", "Selected", "add_counts", "cuts_for", "select"]

UNIT = {"GeV": 1.0, "MeV": 1000.0}  # what stored momenta are divided by: 25000 MeV are then exactly 25 GeV


@dataclass(frozen=True)
class Selected:
    """The objects and events of a chunk that pass.

    letters : types in use, in the order of final states
    counts : shape (n, types), objects of each event that pass
    chosen : for each type, places in the chunk's arrays of the at most `max_count` hardest of each event,
        event after event, falling in pT; of rejected events, too
    accepted : shape (n,), events in the window of counts and types
    objects : the arrays of the chunk that `chosen` points into; with overlap removal what it has left of them
    cutflow, sums : events and, with weights, their sum left after each step; at `finite` leave those that have
        lost all of their objects, being bad, while those that never had an object leave at `object cuts`
    seen, dropped : for each type, objects read, and those that are bad: not finite, pT ≤ 0, |η| > 10
    """

    letters: tuple[str, ...]
    counts: IntArray
    chosen: Mapping[str, IntArray]
    max_count: int
    accepted: npt.NDArray[np.bool_]
    cutflow: dict[str, int]
    seen: dict[str, int]
    dropped: dict[str, int]
    objects: Mapping[str, Objects] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    weights: FloatArray | None = None


def cuts_for(p: Selection, letter: str, unit: str) -> Cuts:
    """Return the cuts of one type; b-tagged jets without their own have those of jets."""
    inherited = "j" if letter == "b" else letter
    return Cuts(
        unit=UNIT[unit],
        pt_min=p.pt_min.get(letter, p.pt_min.get(inherited, 0.0)),
        eta_max=p.eta_max.get(letter, p.eta_max.get(inherited, np.inf)),
        isolation_max=p.relative_isolation_max or np.inf,
        max_count=p.max_count,
    )


def select(chunk: Chunk, p: Selection, engine: Engine = NUMPY) -> Selected:
    """Apply the cuts of `p` to the objects, then to the events, of a chunk."""
    letters = tuple(letter for letter in STATE_ORDER if letter in chunk.objects)
    objects = chunk.objects
    passed = {letter: _pass(objects[letter], p, letter, chunk.unit, engine) for letter in letters}
    sound, had_some = np.zeros(chunk.events, bool), np.zeros(chunk.events, bool)
    for letter, found in passed.items():
        sound |= found.sound
        had_some |= np.diff(objects[letter].offsets) > 0
    steps = {
        "finite": sound | ~had_some,  # lost here: all of its objects are bad, and it had some
        "object cuts": _present(passed, chunk.events) > 0,
    }
    seen = {letter: len(objects[letter].pt) for letter in letters}
    dropped = {letter: found.dropped for letter, found in passed.items()}
    if p.overlap_removal:
        apart = {letter: found.passing for letter, found in passed.items() if letter != "b"}
        objects = {**objects, **without_overlaps(objects, apart, UNIT[chunk.unit], engine)}
        passed |= {letter: _pass(objects[letter], p, letter, chunk.unit, engine) for letter in apart}
        steps["overlap removal"] = _present(passed, chunk.events) > 0
    steps |= _windows(passed, p, chunk.events)
    cutflow, sums = _told(chunk, steps)
    return Selected(
        letters=letters,
        counts=np.array([found.counts for found in passed.values()], np.int64)
        .reshape(len(passed), chunk.events)
        .T,
        max_count=p.max_count,
        chosen={letter: found.chosen for letter, found in passed.items()},
        accepted=steps["type window"],
        cutflow=cutflow,
        seen=seen,
        dropped=dropped,
        objects=objects,
        sums=sums,
        weights=chunk.weights,
    )


def _present(passed: Mapping[str, Chosen], events: int) -> IntArray:
    """Return the number of types that each event has."""
    present = np.zeros(events, np.int64)
    for found in passed.values():
        present += found.counts > 0
    return present


def _windows(passed: Mapping[str, Chosen], p: Selection, events: int) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the events in the window of counts, and of them those in the window of types."""
    countable, present = np.ones(events, bool), _present(passed, events)
    for letter, found in passed.items():
        if not (letter == "j" and p.jets_above_max == "cap"):
            countable &= found.counts <= p.max_count
    fewest, most = p.final_state_types
    countable &= present > 0
    return {"count window": countable, "type window": countable & (present >= fewest) & (present <= most)}


def _told(chunk: Chunk, steps: Mapping[str, npt.NDArray[np.bool_]]) -> tuple[dict[str, int], dict[str, float]]:
    """Return the events and, with weights, their sum after each step, those before included."""
    weights = chunk.weights
    begun = chunk.steps or {"read": (chunk.events, 0.0 if weights is None else float(weights.sum()))}
    cutflow = {step: events for step, (events, _) in begun.items()}
    cutflow |= {step: int(np.count_nonzero(left)) for step, left in steps.items()}
    if weights is None:
        return cutflow, {}
    sums = {step: total for step, (_, total) in begun.items()}
    return cutflow, sums | {step: float(weights[left].sum()) for step, left in steps.items()}


def _pass(objects: Objects, p: Selection, letter: str, unit: str, engine: Engine) -> Chosen:
    extra = objects.mass if objects.energy is None else objects.energy
    isolation = objects.isolation if letter == "e" and p.relative_isolation_max is not None else None
    if letter == "e" and p.relative_isolation_max is not None and isolation is None:
        message = "relative_isolation_max is set, but the electrons were read without isolation"
        raise ValueError(message)
    cuts = cuts_for(p, letter, unit)
    return engine.choose(Stored(objects.offsets, objects.pt, objects.eta, objects.phi, extra, isolation), cuts)


def add_counts(total: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of two maps of counts; a name that one of them lacks counts as 0 there."""
    return {name: total.get(name, 0) + more.get(name, 0) for name in {**total, **more}}
