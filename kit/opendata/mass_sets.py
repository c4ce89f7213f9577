"""Merged masses to look through: a set for each release, data or simulation, with a line for each of its pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kit.files import shown
from kit.opendata.arrow import plain
from kit.opendata.bumpnet import MINIMUM_BINS, histogram_name, refusal
from kit.opendata.captions import Caption, caption
from kit.opendata.combinations import combination_named
from kit.opendata.contents import Contents, contents_of
from kit.opendata.excesses import largest_excesses
from kit.opendata.gathering import gather
from kit.opendata.merging import Merged, merge_masses
from kit.opendata.peaks import Division, divide
from kit.opendata.spectra import IntArray, Spectra

__all__ = ["MassSet", "contributions", "open_set"]

Pair = tuple[str, str]
Record = dict[str, Any]


@dataclass(frozen=True)
class MassSet:
    """Merged masses under a name; `records` has a line for each pair, `states` one for each final state."""

    name: str
    merged: Merged
    inputs: tuple[str, ...]

    @property
    def spectra(self) -> Spectra:
        """All spectra."""
        return self.merged.spectra

    @property
    def caption(self) -> Caption:
        """Whose events they are."""
        held = self.merged
        return caption(held.schemas, kinds=held.kinds, luminosity=held.luminosity, generated=held.generated)

    @cached_property
    def records(self) -> list[Record]:
        """A line for each pair, as a browser lists them."""
        lines, behind = [], []
        for pair in self.spectra.pairs:
            counts = self.spectra.counts(pair)
            found = divide(counts, peak_cut=True, split=True)
            lines.append(self._record(pair, counts, found))
            # right of the peak: where a spectrum rises to it, every bin lies above its neighbours
            behind.append(counts[found.peak : found.last + 1].copy() if found else counts[:0])
        width = self.spectra.grid.width
        for line, (excess, place) in zip(lines, largest_excesses(behind), strict=True):
            line["excess"] = round(excess, 2)
            line["at"] = line["peak"] + place * width if place >= 0 else None
        return lines

    def _record(self, pair: Pair, counts: IntArray, found: Division | None) -> Record:
        width, sums = self.spectra.grid.width, self.spectra.weights(pair)
        part = found.main if found else slice(0)
        return {
            "final_state": pair[0],
            "combination": pair[1],
            "objects": combination_named(pair[1]).size,
            "events": self.spectra.events[pair[0]],
            "entries": int(counts.sum()),
            "peak": found.peak * width if found else None,
            "bins": len(counts[part]),
            "accepted": not refusal(
                histogram_name(*pair, width), (counts if sums is None else sums[0])[part], MINIMUM_BINS
            ),
        }

    @cached_property
    def states(self) -> list[Record]:
        """A line for each final state: events, pairs, those accepted, the largest excess of any."""
        lines = {
            state: {"final_state": state, "events": events, "pairs": 0, "accepted": 0, "excess": 0.0}
            for state, events in self.spectra.events.items()
        }
        for record in self.records:
            line = lines[record["final_state"]]
            line["pairs"] = int(str(line["pairs"])) + 1
            line["accepted"] = int(str(line["accepted"])) + record["accepted"]
            line["excess"] = max(float(str(line["excess"])), record["excess"])
        return sorted(lines.values(), key=lambda line: (-int(str(line["events"])), str(line["final_state"])))

    def contents(self, pair: Pair) -> Contents | None:
        """Return the bins of a pair, None where this set does not have it."""
        try:
            return contents_of(self.spectra, pair)
        except KeyError:
            return None


def open_set(name: str, inputs: Sequence[str]) -> MassSet:
    """Return the masses that inputs of the stage `histograms` stand for, as far as they are there."""
    return MassSet(name, merge_masses(gather(inputs).results, accept_partial=True), tuple(inputs))


def contributions(merged: Merged, pair: Pair) -> dict[str, int]:
    """Return how many masses of a pair each input file has given, the largest first."""
    import pyarrow.parquet as pq

    from kit.opendata.massfile import read_masses

    counted: set[str] = set()
    found: dict[str, int] = {}
    wanted: Any = [("final_state", "=", pair[0]), ("combination", "=", pair[1])]
    for path in merged.results:
        pieces = read_masses(path).pieces
        table = pq.read_table(path, columns=["piece", "count"], filters=wanted)
        places, counts = plain(table["piece"]), plain(table["count"])
        entries = np.bincount(places, counts, len(pieces))
        for piece, number in zip(pieces, entries.tolist(), strict=True):
            if piece.key not in counted and number:
                found[shown(piece.path)] = found.get(shown(piece.path), 0) + int(number)
        counted |= {piece.key for piece in pieces}
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
