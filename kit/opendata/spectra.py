"""Mass spectra of many pairs of final state and combination, as whole numbers on one grid.

Adding the results of pieces, files and jobs is exact in any order. Most bins are empty: only the others are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kit.opendata.combinations import pair_order
from kit.opendata.pieces import Piece

__all__ = ["BELOW", "Grid", "PieceRecord", "Spectra", "merge"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Pair = tuple[str, str]

BELOW = -1  # the bin of masses below same_flavour_min_mass; that of masses beyond the grid is Grid.bins
ROWS_AT_ONCE = 4_000_000  # rows that wait for being added: 100 MB


@dataclass(frozen=True)
class Grid:
    """Bins ``[width·b, width·(b + 1))`` in GeV for b = 0 … bins − 1."""

    width: float
    bins: int


@dataclass(frozen=True, eq=False)
class Spectra:
    """Counted masses: events by final state, and for each pair its bins that are not empty.

    `pair`, `bin` and `count` are the rows: place in `pairs`, bin from `BELOW` to ``grid.bins``, count, sorted.
    With weights, `weight` and `square` are Σw and Σw² of each row.
    """

    grid: Grid
    events: dict[str, int] = field(default_factory=dict)
    pairs: list[Pair] = field(default_factory=list)
    pair: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    bin: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    count: IntArray = field(default_factory=lambda: np.empty(0, np.int64))
    weight: FloatArray | None = None
    square: FloatArray | None = None

    def weights(self, pair: Pair) -> tuple[FloatArray, FloatArray] | None:
        """Return Σw and Σw² in all bins, shape (bins,) each; None where events have no weights."""
        if self.weight is None or self.square is None:
            return None
        rows, lines = self._places[pair], np.zeros((2, self.grid.bins + 2))
        lines[:, self.bin[rows] - BELOW] = self.weight[rows], self.square[rows]
        return lines[0, 1:-1], lines[1, 1:-1]

    def counts(self, pair: Pair) -> IntArray:
        """Return the counts in all bins, shape (bins,)."""
        return self._line(pair)[1:-1]

    def overflow(self, pair: Pair) -> int:
        """Return how many masses lie beyond the last bin."""
        return int(self._line(pair)[-1])

    def below(self, pair: Pair) -> int:
        """Return how many masses were not filled since they are below the smallest one wanted."""
        return int(self._line(pair)[0])

    @property
    def total_overflow(self) -> int:
        """How many masses lie beyond the last bin, over all pairs."""
        return int(self.count[self.bin == self.grid.bins].sum())

    @property
    def total_below(self) -> int:
        """How many masses were not filled since they are too small, over all pairs."""
        return int(self.count[self.bin == BELOW].sum())

    @property
    def total(self) -> int:
        """How many masses there are, over all pairs."""
        return int(self.count.sum())

    @cached_property
    def _places(self) -> dict[Pair, slice]:
        edges = np.searchsorted(self.pair, np.arange(len(self.pairs) + 1)).tolist()
        return {pair: slice(edges[i], edges[i + 1]) for i, pair in enumerate(self.pairs)}

    def _line(self, pair: Pair) -> IntArray:
        rows = self._places[pair]
        line = np.zeros(self.grid.bins + 2, np.int64)
        line[self.bin[rows] - BELOW] = self.count[rows]
        return line

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Spectra)
            and (self.grid, self.events, self.pairs) == (other.grid, other.events, other.pairs)
            and all(np.array_equal(getattr(self, name), getattr(other, name)) for name in ("pair", "bin", "count"))
            and _alike(self.weight, other.weight)
            and _alike(self.square, other.square)
        )

    __hash__ = None  # type: ignore[assignment]


def _alike(one: FloatArray | None, other: FloatArray | None) -> bool:
    """Tell whether sums of weights agree as far as the order of adding lets them."""
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=1e-12, atol=0))


def merge(parts: Iterable[Spectra], grid: Grid | None = None) -> Spectra:
    """Return the sum of spectra on the same grid; pairs are in the order of final states, then combinations.

    Parameters
    ----------
    grid : Grid, optional
        That of the result; else the one of the first part.

    Raises
    ------
    ValueError
        If two grids differ, or if there are neither parts nor a grid.
    """
    places: dict[Pair, int] = {}
    events: dict[str, int] = {}
    waiting: list[_Rows] = []
    rows = 0
    for part in parts:
        grid = grid or part.grid
        if part.grid != grid:
            message = f"spectra on different grids cannot be added: {part.grid} and {grid}"
            raise ValueError(message)
        for state, number in part.events.items():
            events[state] = events.get(state, 0) + number
        here = np.array([places.setdefault(pair, len(places)) for pair in part.pairs], np.int64)
        if len(part.pair):
            waiting.append(_Rows(here[part.pair], part.bin, part.count, part.weight, part.square))
        rows += len(part.pair)
        if rows > ROWS_AT_ONCE:
            waiting = [_add(waiting, grid)]
            rows = len(waiting[0].pair)
    if grid is None:
        message = "nothing to add, and no grid"
        raise ValueError(message)
    total = _add(waiting, grid)
    pairs = sorted(places, key=pair_order)
    rank = np.empty(len(pairs), np.int64)
    rank[[places[name] for name in pairs]] = np.arange(len(pairs))
    total = _add([total._replace(pair=rank[total.pair])], grid)
    return Spectra(grid, dict(sorted(events.items())), pairs, *total)


class _Rows(NamedTuple):
    """Rows of spectra; with weights or without."""

    pair: IntArray
    place: IntArray
    number: IntArray
    weight: FloatArray | None = None
    square: FloatArray | None = None


def _add(rows: list[_Rows], grid: Grid) -> _Rows:
    """Return rows in order, those of the same pair and bin added.

    Raises
    ------
    ValueError
        If some have weights and others have none.
    """
    if not rows:
        return _Rows(*(np.empty(0, np.int64),) * 3)
    pair, place, count = (np.concatenate([row[column] for row in rows]) for column in range(3))
    weighted = [row.weight is not None for row in rows]
    if any(weighted) != all(weighted):
        message = "spectra with weights and without cannot be added"
        raise ValueError(message)
    key = pair * (grid.bins + 2) + (place - BELOW)
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    sums = [
        np.add.reduceat(np.concatenate([row[column] for row in rows])[order], first) if len(first) else np.empty(0)
        for column in ((3, 4) if all(weighted) else ())
    ]
    return _Rows(
        key[first] // (grid.bins + 2),
        key[first] % (grid.bins + 2) + BELOW,
        np.add.reduceat(count[order], first) if len(first) else count,
        *sums,
    )


@dataclass(frozen=True)
class PieceRecord:
    """What came of one piece.

    `cutflow` are the events left after each step, `seen` and `dropped` the objects read and the bad ones of
    each type, `schema` the name of the file's schema, `generated` whether the kit's demo has made it. `sums` are,
    with weights, their sum after each step. `kind` is data, simulation or unknown, `luminosity` what the weights
    of simulation stand for, in fb⁻¹.
    """

    piece: Piece
    spectra: Spectra
    cutflow: dict[str, int]
    dropped: dict[str, int]
    seen: dict[str, int] = field(default_factory=dict)
    schema: str = ""
    generated: bool = False
    sums: dict[str, float] = field(default_factory=dict)
    kind: str = "unknown"
    luminosity: float | None = None
