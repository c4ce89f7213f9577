"""Binned toys: the law of drawing without replacement, without touching an event."""

import numpy as np
import pytest

from kit.files import FormatError
from kit.mu2e.catalogue import read_catalogue
from kit.mu2e.primaries import measure
from kit.mu2e.toys import draw_toys, pool_histograms, write_toys
from kit.run import RunError

EDGES = np.linspace(0, 4, 5)
POOL = np.array([100, 50, 0, 150, 700])


def test_means_and_variances_are_those_of_a_draw_without_replacement():
    toys = draw_toys({"a": POOL}, {"a": 80.0}, 4000, EDGES, 1).counts[:, 0]
    share = POOL[:-1] / POOL.sum()
    assert toys.mean(axis=0) == pytest.approx(80 * share, abs=0.25)
    # Poisson number n of events, then hypergeometric: E[n p (1-p) (N-n)/(N-1)] + p² Var(n)
    n, total = 80.0, POOL.sum()
    variance = share * (1 - share) * (n * total - n**2 - n) / (total - 1) + share**2 * n
    assert toys.var(axis=0) == pytest.approx(variance, rel=0.1)
    assert not toys[:, 2].any()


def test_toys_belong_to_a_seed_and_processes_are_in_order():
    one, two, other = (
        draw_toys({"b": POOL, "a": POOL}, {"b": 9.0, "a": 5.0}, 20, EDGES, seed) for seed in (1, 1, 2)
    )
    assert one.processes == ("a", "b")
    assert np.array_equal(one.counts, two.counts)
    assert not np.array_equal(one.counts, other.counts)


def test_a_toy_that_needs_more_than_the_pool_is_refused():
    with pytest.raises(RunError, match=r"toys: a needs \d+ events in one of them, its pool has 1000"):
        draw_toys({"a": POOL}, {"a": 1000.0}, 50, EDGES, 1)


def test_pools_are_counted_with_what_lies_outside(make_catalogue):
    pools = {"DIO": measure(read_catalogue(make_catalogue(DIO=([150], 1000)))["DIO"])}
    found = pool_histograms(pools, "mom", np.linspace(96, 98, 3))["DIO"]
    assert found.sum() == 150
    assert len(found) == 3
    with pytest.raises(FormatError, match="primaries of DIO have no column moom"):
        pool_histograms(pools, "moom", EDGES)


def test_toys_are_written_with_their_edges_and_seed(tmp_path):
    write_toys(tmp_path / "t.npz", draw_toys({"a": POOL}, {"a": 5.0}, 3, EDGES, 7))
    with np.load(tmp_path / "t.npz") as file:
        assert file["counts"].shape == (3, 1, 4)
        assert file["processes"].tolist() == ["a"]
        assert (int(file["seed"]), file["edges"].tolist()) == (7, EDGES.tolist())
