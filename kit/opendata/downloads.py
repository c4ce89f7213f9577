"""A file fetched from a server: continued where it was left, checked, and only then under its final name.

What has come so far stands beside it as ``<name>.part``. A short one is continued by Range; one with other bytes
than announced is thrown away.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from kit.files import adler32, naming
from kit.opendata.web import Passing, Patience, Stream, opened, patiently

__all__ = ["ERROR_PAGE", "download"]

# what the portal sends with status 200 when it fails: bytes and checksum, as cernopendata-client 1.0.2 knows it
ERROR_PAGE = (3846, "adler32:a82d5324")
ROOT = b"root"  # how a ROOT file begins


def download(
    url: str, target: Path, patience: Patience, *, size: int | None = None, checksum: str | None = None
) -> int:
    """Fetch a file, and return how many of its bytes an earlier attempt had left.

    Parameters
    ----------
    url : str
        ``http(s)://``, or ``root://`` where XRootD is installed.
    target : Path
        Where it goes; nothing happens where it is.
    size, checksum : optional
        What it must have: bytes, and ``adler32:xxxxxxxx``.

    Raises
    ------
    OSError
        If it cannot be had, with the last reason; a part that is merely short is kept.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    with naming(target), _held(part):
        if target.is_dir():
            message = f"{target}: is a directory, should be the file that is fetched from {url}"
            raise IsADirectoryError(message)
        if target.exists():
            return 0
        left = part.stat().st_size
        patiently(lambda: _attempt(url, part, patience.timeout, size, checksum), patience)
        part.replace(target)
        return left if left < target.stat().st_size else 0


@contextlib.contextmanager
def _held(part: Path) -> Iterator[None]:
    """Hold a part while it is written: another process that wants the same file waits."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with contextlib.suppress(OSError):  # a file system without locks, such as AFS
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not part.exists():  # whom we waited for has finished it
            part.touch()
        yield
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            if not part.stat().st_size:
                part.unlink()


def _attempt(url: str, part: Path, timeout: float, size: int | None, checksum: str | None) -> None:
    had = part.stat().st_size
    if size is None or had < size or not had:
        try:
            with opened(url, timeout, had) as stream:
                size = _expected(url, part, stream, size)
                _append(part, stream)
        except OSError as fault:
            if had and "416" in str(fault):  # the part is longer than the file: nothing that it can be a part of
                _discard(part)
                message = f"{url}: there is less of it than the {had} bytes that were here"
                raise Passing(message) from fault
            raise
    _check(url, part, size, checksum)


def _expected(url: str, part: Path, stream: Stream, size: int | None) -> int | None:
    """Return how many bytes the file must have; a fault if the server has another file in mind."""
    if stream.total is not None and size is not None and stream.total != size:
        page = ", an HTML page" if stream.kind == "text/html" else ""
        _discard(part)
        message = f"{url}: {stream.total} bytes{page}, should be {size}"
        raise Passing(message)
    return stream.total if size is None else size


def _append(part: Path, stream: Stream) -> None:
    with part.open("r+b") as file:
        file.seek(stream.start)
        file.truncate()
        for block in stream.blocks:
            file.write(block)
        file.flush()
        os.fsync(file.fileno())


def _check(url: str, part: Path, size: int | None, checksum: str | None) -> None:
    """Raise a `Passing` fault unless the part is the whole file."""
    found = part.stat().st_size
    if size is not None and found < size:
        message = f"{url}: {found} of {size} bytes came"
        raise Passing(message)
    with part.open("rb") as file:
        begin = file.read(len(ROOT))
    fault = ""
    if size is not None and found > size:
        fault = f"{found} bytes, should be {size}"
    elif part.name.endswith(".root.part") and begin != ROOT:
        fault = f"begins with {begin!r}, a ROOT file begins with {ROOT!r}"
    elif checksum or found == ERROR_PAGE[0]:
        sum_found = adler32(part)
        if checksum and sum_found != checksum:
            fault = f"checksum is {sum_found}, should be {checksum}"
        elif not checksum and (found, sum_found) == ERROR_PAGE:
            fault = "is the portal's page for errors"
    if fault:
        _discard(part)
        message = f"{url}: {fault}"
        raise Passing(message)


def _discard(part: Path) -> None:
    with part.open("r+b") as file:
        file.truncate()
