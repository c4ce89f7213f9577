"""Text to charge and voltage to text with NumPy: what the compiled loops do, for few clusters and without numba.

`parse` takes the same text and gives the same charges; only the order of a cluster's pixels differs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kit.smartpixels.blocks import Block, Work
from kit.smartpixels.pixelav import IntArray

__all__ = ["parse", "print_clusters"]

CLUSTER = b"<cluster>"
HEAD = re.compile(rb"<cluster> *\r?\n((?:-?(?=\.?\d)\d*\.?\d* )*?-?(?=\.?\d)\d*\.?\d*) *\r?\n")
MOST_DIGITS = 6  # before the dot; more are read with care
BLANK, NEWLINE, MINUS, DOT = b" \n-."
SPECIAL = {-(2**62): "-0.0", -(2**62) + 1: "nan", -(2**62) + 2: "inf", -(2**62) + 3: "-inf"}


def parse(
    buffer: bytearray,
    begin: int,
    end: int,
    final: bool,
    longest: int,
    tags: Sequence[bytes],
    fields: int,
    work: Work,
) -> tuple[int, int, bool]:
    """Read whole clusters into `work`; see `kit.smartpixels.engine`."""
    rows, columns = work.layout.rows, work.layout.columns
    charge, pixel, first, last = work.charge, work.pixel, work.first, work.last
    offsets, spans = work.offsets, work.spans
    done, position, used = 0, begin, 0
    offsets[0] = 0
    while done < len(spans) and used + rows * columns <= len(charge) and position < end:
        if not final and position + longest > end:
            break
        follower = buffer.find(b"\n" + CLUSTER, position, end)
        if follower < 0 and not final:
            return done, position, True
        stop = end if follower < 0 else follower + 1
        text = bytes(buffer[position:stop])
        head = HEAD.match(text)
        if head is None or len(head[1].split(b" ")) != fields:
            return done, position, True
        found = _slices(text, head.end(), tags)
        filled = None if found is None else _dense(*found, len(tags), rows, columns)
        if filled is None:
            return done, position, True
        spans[done] = position + head.start(1), position + head.end(1)
        touched = np.flatnonzero((filled != 0).any(axis=0))
        own = slice(used, used + len(touched))
        series = filled[:, touched].T
        charge[own], pixel[own], work.peak[own] = series, touched, series.max(axis=1, initial=0)
        first[own] = (series != 0).argmax(axis=1)
        moved = series[:, :0:-1] != series[:, -2::-1]
        last[own] = np.where(moved.any(axis=1), len(tags) - 1 - moved.argmax(axis=1), 0)
        used += len(touched)
        longest = max(longest, stop - position)
        position = stop
        done += 1
        offsets[done] = used
    return done, position, False


def _slices(text: bytes, place: int, tags: Sequence[bytes]) -> tuple[list[int], list[bytes]] | None:
    """Return which slices differ from the one before, and their rows; None where a tag is not as it was."""
    numbers: list[int] = []
    bodies: list[bytes] = []
    for number, tag in enumerate(tags):
        if not text.startswith(tag, place):
            return None
        place += len(tag)
        stop = text.find(b"<", place)
        body = text[place:stop] if stop >= 0 else text[place:]
        if not bodies or body != bodies[-1]:
            numbers.append(number)
            bodies.append(body)
        place = stop if stop >= 0 else len(text)
    return (numbers, bodies) if place == len(text) else None


def _dense(
    numbers: list[int], bodies: list[bytes], slices: int, rows: int, columns: int
) -> npt.NDArray[np.int32] | None:
    """Return the charge in tenths of an electron, shape (slices, pixels), from the slices that differ."""
    changed: list[bytes] = []
    source = np.zeros((slices, rows), np.int64)  # which of the changed rows holds at a slice
    before: list[bytes] = [b""] * rows
    for number, body in zip(numbers, bodies, strict=True):
        lines = body.split(b"\n")
        if len(lines) != rows + 1 or lines.pop():
            return None
        for row, line in enumerate(lines):
            if line != before[row]:
                source[number, row] = len(changed)
                changed.append(line)
        before = lines
    values = _numbers([line.rstrip(b"\r").rstrip(b" ") for line in changed], columns)
    if values is None:
        return None
    np.maximum.accumulate(source, axis=0, out=source)
    return values[source].reshape(slices, rows * columns)


def _numbers(lines: list[bytes], columns: int) -> npt.NDArray[np.int32] | None:
    """Return numbers with one decimal in tenths, shape (lines, columns); None where they are no such numbers."""
    text = np.frombuffer(b"\n" + b"\n".join(lines) + b"\n", np.uint8)
    dots = np.flatnonzero(text == DOT)
    if len(dots) != len(lines) * columns or dots[0] < 2 or dots[-1] + 2 >= len(text):
        return None
    behind = text[dots + 2].reshape(-1, columns)
    if (behind[:, :-1] != BLANK).any() or (behind[:, -1] != NEWLINE).any():
        return None
    starts = np.concatenate([[1], dots[:-1] + 3])
    negative = text[np.minimum(starts, dots)] == MINUS
    digits = dots - starts - negative
    if (digits < 1).any() or (digits > MOST_DIGITS).any():
        return None
    value = text[dots + 1].astype(np.int32) - 48
    wrong = (value < 0) | (value > 9)
    for place in range(1, int(digits.max()) + 1):
        digit = text[np.maximum(dots - place, 0)].astype(np.int32) - 48
        held = digits >= place
        wrong |= held & ((digit < 0) | (digit > 9))
        value += np.where(held, digit * 10**place, 0)
    if wrong.any():
        return None
    return np.where(negative, -value, value).reshape(-1, columns)


class _Printed(dict[int, str]):
    """Numbers of tenths as text, made when first asked for."""

    def __missing__(self, tenths: int) -> str:
        size = abs(tenths)
        text = self[tenths] = f"{'-' if tenths < 0 else ''}{size // 10}.{size % 10}"
        return text


def print_clusters(tenths: IntArray, block: Block, tags: Sequence[bytes]) -> bytes:
    """Return the clusters of a block as text with other numbers: `tenths`, shape (pixels, slices)."""
    rows, columns = block.layout.rows, block.layout.columns
    printed = _Printed(SPECIAL)
    empty = " ".join(["0.0"] * columns)
    parts = []
    for cluster, head in enumerate(block.heads):
        own = slice(block.offsets[cluster], block.offsets[cluster + 1])
        touched = np.unique(block.pixel[own] // columns)
        dense = np.zeros((tenths.shape[1], rows * columns), np.int64)
        dense[:, block.pixel[own]] = tenths[own].T
        lines = dense.reshape(-1, rows, columns)[:, touched].tolist()
        parts.append(b"<cluster>\n" + head + b"\n")
        written = [empty] * rows
        for tag, values in zip(tags, lines, strict=True):
            for row, numbers in zip(touched, values, strict=True):
                written[row] = " ".join([printed[number] for number in numbers])
            parts.append(tag + "\n".join(written).encode() + b"\n")
    return b"".join(parts)
