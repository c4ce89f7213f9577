"""The loops compiled: the same bits as in NumPy, and loaded only where that pays."""

import numpy as np
import pytest

from kit.ecal import kernels
from kit.ecal.geometry import reach
from kit.ecal.kernels import NUMPY, compiled


def test_every_loop_gives_the_same_bits_as_its_twin():
    rng = np.random.default_rng(5)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 60, 20))])
    n = int(offsets[-1])
    positions = (rng.normal(0, 1.2, n), rng.uniform(-np.pi, np.pi, n), rng.integers(-1, 2, n))
    limits, et = reach(positions[0]), rng.exponential(2, n)
    fast = compiled()
    assert np.array_equal(fast.cosh(positions[0]), NUMPY.cosh(positions[0]))
    assert np.array_equal(fast.log1(et), NUMPY.log1(et))
    order = fast.order(offsets, et)
    assert np.array_equal(order, NUMPY.order(offsets, et))
    for overlapping in (False, True):
        made = [x.open_windows(offsets, order, et > 1, positions, limits, overlapping) for x in (fast, NUMPY)]
        for mine, theirs in zip(*made, strict=True):
            assert np.array_equal(mine, theirs)
        seeds = made[0][0]
        event = np.searchsorted(offsets, seeds, side="right") - 1
        filled = [x.fill(seeds, event, offsets, order, positions, limits) for x in (fast, NUMPY)]
        for mine, theirs in zip(*filled, strict=True):
            assert np.array_equal(mine, theirs)
    values, bounds = rng.normal(size=1000), np.array([0, 1, 8, 20, 150, 400, 1000])
    for mine, theirs in zip(fast.spans(bounds, values), NUMPY.spans(bounds, values), strict=True):
        assert np.array_equal(mine, theirs)


def test_the_environment_decides_first(monkeypatch):
    monkeypatch.setenv("KIT_KERNELS", "numpy")
    assert kernels.engine(10**9) is NUMPY
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    assert kernels.engine(1).name == "compiled"
    monkeypatch.setenv("KIT_KERNELS", "fast")
    with pytest.raises(ValueError, match="KIT_KERNELS is 'fast', should be numpy or compiled"):
        kernels.engine(1)


def test_few_events_never_load_the_compiler(python, demo_file):
    program = (
        "import sys\nfrom kit.ecal.kernels import engine\n"
        "assert engine(10).name == 'numpy'\nassert 'numba' not in sys.modules\nprint('fine')"
    )
    process = python("-c", program)
    out, err = process.communicate()
    assert out == "fine\n", err
