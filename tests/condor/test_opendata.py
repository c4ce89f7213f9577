"""A sweep over a real stage, on the pool and on this computer: what comes back is the same to the byte."""

import pytest

from kit.opendata.demo import demo
from tests.condor import sweeps

EVENTS = 400
FLOORS = [0.0, 20.0, 40.0, 60.0, 80.0]  # GeV


@pytest.fixture
def files(tmp_path):
    """Return four files of simulated events."""
    folder = tmp_path / "events"
    folder.mkdir()
    return [demo("2024r-pp", folder / f"events_{seed}.root", EVENTS, seed) for seed in (1, 2, 3, 4)]


def test_twenty_points_of_masses_give_the_same_files_on_the_pool_as_here(real_stage, files, tmp_path):
    axes = {"inputs": {"files": "events/*.root", "bundle": 1}, "same_flavour_min_mass": FLOORS}
    pool, here = real_stage("opendata/masses", axes, per_job=5, memory_mb=900, site={"shared": [str(tmp_path)]})
    assert (pool.counts["done"], pool.total) == (20, 20)
    assert len(pool.chunks) == 4
    assert sweeps.table(pool.run) == sweeps.table(here.run)
    differing = sweeps.differing_files(pool, here)
    assert [name for name in differing if "/plots/effort." not in name] == []  # that is time and memory
    assert len(list((pool.run.directory / "outputs").glob("*/masses.parquet"))) == 20
