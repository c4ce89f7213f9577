"""Files by path or address: opened for reading, or the file system behind an address."""

from __future__ import annotations

import os
from typing import IO, Any

from kit import files

__all__ = ["filesystem", "open_bytes"]

# XRootD's own patience with a server that does not answer is ten minutes; its environment overrides
PATIENCE = {"XRD_CONNECTIONWINDOW": "20", "XRD_CONNECTIONRETRY": "2", "XRD_REQUESTTIMEOUT": "300"}


def open_bytes(path: str) -> IO[bytes]:
    """Open a local or remote file for reading.

    Raises
    ------
    OSError
        Naming the file.
    """
    if not files.is_remote(path):
        return open(path, "rb")  # noqa: PTH123 - the caller closes it
    system, name = filesystem(path)
    try:
        opened: IO[bytes] = system.open(name, "rb")
    except OSError as fault:
        message = f"{path}: {fault}"
        raise OSError(message) from None
    return opened


def filesystem(address: str) -> tuple[Any, str]:
    """Return fsspec's file system for an address, and the name of the file there."""
    for name, value in PATIENCE.items():
        os.environ.setdefault(name, value)
    import fsspec

    system, name = fsspec.core.url_to_fs(address)
    return system, str(name)
