"""Object code of loops: made by numba and LLVM, kept in a file, loaded by LLVM alone.

Only documented interfaces are used: numba's C callbacks give the optimised LLVM text of a loop, llvmlite turns
that into object code and loads it. Code that calls what only numba can supply is not kept; then the loop serves
the process that compiled it.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import hashlib
import importlib
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import kit
from kit import files

__all__ = ["address", "probe", "processor"]

NUMBA_TYPES = {
    "u1": "uint8", "i4": "int32", "i8": "int64", "u8": "uint64", "f4": "float32", "f8": "float64", "b1": "boolean"
}  # fmt: skip
LIBRARY = ("memset", "memcpy", "memmove", "memcmp", "floor", "ceil", "trunc", "rint", "fmod", "exp", "log", "pow")
# what numba's way to raise calls; no loop raises, but its code is there
RAISING = (
    "NRT_Free", "NRT_MemInfo_call_dtor", "numba_do_raise", "numba_gil_ensure", "numba_gil_release",
    "numba_runtime_build_excinfo_struct", "numba_unpickle",
)  # fmt: skip

_addresses: dict[Path, int] = {}
_alive: list[Any] = []  # code must not be freed while a loop may be called


def address(kept: Path, function: str, arguments: list[tuple[str, int]], result: str) -> int:
    """Return the address of a loop, from the object code in `kept`, which is made where it does not exist.

    Parameters
    ----------
    kept : Path
        Where the object code is, or is to be.
    function : str
        ``module:name``.
    arguments, result : list of (str, int), str
        As from `kit.compiled.parse_signature`.
    """
    if kept not in _addresses:
        _addresses[kept] = _loaded(kept) if kept.is_file() else _compiled(kept, function, arguments, result)
    return _addresses[kept]


def probe(path: str) -> None:
    """Load object code, to see whether that goes well."""
    _loaded(Path(path))


@cache
def processor() -> tuple[str, str]:
    """Return name and features of the processor, for which object code is made."""
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def _compiled(kept: Path, function: str, arguments: list[tuple[str, int]], result: str) -> int:
    """Compile a loop, and keep its object code if another process can load it; return its address."""
    import llvmlite.binding as llvm
    import numba

    module, _, name = function.partition(":")
    loop = getattr(importlib.import_module(module), name)
    entry: Any = numba.cfunc(_numba_signature(arguments, result))(_entry(loop, arguments))
    _alive.append(entry)
    unit = llvm.parse_assembly(entry.inspect_llvm())
    unit.get_function(entry.native_name).name = _symbol(kept)
    if not _strangers(unit):
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            trial = Path(folder) / kept.name
            trial.write_bytes(_target().emit_object(unit))
            if _can_be_loaded(trial):
                with files.whole(kept) as part:
                    part.write_bytes(trial.read_bytes())
    return int(entry.address)


def _can_be_loaded(trial: Path) -> bool:
    """Tell whether another process can load object code; in this one a failure would be the end."""
    command = [sys.executable, "-c", "import sys; from kit import native; native.probe(sys.argv[1])", str(trial)]
    environment = {**os.environ, "PYTHONPATH": str(Path(kit.__file__).parent.parent)}
    return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 0


def _entry(function: Any, arguments: list[tuple[str, int]]) -> Any:
    """Return a function of pointers and lengths that calls `function` with arrays."""
    import numba

    flat, rebuilt = [], []
    for number, (_, dimensions) in enumerate(arguments):
        lengths = [f"n{number}_{axis}" for axis in range(dimensions)]
        flat += [f"a{number}", *lengths]
        rebuilt.append(f"carray(a{number}, ({', '.join(lengths)},))" if dimensions else f"a{number}")
    source = f"def entry({', '.join(flat)}):\n    return function({', '.join(rebuilt)})\n"
    names: dict[str, Any] = {"function": function, "carray": vars(numba)["carray"]}
    exec(source, names)  # noqa: S102 - the text above is all there is
    return names["entry"]


def _numba_signature(arguments: list[tuple[str, int]], result: str) -> Any:
    from numba import types

    numba_types: Any = types
    flat: list[Any] = []
    for kind, dimensions in arguments:
        element = getattr(numba_types, NUMBA_TYPES[kind])
        flat += [numba_types.CPointer(element), *[numba_types.int64] * dimensions] if dimensions else [element]
    return (getattr(numba_types, NUMBA_TYPES[result]) if result else numba_types.void)(*flat)


def _loaded(kept: Path) -> int:
    import llvmlite.binding as llvm

    _supply_symbols()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(kept.read_bytes()))
    engine.finalize_object()
    _alive.append(engine)
    return int(engine.get_function_address(_symbol(kept)))


@cache
def _supply_symbols() -> None:
    """Tell LLVM where the C library's functions are, and that numba's way to raise leads nowhere."""
    import llvmlite.binding as llvm

    library = ctypes.CDLL(None)
    mathematics = ctypes.CDLL(ctypes.util.find_library("m"))
    for name in (*LIBRARY, *RAISING):
        if llvm.address_of_symbol(name) is None:  # numba may be at work in this process, and know better
            source = mathematics if hasattr(mathematics, name) else library
            function = getattr(source, name if name in LIBRARY else "abort")
            llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)


def _strangers(unit: Any) -> list[str]:
    """Return the functions that compiled code calls and that nobody here can supply."""
    return [
        function.name
        for function in unit.functions
        if function.is_declaration
        and not function.name.startswith("llvm.")
        and function.name not in (*LIBRARY, *RAISING)
        and not hasattr(ctypes.pythonapi, function.name)
    ]


def _symbol(kept: Path) -> str:
    return "kit_" + hashlib.sha256(kept.name.encode()).hexdigest()[:16]


def _target() -> Any:
    import llvmlite.binding as llvm

    with contextlib.suppress(RuntimeError):  # newer versions do it at import, and say so
        llvm.initialize()
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    name, features = processor()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=name, features=features, opt=3, reloc="pic", codemodel="jitdefault", jit=True
    )
