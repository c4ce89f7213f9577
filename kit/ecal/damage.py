"""What reading a damaged ROOT file comes down to: one error that names the file, and says whether it was cut."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any

from kit.files import FormatError

__all__ = ["naming_damage"]

MAGIC = b"root"


@contextlib.contextmanager
def naming_damage(path: str, spot: str = "") -> Iterator[None]:
    """Turn what a decoder raises on damaged bytes into an error that names the file.

    Raises
    ------
    FormatError
        If the bytes are no ROOT file, are too few, or cannot be decoded.
    OSError
        If they cannot be read.
    """
    import cramjam
    from isal import isal_zlib
    from uproot.deserialization import DeserializationError

    damage = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
    fast: Any = isal_zlib.error
    others = (
        EOFError,
        struct.error,
        zlib.error,
        fast,
        LZMAError,
        cramjam.DecompressionError,
        DeserializationError,
    )
    try:
        yield
    except (FormatError, FileNotFoundError):
        raise
    except OSError as fault:
        raise (_short_file(path) or OSError(f"{path}: {spot}cannot be read: {fault}")) from fault
    except (*damage, *others) as fault:
        text = " ".join(str(fault).split("\n\n")[0].split())[:200]
        told = f"{path}: {spot}cannot be read: {text} ({type(fault).__name__})"
        raise (_short_file(path) or FormatError(told)) from fault


def _short_file(path: str) -> FormatError | None:
    """Return what the first bytes and the length of a local file say against it."""
    if not Path(path).is_file():
        return FormatError(f"{path}: is a folder, should be a file") if Path(path).is_dir() else None
    with Path(path).open("rb") as stream:
        head = stream.read(24)
    found = Path(path).stat().st_size
    if not head.startswith(MAGIC):
        return FormatError(f"{path}: begins with {head[:8]!r}, a ROOT file begins with {MAGIC!r}; {found} bytes")
    if len(head) < 24:
        return FormatError(f"{path}: truncated: {found} bytes, less than the header of a ROOT file")
    large = struct.unpack(">i", head[4:8])[0] >= 1_000_000
    end = struct.unpack(">q", head[12:20])[0] if large else struct.unpack(">i", head[12:16])[0]
    return FormatError(f"{path}: truncated: {found} bytes found, {end} expected") if found < end else None
