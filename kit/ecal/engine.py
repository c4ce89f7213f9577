"""The innermost loops: compiled where that pays, in NumPy for few events and without numba.

Each of the `kernels` has a twin in `twins` that gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from kit import compiled
from kit.ecal import twins
from kit.ecal.events import BoolArray, FloatArray, IntArray
from kit.ecal.twins import LONGEST, Limits, Positions

__all__ = ["COMPILED_FROM", "NUMPY", "Engine", "compiled_engine", "engine"]

COMPILED_FROM = 1000  # events; NumPy takes half a millisecond an event longer, compiling some seconds once
CROWD = 6  # clusters for which a window has room at first; a window of a public sample holds three or four

_PLACES = "f8[] f8[] i8[] f8[] f8[] f8[]"  # η, φ, iz, up, down, width
LOOPS = {
    "kit.ecal.kernels:cosh": "f8[] f8[]",
    "kit.ecal.kernels:log1": "f8[] f8[]",
    "kit.ecal.kernels:associate": "i8[] i8[] i8[] f8[] f8 i8[] f8[] i8[]",
    "kit.ecal.kernels:order": "i8[] f8[] i8[] i8[]",
    "kit.ecal.kernels:open_windows": f"i8[] i8[] b1[] {_PLACES} b1 i8[] i8[] -> i8",
    "kit.ecal.kernels:fill": f"i8[] i8[] i8[] i8[] {_PLACES} i8[] i8[] f8[] -> i8",
    "kit.ecal.kernels:spans": "i8[] f8[] f8[] f8[] f8[] f8[]",
    "kit.ecal.kernels:walk": "u1[] i8[] i8 i8[] i8[] i8[] -> b1",
}
SOURCES = ("kit.ecal.geometry", "kit.ecal.twins")


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
    walk: Callable[..., tuple[IntArray, IntArray, bool]]


NUMPY = Engine(
    "numpy",
    twins.cosh,
    twins.log1,
    twins.associate,
    twins.order,
    twins.open_windows,
    twins.fill,
    twins.spans,
    twins.walk,
)


def engine(events: int) -> Engine:
    """Return the loops for a file of so many events, see `kit.compiled.choose`."""
    return compiled.choose(NUMPY, compiled_engine, worthwhile=events >= COMPILED_FROM)


@cache
def compiled_engine() -> Engine:
    """Return the compiled loops, from what an earlier process has kept or compiled now."""
    loops = compiled.load(LOOPS, SOURCES)

    def alike(name: str) -> Callable[[FloatArray], FloatArray]:
        def calculate(values: FloatArray) -> FloatArray:
            out = np.empty(len(values))
            loops[name](_plain(values, np.float64), out)
            return out

        return calculate

    def associate(
        offsets: IntArray, calos: IntArray, rows: IntArray, scores: FloatArray, minimum: float
    ) -> tuple[IntArray, FloatArray, IntArray]:
        calo, best = np.empty(len(rows) - 1, np.int64), np.empty(len(rows) - 1)
        main = np.empty(int(calos[-1]), np.int64)
        arrays = [_plain(array, np.int64) for array in (offsets, calos, rows)]
        loops["associate"](*arrays, _plain(scores, np.float64), float(minimum), calo, best, main)
        return calo, best, main

    def order(offsets: IntArray, et: FloatArray) -> IntArray:
        out, room = np.empty(len(et), np.int64), np.empty(len(et), np.int64)
        loops["order"](_plain(offsets, np.int64), _plain(et, np.float64), out, room)
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
        used = loops["open_windows"](*arrays, *_placed(positions, limits), bool(overlapping), seeds, blocked)
        return seeds[:used].copy(), blocked

    def fill(
        seeds: IntArray, event: IntArray, offsets: IntArray, order: IntArray, positions: Positions, limits: Limits
    ) -> tuple[IntArray, IntArray, FloatArray]:
        arrays = [_plain(array, np.int64) for array in (seeds, event, offsets, order)]
        found = CROWD * len(seeds)
        while True:
            room = found
            window, cluster, dphi = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room)
            found = loops["fill"](*arrays, *_placed(positions, limits), window, cluster, dphi)
            if found <= room:
                return window[:found].copy(), cluster[:found].copy(), dphi[:found].copy()

    def spans(offsets: IntArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        largest, smallest, mean = (np.empty(len(offsets) - 1) for _ in range(3))
        parts = np.empty(8)
        loops["spans"](_plain(offsets, np.int64), _plain(values, np.float64), parts, largest, smallest, mean)
        for w in np.flatnonzero(np.diff(offsets) > LONGEST):
            mean[w] = np.mean(values[offsets[w] : offsets[w + 1]])
        return largest, smallest, mean

    def walk(content: Any, begins: IntArray, width: int, first: IntArray) -> tuple[IntArray, IntArray, bool]:
        places, counts = np.zeros(int(first[-1]), np.int64), np.zeros(int(first[-1]), np.int64)
        arrays = _plain(content, np.uint8), _plain(begins, np.int64), int(width), _plain(first, np.int64)
        return places, counts, bool(loops["walk"](*arrays, places, counts))

    return Engine("compiled", alike("cosh"), alike("log1"), associate, order, open_windows, fill, spans, walk)


def _plain(values: Any, kind: Any) -> Any:
    """Return an array of the one form that the loops are compiled for."""
    return np.ascontiguousarray(values, kind)


def _placed(positions: Positions, limits: Limits) -> list[Any]:
    eta, phi, iz = positions
    reals = [_plain(values, np.float64) for values in (eta, phi, *limits)]
    return [*reals[:2], _plain(iz, np.int64), *reals[2:]]
