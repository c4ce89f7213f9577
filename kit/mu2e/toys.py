"""Binned toys: histograms that an ensemble would have, without touching an event.

The number of events is Poisson; which bins they fall into is a draw without replacement from the pool's histogram:
a toy is exactly what counting the drawn events would give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kit.files import FormatError
from kit.mu2e.interleaving import stream
from kit.mu2e.momenta import histogram
from kit.mu2e.primaries import Pool
from kit.run import RunError

__all__ = ["Toys", "draw_toys", "pool_histograms", "write_toys"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Toys:
    """Histograms of many toys.

    Attributes
    ----------
    counts : ndarray, shape (toys, processes, bins)
        Entries.
    edges : ndarray, shape (bins + 1,)
        Of the bins, in the unit of the column.
    """

    processes: tuple[str, ...]
    counts: IntArray
    edges: FloatArray
    seed: int


def pool_histograms(pools: Mapping[str, Pool], branch: str, edges: FloatArray) -> dict[str, IntArray]:
    """Return for each process the entries of its pool in each bin, and in a last one those outside.

    Raises
    ------
    FormatError
        If a pool does not have the column.
    """
    found = {}
    for name, pool in pools.items():
        counts = histogram(pool.sources, branch, edges)
        if counts is None:
            message = f"toys: primaries of {name} have no column {branch}"
            raise FormatError(message)
        inside = counts.astype(np.int64)
        found[name] = np.append(inside, pool.entries - inside.sum())
    return found


def draw_toys(
    histograms: Mapping[str, IntArray], means: Mapping[str, float], toys: int, edges: FloatArray, seed: int
) -> Toys:
    """Return so many toys.

    Parameters
    ----------
    histograms : mapping of ndarray, shape (bins + 1,)
        Entries of each process's pool, those outside the bins last.
    means : mapping
        Expected events of each process.
    toys, seed : int
        How many; which.
    edges : ndarray, shape (bins + 1,)
        Of the bins.

    Raises
    ------
    RunError
        If a toy needs more events than a pool has.
    """
    names = sorted(means)
    counts = np.zeros((toys, len(names), len(edges) - 1), np.int64)
    for place, name in enumerate(names):
        random = stream(seed, "toys", place)
        pool = histograms[name]
        numbers = random.poisson(means[name], toys)
        if numbers.max(initial=0) > pool.sum():
            message = f"toys: {name} needs {numbers.max()} events in one of them, its pool has {pool.sum()}"
            raise RunError(message)
        filled = np.flatnonzero(pool)  # empty bins need no random number
        for toy, number in enumerate(numbers):
            drawn = np.zeros(len(pool), np.int64)
            drawn[filled] = random.multivariate_hypergeometric(pool[filled], number, method="marginals")
            counts[toy, place] = drawn[:-1]
    return Toys(tuple(names), counts, edges, seed)


def write_toys(path: Path, toys: Toys) -> None:
    """Write toys as NumPy's compressed archive: counts, edges, processes, seed."""
    processes: Sequence[str] = toys.processes
    with path.open("wb") as file:
        np.savez_compressed(
            file, counts=toys.counts, edges=toys.edges, processes=np.array(processes), seed=np.array(toys.seed)
        )
