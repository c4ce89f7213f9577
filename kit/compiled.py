"""Compiled loops without the wait for the compiler.

numba needs most of a second to start and several to compile; loops that are worth it are used by jobs that take
three. Here it compiles each loop once, into object code that is kept; later processes load that in a few
milliseconds and never import numba. What is kept belongs to one source, one version of everything and one kind of
processor. Loops have twins in NumPy that give the same numbers, for small inputs and where numba is missing.

A loop takes arrays, C-contiguous, and numbers; it allocates nothing and raises nothing. Its signature lists its
arguments by NumPy's type codes, arrays with their dimensions: ``u1[] f8[,] i8 b1 -> i8``.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import kit
from kit import files

__all__ = ["available", "cache_folder", "is_kept", "load", "wanted"]

C_TYPES: dict[str, Any] = {"i8": ctypes.c_int64, "f8": ctypes.c_double, "b1": ctypes.c_bool}
NUMBA_TYPES = {
    "u1": "uint8", "i4": "int32", "i8": "int64", "u8": "uint64", "f4": "float32", "f8": "float64", "b1": "boolean"
}  # fmt: skip

LIBRARY = ("memset", "memcpy", "memmove", "memcmp", "floor", "ceil", "trunc", "rint", "fmod", "exp", "log", "pow")
RAISING = (
    "NRT_Free", "NRT_MemInfo_call_dtor", "numba_do_raise", "numba_gil_ensure", "numba_gil_release",
    "numba_runtime_build_excinfo_struct", "numba_unpickle",
)  # fmt: skip

Loop = Callable[..., Any]


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


def load(signatures: Mapping[str, str], sources: Sequence[str] = ()) -> dict[str, Loop]:
    """Return loops, from object code that an earlier process has left, or compiled now.

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
    loops = {}
    for function, signature in signatures.items():
        arguments, result = _parsed(signature)
        kept = _place(function, signature, sources)
        if kept not in _compiled_here and not kept.is_file():
            _compile(function, arguments, result, kept)
        address = _compiled_here.get(kept) or _address(kept)
        loops[function.partition(":")[2]] = _callable(address, arguments, result)
    return loops


def is_kept(signatures: Mapping[str, str], sources: Sequence[str] = ()) -> bool:
    """Tell whether loops can be loaded without compiling them."""
    return all(_place(function, signature, sources).is_file() for function, signature in signatures.items())


_compiled_here: dict[Path, int] = {}  # addresses of what this process has compiled itself


def _parsed(signature: str) -> tuple[list[tuple[str, int]], str]:
    """Return type and dimensions of each argument, 0 for a number, and the type of the result."""
    left, _, result = signature.partition("->")
    arguments = []
    for word in left.split():
        kind, _, brackets = word.partition("[")
        arguments.append((kind, brackets.count(",") + 1 if brackets else 0))
    return arguments, result.strip()


def _callable(address: int, arguments: list[tuple[str, int]], result: str) -> Loop:
    """Return a function that hands arrays and numbers to the code at an address; other threads run meanwhile."""
    flat: list[Any] = []
    for kind, dimensions in arguments:
        flat += [ctypes.c_void_p, *[ctypes.c_int64] * dimensions] if dimensions else [C_TYPES[kind]]
    native = ctypes.CFUNCTYPE(C_TYPES[result] if result else None, *flat)(address)
    kinds = [np.dtype(kind) if dimensions else None for kind, dimensions in arguments]

    def call(*values: Any) -> Any:
        handed: list[Any] = []
        for value, kind in zip(values, kinds, strict=True):
            if kind is None:
                handed.append(value)
                continue
            if value.dtype is not kind and value.dtype != kind or not value.flags.c_contiguous:
                message = f"an array of {value.dtype} stands where a contiguous one of {kind} should"
                raise TypeError(message)
            handed.append(value.__array_interface__["data"][0])
            handed += value.shape
        return native(*handed)

    return call


