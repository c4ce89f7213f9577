"""Final states, combinations and their names.

A final state is the exact count of each type of object in an event, a combination the objects whose
four-momenta are summed. Types are letters: e electron, m muon, j jet, b b-tagged jet, g photon, t hadronic
tau. The two kinds of names order them differently, as the files of BumpNet do: ``2e_0m_1j_0g_0t_0b`` and
``e0e1j0``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

__all__ = [
    "COMBINATION_ORDER",
    "STATE_ORDER",
    "Combination",
    "Window",
    "combination_named",
    "combinations",
    "final_state_counts",
    "final_state_name",
    "pair_order",
]

STATE_ORDER = "emjgtb"  # in the name of a final state
COMBINATION_ORDER = "emjbgt"  # in the name of a combination
CountRule = Literal["at_least", "exact"]


@dataclass(frozen=True)
class Window:
    """Objects of one type that follow each other in rank: `count` of them from rank `first` on."""

    letter: str
    first: int
    count: int


@dataclass(frozen=True)
class Combination:
    """The objects whose four-momenta are summed: one window of ranks for each of its types."""

    windows: tuple[Window, ...]

    @property
    def name(self) -> str:
        """Letters with rank: ``e0e1j0``."""
        return "".join(f"{w.letter}{w.first + rank}" for w in self.windows for rank in range(w.count))

    @property
    def name_count(self) -> str:
        """Letters with count, the naming of the original's first generation: ``e2j1``; ranks are lost."""
        return "".join(f"{w.letter}{w.count}" for w in self.windows)

    @property
    def size(self) -> int:
        """The number of objects."""
        return sum(w.count for w in self.windows)

    @property
    def same_flavour(self) -> bool:
        """Whether it holds two or more electrons, or two or more muons."""
        return any(w.letter in "em" and w.count > 1 for w in self.windows)

    @property
    def order(self) -> tuple[int | tuple[int, ...], ...]:
        """Its place among all combinations: leading ones first, then by types, counts and ranks."""
        firsts = tuple(w.first for w in self.windows)
        types = tuple(COMBINATION_ORDER.index(w.letter) for w in self.windows)
        return int(any(firsts)), len(types), types, tuple(w.count for w in self.windows), firsts


def combinations(
    letters: Iterable[str],
    types: Sequence[int] = (1, 4),
    *,
    max_count: int = 4,
    max_total: int = 4,
    max_rank: int = 0,
) -> list[Combination]:
    """Return all combinations of the types in use, in the order in which they are written.

    Parameters
    ----------
    letters : iterable of str
        Types in use.
    types : two int
        Smallest and largest number of types in a combination.
    max_count, max_total : int
        Largest number of objects of one type, and altogether; there are at least two objects.
    max_rank : int
        Highest rank that windows may be moved to; 0 means leading combinations only. Each leading combination
        gives one for each choice of first ranks, which follow after all leading ones.
    """
    in_use = [letter for letter in COMBINATION_ORDER if letter in set(letters)]
    leading = [
        Combination(tuple(Window(letter, 0, count) for letter, count in zip(chosen, counts, strict=True)))
        for size in range(types[0], types[1] + 1)
        for chosen in itertools.combinations(in_use, size)
        for counts in itertools.product(range(1, max_count + 1), repeat=size)
        if 2 <= sum(counts) <= max_total
    ]
    if max_rank == 0:
        return leading
    moved = (moved for combination in leading for moved in _moved(combination, max_rank))
    return list(dict.fromkeys(itertools.chain(leading, moved)))


def _moved(combination: Combination, max_rank: int) -> Iterable[Combination]:
    firsts = [range(max(0, max_rank - w.count + 1) + 1) for w in combination.windows]
    for choice in itertools.product(*firsts):
        yield Combination(
            tuple(Window(w.letter, first, w.count) for w, first in zip(combination.windows, choice, strict=True))
        )


@lru_cache(maxsize=65536)
def combination_named(name: str) -> Combination:
    """Return the combination that has this name.

    Raises
    ------
    ValueError
        If the name is none, such as ``e0j2x`` or ``j1j0``.
    """
    ranks: dict[str, list[int]] = {}
    for letter, rank in re.findall(r"([emjbgt])(\d+)", name):
        ranks.setdefault(letter, []).append(int(rank))
    found = Combination(tuple(Window(letter, held[0], len(held)) for letter, held in ranks.items()))
    letters = [COMBINATION_ORDER.index(w.letter) for w in found.windows]
    if not name or found.name != name or letters != sorted(letters):
        message = f"combination {name!r}: should be letters of {COMBINATION_ORDER} with ranks, in order, as e0e1j0"
        raise ValueError(message)
    return found


def final_state_name(counts: Mapping[str, int]) -> str:
    """Return the name of a final state: all six types, absent ones with 0."""
    return "_".join(f"{counts.get(letter, 0)}{letter}" for letter in STATE_ORDER)


def final_state_counts(name: str) -> dict[str, int]:
    """Return the count of each type in the final state of this name.

    Raises
    ------
    ValueError
        If the name is none, such as ``2e_1x``.
    """
    parts = [re.fullmatch(r"(\d+)([emjgtb])", part) for part in name.split("_")]
    counts = {part[2]: int(part[1]) for part in parts if part}
    if len(counts) < len(parts):
        message = f"final state {name!r}: should be counts and letters of {STATE_ORDER}, as 2e_0m_1j_0g_0t_0b"
        raise ValueError(message)
    return counts


def pair_order(pair: tuple[str, str]) -> tuple[object, ...]:
    """Return what pairs of (final state, combination) are sorted by: final states by name, then `order`."""
    return pair[0], *combination_named(pair[1]).order
