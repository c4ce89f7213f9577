"""Trees of ROOT files: what a plan says of each, and the one way to open them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.files import FormatError, is_remote

__all__ = ["Source", "open_file"]


@dataclass(frozen=True)
class Source:
    """One tree of one file.

    Attributes
    ----------
    identity : str
        UUID that ROOT gave the file when it was written.
    """

    path: str
    tree: str
    entries: int
    identity: str
    bytes: int


@contextlib.contextmanager
def open_file(path: str) -> Iterator[Any]:
    """Open a ROOT file without caches, which would grow with what is read.

    Raises
    ------
    FormatError
        If it is cut short, or not ROOT.
    """
    import uproot

    try:
        file = uproot.open(path, array_cache=None, object_cache=None)
    except (
        ValueError,
        OSError,
        EOFError,
        IndexError,
        uproot.exceptions.KeyInFileError,
        uproot.DeserializationError,
    ) as fault:
        if isinstance(fault, FileNotFoundError):
            raise
        reason = str(fault).strip().splitlines()
        message = f"{path}: should be a whole ROOT file ({reason[0] if reason else type(fault).__name__})"
        raise FormatError(message) from None
    with file:
        if not is_remote(path) and (there := Path(path).stat().st_size) < file.file.fEND:
            message = (
                f"{path}: should be a whole ROOT file: it was written with {file.file.fEND} B and has {there}"
            )
            raise FormatError(message)
        yield file
