"""The innermost loops in NumPy; `loops` has them as numba compiles them, with the same bits."""

from __future__ import annotations

import math

import numpy as np

from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray
from kit.ecal.geometry import inside
from kit.ecal.geometry import offsets as distances

__all__ = ["Limits", "Positions", "associate", "cosh", "fill", "log1", "open_windows", "order", "spans", "walk"]

Positions = tuple[FloatArray, FloatArray, IntArray]  # η, φ and iz of all clusters
Limits = tuple[FloatArray, FloatArray, FloatArray]  # up, down and width of the window that each would open
LONGEST = 128  # numbers that are added in eight sums side by side


def cosh(values: FloatArray) -> FloatArray:
    """Return the hyperbolic cosine of the C library."""
    return np.fromiter(map(math.cosh, values.tolist()), np.float64, len(values))


def log1(values: FloatArray) -> FloatArray:
    """Return the logarithm of 1 + x, of the C library."""
    return np.fromiter(map(math.log, (1 + values).tolist()), np.float64, len(values))


def associate(
    offsets: IntArray, calos: IntArray, rows: IntArray, scores: FloatArray, minimum: float
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return which cluster belongs to which particle.

    Parameters
    ----------
    offsets, calos : ndarray of int
        Where the clusters, and the particles, of each event begin.
    rows, scores : ndarray
        Where the scores of each cluster begin, one for each particle of its event; the scores.
    minimum : float
        What the largest score of a cluster must exceed.

    Returns
    -------
    calo, best, main : ndarray
        For each cluster its particle, counted within the event, and its score, both −1 where there is none; for
        each particle its cluster with the largest score, −1 where there is none. The first of equal ones counts.
    """
    number = len(rows) - 1
    owner = np.repeat(np.arange(number), np.diff(rows))
    best = np.full(number, -1.0)
    above = np.flatnonzero(scores > minimum)
    np.maximum.at(best, owner[above], scores[above])
    calo = np.full(number, -1)
    tops = above[scores[above] == best[owner[above]]][::-1]  # backwards: the first of equal ones is written last
    calo[owner[tops]] = tops - rows[owner[tops]]
    main = np.full(int(calos[-1]), -1)
    event = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    own = np.flatnonzero(calo >= 0)
    own = own[np.lexsort((-own, best[own]))]
    main[calos[event[own]] + calo[own]] = own
    return calo, best, main


def order(offsets: IntArray, et: FloatArray) -> IntArray:
    """Return the places of the clusters of each event by falling ET; equal ones stay as they are."""
    event = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return np.lexsort((-et, event))


def open_windows(
    offsets: IntArray,
    order: IntArray,
    candidate: BoolArray,
    positions: Positions,
    limits: Limits,
    overlapping: bool,
) -> tuple[IntArray, IntArray]:
    """Return the seeds of windows in order of creation, and how many were inside earlier ones in each event.

    Parameters
    ----------
    offsets, order : ndarray of int
        Where the clusters of each event begin; their places by falling ET.
    candidate : ndarray of bool
        Which clusters have enough ET to be seeds.
    positions, limits : tuple of ndarray
        Of all clusters.
    overlapping : bool
        Whether seeds inside earlier windows open one, too.
    """
    seeds, blocked = [], np.zeros(len(offsets) - 1, np.int64)
    for event in range(len(offsets) - 1):
        places = order[offsets[event] : offsets[event + 1]]
        places = places[candidate[places]]
        covers = _covers(places, places, positions, limits)
        opened: list[int] = []
        for k in range(len(places)):
            taken = bool(covers[opened, k].any())
            blocked[event] += taken
            if overlapping or not taken:
                opened.append(k)
        seeds.append(places[opened])
    return np.concatenate([np.zeros(0, np.int64), *seeds]), blocked


def fill(
    seeds: IntArray, event: IntArray, offsets: IntArray, order: IntArray, positions: Positions, limits: Limits
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return window, cluster and φ_seed − φ of all that lies in a window: by window, then by falling ET.

    Parameters
    ----------
    seeds, event : ndarray of int
        Seed and event of each window.
    offsets, order, positions, limits
        As for `open_windows`.
    """
    windows, clusters, distances_in_phi = [], [], []
    for w, (seed, e) in enumerate(zip(seeds.tolist(), event.tolist(), strict=True)):
        places = order[offsets[e] : offsets[e + 1]]
        found = places[_covers(np.array([seed]), places, positions, limits)[0]]
        windows.append(np.full(len(found), w))
        clusters.append(found)
        distances_in_phi.append(distances(*_at(seed, positions), *_at(found, positions))[1])
    nothing = np.zeros(0, np.int64)
    return (
        np.concatenate([nothing, *windows]),
        np.concatenate([nothing, *clusters]),
        np.concatenate([np.zeros(0), *distances_in_phi]),
    )


def _at(places: AnyArray | int, positions: Positions) -> tuple[FloatArray, FloatArray]:
    return positions[0][places], positions[1][places]


def _covers(seeds: AnyArray, places: AnyArray, positions: Positions, limits: Limits) -> BoolArray:
    """Return for each seed which of the clusters at `places` are in its window."""
    column = seeds[:, None]
    e, p = distances(*_at(column, positions), *_at(places, positions))
    up, down, width = (limit[column] for limit in limits)
    return inside(e, p, positions[2][places] == positions[2][column], (up, down, width))


def spans(offsets: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return largest, smallest and mean value of lists that are not empty, sums as NumPy's mean adds."""
    if len(offsets) == 1:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    first, counts = offsets[:-1], np.diff(offsets)
    total = values[first].copy()
    for step in range(1, 8):
        longer = np.flatnonzero((counts > step) & (counts < 8))
        total[longer] += values[first[longer] + step]
    mean = total / counts
    for w in np.flatnonzero(counts >= 8):
        mean[w] = np.mean(values[offsets[w] : offsets[w + 1]])
    return np.maximum.reduceat(values, first), np.minimum.reduceat(values, first), mean


def walk(content: AnyArray, begins: IntArray, width: int, first: IntArray) -> tuple[IntArray, IntArray, bool]:
    """Return where the lengths of lists of lists stand, these lengths, and whether they fill the events.

    Parameters
    ----------
    content : ndarray of uint8
        Words of four bytes, big-endian: of each event the number of lists, then of each list its length and its
        numbers.
    begins : ndarray of int
        Word with which each event begins, and the end of the last.
    width : int
        Words of a number.
    first : ndarray of int
        Number of the first list of each event.
    """
    words, ends, lists = content.view(">i4"), begins[1:], np.diff(first)
    places, counts = np.zeros(first[-1], np.int64), np.zeros(first[-1], np.int64)
    place = begins[:-1] + 1
    going = np.flatnonzero(lists)
    for number in range(int(lists.max(initial=0))):  # all events at once
        going = going[lists[going] > number]
        here = place[going]
        if (here >= ends[going]).any():
            return places, counts, False
        count = words[here].astype(np.int64)
        if (count < 0).any():
            return places, counts, False
        places[first[going] + number], counts[first[going] + number] = here, count
        place[going] = here + 1 + width * count
    return places, counts, np.array_equal(place, ends)