def _compile(function: str, arguments: list[tuple[str, int]], result: str, kept: Path) -> None:
    """Compile a loop for this process, and keep its object code if that can be loaded."""
    import llvmlite.binding as llvm
    import numba

    module, _, name = function.partition(":")
    loop = getattr(importlib.import_module(module), name)
    entry = numba.cfunc(_numba_signature(arguments, result), nopython=True)(_entry(loop, arguments))
    unit = llvm.parse_assembly(entry.inspect_llvm())
    unit.get_function(entry.native_name).name = _symbol(kept)
    _compiled_here[kept] = entry.address
    _alive.append(entry)
    if _strangers(unit):
        return
    with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
        trial = Path(folder) / kept.name
        trial.write_bytes(_target().emit_object(unit))
        command = [sys.executable, "-c", "import sys; from kit import compiled; compiled.probe(sys.argv[1])"]
        environment = {**os.environ, "PYTHONPATH": str(Path(kit.__file__).parent.parent)}
        # in a process of its own: a symbol that cannot be found ends it
        tried = subprocess.run([*command, str(trial)], env=environment, capture_output=True, check=False)
        if tried.returncode == 0:
            with files.whole(kept) as part:
                part.write_bytes(trial.read_bytes())


def probe(path: str) -> None:
    """Load object code, to see whether that goes well."""
    _address(Path(path))


def _entry(function: Any, arguments: list[tuple[str, int]]) -> Any:
    """Return a function of pointers and lengths that calls `function` with arrays."""
    import numba

    flat, rebuilt = [], []
    for number, (_, dimensions) in enumerate(arguments):
        lengths = [f"n{number}_{axis}" for axis in range(dimensions)]
        flat += [f"a{number}", *lengths]
        rebuilt.append(f"carray(a{number}, ({', '.join(lengths)},))" if dimensions else f"a{number}")
    source = f"def entry({', '.join(flat)}):\n    return function({', '.join(rebuilt)})\n"
    names: dict[str, Any] = {"function": function, "carray": numba.carray}
    exec(source, names)  # noqa: S102 - the text above is all there is
    return names["entry"]


def _numba_signature(arguments: list[tuple[str, int]], result: str) -> Any:
    from numba import types

    flat: list[Any] = []
    for kind, dimensions in arguments:
        element = getattr(types, NUMBA_TYPES[kind])
        flat += [types.CPointer(element), *[types.int64] * dimensions] if dimensions else [element]
    return (getattr(types, NUMBA_TYPES[result]) if result else types.void)(*flat)


_alive: list[Any] = []  # code must not be freed while a loop may be called


def _address(kept: Path) -> int:
    import llvmlite.binding as llvm

    _supply_symbols()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(kept.read_bytes()))
    engine.finalize_object()
    _alive.append(engine)
    return int(engine.get_function_address(_symbol(kept)))


@cache
def _supply_symbols() -> None:
    """Tell LLVM where the C library's functions are, and what stands for those of numba's way to raise."""
    import llvmlite.binding as llvm

    library = ctypes.CDLL(None)
    mathematics = ctypes.CDLL(ctypes.util.find_library("m"))
    for name in (*LIBRARY, *RAISING):
        if llvm.address_of_symbol(name) is None:  # numba may be at work in this process, and know better
            source = library if name not in LIBRARY else mathematics if hasattr(mathematics, name) else library
            function = getattr(source, name if name in LIBRARY else "abort")
            llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


def _strangers(unit: Any) -> list[str]:
    """Return the functions that compiled code calls and that nobody here can supply."""
    python = ctypes.pythonapi
    return [
        function.name
        for function in unit.functions
        if function.is_declaration
        and not function.name.startswith("llvm.")
        and function.name not in (*LIBRARY, *RAISING)
        and not hasattr(python, function.name)
    ]


def _symbol(kept: Path) -> str:
    return "kit_" + hashlib.sha256(kept.name.encode()).hexdigest()[:16]


def _target() -> Any:
    import llvmlite.binding as llvm

    with contextlib.suppress(RuntimeError):  # newer versions do it at import, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(),
        features=_processor()[1],
        opt=3,
        reloc="pic",
        codemodel="jitdefault",
        jit=True,
    )


@cache
def _processor() -> tuple[str, str]:
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _place(function: str, signature: str, sources: Sequence[str]) -> Path:
    """Return where object code is kept: all that decides it comes down to its name."""
    modules = [function.partition(":")[0], *sources, __name__]
    content = b"".join(_source(module) for module in modules)
    digest = hashlib.sha256(content + repr((signature, _versions(), _processor())).encode()).hexdigest()[:16]
    return cache_folder() / f"{function.replace(':', '.')}-{digest}.o"


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
