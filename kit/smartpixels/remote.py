"""Files by path or address, opened for reading."""

from __future__ import annotations

from typing import IO

from kit import addresses, files

__all__ = ["open_bytes"]


def open_bytes(path: str) -> IO[bytes]:
    """Open a local or remote file for reading.

    Raises
    ------
    OSError
        Naming the file.
    """
    if not files.is_remote(path):
        return open(path, "rb")  # noqa: PTH123 - the caller closes it
    system, name = addresses.filesystem(path)
    try:
        opened: IO[bytes] = system.open(name, "rb")
    except OSError as fault:
        message = f"{path}: {fault}"
        raise OSError(message) from None
    return opened
