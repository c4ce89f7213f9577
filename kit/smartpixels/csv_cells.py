"""CSV files as instruments and simulators export them: cells of text, plain or gzipped, with their checksum."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
from dataclasses import dataclass

from kit.files import FormatError
from kit.smartpixels.remote import open_bytes
from kit.smartpixels.salvage import GZIP_MAGIC
from kit.smartpixels.stream import file_name

__all__ = ["Cells", "read_cells"]


@dataclass(frozen=True)
class Cells:
    """The cells of a CSV file; every row has as many as the longest, those that are missing are empty."""

    name: str
    header: list[str]
    rows: list[list[str]]
    sha256: str


def read_cells(path: str, content: str) -> Cells:
    """Return the cells of a CSV file; `content` says in an error what should be in it.

    Raises
    ------
    FormatError
        If it is not CSV, or has no line below its header.
    """
    name = file_name(path)
    with open_bytes(path) as source:
        stored = source.read()
    try:
        text = (gzip.decompress(stored) if stored.startswith(GZIP_MAGIC) else stored).decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text)) if line]
    except (EOFError, OSError, UnicodeDecodeError, csv.Error) as fault:
        message = f"{name}: {fault}; should be a CSV file of {content}"
        raise FormatError(message) from None
    if len(lines) < 2:
        message = f"{name}: has {len(lines)} lines, should have a header and {content} below it"
        raise FormatError(message)
    width = max(map(len, lines))
    filled = [line if len(line) == width else line + [""] * (width - len(line)) for line in lines]
    return Cells(name, filled[0], filled[1:], hashlib.sha256(stored).hexdigest())
