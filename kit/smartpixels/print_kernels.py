"""Voltage to text, for numba; `engine` has it compiled. Nothing is allocated: whoever calls brings all arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from kit.smartpixels.word_kernels import compiled, copy, put

__all__ = ["print_clusters"]

U = np.uint64
CLUSTER = U(0x72657473756C633C)  # "<cluster"
ZERO, ZERO_TWICE = U(0x302E30), U(0x20302E3020302E30)  # "0.0" and "0.0 0.0 "
NEWLINE, BLANK, MINUS, DOT, NIL, GREATER = U(10), U(32), U(45), U(46), U(48), U(62)
NEGATIVE_ZERO = -(2**62)  # prints -0.0


@compiled
def _put_number(text: Any, place: Any, value: Any) -> Any:
    """Write a number of tenths and a blank, and return the place behind."""
    negative = value < 0
    size = U(0) if value == NEGATIVE_ZERO else U(abs(value))
    whole = size // U(10)
    word = DOT | ((NIL + size - U(10) * whole) << U(8)) | (BLANK << U(16))
    length = U(3)
    while length < U(7):  # a byte is kept for the sign
        rest = whole // U(10)
        word = (word << U(8)) | (NIL + whole - U(10) * rest)
        length += U(1)
        whole = rest
        if whole == 0:
            break
    if whole > 0:
        place = _put_digits(text, place, whole, negative)
    elif negative:
        word = (word << U(8)) | MINUS
        length += U(1)
    put(text, place, word)
    return place + length


@compiled
def _put_digits(text: Any, place: Any, whole: Any, negative: Any) -> Any:
    """Write a sign and the digits of a whole number, and return the place behind."""
    if negative:
        put(text, place, MINUS)
        place += U(1)
    power = U(1)
    while power * U(10) <= whole:
        power *= U(10)
    while power > 0:
        put(text, place, NIL + whole // power % U(10))
        place += U(1)
        power //= U(10)
    return place


@compiled
def _put_row(text: Any, place: Any, slots: Any, tenths: Any, s: Any) -> Any:
    """Write a row of numbers of which some are not zero, and return the place behind."""
    for slot in slots:
        if slot < 0 or tenths[slot, s] == 0:
            put(text, place, ZERO | (BLANK << U(24)))
            place += U(4)
        else:
            place = _put_number(text, place, tenths[slot, s])
    return place


@compiled
def print_clusters(
    tenths: Any, pixel: Any, offsets: Any, heads: Any, spans: Any, tags: Any, tag_bounds: Any,
    rows: int, columns: int, slot_of: Any, touched: Any, text: Any,
) -> int:  # fmt: skip
    """Write clusters as text, and return its length."""
    place = U(0)
    for cluster in range(len(spans)):
        for slot in range(offsets[cluster], offsets[cluster + 1]):
            slot_of[pixel[slot]] = slot
            touched[pixel[slot] // columns] = 1
        put(text, place, CLUSTER)
        put(text, place + U(8), GREATER | (NEWLINE << U(8)))
        place = copy(text, place + U(10), heads, spans[cluster, 0], spans[cluster, 1])
        put(text, place, NEWLINE)
        place += U(1)
        for s in range(len(tag_bounds) - 1):
            place = copy(text, place, tags, tag_bounds[s], tag_bounds[s + 1])
            for row in range(rows):
                if touched[row]:
                    place = _put_row(text, place, slot_of[row * columns : (row + 1) * columns], tenths, s)
                else:
                    done = U(0)
                    while done < U(4 * columns):
                        put(text, place + done, ZERO_TWICE)
                        done += U(8)
                    place += U(4 * columns)
                put(text, place - U(1), NEWLINE)
        for slot in range(offsets[cluster], offsets[cluster + 1]):
            slot_of[pixel[slot]] = -1
            touched[pixel[slot] // columns] = 0
    return np.int64(place)  # type: ignore[return-value]
