"""The sampler of SamplingInput: published numbers, a plain loop, and where jobs stop."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.mu2e.sampler import (
    Job,
    art_labels,
    coinciding_seeds,
    engine,
    probabilities,
    simulate_job,
    start_of,
)

R = 2147483646


def _plain(weights, seed, available, most):
    """Write the rule down as it is told: one event after the other."""
    state = seed % 2147483647 or 1
    total = sum(weights, 0.0)
    limits, running = [], 0.0
    for weight in weights:
        running += weight / total
        limits.append(running)
    limits[-1] = 1.0
    left, labels = list(available), []
    while len(labels) < most:
        draws = []
        for _ in range(2):
            state = 16807 * state % 2147483647
            draws.append(state - 1)
        u = min((draws[0] + draws[1] * float(R)) / (float(R) * float(R)), 1 - 2**-53)
        label = next(i for i, limit in enumerate(limits) if limit >= u) if len(weights) > 1 else 0
        if not left[label]:
            return labels, label
        left[label] -= 1
        labels.append(label)
    return labels, -1


def test_the_engine_gives_its_published_numbers():
    first = next(engine(1)).tolist()
    assert first[:6] == [16807, 282475249, 1622650073, 984943658, 1144108930, 470211272]
    assert first[9999] == 1043618065  # Park & Miller, Comm. ACM 31, 1192 (1988), after 10 000 steps


def test_the_engine_goes_on_where_a_block_ends():
    small = np.concatenate(list(islice(engine(77, 10), 5)))
    assert small.tolist() == next(engine(77, 50)).tolist()


def test_the_first_uniform_numbers_are_the_published_ones():
    x = next(engine(1))[:6].astype(float) - 1
    u = (x[0::2] + x[1::2] * R) / (float(R) * R)
    assert u.tolist() == [0.13153778773876065, 0.4586501320232198, 0.21895918621247895]


def test_the_first_labels_are_the_published_ones():
    labels = next(art_labels([0.2, 0.3, 0.5], 1))[:20].tolist()
    assert labels == [0, 1, 1, 2, 2, 2, 0, 2, 0, 0, 2, 2, 2, 2, 2, 2, 0, 1, 2, 1]


@given(
    st.lists(st.floats(0.001, 10), min_size=1, max_size=6),
    st.integers(0, 2**32 - 1),
    st.data(),
    st.integers(1, 400),
)
def test_a_job_equals_a_plain_loop(weights, seed, data, most):
    available = data.draw(st.lists(st.integers(0, 200), min_size=len(weights), max_size=len(weights)))
    job = simulate_job(weights, seed, available, most)
    labels, stopped = _plain(weights, seed, available, most)
    assert (job.labels.tolist(), job.stopped_by) == (labels, stopped)
    assert list(job.counts) == [labels.count(i) for i in range(len(weights))]


def test_a_job_that_goes_on_over_many_blocks_ends_at_the_right_draw():
    job = simulate_job([0.7, 0.3], 5, [10**6, 60_000])
    labels, stopped = _plain([0.7, 0.3], 5, [10**6, 60_000], 10**9)
    assert stopped == job.stopped_by == 1
    assert job.labels.tolist() == labels


def test_one_data_set_needs_no_draw():
    assert simulate_job([3.0], 1, [7]) == Job(pytest.approx(np.zeros(7)), (7,), 0)


@pytest.mark.parametrize("seed", [0, 1, 2147483647, 2147483648, 4294967294, 4294967295])
def test_seeds_that_are_one_and_the_same_sequence_are_known(seed):
    same = {0, 1, 2147483647, 2147483648, 4294967294, 4294967295} - {seed}
    for other in same:
        assert next(engine(seed))[:5].tolist() == next(engine(other))[:5].tolist()
        assert coinciding_seeds([seed, 5, other]) == [(seed, other)]


def test_different_seeds_are_told_apart():
    assert coinciding_seeds(range(1, 1001)) == []
    assert coinciding_seeds([2, 2]) == []  # the same seed twice is told by who asks for it
    assert start_of(2147483646) == 2147483646


@pytest.mark.parametrize("weights", [[0.5, -0.1], [0.0, 0.0], [1e-17]])
def test_weights_that_make_no_probabilities_are_refused(weights):
    with pytest.raises(ValueError, match="should be ≥ 0 with a sum above 0"):
        probabilities(weights)


def test_the_last_probability_is_one():
    assert probabilities([0.1] * 10)[-1] == 1.0
