"""A chunk of simulated events in flat arrays: clusters, hits, particles, superclusters, one behind the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["AnyArray", "BoolArray", "Events", "FloatArray", "IntArray", "Lists", "expand", "starts"]

AnyArray = npt.NDArray[Any]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Lists:
    """Lists of things: those of list i are the entries `offsets`[i] to `offsets`[i + 1] of every column."""

    offsets: IntArray
    columns: Mapping[str, AnyArray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> AnyArray:
        return self.columns[name]

    @property
    def counts(self) -> IntArray:
        """How many things each list has."""
        return np.diff(self.offsets)

    @property
    def owners(self) -> IntArray:
        """The list that each thing belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), self.counts)

    def take(self, chosen: IntArray) -> Lists:
        """Return the lists `chosen`, in that order."""
        places, offsets = expand(self.offsets, chosen)
        return Lists(offsets, {name: values[places] for name, values in self.columns.items()})


@dataclass(frozen=True)
class Events:
    """Events first to first + n - 1 of a file.

    Attributes
    ----------
    path, first : str, int
        The file, and the entry of the first event in it.
    event : dict
        One value for each event, by name of the branch.
    clusters, calos, superclusters : Lists
        For each event.
    hits : Lists
        For each cluster.
    scores : Lists
        For each cluster its scores to all particles of the event; a column for each branch.
    members : Lists
        For each supercluster the clusters in it, ``pfClustersIndex``, counted within the event.
    numbers : ndarray of int
        The entry of each event, where some were left out.
    """

    path: str
    first: int
    event: Mapping[str, AnyArray]
    clusters: Lists
    calos: Lists
    superclusters: Lists
    hits: Lists
    scores: Lists
    members: Lists
    entries: IntArray

    def __len__(self) -> int:
        return len(self.entries)

    def take(self, chosen: IntArray) -> Events:
        """Return the events at the places `chosen`."""
        clusters, _ = expand(self.clusters.offsets, chosen)
        superclusters, _ = expand(self.superclusters.offsets, chosen)
        return replace(
            self,
            event={name: values[chosen] for name, values in self.event.items()},
            clusters=self.clusters.take(chosen),
            calos=self.calos.take(chosen),
            superclusters=self.superclusters.take(chosen),
            hits=self.hits.take(clusters),
            scores=self.scores.take(clusters),
            members=self.members.take(superclusters),
            entries=self.entries[chosen],
        )


def starts(counts: AnyArray) -> IntArray:
    """Return the offsets of lists of `counts` things: one more than there are lists."""
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts, dtype=np.int64)])


def expand(offsets: IntArray, chosen: AnyArray) -> tuple[IntArray, IntArray]:
    """Return the places of all things in the lists `chosen`, and the offsets of these lists among them."""
    first = offsets[:-1][chosen]
    counts = offsets[1:][chosen] - first
    new = starts(counts)
    return np.repeat(first - new[:-1], counts) + np.arange(new[-1]), new
