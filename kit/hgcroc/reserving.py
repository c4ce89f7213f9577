"""Room on the disk for a file of HDF5, made sure of before its library writes.

The library cannot let go of what it could not write: it tries again with everything that it closes, and in the
end takes the process with it. So blocks are reserved first, where a full disk, a quota or a limit is an ordinary
error; and where a write fails all the same, the library is made to write into the void from then on. As the file
is written for readers, what stands on the disk can be read at any moment.
"""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path

import h5py

from kit import files
from kit.directories import RunError

__all__ = ["chunk_bytes", "close", "let_go", "reserve", "writing"]

MARGIN = 1 << 16  # bytes; what HDF5 writes beside the values
UNKNOWN_TO_DISK = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)  # a file system that cannot reserve


def chunk_bytes(dataset: h5py.Dataset) -> int:
    """Return the most bytes that one chunk takes on the disk: what cannot be packed grows by a thousandth."""
    size: int = math.prod(dataset.chunks) * dataset.dtype.itemsize
    return size + size // 1000 + 100


def reserve(file: h5py.File, size: int) -> None:
    """Make sure that `size` bytes can be added to a file, and some more.

    Raises
    ------
    OSError
        With the name of the file, if there is no room.
    RunError
        If the file has been removed meanwhile: what is written would be lost.
    """
    handle, path = file.id.get_vfd_handle(), os.fsdecode(file.filename)
    about = os.fstat(handle)
    if not about.st_nlink:
        message = f"{files.shown(path)} was being written and is gone; who removed it?"
        raise RunError(message)
    if not hasattr(os, "posix_fallocate"):  # as on macOS; there a full disk is found by the write itself
        return
    known = file.id.get_filesize()  # what is used; an earlier reserve may lie behind it
    start = min(known, about.st_size)
    try:
        with files.naming(Path(path)):
            os.posix_fallocate(handle, start, known - start + size + MARGIN)
    except OSError as fault:
        if fault.errno not in UNKNOWN_TO_DISK:
            raise


@contextlib.contextmanager
def writing(file: h5py.File, size: int = 0) -> Iterator[None]:
    """Reserve `size` bytes for what the block writes; if it fails all the same, let go of the file.

    Raises
    ------
    OSError
        With the name of the file, if it cannot be written.
    RunError
        If it has been removed.
    """
    reserve(file, size)
    try:
        yield
    except (OSError, RuntimeError) as fault:
        path = os.fsdecode(file.filename)
        let_go(file)
        number = re.search(r"errno = (\d+)", str(fault))
        code = int(number[1]) if number else errno.EIO
        raise OSError(code, os.strerror(code), path) from fault


def let_go(file: h5py.File) -> None:
    """Let the library write into the void from now on; the file stays as it is on the disk."""
    void = os.memfd_create("void") if hasattr(os, "memfd_create") else os.open(os.devnull, os.O_RDWR)
    os.dup2(void, file.id.get_vfd_handle())
    os.close(void)


def close(file: h5py.File) -> None:
    """Close a file that was written, without the room that was reserved and not used."""
    if not file:
        return
    handle = os.dup(file.id.get_vfd_handle())
    try:
        used = file.id.get_filesize()
        file.close()
        if os.fstat(handle).st_size > used:
            os.ftruncate(handle, used)
    finally:
        os.close(handle)
