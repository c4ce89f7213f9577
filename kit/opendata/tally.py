"""What a run of `masses` is judged by: events at each step, final states, pairs, entries, and bad objects.

A tally looks at the records of pieces as they pass by, and keeps only sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kit.opendata.passing import add_counts
from kit.opendata.schemas import OBJECT_NAMES
from kit.opendata.spectra import PieceRecord

__all__ = ["Tally"]

LOUD = 0.01  # share of bad objects of a type in a file that a user hears of
SHOWN = 20  # files that are named in one notice


@dataclass
class Tally:
    """Sums over the records of pieces.

    `seen` and `dropped` are by path: objects of each type that were read, and those of them that are bad.
    """

    pieces: int = 0
    cutflow: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)
    states: set[str] = field(default_factory=set)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    entries: int = 0
    overflow: int = 0
    below: int = 0
    seen: dict[str, dict[str, int]] = field(default_factory=dict)
    dropped: dict[str, dict[str, int]] = field(default_factory=dict)

    def over(self, records: Iterable[PieceRecord]) -> Iterator[PieceRecord]:
        """Yield records and add them up."""
        for record in records:
            self._add(record)
            yield record

    def _add(self, record: PieceRecord) -> None:
        piece, spectra = record.piece, record.spectra
        self.pieces += 1
        self.cutflow = add_counts(self.cutflow, record.cutflow)
        self.sums = {s: self.sums.get(s, 0.0) + record.sums.get(s, 0.0) for s in {**self.sums, **record.sums}}
        self.states.update(spectra.events)
        self.pairs.update(spectra.pairs)
        self.entries += spectra.total
        self.overflow += spectra.total_overflow
        self.below += spectra.total_below
        self.seen[piece.path] = add_counts(self.seen.get(piece.path, {}), record.seen)
        self.dropped[piece.path] = add_counts(self.dropped.get(piece.path, {}), record.dropped)

    @property
    def read(self) -> int:
        """The number of events read."""
        return next(iter(self.cutflow.values()), 0)

    @property
    def accepted(self) -> int:
        """The number of events in final states."""
        return list(self.cutflow.values())[-1] if self.cutflow else 0

    def all_dropped(self) -> dict[str, int]:
        """Return the bad objects of each type in all files; types without any are left out."""
        total: dict[str, int] = {}
        for dropped in self.dropped.values():
            total = add_counts(total, dropped)
        return {letter: number for letter, number in total.items() if number}

    def loud(self) -> str:
        """Return which files have too many bad objects of a type, in words; empty where none has."""
        faults = [
            f"{path}: {number} of {self.seen[path][letter]} {OBJECT_NAMES[letter]}"
            for path, dropped in self.dropped.items()
            for letter, number in dropped.items()
            if number > LOUD * self.seen[path][letter]
        ]
        if not faults:
            return ""
        more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        head = "objects were dropped that are not finite, have no pT or lie beyond |η| of 10:"
        return "\n  ".join([head, *faults[:SHOWN], *more])

    def numbers(self) -> dict[str, Any]:
        """Return what stands in a summary."""
        return {
            "pieces": self.pieces,
            "events": self.read,
            "rejected": self.read - self.accepted,
            "final_states": len(self.states),
            "pairs": len(self.pairs),
            "entries": self.entries,
            "overflow": self.overflow,
            "below_minimum": self.below,
            "empty": self.accepted == 0,
            "cutflow": self.cutflow,
            **({"sums_of_weights": self.sums} if self.sums else {}),
            "dropped": self.all_dropped(),
        }
