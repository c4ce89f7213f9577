"""CSV files as instruments and simulators export them: cells of text, plain or gzipped, with their checksum."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import warnings
import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from kit.files import FormatError
from kit.smartpixels.pixelav import FloatArray, to_float
from kit.smartpixels.remote import open_bytes
from kit.smartpixels.salvage import GZIP_MAGIC
from kit.smartpixels.stream import file_name

__all__ = ["Cells", "LonelyCellError", "read_cells"]


class LonelyCellError(ValueError):
    """A cell that is no number beside one that is."""

    def __init__(self, column: int, row: int, text: str) -> None:
        self.column, self.row, self.text = column, row, text
        super().__init__(f"column {column}, row {row}: {text!r}, should be a number, as beside it")


@dataclass(frozen=True)
class Cells:
    """The cells of a CSV file, below a line of names."""

    name: str
    text: str
    sha256: str

    @cached_property
    def lines(self) -> list[list[str]]:
        """All lines that are not blank, each with as many cells as the longest; missing ones are empty."""
        lines = [line for line in csv.reader(io.StringIO(self.text)) if line]
        width = max(map(len, lines), default=0)
        return [line if len(line) == width else line + [""] * (width - len(line)) for line in lines]

    @property
    def rows(self) -> list[list[str]]:
        """The lines below the names."""
        return self.lines[1:]

    @cached_property
    def header(self) -> list[str]:
        """The names."""
        first = next((line for line in csv.reader(io.StringIO(self.text)) if line), [])
        return first if self.numbers is not None else self.lines[0]

    @cached_property
    def numbers(self) -> FloatArray | None:
        """All cells below the names, shape (columns, rows), read at once; None where one of them is no number."""
        stream = io.StringIO(self.text)
        first = next((line for line in csv.reader(stream) if line), [])
        try:
            with warnings.catch_warnings(action="error"):  # a file without lines is a warning
                found = np.loadtxt(stream, delimiter=",", comments=None, ndmin=2)
        except (ValueError, UserWarning):
            return None
        return np.ascontiguousarray(found.T) if found.shape[1] == len(first) else None

    def blank(self, column: int) -> bool:
        """Tell whether a column and the one beside it hold nothing."""
        return self.numbers is None and not any(
            cell.strip() for line in self.rows for cell in line[column : column + 2]
        )

    def pair(self, column: int) -> tuple[FloatArray, FloatArray]:
        """Return a column and the one beside it, without the rows in which neither is a number.

        Raises
        ------
        LonelyCellError
            If one of two is a number and the other is not.
        """
        if self.numbers is not None:
            return self.numbers[column], self.numbers[column + 1]
        kept = []
        for row, line in enumerate(self.rows, 2):
            numbers = [_number(cell) for cell in line[column : column + 2]]
            if None not in numbers:
                kept.append(numbers)
            elif numbers != [None, None]:
                side = numbers.index(None)
                raise LonelyCellError(column + side, row, line[column + side])
        left, right = np.array(kept, np.float64).reshape(-1, 2).T
        return left, right


def _number(cell: str) -> float | None:
    try:
        return to_float(cell)
    except ValueError:
        return None


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
        cells = Cells(name, text, hashlib.sha256(stored).hexdigest())
        count = 2 if cells.numbers is not None else len(cells.lines)
    except (EOFError, OSError, UnicodeDecodeError, csv.Error, zlib.error) as fault:
        message = f"{name}: {fault}; should be a CSV file of {content}"
        raise FormatError(message) from None
    if count < 2:
        message = f"{name}: has {count} lines, should have a header and {content} below it"
        raise FormatError(message)
    return cells
