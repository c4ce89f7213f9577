"""Which cluster belongs to which particle, by the share of the particle's energy that lies in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kit.ecal.engine import Engine
from kit.ecal.events import BoolArray, Events, FloatArray, IntArray

__all__ = ["Association", "associate", "score_to"]


@dataclass(frozen=True)
class Association:
    """The outcome for all clusters and particles of a chunk.

    Attributes
    ----------
    calo : ndarray of int
        For each cluster its particle, counted within the event; −1 for none.
    score : ndarray
        Its score to that particle; −1 for none.
    main : ndarray of int
        For each particle of the chunk the place of the cluster with the largest score; −1 for none.
    is_main : ndarray of bool
        Which clusters are the main cluster of their own particle.
    """

    calo: IntArray
    score: FloatArray
    main: IntArray
    is_main: BoolArray


def associate(events: Events, branch: str, minimum: float, engine: Engine) -> Association:
    """Return the particle of each cluster: the one with the largest score, if that is above `minimum`."""
    scores = events.scores
    calo, best, main = engine.associate(
        events.clusters.offsets, events.calos.offsets, scores.offsets, scores[branch], minimum
    )
    is_main = np.zeros(len(calo), np.bool_)
    is_main[main[main >= 0]] = True
    return Association(calo, best, main, is_main)


def score_to(events: Events, branch: str, clusters: IntArray, calos: IntArray) -> FloatArray:
    """Return the entry of a score branch for pairs of clusters and particles; 0 where the particle is −1.

    Parameters
    ----------
    clusters : ndarray of int
        Places in the chunk.
    calos : ndarray of int
        Particles, counted within the event; −1 for none.
    """
    values = events.scores[branch]
    known = calos >= 0
    found = np.zeros(len(clusters))
    found[known] = values[events.scores.offsets[clusters[known]] + calos[known]]
    return found
