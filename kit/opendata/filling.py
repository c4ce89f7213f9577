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
from kit.opendata.grouping import Grouped
from kit.opendata.kernels import NUMPY, Engine
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


class _State(NamedTuple):
    """A final state of a chunk: its name, its events, its combinations and where their objects begin."""

    name: str
    events: int
    rows: IntArray
    columns: IntArray


def _states(grouped: Grouped, table: _Table) -> Iterator[_State]:
    """Yield the final states by name."""
    counts = np.zeros((len(grouped.counts), len(STATE_ORDER)), np.int64)
    starts = np.zeros(counts.shape, np.int64)
    for place, letter in enumerate(grouped.letters):
        counts[:, STATE_ORDER.index(letter)] = grouped.counts[:, place]
        starts[:, STATE_ORDER.index(letter)] = grouped.starts[:, place]
    events = np.diff(grouped.bounds).tolist()
    names = [final_state_name(dict(zip(STATE_ORDER, state, strict=True))) for state in counts.tolist()]
    for state in sorted(range(len(names)), key=names.__getitem__):
        enough = (counts[state] >= table.needed) & ~(table.used_up & (counts[state] > table.needed))
        rows = np.flatnonzero(enough.all(axis=1))
        columns = starts[state][table.letter[rows]] + table.rank[rows] * events[state]
        yield _State(names[state], events[state], rows, columns)


def count_masses(
    grouped: Grouped, rule: Rule, grid: Grid, same_flavour_min_mass: float = 0.0, engine: Engine = NUMPY
) -> Spectra:
    """Count the masses of every combination of every final state in bins.

    Parameters
    ----------
    same_flavour_min_mass : float
        Masses in GeV below it are counted as `BELOW` for combinations with two electrons or two muons.
    """
    table = _table(rule)
    minimum = np.where(table.same_flavour, same_flavour_min_mass, 0.0)
    events: dict[str, int] = {}
    pairs: list[tuple[str, str]] = []
    parts = [(np.empty(0, np.int64),) * 3]
    for state in _states(grouped, table):
        events[state.name] = state.events
        combination, place, count = engine.count(
            grouped.momenta,
            state.columns,
            table.sizes[state.rows],
            state.events,
            grid.width,
            grid.bins,
            minimum[state.rows],
        )
        parts.append((combination + len(pairs), place, count))
        pairs += [(state.name, table.names[row]) for row in state.rows.tolist()]
    pair, place, count = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Spectra(grid, events, pairs, pair, place, count)


def list_masses(grouped: Grouped, rule: Rule) -> Iterator[tuple[str, str, FloatArray]]:
    """Yield final state, combination and the masses in GeV, in the order of events; pairs as in `count_masses`."""
    table = _table(rule)
    for state in _states(grouped, table):
        step = max(1, MASSES_AT_ONCE // state.events)
        for first in range(0, len(state.rows), step):
            rows = state.rows[first : first + step]
            columns = state.columns[first : first + step]
            found = twins.masses(grouped.momenta, columns, table.sizes[rows], 0, state.events)
            for row, masses in zip(rows.tolist(), found, strict=True):
                yield state.name, table.names[row], masses
