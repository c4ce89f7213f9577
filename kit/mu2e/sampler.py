"""The sampler of art's SamplingInput: its engine, its labels, and where a job stops.

One job interleaves one file of each data set. For each event it draws a data set, with two numbers of an engine,
and stops without a word at the first draw of one that has no event left. Data sets are in ASCII order of names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = [
    "GRID_EVENTS",
    "Job",
    "art_labels",
    "coinciding_seeds",
    "engine",
    "probabilities",
    "simulate_job",
    "start_of",
]

FloatArray = npt.NDArray[np.float64]
LabelArray = npt.NDArray[np.uint8]
WordArray = npt.NDArray[np.uint64]

MULTIPLIER = 16807  # of the engine x → 16807·x mod (2³¹ - 1); art-root-io, DataSetSampler
MODULUS = 2**31 - 1
RANGE = float(MODULUS - 1)
SMALLEST_SUM = 2.2e-16  # of the weights
GRID_EVENTS = 2147483647  # what grid tools set as the most events of a job
BLOCK = 1 << 16  # numbers drawn at once


def start_of(seed: int) -> int:
    """Return the state that a seed means: 0, 1 and 2³¹ - 1 are the same."""
    return seed % MODULUS or 1


def coinciding_seeds(seeds: Sequence[int]) -> list[tuple[int, int]]:
    """Return pairs of seeds that give one and the same sequence."""
    first: dict[int, int] = {}
    return [(first[start], seed) for seed in seeds if first.setdefault(start := start_of(seed), seed) != seed]


def engine(seed: int, block: int = BLOCK) -> Iterator[WordArray]:
    """Yield the outputs of the engine, `block` at a time.

    The outputs k + 1 to 2k are 16807ᵏ times the first k: products stay below 2⁶².
    """
    modulus = np.uint64(MODULUS)
    powers = np.array([MULTIPLIER], np.uint64)  # 16807¹ … 16807ᵏ
    while len(powers) < block:
        powers = np.concatenate([powers, powers * powers[-1] % modulus])[:block]
    state = np.uint64(start_of(seed))
    while True:
        outputs = powers * state % modulus
        yield outputs
        state = outputs[-1]


def probabilities(weights: Sequence[float]) -> FloatArray:
    """Return the cumulative probabilities of the data sets, the last one exactly 1.

    Raises
    ------
    ValueError
        If a weight is negative, or all are 0.
    """
    total = 0.0
    for weight in weights:
        total += weight
    if any(weight < 0 for weight in weights) or not total >= SMALLEST_SUM:
        message = f"weights are {list(weights)}, should be ≥ 0 with a sum above 0"
        raise ValueError(message)
    cumulative = np.add.accumulate(np.array(weights, np.float64) / total)
    cumulative[-1] = 1.0
    return np.asarray(cumulative)


def art_labels(weights: Sequence[float], seed: int, block: int = BLOCK) -> Iterator[LabelArray]:
    """Yield the labels of the data sets that are drawn, block by block, without end."""
    limits = probabilities(weights)
    if len(limits) == 1:
        while True:
            yield np.zeros(block // 2, np.uint8)
    for outputs in engine(seed, block):
        draws = (outputs - np.uint64(1)).astype(np.float64)
        # in this order, in double precision: the labels depend on the last bit
        u = (draws[0::2] + draws[1::2] * RANGE) / (RANGE * RANGE)
        u = np.minimum(u, np.nextafter(1.0, 0.0))
        yield np.searchsorted(limits, u, side="left").astype(np.uint8)


@dataclass(frozen=True)
class Job:
    """What one job does.

    Attributes
    ----------
    labels : ndarray of uint8, shape (events,)
        Data set of each event.
    counts : tuple of int
        Events of each data set.
    stopped_by : int
        The data set that ran out; -1 where the job had all its events.
    """

    labels: LabelArray
    counts: tuple[int, ...]
    stopped_by: int


def simulate_job(weights: Sequence[float], seed: int, available: Sequence[int], most: int = GRID_EVENTS) -> Job:
    """Return the labels of a job: up to the draw of a data set without an event left, or `most`."""
    left = np.array(available, np.int64)
    kept: list[LabelArray] = []
    stopped = -1
    for labels in art_labels(weights, seed):
        labels = labels[:most]
        counts = np.bincount(labels, minlength=len(left))
        if (counts > left).any():
            ends = [int(np.flatnonzero(labels == name)[left[name]]) for name in np.flatnonzero(counts > left)]
            end = min(ends)
            stopped = int(labels[end])
            kept.append(labels[:end])
            break
        kept.append(labels)
        left -= counts
        most -= len(labels)
        if most == 0:
            break
    every = np.concatenate(kept)
    return Job(every, tuple(np.bincount(every, minlength=len(left)).tolist()), stopped)
