"""Compiled loops: where numba keeps what it has compiled, and what the environment says about using it.

Loading compiled code costs half a second, compiling it several. A system therefore imports its kernels late, in
a `kept` block, and has twins in NumPy that give the same numbers for small inputs and where numba is missing.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import kit

__all__ = ["cache_folder", "kept", "wanted"]


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


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Let numba keep what is compiled in this block in `cache_folder`, and other users of numba where they want."""
    from numba import config

    before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
    try:
        yield
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder() -> Path:
    """Return a folder that can be written, one for each version of kit, numba and Python.

    ``NUMBA_CACHE_DIR`` where it is set, else below ``XDG_CACHE_HOME`` or ``~/.cache``; where neither can be
    written, as on many batch nodes, one that vanishes with this process.
    """
    import numba

    version = f"numba-{numba.__version__}-kit-{kit.__version__}-python-{sys.version_info[0]}.{sys.version_info[1]}"
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
