"""Control distributions of a chunk: pT, η and multiplicity by type, of all that is read and of what is selected.

All counts are whole numbers on fixed grids, so that pieces and jobs add up exactly in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kit.opendata.chunks import Chunk
from kit.opendata.combinations import final_state_name
from kit.opendata.passing import UNIT, Selected, add_counts

__all__ = ["EDGES", "QUANTITIES", "Survey", "survey"]

IntArray = npt.NDArray[np.int64]
EDGES: Mapping[str, npt.NDArray[np.float64]] = {
    "pt": np.arange(0, 505, 5, dtype=np.float64),  # GeV
    "eta": np.arange(-25, 26) / 5,
    "multiplicity": np.arange(0, 22, dtype=np.float64),
}
QUANTITIES = tuple(EDGES)
READ, SELECTED = "read", "selected"
Counts = dict[str, dict[str, dict[str, IntArray]]]


@dataclass(frozen=True)
class Survey:
    """What a range of events holds.

    cutflow : events left after each step
    final_states : accepted events by final state
    seen, dropped, kept : by type, objects read, those of them that are bad, those of accepted events
    counts : by type, by `read` or `selected`, by quantity, shape (bins + 1,): the last one counts what lies
        outside of all bins; `read` has all sound objects, `selected` those that pass in accepted events
    schemas : events by schema, that of a skim being the one it was made of
    sums : with weights, their sum after each step
    generated : whether any of them is the kit's own demo
    kinds : events of data, of simulation, and of what is unknown
    """

    cutflow: dict[str, int] = field(default_factory=dict)
    final_states: dict[str, int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    counts: Counts = field(default_factory=dict)
    schemas: dict[str, int] = field(default_factory=dict)
    generated: bool = False
    sums: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, int] = field(default_factory=dict)

    def __add__(self, other: Survey) -> Survey:
        return Survey(
            add_counts(self.cutflow, other.cutflow),
            add_counts(self.final_states, other.final_states),
            add_counts(self.seen, other.seen),
            add_counts(self.dropped, other.dropped),
            add_counts(self.kept, other.kept),
            {
                letter: _added(self.counts.get(letter), other.counts.get(letter))
                for letter in {**self.counts, **other.counts}
            },
            add_counts(self.schemas, other.schemas),
            self.generated or other.generated,
            {step: self.sums.get(step, 0.0) + other.sums.get(step, 0.0) for step in {**self.sums, **other.sums}},
            add_counts(self.kinds, other.kinds),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the values as JSON can hold them."""
        counts = {
            letter: {
                which: {name: c.tolist() for name, c in by_name.items()} for which, by_name in by_which.items()
            }
            for letter, by_which in self.counts.items()
        }
        return vars(self) | {"counts": counts}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Return the survey that `as_json` has told."""
        counts = {
            letter: {
                which: {name: np.array(c, dtype=np.int64) for name, c in by_name.items()}
                for which, by_name in by_which.items()
            }
            for letter, by_which in content["counts"].items()
        }
        return cls(**{**content, "counts": counts})


def _added(
    one: dict[str, dict[str, IntArray]] | None, other: dict[str, dict[str, IntArray]] | None
) -> dict[str, dict[str, IntArray]]:
    if one is None or other is None:
        return one or other or {}
    return {which: {name: c + other[which][name] for name, c in one[which].items()} for which in one}


def survey(
    chunk: Chunk, selected: Selected, schema: str = "", *, generated: bool = False, kind: str = "unknown"
) -> Survey:
    """Return the control distributions of a chunk of a file of this schema."""
    counts: Counts = {}
    kept = {}
    for place, letter in enumerate(selected.letters):
        objects, passing = chunk.objects[letter], selected.counts[:, place]
        pt = objects.pt.astype(np.float64) / UNIT[chunk.unit]
        eta = objects.eta.astype(np.float64)
        sound = np.isfinite(pt) & np.isfinite(eta) & np.isfinite(objects.phi) & (pt > 0)
        # what is chosen stands event after event
        chosen = selected.chosen[letter]
        owner = np.repeat(np.arange(chunk.events), np.minimum(passing, selected.max_count))
        chosen = chosen[selected.accepted[owner]]
        kept[letter] = len(chosen)
        counts[letter] = {
            READ: _distributions(pt[sound], eta[sound], np.diff(objects.offsets)),
            SELECTED: _distributions(pt[chosen], eta[chosen], passing[selected.accepted]),
        }
    return Survey(
        cutflow=dict(selected.cutflow),
        final_states=_final_states(selected),
        seen=dict(selected.seen),
        dropped=dict(selected.dropped),
        kept=kept,
        counts=counts,
        schemas={schema: chunk.events} if schema else {},
        generated=generated,
        sums=dict(selected.sums),
        kinds={kind: chunk.events},
    )


def _distributions(
    pt: npt.NDArray[np.float64], eta: npt.NDArray[np.float64], multiplicity: IntArray
) -> dict[str, IntArray]:
    values = (pt, eta, multiplicity.astype(np.float64))
    return {name: _binned(column, EDGES[name]) for name, column in zip(QUANTITIES, values, strict=True)}


def _binned(values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]) -> IntArray:
    """Return the counts in bins of equal width, closed below, and behind them how many lie in none."""
    bins = len(edges) - 1
    place = np.floor((values - edges[0]) * (bins / (edges[-1] - edges[0])))
    place = np.where((values >= edges[0]) & (values < edges[-1]), place, bins)
    return np.bincount(np.minimum(place, bins).astype(np.int64), minlength=bins + 1)


def _final_states(selected: Selected) -> dict[str, int]:
    base = selected.max_count + 1
    places = base ** np.arange(len(selected.letters))
    keys = np.minimum(selected.counts[selected.accepted], selected.max_count) @ places
    states, events = np.unique(keys, return_counts=True)
    counts = states[:, None] // places % base
    return {
        final_state_name(dict(zip(selected.letters, state, strict=True))): number
        for state, number in zip(counts.tolist(), events.tolist(), strict=True)
    }
