"""The innermost loops, compiled by numba where that pays; each has a twin in NumPy that gives the same bits."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from kit.ecal import loops, twins
from kit.ecal.events import AnyArray, BoolArray, FloatArray, IntArray
from kit.ecal.twins import LONGEST, Limits, Positions

__all__ = ["COMPILED_FROM", "NUMPY", "Engine", "compiled", "engine"]

COMPILED_FROM = 1000  # events; NumPy takes half a millisecond an event longer, loading takes 0.7 s


@dataclass(frozen=True)
class Engine:
    """The loops, compiled or in NumPy; `twins` says what they do."""

    name: str
    cosh: Callable[[FloatArray], FloatArray]
    log1: Callable[[FloatArray], FloatArray]
    associate: Callable[..., tuple[IntArray, FloatArray, IntArray]]
    order: Callable[[IntArray, FloatArray], IntArray]
    open_windows: Callable[..., tuple[IntArray, IntArray]]
    fill: Callable[..., tuple[IntArray, IntArray, FloatArray]]
    spans: Callable[[IntArray, FloatArray], tuple[FloatArray, FloatArray, FloatArray]]


NUMPY = Engine(
    "numpy",
    twins.cosh,
    twins.log1,
    twins.associate,
    twins.order,
    twins.open_windows,
    twins.fill,
    twins.spans,
)


def engine(events: int) -> Engine:
    """Return the loops for a file of so many events: compiled for many, or once they are loaded.

    Environment ``KIT_KERNELS``, ``numpy`` or ``compiled``, overrides.

    Raises
    ------
    ValueError
        If ``KIT_KERNELS`` is anything else.
    """
    wanted = os.environ.get("KIT_KERNELS", "")
    if wanted not in ("", "numpy", "compiled"):
        message = f"KIT_KERNELS is {wanted!r}, should be numpy or compiled"
        raise ValueError(message)
    if wanted == "numpy":
        return NUMPY
    loaded = compiled.cache_info().currsize > 0
    return compiled() if wanted or loaded or events >= COMPILED_FROM else NUMPY


@cache
def compiled() -> Engine:
    """Return the compiled loops, from the cache that an earlier process has left or compiled when first used."""
    jit = {name: _compile(name) for name in loops.__all__}

    def alike(name: str) -> Callable[[FloatArray], FloatArray]:
        def calculate(values: FloatArray) -> FloatArray:
            out = np.empty(len(values))
            jit[name](_plain(values, np.float64), out)
            return out

        return calculate

    def associate(
        offsets: IntArray, calos: IntArray, rows: IntArray, scores: FloatArray, minimum: float
    ) -> tuple[IntArray, FloatArray, IntArray]:
        calo, best = np.empty(len(rows) - 1, np.int64), np.empty(len(rows) - 1)
        main = np.empty(int(calos[-1]), np.int64)
        arrays = [_plain(array, np.int64) for array in (offsets, calos, rows)]
        jit["associate"](*arrays, _plain(scores, np.float64), float(minimum), calo, best, main)
        return calo, best, main

    def order(offsets: IntArray, et: FloatArray) -> IntArray:
        out = np.empty(len(et), np.int64)
        jit["order"](_plain(offsets, np.int64), _plain(et, np.float64), out)
        return out

    def open_windows(
        offsets: IntArray,
        order: IntArray,
        candidate: BoolArray,
        positions: Positions,
        limits: Limits,
        overlapping: bool,
    ) -> tuple[IntArray, IntArray]:
        seeds, blocked = np.empty(int(candidate.sum()), np.int64), np.empty(len(offsets) - 1, np.int64)
        arrays = (_plain(offsets, np.int64), _plain(order, np.int64), _plain(candidate, np.bool_))
        used = jit["open_windows"](*arrays, *_placed(positions, limits), bool(overlapping), seeds, blocked)
        return seeds[:used].copy(), blocked

    def fill(
        seeds: IntArray, event: IntArray, offsets: IntArray, order: IntArray, positions: Positions, limits: Limits
    ) -> tuple[IntArray, IntArray, FloatArray]:
        arrays = [_plain(array, np.int64) for array in (seeds, event, offsets, order)]
        window, cluster, dphi = jit["fill"](*arrays, *_placed(positions, limits))
        return window, cluster, dphi

    def spans(offsets: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        largest, smallest, mean = (np.empty(len(offsets) - 1) for _ in range(3))
        jit["spans"](_plain(offsets, np.int64), _plain(values, np.float64), largest, smallest, mean)
        for w in np.flatnonzero(np.diff(offsets) > LONGEST):
            mean[w] = np.mean(values[offsets[w] : offsets[w + 1]])
        return largest, smallest, mean

    return Engine("compiled", alike("cosh"), alike("log1"), associate, order, open_windows, fill, spans)


def _plain(values: AnyArray, kind: Any) -> AnyArray:
    """Return an array of the one form that the loops are compiled for."""
    return np.require(values, kind, ("C", "A", "W"))


def _placed(positions: Positions, limits: Limits) -> list[AnyArray]:
    eta, phi, iz = positions
    reals = [_plain(values, np.float64) for values in (eta, phi, *limits)]
    return [*reals[:2], _plain(iz, np.int64), *reals[2:]]


def _compile(name: str) -> Callable[..., Any]:
    """Return one of the loops, compiled when it is first called."""
    import numba

    function = getattr(loops, name)
    try:
        loop: Callable[..., Any] = numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # no folder can be written, as on some batch nodes
        loop = numba.njit(error_model="numpy")(function)
    return loop
