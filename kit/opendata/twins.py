"""The loops of `kernels` in NumPy: for few events, and as the measure of the compiled ones, bit for bit."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = [
    "FARTHEST_ETA", "LARGEST", "BoolArray", "Chosen", "Cuts", "FloatArray", "IntArray", "Stored", "arrange",
    "choose", "count", "masses",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]

FARTHEST_ETA = 10.0  # an object beyond is no object; no detector sees half as far
LARGEST = 1e140  # GeV or rad; the square of a sum of momenta beyond it is no longer finite in float64
BLOCK = 1 << 18  # masses made at once


class Cuts(NamedTuple):
    """What the objects of one type must pass, and how many of them are kept."""

    unit: float  # what stored momenta are divided by to be in GeV
    pt_min: float  # GeV
    eta_max: float
    isolation_max: float
    max_count: int


class Stored(NamedTuple):
    """The objects of one type as a file has them.

    offsets : shape (n + 1,), objects of event i stand at ``offsets[i]:offsets[i + 1]``
    pt, eta, phi, extra, isolation : shape (m,); `extra` is the energy or the mass, `isolation` the sum of momenta
        in the cone, both may be None
    """

    offsets: IntArray
    pt: Floats
    eta: Floats
    phi: Floats
    extra: Floats | None = None
    isolation: Floats | None = None


class Chosen(NamedTuple):
    """The objects of one type that pass, over events.

    counts : how many pass, of each event
    sound : whether an event has any object that is not bad, before cuts
    chosen : places of the at most `max_count` hardest of each event, falling in pT, event after event
    dropped : number of bad objects
    passing : whether an object passes, however many its event has, shape (m,)
    """

    counts: IntArray
    sound: BoolArray
    chosen: IntArray
    dropped: int
    passing: BoolArray


def choose(stored: Stored, cuts: Cuts) -> Chosen:
    """Cut the objects of one type and sort them by falling pT; equal ones stay in the order of the file.

    Parameters
    ----------
    stored : Stored
        The objects as the file has them.
    cuts : Cuts
        Compared in float64, inclusively; an object exactly at the isolation limit is not isolated.
    """
    offsets = stored.offsets
    events = len(offsets) - 1
    size = np.diff(offsets)
    event = np.repeat(np.arange(events), size)
    pt, sound, places = _passing(stored, cuts)
    passes = np.zeros(int(offsets[-1]), bool)
    passes[places + offsets[0]] = True
    places = places[np.lexsort((-pt[places], event[places]))]
    counts = np.bincount(event[places], minlength=events)
    rank = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
    hardest = places[rank < cuts.max_count] + offsets[0]
    any_sound = np.bincount(event[sound], minlength=events) > 0
    return Chosen(counts, any_sound, hardest, int(len(sound) - np.count_nonzero(sound)), passes)


def _passing(stored: Stored, cuts: Cuts) -> tuple[FloatArray, BoolArray, IntArray]:
    """Return momenta in GeV, which objects are sound, and the places of those that pass."""
    extra, isolation = stored.extra, stored.isolation
    held = slice(stored.offsets[0], stored.offsets[-1])
    pt, eta, phi = (values[held].astype(np.float64) for values in (stored.pt, stored.eta, stored.phi))
    pt /= cuts.unit
    sound = (pt > 0) & (pt <= LARGEST) & (np.abs(eta) <= FARTHEST_ETA) & (np.abs(phi) <= LARGEST)
    if extra is not None:
        sound &= np.abs(extra[held].astype(np.float64)) <= LARGEST
    places = np.flatnonzero(sound & (pt >= cuts.pt_min) & (np.abs(eta) <= cuts.eta_max))
    if isolation is not None:
        cone = isolation[held][places].astype(np.float64)
        places = places[cone < cuts.isolation_max * pt[places] * cuts.unit]
    return pt, sound, places


def arrange(
    order: IntArray, bounds: IntArray, held: IntArray, first: IntArray, chosen: IntArray, starts: IntArray
) -> IntArray:
    """Return the places of the objects of one type in the order of final states, rank by rank.

    Parameters
    ----------
    order : ndarray
        Events, those of one final state after each other.
    bounds : ndarray, shape (s + 1,)
        Events of final state i stand at ``bounds[i]:bounds[i + 1]`` of `order`.
    held : ndarray, shape (s,)
        Objects of the type in each event of a final state.
    first : ndarray, shape (n,)
        Where the objects of an event begin in `chosen`.
    chosen : ndarray
        Places of objects, falling in pT.
    starts : ndarray, shape (s + 1,)
        Where each final state begins in the result: rank 0 of all its events, then rank 1, and so on.
    """
    places = np.empty(starts[-1], np.int64)
    for state in np.flatnonzero(held):
        begin = first[order[bounds[state] : bounds[state + 1]]]
        ranks = np.arange(held[state])[:, None]
        places[starts[state] : starts[state + 1]] = chosen[begin + ranks].ravel()
    return places


def masses(momenta: FloatArray, columns: IntArray, first: int, last: int) -> FloatArray:
    """Return the masses of combinations of equally many objects, in events `first` to `last`.

    Parameters
    ----------
    momenta : ndarray, shape (4, m)
        px, py, pz, E in GeV.
    columns : ndarray, shape (c, k)
        Where the k objects of each combination begin in `momenta`; those of further events follow.

    Returns
    -------
    ndarray, shape (c, last - first)
        In GeV; sqrt of m², or 0 where rounding makes m² negative.
    """
    places = columns[:, :, None] + np.arange(first, last)
    total = momenta[:, places[:, 0]]
    for rank in range(1, columns.shape[1]):
        total += momenta[:, places[:, rank]]
    px, py, pz, energy = total
    square = energy * energy - px * px - py * py - pz * pz
    found: FloatArray = np.sqrt(np.where(square > 0, square, 0.0))
    return found


def count(
    momenta: FloatArray,
    columns: IntArray,
    sizes: IntArray,
    events: IntArray,
    width: float,
    bins: int,
    minimum: FloatArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """Count the masses of each pair of final state and combination in bins.

    Parameters
    ----------
    momenta : ndarray, shape (4, m)
        px, py, pz, E in GeV.
    columns, sizes : ndarray, shapes (r, k) and (r,)
        Where the objects of each pair begin in `momenta`, those of further events follow; of the k columns
        the first `sizes` are used.
    events : ndarray, shape (r,)
        Events of the pair's final state.
    width, bins
        Width of a bin in GeV, and the number of bins from 0 on.
    minimum : ndarray, shape (r,)
        Masses in GeV below which a pair is not filled.

    Returns
    -------
    row, bin, count : ndarray
        Of the bins that are not empty, sorted; bin −1 holds what is below `minimum`, bin `bins` what is beyond.
    """
    slots = bins + 2
    alike: dict[tuple[int, int], list[int]] = {}  # pairs that one call can do
    for row, shape in enumerate(zip(sizes.tolist(), events.tolist(), strict=True)):
        alike.setdefault(shape, []).append(row)
    keys, numbers = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for (size, length), rows in alike.items():
        at_once = max(1, BLOCK // length)
        for start in range(0, len(rows), at_once):
            these = np.array(rows[start : start + at_once])
            mass = masses(momenta, columns[these, :size], 0, length)
            slot = np.minimum(np.floor(mass / width), bins).astype(np.int64) + 1
            slot[mass < minimum[these, None]] = 0
            key, number = np.unique(slot + slots * these[:, None], return_counts=True)
            keys.append(key)
            numbers.append(number)
    key, number = np.concatenate(keys), np.concatenate(numbers)
    order = np.argsort(key, kind="stable")
    return key[order] // slots, key[order] % slots - 1, number[order]
