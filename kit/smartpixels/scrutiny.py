"""One cluster read line by line: what the fast readers do not take as it stands is read here, or refused.

Windows line ends, blank lines, repeated blanks and any way to write a number are taken; whatever is missing, left
over or not a number is named with its line, time slice, row and column.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kit.smartpixels.pixelav import FloatArray, Layout, is_number, tag_line

__all__ = ["FEWEST_FIELDS", "TAG_TOLERANCE", "DamageError", "Examined", "Scrutiny", "examine"]

TAG_TOLERANCE = 1e-3
LARGEST = 1e9  # e-; a millimetre of silicon gives a thousandth of it
MOST_SLICES = 100_000
FEWEST_FIELDS = 9


class DamageError(ValueError):
    """What is wrong with a cluster, and in which of its lines, from 0."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Scrutiny:
    """What is expected of a cluster; 0 where its file has not said it yet.

    `compat` takes what the original takes: nan and inf, any tags, any number of slices, any size of the array.
    `last` says that the file ends behind the cluster.
    """

    number: int
    rows: int = 0
    columns: int = 0
    slices: int = 0
    step: float = 0.0
    fields: int = 0
    compat: bool = False
    last: bool = False


@dataclass(frozen=True)
class Examined:
    """A cluster as it was read: charge in electrons, shape (rows, columns, slices), and its tag lines."""

    metadata: list[bytes]
    charge: FloatArray
    layout: Layout
    tags: list[bytes]


def examine(text: bytes, expected: Scrutiny) -> Examined:
    """Return the cluster in `text`, which begins with the line ``<cluster>``.

    Raises
    ------
    DamageError
        With the line, and what is wrong there.
    """
    lines = text.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    elif expected.last:
        _refuse_cut_number(lines, expected)
    return _Reader(lines, expected).read()


def _refuse_cut_number(lines: list[bytes], expected: Scrutiny) -> None:
    """Refuse a last line without end whose last number may have lost digits: PixelAV writes one behind the dot."""
    words = lines[-1].split()
    if words and not lines[-1].lstrip().startswith(b"<") and len(words[-1].partition(b".")[2]) != 1:
        message = f"cluster {expected.number} ends inside the number {_shown(words[-1])}"
        raise DamageError(len(lines) - 1, message)


