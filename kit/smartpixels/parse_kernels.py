"""Text to charge, for numba; `engine` has it compiled.

What is not as PixelAV writes it is left to be read with care. The bytes behind the text are zero, which no line of
a cluster holds; thus nothing needs to look for its end. Nothing is allocated: whoever calls brings all arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from kit.smartpixels.word_kernels import compiled, equal_bytes, trailing_zeros, word_at

__all__ = ["parse"]

U = np.uint64
ONES, HIGHS = U(0x0101010101010101), U(0x8080808080808080)
DIGITS, DOTS, ABOVE_NINE = U(0x3030303030303030), U(0x2E2E2E2E2E2E2E2E), U(0x7676767676767676)
CLUSTER = U(0x72657473756C633C)  # "<cluster"
ZERO, ZERO_TWICE = U(0x302E30), U(0x20302E3020302E30)  # "0.0" and "0.0 0.0 "
BYTE, THREE = U(0xFF), U(0xFFFFFF)
NEWLINE, RETURN, BLANK, MINUS, DOT, NIL, GREATER = U(10), U(13), U(32), U(45), U(46), U(48), U(62)
MOST_WHOLE = U(48)  # bits: six digits before the dot are read at once

merged = njit(error_model="numpy", inline="always")  # a call would cost as much as what it does


@compiled
def _line_end(text: Any, place: Any) -> Any:
    """Return the place behind a line of which only blanks may be left, or 0."""
    byte = word_at(text, place) & BYTE
    while byte == BLANK:
        place += U(1)
        byte = word_at(text, place) & BYTE
    if byte == RETURN:
        place += U(1)
        byte = word_at(text, place) & BYTE
    return place + U(1) if byte == NEWLINE else U(0)


@compiled
def _is_cluster(text: Any, place: Any) -> Any:
    return word_at(text, place) == CLUSTER and word_at(text, place + U(8)) & BYTE == GREATER


@compiled
def _metadata_end(text: Any, place: Any, fields: Any) -> Any:
    """Return the place behind `fields` plain numbers with one blank between two, or 0."""
    for field in range(fields):
        if word_at(text, place) & BYTE == MINUS:
            place += U(1)
        digits = 0
        dots = 0
        byte = word_at(text, place) & BYTE
        while byte - NIL < U(10) or byte == DOT:
            digits += byte != DOT
            dots += byte == DOT
            place += U(1)
            byte = word_at(text, place) & BYTE
        if digits == 0 or dots > 1 or (field < fields - 1 and byte != BLANK):
            return U(0)
        place += U(field < fields - 1)
    return place


@compiled
def _head(text: Any, place: Any, fields: Any, span: Any) -> Any:
    """Return the place behind the first two lines of a cluster, or 0; `span` is where the metadata stand."""
    if not _is_cluster(text, place):
        return U(0)
    place = _line_end(text, place + U(9))
    if place == 0:
        return U(0)
    span[0] = place
    place = _metadata_end(text, place, fields)
    if place == 0:
        return U(0)
    span[1] = place
    return _line_end(text, place)


@merged
def _number(text: Any, place: Any) -> Any:
    """Return a number with one decimal in tenths and the place behind it; place 0 where it is no such number."""
    negative = U(word_at(text, place) & BYTE == MINUS)
    place += negative
    word = word_at(text, place)
    dots = word ^ DOTS
    found = (dots - ONES) & ~dots & HIGHS  # its lowest bit is exact
    shift = trailing_zeros(found) & ~U(7)  # bits before the dot
    plain = (word & ((U(1) << shift) - U(1))) | ((word >> U(8)) & (BYTE << shift))  # the dot taken out
    digits = (plain ^ DIGITS) << (U(56) - shift)  # what is left out below is zero; what is no digit is above nine
    wrong = found == 0 or shift - U(8) > MOST_WHOLE - U(8) or ((digits + ABOVE_NINE) | digits) & HIGHS != 0
    pairs = digits * U(10) + (digits >> U(8))
    value = (
        (pairs & U(0x000000FF000000FF)) * U(0x000F424000000064)
        + ((pairs >> U(16)) & U(0x000000FF000000FF)) * U(0x0000271000000001)
    ) >> U(32)
    sign = np.int64(negative)
    behind = U(0) if wrong else place + (shift >> U(3)) + U(2)
    return (np.int64(value) ^ -sign) + sign, behind


@merged
def _hold(charge: Any, slot: Any, k: Any, value: Any, filled: Any) -> None:
    """Write the charge of a pixel at slice k, and what it was until then; nothing where it stays what it is."""
    held = charge[slot, filled[slot] - 1]
    if held != value:
        for j in range(filled[slot], k):
            charge[slot, j] = held
        charge[slot, k] = value
        filled[slot] = k + 1


@merged
def _row(
    text: Any, place: Any, base: Any, columns: Any, k: Any, used: Any,
    charge: Any, pixel: Any, first: Any, slot_of: Any, filled: Any,
) -> Any:  # fmt: skip
    """Read a row of numbers; return the place behind it, 0 where it is not one, and the pixels in use."""
    column = 0
    byte = BLANK
    while column < columns:
        here = base + column
        word = word_at(text, place)
        if word == ZERO_TWICE and column + 2 < columns and slot_of[here] & slot_of[here + 1] == -1:
            place += U(8)
            column += 2
            continue
        value = np.int64(0)
        if word & THREE == ZERO:
            place += U(3)
        else:
            value, place = _number(text, place)
            if place == 0:
                break
        slot = slot_of[here]
        if slot >= 0:
            _hold(charge, slot, k, value, filled)
        elif value != 0:
            slot_of[here] = used
            pixel[used] = here
            first[used] = k
            for j in range(k):
                charge[used, j] = 0
            charge[used, k] = value
            filled[used] = k + 1
            used += 1
        column += 1
        byte = word_at(text, place) & BYTE
        if byte == BLANK:
            place += U(1)
        elif column < columns:
            place = U(0)
            break
    if place > 0:
        place = place + U(1) if byte == NEWLINE else _line_end(text, place)
    return place, used


@compiled
def _finish(
    begun: Any, used: Any, charge: Any, pixel: Any, last: Any, peak: Any, slot_of: Any, filled: Any
) -> None:
    """Fill the charge of a cluster's pixels to the last slice, find its peak, and forget where they are."""
    for slot in range(begun, used):
        slot_of[pixel[slot]] = -1
        last[slot] = filled[slot] - 1
        held = charge[slot, last[slot]]
        for j in range(filled[slot], charge.shape[1]):
            charge[slot, j] = held
        highest = charge[slot, 0]
        for j in range(1, filled[slot]):
            highest = max(highest, charge[slot, j])
        peak[slot] = max(highest, 0)


