"""The loops compiled: the same bits as in NumPy, and loaded only where that pays."""

import numpy as np
import pytest

from kit.ecal.engine import NUMPY, compiled_engine, engine
from kit.ecal.geometry import reach


def test_every_loop_gives_the_same_bits_as_its_twin():
    rng = np.random.default_rng(5)
    offsets = np.concatenate([[0], np.cumsum(rng.integers(0, 60, 20))])
    n = int(offsets[-1])
    positions = (rng.normal(0, 1.2, n), rng.uniform(-np.pi, np.pi, n), rng.integers(-1, 2, n))
    limits, et = reach(positions[0]), rng.exponential(2, n)
    fast = compiled_engine()
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
    assert engine(10**9) is NUMPY
    monkeypatch.setenv("KIT_KERNELS", "compiled")
    assert engine(1).name == "compiled"
    monkeypatch.setenv("KIT_KERNELS", "fast")
    with pytest.raises(ValueError, match="KIT_KERNELS is 'fast', should be numpy or compiled"):
        engine(1)


def test_buffers_grow_where_windows_are_full():
    n = 200
    positions = (np.full(n, 0.3), np.full(n, 1.0), np.zeros(n, np.int64))
    arrays = (np.arange(n), np.zeros(n, np.int64), np.array([0, n]), np.arange(n))
    window, cluster, _ = compiled_engine().fill(*arrays, positions, reach(positions[0]))
    assert window.tolist() == np.repeat(np.arange(n), n).tolist()
    assert cluster.tolist() == list(range(n)) * n


def test_equal_et_keeps_the_order_in_both():
    offsets, et = np.array([0, 0, 1, 9, 30]), np.round(np.random.default_rng(2).exponential(1, 30))
    assert compiled_engine().order(offsets, et).tolist() == NUMPY.order(offsets, et).tolist()


def test_few_events_never_load_the_compiler(python):
    program = (
        "import sys\nfrom kit.ecal.engine import COMPILED_FROM, engine\n"
        "assert engine(COMPILED_FROM - 1).name == 'numpy'\nassert 'numba' not in sys.modules\nprint('fine')"
    )
    process = python("-c", program)
    out, err = process.communicate()
    assert out == "fine\n", err


def test_many_events_run_compiled_without_numba(python, monkeypatch):
    compiled_engine()  # once compiled, the object code is on disk
    monkeypatch.delenv("KIT_KERNELS", raising=False)
    program = (
        "import sys\nfrom kit.ecal.engine import COMPILED_FROM, engine\n"
        "print(engine(COMPILED_FROM).name, 'numba' in sys.modules)"
    )
    assert python("-c", program).communicate()[0].split() == ["compiled", "False"]