class _Reader:
    """Goes through the lines of one cluster."""

    def __init__(self, lines: list[bytes], expected: Scrutiny) -> None:
        self.expected = expected
        self.who = f"cluster {expected.number}"
        self.end = len(lines)
        self.lines = lines
        self.left = self._lines(lines)
        self.place, self.line = 0, b""
        self.first_tag = b""
        self._next()

    def _lines(self, lines: list[bytes]) -> Iterator[tuple[int, bytes]]:
        for place, line in enumerate(lines):
            if stripped := line.strip():
                yield place, stripped
        yield self.end, b""

    def _next(self) -> None:
        self.place, self.line = next(self.left)

    @property
    def ended(self) -> bool:
        return self.place >= self.end

    def read(self) -> Examined:
        self._next()  # <cluster>
        metadata = self._metadata()
        tags: list[bytes] = []
        slices: list[list[list[float]]] = []
        while not self.ended:
            tags.append(self._tag(len(slices)))
            slices.append(self._slice(len(slices), slices))
        self._compare_count(len(slices))
        charge = np.array(slices).transpose(1, 2, 0)
        step = self.expected.step or _time_of(tags[0].strip())
        layout = Layout(charge.shape[0], charge.shape[1], charge.shape[2], step, len(metadata))
        return Examined(metadata, charge, layout, tags)

    def _metadata(self) -> list[bytes]:
        wanted = self.expected.fields
        if self.ended or self.line.startswith(b"<"):
            found = f"{_shown(self.line)} stands in their place" if self.line else "the file ends"
            message = f"the metadata of {self.who} are missing: {found}"
            raise DamageError(self.place, message)
        words = self.line.split()
        for number, word in enumerate(words):
            if not is_number(word):
                message = f"field {number + 1} of the metadata of {self.who} is {_shown(word)}, should be a number"
                raise DamageError(self.place, message)
        if len(words) < FEWEST_FIELDS:
            message = f"{self.who} has {len(words)} fields of metadata, should have {FEWEST_FIELDS} or more"
            raise DamageError(self.place, message)
        if wanted and len(words) != wanted and not self.expected.compat:
            message = f"{self.who} has {len(words)} fields of metadata, the clusters before it have {wanted}"
            raise DamageError(self.place, message)
        self._next()
        return words

    def _tag(self, number: int) -> bytes:
        time = _time_of(self.line)
        if math.isnan(time):
            message = f"{_shown(self.line)} in {self.who}, should be {_shown(tag_line(1.0).strip())} or the like"
            raise DamageError(self.place, message)
        step = self.expected.step
        if not self.expected.compat and number == 0 and not time > 0:
            message = f"the first time slice of {self.who} is at {time:g} ps, should be one step after 0"
            raise DamageError(self.place, message)
        if not self.expected.compat and (step or number):
            wanted = (number + 1) * (step or _time_of(self.first_tag))
            if abs(time - wanted) > TAG_TOLERANCE * wanted:
                message = f"time slice {number + 1} of {self.who} is at {time:g} ps, should be at {wanted:g} ps"
                raise DamageError(self.place, message)
        if number == 0:
            self.first_tag = self.line
        if number >= MOST_SLICES:
            message = f"{self.who} has more than {MOST_SLICES} time slices"
            raise DamageError(self.place, message)
        tag = self.lines[self.place] + b"\n"
        self._next()
        return tag

    def _slice(self, number: int, before: list[list[list[float]]]) -> list[list[float]]:
        where = f"time slice {number + 1} of {self.who}"
        rows: list[list[float]] = []
        while not self.ended and not self.line.startswith(b"<"):
            words = self.line.split()
            wanted = self._columns(before, rows)
            if wanted and len(words) != wanted:
                cut = self.expected.last and self.place == self.end - 1
                message = f"row {len(rows)} of {where} has {len(words)} numbers, should have {wanted}" + (
                    ": the file ends there" if cut else ""
                )
                raise DamageError(self.place, message)
            rows.append(self._row(words, len(rows), where))
            self._next()
        wanted = self.expected.rows if not self.expected.compat else 0
        reference = "should have"
        if before:
            wanted, reference = len(before[0]), "the first slice has"
        if (wanted and len(rows) != wanted) or not rows:
            ends = ": the file ends there" if self.ended and self.expected.last else ""
            message = f"{where} has {len(rows)} rows, {reference} {wanted or 'one or more'}{ends}"
            raise DamageError(self.place, message)
        return rows

    def _columns(self, before: list[list[list[float]]], rows: list[list[float]]) -> int:
        if before:
            return len(before[0][0])
        if rows:
            return len(rows[0])
        return 0 if self.expected.compat else self.expected.columns

    def _row(self, words: list[bytes], row: int, where: str) -> list[float]:
        try:
            values = [float(word) for word in words]
        except ValueError:
            values = []
        if b"_" in self.line and not self.expected.compat:  # which `float` passes over
            values = []
        if len(values) == len(words) and all(-LARGEST <= value <= LARGEST for value in values):
            return values
        for column, word in enumerate(words):
            fine = is_number(word) or (self.expected.compat and word.lstrip(b"+-").lower() in (b"nan", b"inf"))
            if not fine:
                message = (
                    f"column {column} of row {row} of {where} is {_shown(word)}, should be a number of electrons"
                )
                raise DamageError(self.place, message)
            if abs(float(word)) > LARGEST and not self.expected.compat:
                message = f"column {column} of row {row} of {where} is {_shown(word)} e-, beyond {LARGEST:g} e-"
                raise DamageError(self.place, message)
        return [float(word) for word in words]

    def _compare_count(self, count: int) -> None:
        wanted = 0 if self.expected.compat else self.expected.slices
        if count < 2 or (wanted and count != wanted):
            ends = ": the file ends there" if self.expected.last and count < wanted else ""
            message = f"{self.who} has {count} time slices, should have {wanted or '2 or more'}{ends}"
            raise DamageError(self.place if count < wanted else self._line_of_slice(wanted), message)

    def _line_of_slice(self, number: int) -> int:
        """Return the line of the tag of slice `number`, from 0."""
        tags = [place for place, line in enumerate(self.lines) if line.lstrip().startswith(b"<time slice")]
        return tags[number] if number < len(tags) else self.end - 1


def _time_of(line: bytes) -> float:
    """Return the time in a tag, in ps, or nan for any other line."""
    words = line.split()
    if len(words) == 4 and words[:2] == [b"<time", b"slice"] and words[3] == b"ps>" and is_number(words[2]):
        return float(words[2])
    return math.nan


def _shown(word: bytes) -> str:
    """Return a word of the file as an error shows it, shortened."""
    text = word.decode("ascii", "backslashreplace")
    return repr(text if len(text) <= 40 else text[:37] + "…")