@compiled
def _slices(
    text: Any, place: Any, tags: Any, tag_bounds: Any, rows: Any, columns: Any, used: Any,
    charge: Any, pixel: Any, first: Any, slot_of: Any, filled: Any, row_places: Any,
) -> Any:  # fmt: skip
    """Read all slices of a cluster; return the place behind them, or 0, and the pixels in use."""
    before, length = U(0), U(0)  # where the rows of the slice before begin, and how long they are
    old, new = 0, 1  # lines of row_places: where each row begins in the slice before and in this one
    for k in range(len(tag_bounds) - 1):
        tag = U(tag_bounds[k])
        tag_length = U(tag_bounds[k + 1]) - tag
        if equal_bytes(text, place, tags, tag, tag_length) < tag_length:
            return U(0), used
        body = place + tag_length
        place = body
        row = 0
        while row < rows:
            if k > 0:  # pass over the rows that are as they were: half of all slices are nothing else
                same = equal_bytes(text, place, text, before + row_places[old, row], length - row_places[old, row])
                if row == 0 and same == length:
                    break
                shift = place - body - row_places[old, row]
                stop = row_places[old, row] + same
                while row < rows and row_places[old, row + 1] <= stop:
                    row += 1
                    row_places[new, row] = row_places[old, row] + shift
                place = body + row_places[new, row]
                if row == rows:
                    break
            place, used = _row(text, place, row * columns, columns, k, used, charge, pixel, first, slot_of, filled)
            if place == 0:
                return U(0), used
            row += 1
            row_places[new, row] = place - body
        if row == rows:
            length = row_places[new, rows]
            old, new = new, old
        before = body
        place = body + length
    return place, used


@compiled
def parse(
    text: Any, begin: int, end: int, final: bool, longest: int, tags: Any, tag_bounds: Any,
    rows: int, columns: int, fields: int, charge: Any, pixel: Any, first: Any, last: Any, filled: Any, peak: Any,
    offsets: Any, spans: Any, slot_of: Any, row_places: Any, state: Any,
) -> int:  # fmt: skip
    """Read whole clusters; return how many, and in `state` where the next begins and whether it is odd."""
    pixels = rows * columns
    place = U(begin)
    done = 0
    used = 0
    odd = 0
    offsets[0] = 0
    row_places[0, 0] = U(0)
    row_places[1, 0] = U(0)
    while done < len(spans) and used + pixels <= len(charge) and place < U(end):
        if not final and place + U(longest) > U(end):
            break
        begun = used
        behind = _head(text, place, fields, spans[done])
        if behind > 0:
            behind, used = _slices(
                text, behind, tags, tag_bounds, rows, columns, used,
                charge, pixel, first, slot_of, filled, row_places,
            )  # fmt: skip
        # what follows must be at hand: another slice would belong to this cluster
        if behind > 0 and not _is_cluster(text, behind) and not (final and behind == U(end)):
            behind = U(0)
        _finish(begun, used, charge, pixel, last, peak, slot_of, filled)
        if behind == 0:
            odd = 1
            break
        longest = max(longest, np.int64(behind - place))  # type: ignore[assignment]
        place = behind
        done += 1
        offsets[done] = used
    state[0] = place
    state[1] = odd
    return done
