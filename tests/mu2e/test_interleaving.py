"""A uniformly random order in pieces: all events, each chunk alone, no trend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.interleaving import STREAMS, chunk_counts, shuffled_labels, stream


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=8), st.integers(100, 5000), st.integers(0, 2**32 - 1))
def test_chunks_hold_all_events_of_each_process(counts, chunk, seed):
    parts = chunk_counts(counts, chunk, seed, 3)
    assert parts.sum(axis=0).tolist() == counts
    assert len(parts) == max(1, -(-sum(counts) // chunk))
    assert np.bincount(shuffled_labels(parts[0], seed, 3, 0), minlength=len(counts)).tolist() == parts[0].tolist()


def test_each_chunk_is_the_same_alone_and_different_from_others():
    counts = chunk_counts([500, 500], 250, 9, 0)
    one, again = (shuffled_labels(counts[2], 9, 0, 2).tolist() for _ in range(2))
    assert one == again
    assert shuffled_labels([100, 100], 9, 0, 0).tolist() != shuffled_labels([100, 100], 9, 0, 1).tolist()
    assert shuffled_labels([100, 100], 9, 0, 0).tolist() != shuffled_labels([100, 100], 9, 1, 0).tolist()


def test_every_place_is_as_likely_for_every_process():
    """Over many ensembles, the share of a process in each tenth of the order is the same within errors."""
    counts, ensembles = [30, 170], 400
    places = np.zeros(10)
    for seed in range(ensembles):
        labels = np.concatenate([
            shuffled_labels(part, seed, 0, number) for number, part in enumerate(chunk_counts(counts, 40, seed, 0))
        ])  # fmt: skip
        where = np.flatnonzero(labels == 0) * 10 // len(labels)
        places += np.bincount(where, minlength=10)
    expected = ensembles * 3.0
    assert np.sum((places - expected) ** 2 / expected) == pytest.approx(9, abs=15)


def test_the_order_passes_a_runs_test():
    """The number of runs of two kinds in random order has a known mean and variance (Wald & Wolfowitz 1940)."""
    pulls = []
    for seed in range(200):
        parts = chunk_counts([400, 600], 130, seed, 0)
        labels = np.concatenate([shuffled_labels(part, seed, 0, number) for number, part in enumerate(parts)])
        runs = 1 + np.count_nonzero(np.diff(labels.astype(int)))
        mean = 1 + 2 * 400 * 600 / 1000
        pulls.append((runs - mean) / np.sqrt((mean - 1) * (mean - 2) / 999))
    assert np.mean(pulls) == pytest.approx(0, abs=4 / np.sqrt(200))
    assert np.std(pulls) == pytest.approx(1, abs=0.2)


def test_purposes_have_streams_of_their_own():
    first = {name: stream(1, name).random() for name in STREAMS}
    assert len(set(first.values())) == len(STREAMS)
    assert stream(1, "toys", 4).random() == stream(1, "toys", 4).random() != stream(2, "toys", 4).random()
