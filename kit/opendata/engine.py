"""The loops that take the time: compiled where that pays, in NumPy for few events and without numba.

Each of the `kernels` has a twin in `twins` that gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from kit import compiled
from kit.opendata import option_twins, twins
from kit.opendata.twins import BoolArray, Chosen, Cuts, FloatArray, IntArray, Stored

__all__ = ["COMPILED_FROM", "NUMPY", "Engine", "compiled_engine", "engine"]

COMPILED_FROM = 100_000  # events; NumPy alone is one or two µs an event slower, compiling takes some seconds once
BLOCK = 512  # masses made before they are counted: they stay in the processor's first cache

_CHOOSE = "i8[] {0}[] {0}[] {0}[] {0}[] {0}[] f8 f8 f8 f8 i8 f8[] i8[] b1[] i8[] i8[] b1[] -> i8"
LOOPS = {
    "kit.opendata.kernels:arrange": "i8[] i8[] i8[] i8[] i8[] i8[] i8[]",
    "kit.opendata.kernels:count": "f8[,] i8[,] i8[] i8[] f8 i8 f8[] f8[,] i8[] i8[,] -> i8",
}
OPTIONAL = {  # loaded when an option first asks for them
    "strike": "i8[] f8[] f8[] f8[] b1[] f8[] i8[] f8[] f8[] f8[] b1[] f8 b1[]",
    "weigh": "f8[,] i8[,] i8[] i8[] f8 i8 f8[] i8[] f8[] i8[] f8[,] i8[,] f8[,] -> i8",
}
SOURCES = ("kit.opendata.twins", "kit.opendata.option_twins")


@dataclass(frozen=True)
class Engine:
    """The loops, compiled or in NumPy; `twins` says what they do."""

    name: str
    choose: Callable[..., Chosen]
    arrange: Callable[..., IntArray]
    count: Callable[..., tuple[IntArray, IntArray, IntArray]]
    strike: Callable[..., BoolArray]
    weigh: Callable[..., tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]]


NUMPY = Engine("numpy", twins.choose, twins.arrange, twins.count, option_twins.strike, option_twins.weigh)


def engine(events: int) -> Engine:
    """Return the loops for a job of so many events: compiled for many, or once they are loaded.

    Environment ``KIT_KERNELS``, ``numpy`` or ``compiled``, overrides.

    Raises
    ------
    ValueError
        If ``KIT_KERNELS`` is anything else.
    """
    return compiled.choose(NUMPY, compiled_engine, worthwhile=events >= COMPILED_FROM)


@cache
def compiled_engine() -> Engine:
    """Return the compiled loops, from what an earlier process has kept or compiled now."""
    loops = compiled.load(LOOPS, SOURCES)
    choosers: dict[str, Callable[..., int]] = {}

    def choose(stored: Stored, cuts: Cuts) -> Chosen:
        offsets, *columns = stored
        kind = "f4" if all(values is None or values.dtype == np.float32 for values in columns) else "f8"
        if kind not in choosers:
            choosers.update(
                {kind: compiled.load({"kit.opendata.kernels:choose": _CHOOSE.format(kind)}, SOURCES)["choose"]}
            )
        nothing = np.empty(0, kind)
        given = [np.ascontiguousarray(nothing if values is None else values, kind) for values in columns]
        events = len(offsets) - 1
        counts, sound, dropped = np.empty(events, np.int64), np.empty(events, np.bool_), np.zeros(1, np.int64)
        places = np.empty(min(events * cuts.max_count, int(offsets[-1] - offsets[0])), np.int64)
        hardest, passes = np.empty(cuts.max_count), np.zeros(int(offsets[-1]), np.bool_)
        used = choosers[kind](
            np.ascontiguousarray(offsets), *given, *cuts, hardest, counts, sound, places, dropped, passes
        )
        return Chosen(counts, sound, places[:used], int(dropped[0]), passes)

    def arrange(*arrays: IntArray) -> IntArray:
        places = np.empty(arrays[-1][-1], np.int64)
        loops["arrange"](*map(np.ascontiguousarray, arrays), places)
        return places

    def count(*given: Any) -> tuple[IntArray, IntArray, IntArray]:
        found, line = _room(given)
        used = loops["count"](*map(_plain, given), np.empty((4, BLOCK)), line, found)
        combination, place, number = (row[:used].copy() for row in found)
        return combination, place, number

    return Engine("compiled", choose, arrange, count, _strike, _weigh)


@cache
def _optional(name: str) -> Callable[..., Any]:
    """Return a loop that only an option needs."""
    function = f"kit.opendata.kernels:{name}"
    return compiled.load({function: OPTIONAL[name]}, SOURCES)[name]


def _strike(*arrays: Any) -> BoolArray:
    left = np.empty(len(arrays[1]), np.bool_)
    _optional("strike")(*map(np.ascontiguousarray, arrays[:-1]), arrays[-1], left)
    return left


def _plain(given: Any) -> Any:
    return np.ascontiguousarray(given) if isinstance(given, np.ndarray) else given


def _room(given: Sequence[Any]) -> tuple[IntArray, IntArray]:
    """Return room for the bins that are not empty of all pairs, and for all bins of one."""
    _, _, _, events, _, bins, *_ = given
    return np.empty((3, int(np.minimum(events, bins + 2).sum())), np.int64), np.zeros(bins + 2, np.int64)


def _weigh(*given: Any) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    found, line = _room(given)
    weighed = np.empty((2, found.shape[1]))
    used = _optional("weigh")(*map(_plain, given), line, np.zeros((2, len(line))), found, weighed)
    combination, place, number = (row[:used].copy() for row in found)
    return combination, place, number, weighed[0, :used].copy(), weighed[1, :used].copy()
