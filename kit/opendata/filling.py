"""The spectra of a chunk: every combination of every final state, counted in bins, or listed as masses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kit.opendata import twins
from kit.opendata.combinations import STATE_ORDER, CountRule, combinations, final_state_name
from kit.opendata.engine import NUMPY, Engine
from kit.opendata.grouping import Grouped
from kit.opendata.spectra import Grid, Spectra
from kit.opendata.twins import FloatArray, IntArray

__all__ = ["Rule", "count_masses", "list_masses"]


MASSES_AT_ONCE = 1 << 20


class Rule(NamedTuple):
    """Which combinations are made, and which of them an event counts for; see `combinations`."""

    types: tuple[int, int] = (1, 4)
    max_count: int = 4
    max_total: int = 4
    max_rank: int = 0
    count_rule: CountRule = "at_least"


@dataclass(frozen=True)
class _Table:
    """All combinations of a rule as arrays, with one row for each; letters are places in `STATE_ORDER`.

    `needed` and `used_up`, shape (c, 6): the smallest count of each type, and whether it is the largest, too.
    `letter` and `rank`, shape (c, k): of the objects, of which there are `sizes`, the rest is filled with 0.
    """

    names: list[str]
    needed: IntArray
    used_up: npt.NDArray[np.bool_]
    letter: IntArray
    rank: IntArray
    sizes: IntArray
    same_flavour: npt.NDArray[np.bool_]


@lru_cache(maxsize=8)
def _table(rule: Rule) -> _Table:
    found = combinations(
        STATE_ORDER, rule.types, max_count=rule.max_count, max_total=rule.max_total, max_rank=rule.max_rank
    )
    needed = np.zeros((len(found), len(STATE_ORDER)), np.int64)
    used_up = np.zeros(needed.shape, bool)
    letter, rank = np.zeros((2, len(found), rule.max_total), np.int64)
    for row, combination in enumerate(found):
        objects = [(STATE_ORDER.index(w.letter), w.first + i) for w in combination.windows for i in range(w.count)]
        letter[row, : len(objects)], rank[row, : len(objects)] = zip(*objects, strict=True)
        for w in combination.windows:
            needed[row, STATE_ORDER.index(w.letter)] = w.first + w.count
            used_up[row, STATE_ORDER.index(w.letter)] = rule.count_rule == "exact" and w.first == 0
    return _Table(
        names=[combination.name for combination in found],
        needed=needed,
        used_up=used_up,
        letter=letter,
        rank=rank,
        sizes=np.array([combination.size for combination in found], np.int64),
        same_flavour=np.array([combination.same_flavour for combination in found], bool),
    )


class _Pairs(NamedTuple):
    """All pairs of final state and combination of a chunk, sorted, with one row for each.

    `state` and `combination` are places in `events` (final states by name) and in a table's `names`; `columns`,
    shape (r, k), tells where the objects of a pair begin in the momenta, `begins` where its events do.
    """

    events: dict[str, int]
    state: IntArray
    combination: IntArray
    columns: IntArray
    lengths: IntArray
    begins: IntArray


def _pairs(grouped: Grouped, table: _Table) -> _Pairs:
    counts = np.zeros((len(grouped.counts), len(STATE_ORDER)), np.int64)
    starts = np.zeros(counts.shape, np.int64)
    for place, letter in enumerate(grouped.letters):
        counts[:, STATE_ORDER.index(letter)] = grouped.counts[:, place]
        starts[:, STATE_ORDER.index(letter)] = grouped.starts[:, place]
    names = [final_state_name(dict(zip(STATE_ORDER, state, strict=True))) for state in counts.tolist()]
    by_name = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
    counts, starts, events = counts[by_name], starts[by_name], np.diff(grouped.bounds)[by_name]
    fits = np.ones((len(names), len(table.names)), bool)
    for needed, used_up, held in zip(table.needed.T, table.used_up.T, counts.T, strict=True):
        fits &= (held[:, None] >= needed) & ~(used_up & (held[:, None] > needed))
    state, combination = np.nonzero(fits)
    lengths = events[state]
    columns = starts[state[:, None], table.letter[combination]] + table.rank[combination] * lengths[:, None]
    by_state = {names[i]: number for i, number in zip(by_name.tolist(), events.tolist(), strict=True)}
    return _Pairs(by_state, state, combination, columns, lengths, grouped.bounds[:-1][by_name][state])


def count_masses(
    grouped: Grouped,
    rule: Rule,
    grid: Grid,
    same_flavour_min_mass: float = 0.0,
    engine: Engine = NUMPY,
    weights: FloatArray | None = None,
) -> Spectra:
    """Count the masses of every combination of every final state in bins.

    Parameters
    ----------
    same_flavour_min_mass : float
        Masses in GeV below it are counted as `BELOW` for combinations with two electrons or two muons.
    weights : ndarray, shape (n,), optional
        Of the accepted events, in the order in which they are grouped; their sums are kept beside the counts.
    """
    table = _table(rule)
    pairs = _pairs(grouped, table)
    minimum = np.where(table.same_flavour, same_flavour_min_mass, 0.0)[pairs.combination]
    sizes = table.sizes[pairs.combination]
    arrays = (grouped.momenta, pairs.columns, sizes, pairs.lengths, grid.width, grid.bins, minimum)
    names = _names(pairs, table)
    if weights is None:
        return Spectra(grid, pairs.events, names, *engine.count(*arrays))
    return Spectra(grid, pairs.events, names, *engine.weigh(*arrays, pairs.begins, weights))


def _names(pairs: _Pairs, table: _Table) -> list[tuple[str, str]]:
    states = list(pairs.events)
    both = zip(pairs.state.tolist(), pairs.combination.tolist(), strict=True)
    return [(states[state], table.names[combination]) for state, combination in both]


def list_masses(grouped: Grouped, rule: Rule) -> Iterator[tuple[str, str, FloatArray]]:
    """Yield final state, combination and masses in GeV, in the order of events; pairs as in `count_masses`."""
    table = _table(rule)
    pairs = _pairs(grouped, table)
    names, sizes = _names(pairs, table), table.sizes[pairs.combination]
    first = 0
    while first < len(names):
        length = int(pairs.lengths[first])
        alike = int(np.searchsorted(pairs.state, pairs.state[first], side="right"))
        last = min(alike, first + max(1, MASSES_AT_ONCE // length))
        masses = np.empty((last - first, length))
        for size in np.unique(sizes[first:last]):
            rows = first + np.flatnonzero(sizes[first:last] == size)
            masses[rows - first] = twins.masses(grouped.momenta, pairs.columns[rows, :size], 0, length)
        for (state, combination), found in zip(names[first:last], masses, strict=True):
            yield state, combination, found
        first = last
