"""The loops that take the time, compiled by numba where that pays.

Each of the `loops` has a twin in `twins` that gives the same bits with NumPy. Loading the compiled code costs half
a second, compiling it some seconds: few events never ask for it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kit
from kit.opendata import loops, twins
from kit.opendata.twins import BoolArray, Chosen, Cuts, FloatArray, IntArray

__all__ = ["COMPILED_FROM", "NUMPY", "Engine", "cache_folder", "compiled", "engine"]

COMPILED_FROM = 100_000  # events; NumPy alone is one or two µs an event slower, loading takes 0.7 s, compiling 2 s


@dataclass(frozen=True)
class Engine:
    """The loops, compiled or in NumPy; `twins` says what they do."""

    name: str
    choose: Callable[..., Chosen]
    arrange: Callable[..., IntArray]
    count: Callable[..., tuple[IntArray, IntArray, IntArray]]
    strike: Callable[..., BoolArray]
    weigh: Callable[..., tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]]


NUMPY = Engine("numpy", twins.choose, twins.arrange, twins.count, twins.strike, twins.weigh)


def engine(events: int) -> Engine:
    """Return the loops for a job of so many events: compiled for many, or once they are loaded.

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
    """Return the compiled loops, from the cache that an earlier process has left or compiled now."""
    arrange, count = _compile("arrange"), _compile("count")
    choosers: dict[np.dtype[Any], Callable[..., tuple[int, int]]] = {}

    def choose(
        offsets: IntArray,
        pt: npt.NDArray[np.floating],
        eta: npt.NDArray[np.floating],
        phi: npt.NDArray[np.floating],
        extra: npt.NDArray[np.floating] | None,
        isolation: npt.NDArray[np.floating] | None,
        cuts: Cuts,
    ) -> Chosen:
        given = [values for values in (pt, eta, phi, extra, isolation) if values is not None]
        kind = np.dtype("f4") if all(values.dtype == np.float32 for values in given) else np.dtype("f8")
        if kind not in choosers:
            choosers[kind] = _compile("choose", kind.name)
        nothing = np.empty(0, kind)
        stored = [
            np.require(nothing if values is None else values, kind, ("C", "A"))
            for values in (pt, eta, phi, extra, isolation)
        ]
        events = len(offsets) - 1
        counts, sound = np.empty(events, np.int64), np.empty(events, np.bool_)
        places = np.empty(min(events * cuts.max_count, int(offsets[-1] - offsets[0])), np.int64)
        unit, pt_min, eta_max, isolation_max, most = cuts
        limits = (unit, pt_min, eta_max, isolation_max, most)
        used, dropped = choosers[kind](offsets, *stored, *limits, counts, sound, places)
        return Chosen(counts, sound, places[:used], dropped)

    def arrange_into(*arrays: IntArray) -> IntArray:
        places = np.empty(arrays[-1][-1], np.int64)
        arrange(*map(np.ascontiguousarray, arrays), places)
        return places

    def strike_into(*arrays: Any) -> BoolArray:
        left = np.empty(len(arrays[1]), np.bool_)
        _compiled("strike")(*map(np.ascontiguousarray, arrays[:-1]), arrays[-1], left)
        return left

    def weigh(*arrays: Any) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
        found: tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray] = _compiled("weigh")(*arrays)
        return found

    return Engine("compiled", choose, arrange_into, count, strike_into, weigh)


@cache
def _compiled(name: str) -> Callable[..., Any]:
    """Return a loop that only options need, compiled when it is first called for."""
    return _compile(name)


def _compile(name: str, kind: str = "float32") -> Callable[..., Any]:
    """Return one of the loops, compiled for arrays that may be read-only."""
    import numba

    types: Any = numba.types

    def array(element: Any, dimensions: int = 1) -> Any:
        return types.Array(element, dimensions, "C", readonly=True)

    stored, places, real, whole = array(getattr(types, kind)), array(types.int64), types.float64, types.int64
    written = types.int64[::1]
    signature = {
        "choose": types.UniTuple(whole, 2)(
            places, *[stored] * 5, *[real] * 4, whole, written, types.boolean[::1], written
        ),
        "arrange": types.void(*[places] * 6, written),
        "count": types.UniTuple(written, 3)(
            array(real, 2), array(whole, 2), places, places, real, whole, array(real)
        ),
        "strike": types.void(
            *(places, *[array(real)] * 3, array(types.boolean), array(real)),
            *(places, *[array(real)] * 3, array(types.boolean), real, types.boolean[::1]),
        ),
        "weigh": types.Tuple([*[written] * 3, *[real[::1]] * 2])(
            *(array(real, 2), array(whole, 2), places, places, real, whole, array(real)),
            *(places, array(real)),
        ),
    }[name]
    with _cached_below(cache_folder()):
        loop: Callable[..., Any] = numba.njit(signature, cache=True, error_model="numpy")(getattr(loops, name))
    return loop


@contextlib.contextmanager
def _cached_below(folder: Path) -> Iterator[None]:
    """Let numba keep what it compiles in this block in `folder`, and other users of numba where they want."""
    from numba import config

    settings: Any = config
    before, settings.CACHE_DIR = settings.CACHE_DIR, str(folder)
    try:
        yield
    finally:
        settings.CACHE_DIR = before


@cache
def cache_folder() -> Path:
    """Return a folder that can be written, one for each version of kit, numba and Python.

    ``NUMBA_CACHE_DIR`` where it is set, else below ``XDG_CACHE_HOME`` or ``~/.cache``; where neither can be
    written, as on many batch nodes, one that vanishes with this process.
    """
    import numba

    version = f"numba-{numba.__version__}-kit-{kit.__version__}-python-{sys.version_info[0]}.{sys.version_info[1]}"
    wanted = [os.environ.get("NUMBA_CACHE_DIR", "")]
    if base := os.environ.get("XDG_CACHE_HOME") or (str(Path.home() / ".cache") if "HOME" in os.environ else ""):
        wanted.append(str(Path(base) / "hep-notebook-kit" / version))
    for folder in filter(None, wanted):
        with contextlib.suppress(OSError):
            Path(folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return Path(folder)
    passing = tempfile.mkdtemp(prefix="hep-notebook-kit-")
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return Path(passing)
