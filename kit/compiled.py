"""Compiled loops without the wait for the compiler.

numba needs most of a second to start and several to compile; loops that are worth it are used by jobs that take
three. Each loop is compiled once, into object code that is kept; later processes load that in a few milliseconds
and never import numba. What is kept belongs to one source, one version of everything and one kind of processor.
Loops have twins in NumPy that give the same numbers, for small inputs and where numba is missing.

A loop takes arrays, C-contiguous, and numbers; it allocates nothing and raises nothing. Its signature lists its
arguments by NumPy's type codes, arrays with their dimensions: ``u1[] f8[,] i8 b1 -> i8``.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

import kit

__all__ = ["available", "cache_folder", "choose", "is_kept", "load", "wanted"]

Engine = TypeVar("Engine")
Loop = Callable[..., Any]
Arguments = list[tuple[str, int]]  # type and dimensions of each, 0 for a number

C_TYPES: dict[str, Any] = {
    "i8": ctypes.c_int64, "u8": ctypes.c_uint64, "f8": ctypes.c_double, "b1": ctypes.c_bool, "": None
}  # fmt: skip


def wanted() -> str:
    """Return what environment ``KIT_KERNELS`` asks for: ``numpy``, ``compiled``, or nothing where it is empty.

    Raises
    ------
    ValueError
        If it is anything else.
    """
    value = os.environ.get("KIT_KERNELS", "")
    if value not in ("", "numpy", "compiled"):
        message = f"KIT_KERNELS is {value!r}, should be numpy or compiled"
        raise ValueError(message)
    return value


def available() -> bool:
    """Tell whether numba is installed."""
    return importlib.util.find_spec("numba") is not None


def choose(numpy: Engine, make: Callable[[], Engine], *, worthwhile: bool) -> Engine:
    """Return the loops in NumPy, or those that `make` returns: where it is worthwhile, or they are loaded already.

    `make` is cached. Environment ``KIT_KERNELS`` overrides, see `wanted`.
    """
    if asked := wanted():
        return make() if asked == "compiled" else numpy
    loaded = make.cache_info().currsize > 0  # type: ignore[attr-defined]
    return make() if loaded or (worthwhile and available()) else numpy


def load(signatures: Mapping[str, str], sources: Sequence[str] = ()) -> dict[str, Loop]:
    """Return loops by name, from object code that an earlier process has left, or compiled now.

    Parameters
    ----------
    signatures : mapping of str to str
        Functions, as ``module:name``, decorated with ``numba.njit``, and what they take and return. A module is
        imported only where something of it has to be compiled.
    sources : sequence of str
        Modules whose functions they call.

    Raises
    ------
    ModuleNotFoundError
        If numba is not installed.
    """
    from kit import native

    loops = {}
    for function, signature in signatures.items():
        arguments, result = parse_signature(signature)
        address = native.address(_place(function, signature, sources), function, arguments, result)
        loops[function.partition(":")[2]] = _callable(address, arguments, result)
    return loops


def is_kept(signatures: Mapping[str, str], sources: Sequence[str] = ()) -> bool:
    """Tell whether loops can be loaded without compiling them."""
    return all(_place(function, signature, sources).is_file() for function, signature in signatures.items())


def parse_signature(signature: str) -> tuple[Arguments, str]:
    """Return type and dimensions of each argument, and the type of the result, empty for none."""
    left, _, result = signature.partition("->")
    arguments = []
    for word in left.split():
        kind, bracket, _ = word.partition("[")
        arguments.append((kind, word.count(",") + 1 if bracket else 0))
    return arguments, result.strip()


def _callable(address: int, arguments: Arguments, result: str) -> Loop:
    """Return a function that hands arrays and numbers to the code at an address; other threads run meanwhile."""
    flat: list[Any] = []
    for kind, dimensions in arguments:
        flat += [ctypes.c_void_p, *[ctypes.c_int64] * dimensions] if dimensions else [C_TYPES[kind]]
    code = ctypes.CFUNCTYPE(C_TYPES[result], *flat)(address)
    kinds = [(np.dtype(kind), dimensions) if dimensions else None for kind, dimensions in arguments]

    def call(*values: Any) -> Any:
        handed: list[Any] = []
        for value, kind in zip(values, kinds, strict=True):
            if kind is None:
                handed.append(value)
                continue
            if (value.dtype, value.ndim) != kind or not value.flags.c_contiguous:
                message = f"an array of {value.ndim} dimensions and {value.dtype} stands where {kind} should"
                raise TypeError(message)
            handed.append(value.__array_interface__["data"][0])
            handed += value.shape
        return code(*handed)

    return call


def _place(function: str, signature: str, sources: Sequence[str]) -> Path:
    """Return where object code is kept: all that decides it comes down to its name."""
    from kit import native

    modules = [function.partition(":")[0], *sources, native.__name__]
    content = b"".join(map(_source, modules)) + repr((signature, _versions(), native.processor())).encode()
    return cache_folder() / f"{function.replace(':', '.')}-{hashlib.sha256(content).hexdigest()[:16]}.o"


@cache
def _source(module: str) -> bytes:
    found = importlib.util.find_spec(module)
    return Path(str(found and found.origin)).read_bytes()


@cache
def _versions() -> tuple[str, str, str]:
    return importlib.metadata.version("numba"), importlib.metadata.version("llvmlite"), platform.machine()


@cache
def cache_folder() -> Path:
    """Return a folder that can be written, one for each version of kit and Python.

    ``NUMBA_CACHE_DIR`` where it is set, else below ``XDG_CACHE_HOME`` or ``~/.cache``; where neither can be
    written, as on many batch nodes, one that vanishes with this process.
    """
    import atexit
    import shutil

    version = f"kit-{kit.__version__}-python-{sys.version_info[0]}.{sys.version_info[1]}"
    wishes = [os.environ.get("NUMBA_CACHE_DIR", "")]
    if base := os.environ.get("XDG_CACHE_HOME") or (str(Path.home() / ".cache") if "HOME" in os.environ else ""):
        wishes.append(str(Path(base) / "hep-notebook-kit" / version))
    for folder in filter(None, wishes):
        with contextlib.suppress(OSError):
            Path(folder).mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return Path(folder)
    passing = tempfile.mkdtemp(prefix="hep-notebook-kit-")
    atexit.register(shutil.rmtree, passing, ignore_errors=True)
    return Path(passing)
