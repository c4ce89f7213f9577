"""Which objects and events count: the parameters that `events` and `masses` share, and the cuts themselves.

Cuts act on objects first, then each type is counted; an event is rejected if a type has more objects than
`max_count`, or if too few or too many types are present. Stored values are converted to float64 GeV before
anything is compared: 2.47 stored as a float32 is larger than 2.47.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
from pydantic import field_validator

from kit.opendata.chunks import Chunk
from kit.opendata.combinations import STATE_ORDER
from kit.opendata.engine import NUMPY, Engine
from kit.opendata.twins import Chosen, Cuts, IntArray
from kit.parameters import Parameters, parameter

__all__ = [
    "ETA_MAX",
    "PT_MIN",
    "UNIT",
    "Selected",
    "Selection",
    "add_counts",
    "cuts_for",
    "select",
    "selection_hash",
]

PT_MIN = {"e": 25.0, "m": 25.0, "j": 30.0, "g": 25.0, "t": 20.0}  # GeV
ETA_MAX = {"e": 2.47, "m": 2.5, "j": 4.5, "g": 2.37, "t": 2.5}
UNIT = {"GeV": 1.0, "MeV": 1000.0}  # what stored momenta are divided by: 25000 MeV are then exactly 25 GeV

Letter = Literal["e", "m", "j", "g", "t", "b"]
SchemaName = Literal[
    "auto", "2024r-pp", "2020e-13tev", "2025e-13tev-beta", "2016e-8tev", "nanoaod", "2024r-hi", "skim"
]


with warnings.catch_warnings():
    # pydantic has a method `schema`, long deprecated; users know the parameter by this name
    warnings.filterwarnings("ignore", 'Field name "schema"', UserWarning)

    class Selection(Parameters):
        """Inputs, object cuts and event selection, as `events` and `masses` share them."""

        inputs: list[str] = parameter(
            ["demo"], "files, patterns and addresses; demo stands for generated ones", min_length=1
        )
        max_files: int | None = parameter(
            None, "use only the first so many files, before they are shared among jobs", ge=1
        )
        job: int = parameter(1, "which share of the inputs this job takes", ge=1)
        jobs: int = parameter(1, "number of shares", ge=1)
        workers: int = parameter(1, "processes side by side", ge=1)
        schema: SchemaName = parameter(  # type: ignore[assignment]
            "auto", "what the files are said to be; their content decides"
        )
        unit: Literal["auto", "GeV", "MeV"] = parameter(
            "auto", "unit of momenta, for trees that do not tell their own"
        )
        objects: list[Letter] | Literal["auto"] = parameter(
            "auto",
            "types in use: e, m, j, g, t for electrons, muons, jets, photons, taus; "
            "auto takes those that a file has",
        )
        pt_min: dict[str, float] = parameter(PT_MIN, "smallest pT by type; without an entry no cut", unit="GeV")
        eta_max: dict[str, float] = parameter(ETA_MAX, "largest pseudorapidity by type; without an entry no cut")
        relative_isolation_max: float | None = parameter(
            None, "cone sum over pT that electrons must stay below", gt=0
        )
        max_count: int = parameter(4, "most objects of one type in an event", ge=1, le=9)
        jets_above_max: Literal["reject", "cap"] = parameter("reject", "what becomes of events with more jets")
        final_state_types: list[int] = parameter([1, 4], "fewest and most types present in an event")

        effort: ClassVar[frozenset[str]] = Parameters.effort | {"retries", "max_failed_fraction"}
        NOT_SELECTING: ClassVar[frozenset[str]] = frozenset(
            {"inputs", "schema", "max_files", "job", "jobs", "workers", "output", "interactive"}
        )

        @field_validator("objects")
        @classmethod
        def _some_objects(cls, objects: list[str] | str) -> list[str] | str:
            if not objects or len(set(objects)) < len(objects):
                message = f"is {objects}, should name each type once, or be auto"
                raise ValueError(message)
            return objects

        @field_validator("pt_min", "eta_max")
        @classmethod
        def _cuts_by_type(cls, cuts: dict[str, float]) -> dict[str, float]:
            faults = [
                f"{letter} is no type, should be one of {' '.join(STATE_ORDER)}"
                for letter in cuts
                if letter not in STATE_ORDER
            ]
            faults += [f"{letter} is {value}, below 0.0" for letter, value in cuts.items() if value < 0]
            if faults:
                raise ValueError("; ".join(faults))
            return cuts

        @field_validator("final_state_types")
        @classmethod
        def _rising_types(cls, types: list[int]) -> list[int]:
            return rising(types)

        def contradictions(self) -> Iterator[str]:
            """Yield what does not fit together."""
            if self.job > self.jobs:
                yield f"job is {self.job}, above jobs, {self.jobs}"

        def selecting(self) -> dict[str, Any]:
            """Return the values that decide what is counted, whoever counts it and in how many pieces."""
            return {name: value for name, value in self.model_dump().items() if name not in self.NOT_SELECTING}


def rising(types: list[int]) -> list[int]:
    """Return `types` if it is a smallest and a largest number of types, else raise a ValueError."""
    if len(types) != 2 or not 1 <= types[0] <= types[1] <= len(STATE_ORDER):
        message = f"is {types}, should be two rising numbers from 1 to {len(STATE_ORDER)}"
        raise ValueError(message)
    return types


def selection_hash(p: Selection) -> str:
    """Return 16 hexadecimal digits that agree for parameters with the same `Selection.selecting` values."""
    text = json.dumps(p.selecting(), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Selected:
    """The objects and events of a chunk that pass.

    letters : types in use, in the order of final states
    counts : shape (n, types), objects of each event that pass
    chosen : for each type, places in the chunk's arrays of the at most `max_count` hardest of each event,
        event after event, falling in pT; of rejected events, too
    accepted : shape (n,), events in the window of counts and types
    cutflow : events left after each step; at `finite` leave those that have lost all of their objects, being
        bad, while those that never had an object leave at `object cuts`
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
    passed = {letter: _pass(chunk, p, letter, engine) for letter in letters}
    sound, had_some = np.zeros(chunk.events, bool), np.zeros(chunk.events, bool)
    present = np.zeros(chunk.events, np.int64)
    countable = np.ones(chunk.events, bool)
    for letter, objects in passed.items():
        sound |= objects.sound
        had_some |= np.diff(chunk.objects[letter].offsets) > 0
        present += objects.counts > 0
        if not (letter == "j" and p.jets_above_max == "cap"):
            countable &= objects.counts <= p.max_count
    fewest, most = p.final_state_types
    countable &= present > 0
    accepted = countable & (present >= fewest) & (present <= most)
    steps = {
        "finite": sound | ~had_some,  # lost here: all of its objects are bad, and it had some
        "object cuts": present > 0,
        "count window": countable,
        "type window": accepted,
    }
    return Selected(
        letters=letters,
        counts=np.array([objects.counts for objects in passed.values()], np.int64)
        .reshape(len(passed), chunk.events)
        .T,
        max_count=p.max_count,
        chosen={letter: objects.chosen for letter, objects in passed.items()},
        accepted=accepted,
        cutflow={"read": chunk.events} | {step: int(np.count_nonzero(left)) for step, left in steps.items()},
        seen={letter: len(chunk.objects[letter].pt) for letter in letters},
        dropped={letter: objects.dropped for letter, objects in passed.items()},
    )


def _pass(chunk: Chunk, p: Selection, letter: str, engine: Engine) -> Chosen:
    objects = chunk.objects[letter]
    extra = objects.mass if objects.energy is None else objects.energy
    isolation = objects.isolation if letter == "e" and p.relative_isolation_max is not None else None
    if letter == "e" and p.relative_isolation_max is not None and isolation is None:
        message = "relative_isolation_max is set, but the electrons were read without isolation"
        raise ValueError(message)
    cuts = cuts_for(p, letter, chunk.unit)
    return engine.choose(objects.offsets, objects.pt, objects.eta, objects.phi, extra, isolation, cuts)


def add_counts(total: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Return the sums of two maps of counts; a name that one of them lacks counts as 0 there."""
    return {name: total.get(name, 0) + more.get(name, 0) for name in {**total, **more}}
