"""A uniformly random order in pieces, so that any piece can be made alone.

Each event goes into a random chunk, and each chunk is shuffled: that is the same as shuffling all, in the memory
of one chunk. Every chunk has its own stream of random numbers, so that batch jobs and virtual ensembles agree.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["STREAMS", "chunk_counts", "shuffled_labels", "stream"]

IntArray = npt.NDArray[np.int64]
LabelArray = npt.NDArray[np.uint8]

STREAMS = {"counts": 0, "interleaving": 1, "toys": 2, "thinning": 3, "files": 4}


def stream(seed: int, name: str, *place: int) -> np.random.Generator:
    """Return the random numbers for one purpose, and one place where there are several."""
    sequence = np.random.SeedSequence(seed, spawn_key=(STREAMS[name], *place))
    return np.random.Generator(np.random.PCG64(sequence))


def chunk_counts(counts: Sequence[int], chunk: int, seed: int, *place: int) -> IntArray:
    """Return how many events of each process each chunk has.

    Parameters
    ----------
    counts : sequence of int
        Events of each process.
    chunk : int
        Events in a chunk, about.
    seed, place
        Of the ensemble; which subrun.

    Returns
    -------
    ndarray, shape (chunks, processes)
        Each process multinomially over the chunks: every event lands in each with the same probability.
    """
    chunks = max(1, -(-sum(counts) // chunk))
    random = stream(seed, "interleaving", *place)
    even = np.full(chunks, 1 / chunks)
    return (
        np.stack([random.multinomial(n, even) for n in counts], axis=1)
        if counts
        else np.zeros((chunks, 0), np.int64)
    )


def shuffled_labels(counts: npt.ArrayLike, seed: int, *place: int) -> LabelArray:
    """Return the process of each event of one chunk, in random order."""
    numbers = np.asarray(counts)
    labels = np.repeat(np.arange(len(numbers), dtype=np.uint8), numbers)
    stream(seed, "interleaving", *place).shuffle(labels)
    return labels
