"""The classical superclusters of simulated events: by falling ET, each takes what is free in its mustache."""

from __future__ import annotations

import numpy as np

from kit.ecal.events import FloatArray, IntArray, Lists, starts
from kit.ecal.mustache import in_mustache

__all__ = ["SEED_ET_MIN", "gather"]

SEED_ET_MIN = 1.0  # GeV


def gather(
    event: IntArray, eta: FloatArray, phi: FloatArray, iz: IntArray, energy: FloatArray
) -> tuple[IntArray, Lists]:
    """Return the seed of each supercluster and, for each, its members; places of clusters.

    Parameters
    ----------
    event : ndarray of int
        Of each cluster, sorted.
    eta, phi, iz, energy : ndarray
        Of each cluster; raw energy in GeV.

    Returns
    -------
    seeds : ndarray of int
        By event, those of the barrel first, then by falling ET.
    members : Lists
        Column ``cluster``; the seed stands first, the others by falling ET.
    """
    et = energy / np.cosh(eta)
    order = np.lexsort((-et, event))
    owner = np.full(len(event), -1)
    seeds: list[IntArray] = []
    free = order
    while True:  # a round: the hardest free cluster of every event opens a supercluster
        free = free[owner[free] < 0]
        first = np.concatenate([np.ones(1, np.bool_), event[free][1:] != event[free][:-1]])[: len(free)]
        opening = free[first]
        opening = opening[et[opening] >= SEED_ET_MIN]
        if not len(opening):
            break
        seeds.append(opening)
        own = np.searchsorted(event[opening], event[free])
        own = np.minimum(own, len(opening) - 1)
        here = event[opening[own]] == event[free]
        asked, seed = free[here], opening[own[here]]
        taken = in_mustache(eta[seed], phi[seed], eta[asked], phi[asked], energy[asked]) & (iz[asked] == iz[seed])
        owner[asked[taken]] = seed[taken]
        owner[opening] = opening
    chosen = np.concatenate([np.zeros(0, np.int64), *seeds])
    chosen = chosen[np.lexsort((-et[chosen], iz[chosen] != 0, event[chosen]))]
    place = np.full(len(event), len(chosen))
    place[chosen] = np.arange(len(chosen))
    listed = order[owner[order] >= 0]
    rank = place[owner[listed]]
    sort = np.lexsort((-et[listed], listed != owner[listed], rank))
    return chosen, Lists(starts(np.bincount(rank, minlength=len(chosen))), {"cluster": listed[sort]})
