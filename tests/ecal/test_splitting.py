"""Where events go."""

import numpy as np
import pytest

from kit.ecal.splitting import event_keys, order_of, shares_of

RNG = np.random.default_rng(1)
IDS = [RNG.choice([11, 22], 20_000), np.ones(20_000), RNG.integers(1, 30, 20_000), RNG.integers(0, 5000, 20_000)]


def test_windows_of_one_event_stay_together_and_flavours_are_told_apart():
    keys = event_keys(IDS)
    _, first, inverse = np.unique(np.stack(IDS), axis=1, return_index=True, return_inverse=True)
    assert np.array_equal(keys, keys[first][inverse])
    assert len(np.unique(keys)) == len(first)


def test_shares_are_as_large_as_asked_for():
    keys = event_keys([np.arange(100_000)])
    share = shares_of(keys, [0.7, 0.2, 0.1])
    assert np.bincount(share) / len(keys) == pytest.approx([0.7, 0.2, 0.1], abs=0.005)


def test_a_share_of_nothing_gets_nothing():
    assert set(shares_of(event_keys(IDS), [1.0, 0.0]).tolist()) == {0}


def test_another_seed_divides_otherwise_and_the_same_alike():
    first, again, other = (shares_of(event_keys(IDS, seed), [0.5, 0.5]) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert 0.4 < (first != other).mean() < 0.6


def test_an_order_is_one_and_each_part_has_its_own():
    order = order_of(1000, 1, 0)
    assert sorted(order.tolist()) == list(range(1000))
    assert order.tolist() != order_of(1000, 1, 1).tolist()
    assert order.tolist() == order_of(1000, 1, 0).tolist()
