"""What a cluster in a window is to be learnt as: part of the particle's supercluster, or not.

`fixed` is the definition: a cluster is in the supercluster if it belongs to the window's particle with a score not
below the working point, or is the seed. `deepsc` reproduces the public original, in which variables keep their
value from one pair of cluster and window to the next: there clusters of another particle take the label of
whatever was looked at before them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray

__all__ = ["Labels", "Pairs", "deepsc_labels", "fixed_labels"]


@dataclass(frozen=True)
class Pairs:
    """All that decides the labels, one entry for each cluster in a window.

    Attributes
    ----------
    window, rank : ndarray of int
        The window; the place of the cluster among all of the chunk, by event and falling ET.
    event : ndarray of int
        The event.
    window_calo, cluster_calo : ndarray of int
        Particle of the window and of the cluster, counted within the event; −1 for none.
    is_seed, is_main : ndarray of bool
        Whether the cluster opened the window; whether it is the main cluster of its own particle.
    score, threshold : ndarray
        The cluster's score; the working point of the window.
    pileup : ndarray or None
        Energy of pileup over that of the window's particle in the cluster.
    pileup_limit : float
        From which on a cluster counts as pileup.
    """

    window: IntArray
    rank: IntArray
    event: IntArray
    window_calo: IntArray
    cluster_calo: IntArray
    is_seed: BoolArray
    is_main: BoolArray
    score: FloatArray
    threshold: FloatArray
    pileup: FloatArray | None = None
    pileup_limit: float = np.inf

    @property
    def same(self) -> BoolArray:
        """Clusters that belong to the window's particle."""
        found: BoolArray = (self.window_calo >= 0) & (self.cluster_calo == self.window_calo)
        return found

    @property
    def different(self) -> BoolArray:
        """Clusters that belong to another particle than the window."""
        other: BoolArray = (self.cluster_calo >= 0) & (self.cluster_calo != self.window_calo)
        return (self.window_calo >= 0) & other


@dataclass(frozen=True)
class Labels:
    """The labels of clusters in windows; `other_calo` is −1 for none, `pileup` the fraction of pileup."""

    is_calo_matched: BoolArray
    is_calo_matched_diffcalo: BoolArray
    is_calo_seed: BoolArray
    in_scluster: BoolArray
    other_calo_index: IntArray
    cluster_PUfrac: FloatArray  # noqa: N815 - the field's name


def fixed_labels(pairs: Pairs) -> Labels:
    """Return the labels as they are meant."""
    same, different = pairs.same, pairs.different
    passed, dirty = _passed(pairs)
    return Labels(
        is_calo_matched=same,
        is_calo_matched_diffcalo=different,
        is_calo_seed=(same | different) & pairs.is_main & ~dirty,
        in_scluster=passed | pairs.is_seed,
        other_calo_index=np.where(different & pairs.is_main, pairs.cluster_calo, -1),
        cluster_PUfrac=_fractions(pairs),
    )


def deepsc_labels(pairs: Pairs, last_fraction: FloatArray | None = None) -> Labels:
    """Return the labels of the public original.

    It goes through clusters by falling ET, for each through its windows. Three variables keep their value where
    they are not set: pass for clusters of another particle, diffcalo and the other particle in unmatched windows.

    Parameters
    ----------
    pairs : Pairs
        Of all windows, also of those that are not kept.
    last_fraction : ndarray, optional
        With pileup: for each pair what the seed of the last window of the event has left in the variable.
    """
    fixed = fixed_labels(pairs)
    order = np.lexsort((pairs.window, pairs.rank))
    matched, different = pairs.window_calo[order] >= 0, pairs.different[order]
    first = _firsts(pairs.event[order])
    passed, _ = _passed(pairs)
    p = _carried(passed[order], ~different, first, np.bool_(False))
    d = _carried(different, matched, first, np.bool_(False))
    other = _carried(fixed.other_calo_index[order], different, first, np.int64(-1))
    fractions = fixed.cluster_PUfrac
    if last_fraction is not None:
        begin = last_fraction[order]
        fractions = _back(_carried(fractions[order], ~different, first, begin), order)
    return Labels(
        is_calo_matched=fixed.is_calo_matched,
        is_calo_matched_diffcalo=_back(d, order),
        is_calo_seed=fixed.is_calo_seed,
        in_scluster=_back(p, order) | pairs.is_seed,
        other_calo_index=_back(np.where(d, other, -1), order),
        cluster_PUfrac=fractions,
    )


def _passed(pairs: Pairs) -> tuple[BoolArray, BoolArray]:
    """Return which clusters reach the working point, and which of the same particle are full of pileup."""
    dirty = np.zeros(len(pairs.window), np.bool_)
    if pairs.pileup is not None:
        dirty = pairs.same & (pairs.pileup >= pairs.pileup_limit)
    return pairs.same & (pairs.score >= pairs.threshold) & ~dirty, dirty


def _fractions(pairs: Pairs) -> FloatArray:
    if pairs.pileup is None:
        return np.zeros(len(pairs.window))
    return np.where(pairs.same, pairs.pileup, -1.0)


def _firsts(event: IntArray) -> IntArray:
    """Return for each entry the place of the first one of its event."""
    new = np.concatenate([np.ones(1, np.bool_), event[1:] != event[:-1]])[: len(event)]
    return np.maximum.accumulate(np.where(new, np.arange(len(event)), 0)) if len(event) else event


def _carried(values: AnyArray, known: BoolArray, first: IntArray, begin: FloatArray | np.generic) -> AnyArray:
    """Return `values` where they are `known`, else the last known one of the event, else `begin`."""
    if not len(values):
        return values
    last = np.maximum.accumulate(np.where(known, np.arange(len(values)), -1))
    return np.where(last >= first, values[last], begin)


def _back(values: AnyArray, order: IntArray) -> AnyArray:
    """Return what was sorted by `order` in its own order."""
    unsorted = np.empty_like(values)
    unsorted[order] = values
    return unsorted
