"""Text to charge and voltage to text, compiled by numba. Import this room through `engine`.

Text is read and written eight bytes at a time through views whose stride is one byte: ``words[i]`` are the bytes
i … i + 7, the first one lowest. Nothing looks for the end of the text while it reads: the bytes behind it are
zero, which no line of a cluster holds. What `parse` does not take as it stands, it leaves to be read with care.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["parse", "print_clusters"]

U = np.uint64
ONES, HIGHS = U(0x0101010101010101), U(0x8080808080808080)
DIGITS, DOTS, ABOVE_NINE = U(0x3030303030303030), U(0x2E2E2E2E2E2E2E2E), U(0x7676767676767676)
CLUSTER = U(0x72657473756C633C)  # "<cluster"
ZERO, ZERO_TWICE = U(0x302E30), U(0x20302E3020302E30)  # "0.0" and "0.0 0.0 "
BYTE, THREE = U(0xFF), U(0xFFFFFF)
NEWLINE, RETURN, BLANK, MINUS, DOT, NIL, GREATER = U(10), U(13), U(32), U(45), U(46), U(48), U(62)
LONGEST_WHOLE = U(48)  # bits: six digits before the dot are read at once
NEGATIVE_ZERO = -(2**62)  # prints -0.0

compiled = njit(cache=True, nogil=True, error_model="numpy")


@intrinsic
def _trailing_zeros(_typing: Any, word: Any) -> Any:
    """Return the number of zero bits below the lowest one."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.uint64(word), generate


@compiled
def _equal_bytes(words: Any, here: Any, others: Any, there: Any, most: Any) -> Any:
    """Return how many bytes of `words` from `here` on are those of `others` from `there` on, `most` at most."""
    done = U(0)
    while done + U(32) <= most:
        a, b = here + done, there + done
        difference = (
            (words[a] ^ others[b])
            | (words[a + U(8)] ^ others[b + U(8)])
            | (words[a + U(16)] ^ others[b + U(16)])
            | (words[a + U(24)] ^ others[b + U(24)])
        )
        if difference != 0:
            break
        done += U(32)
    while done < most:
        difference = words[here + done] ^ others[there + done]
        if difference != 0:
            done += _trailing_zeros(difference) >> U(3)
            break
        done += U(8)
    return min(done, most)


@compiled
def _line_end(words: Any, place: Any) -> Any:
    """Return the place behind a line of which only blanks may be left, or 0."""
    byte = words[place] & BYTE
    while byte == BLANK:
        place += U(1)
        byte = words[place] & BYTE
    if byte == RETURN:
        place += U(1)
        byte = words[place] & BYTE
    return place + U(1) if byte == NEWLINE else U(0)


@compiled
def _metadata_end(words: Any, place: Any, fields: Any) -> Any:
    """Return the place behind `fields` plain numbers with one blank between two, or 0."""
    for field in range(fields):
        if words[place] & BYTE == MINUS:
            place += U(1)
        digits = 0
        dots = 0
        byte = words[place] & BYTE
        while byte - NIL < U(10) or byte == DOT:
            digits += byte != DOT
            dots += byte == DOT
            place += U(1)
            byte = words[place] & BYTE
        if digits == 0 or dots > 1:
            return U(0)
        if field < fields - 1:
            if byte != BLANK:
                return U(0)
            place += U(1)
    return place


@compiled
def _number(words: Any, place: Any) -> Any:
    """Return a number with one decimal in tenths and the place behind it; place 0 where it is no such number."""
    negative = U(words[place] & BYTE == MINUS)
    place += negative
    word = words[place]
    dots = word ^ DOTS
    found = (dots - ONES) & ~dots & HIGHS  # its lowest bit is exact
    shift = _trailing_zeros(found) & ~U(7)  # bits before the dot
    text = (word & ((U(1) << shift) - U(1))) | ((word >> U(8)) & (BYTE << shift))  # the dot taken out
    digits = (text ^ DIGITS) << (U(56) - shift)  # what is left out below is zero; what is no digit is above nine
    if found == 0 or shift - U(8) > LONGEST_WHOLE - U(8) or ((digits + ABOVE_NINE) | digits) & HIGHS:
        return np.int64(0), U(0)
    pairs = digits * U(10) + (digits >> U(8))
    value = (
        (pairs & U(0x000000FF000000FF)) * U(0x000F424000000064)
        + ((pairs >> U(16)) & U(0x000000FF000000FF)) * U(0x0000271000000001)
    ) >> U(32)
    sign = np.int64(negative)
    return (np.int64(value) ^ -sign) + sign, place + (shift >> U(3)) + U(2)


@compiled
def parse(
    words: Any,
    begin: int,
    end: int,
    final: bool,
    longest: int,
    tag_words: Any,
    tag_bounds: Any,
    rows: int,
    columns: int,
    fields: int,
    charge: Any,
    pixel: Any,
    first: Any,
    last: Any,
    offsets: Any,
    spans: Any,
) -> tuple[int, int, int]:
    slices = len(tag_bounds) - 1
    pixels = rows * columns
    slot_of = np.full(pixels + 1, -1, np.int32)
    filled = np.empty(len(charge), np.int32)
    old, new = np.zeros(rows + 1, np.uint64), np.zeros(rows + 1, np.uint64)  # where rows begin in a slice
    position = U(begin)
    done = 0
    used = 0
    offsets[0] = 0
    while done < len(spans) and used + pixels <= len(charge) and position + U(longest) <= U(end):
        place = U(0)
        if words[position] == CLUSTER and words[position + U(8)] & BYTE == GREATER:
            place = _line_end(words, position + U(9))
        if place == 0:
            return done, np.int64(position), 1
        spans[done, 0] = place
        place = _metadata_end(words, place, fields)
        spans[done, 1] = place
        if place > 0:
            place = _line_end(words, place)
        if place == 0:
            return done, np.int64(position), 1
        begun = used
        before, length = U(0), U(0)  # where the rows of the slice before begin, and how long they are
        for k in range(slices):
            tag = U(tag_bounds[k])
            tag_length = U(tag_bounds[k + 1]) - tag
            if _equal_bytes(words, place, tag_words, tag, tag_length) < tag_length:
                return done, np.int64(position), 1
            body = place + tag_length
            place = body
            row = 0
            while row < rows:
                if k > 0:
                    same = _equal_bytes(words, place, words, before + old[row], length - old[row])
                    if row == 0 and same == length:
                        break
                    shift = place - body - old[row]
                    stop = old[row] + same
                    while row < rows and old[row + 1] <= stop:
                        row += 1
                        new[row] = old[row] + shift
                    place = body + new[row]
                    if row == rows:
                        break
                column = 0
                byte = BLANK
                while column < columns:
                    here = row * columns + column
                    word = words[place]
                    if word == ZERO_TWICE and column + 2 < columns and slot_of[here] & slot_of[here + 1] == -1:
                        place += U(8)
                        column += 2
                        continue
                    if word & THREE == ZERO:
                        value = np.int64(0)
                        place += U(3)
                    else:
                        value, place = _number(words, place)
                        if place == 0:
                            return done, np.int64(position), 1
                    slot = slot_of[here]
                    if slot >= 0:
                        held = charge[slot, filled[slot] - 1]
                        if held != value:
                            for j in range(filled[slot], k):
                                charge[slot, j] = held
                            charge[slot, k] = value
                            filled[slot] = k + 1
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
                    byte = words[place] & BYTE
                    place += U(1)
                    if byte != BLANK and (column < columns or byte != NEWLINE):
                        place = _line_end(words, place - U(1))
                        if place == 0 or column < columns:
                            return done, np.int64(position), 1
                if byte == BLANK:
                    place = _line_end(words, place)
                    if place == 0:
                        return done, np.int64(position), 1
                row += 1
                new[row] = place - body
            if row == rows:
                length = new[rows]
                old, new = new, old
            before = body
            place = body + length
        followed = words[place] == CLUSTER and words[place + U(8)] & BYTE == GREATER
        if not followed and not (final and place == U(end)):
            return done, np.int64(position), 1
        for slot in range(begun, used):
            slot_of[pixel[slot]] = -1
            last[slot] = filled[slot] - 1
            held = charge[slot, last[slot]]
            for j in range(filled[slot], slices):
                charge[slot, j] = held
        longest = max(longest, np.int64(place - position))
        position = place
        done += 1
        offsets[done] = used
    return done, np.int64(position), 0


@compiled
def _put(words: Any, place: Any, value: Any) -> Any:
    """Write a number of tenths and a blank, and return the place behind."""
    negative = value < 0
    if value == NEGATIVE_ZERO:
        value = 0
    size = U(-value if negative else value)
    whole = size // U(10)
    word = DOT | ((NIL + size - U(10) * whole) << U(8)) | (BLANK << U(16))
    length = U(3)
    while True:
        rest = whole // U(10)
        word = (word << U(8)) | (NIL + whole - U(10) * rest)
        length += U(1)
        whole = rest
        if whole == 0:
            break
        if length == U(7):  # one byte is kept for the sign; rarer than one number in a million
            return _put_long(words, place, whole, word, length, negative)
    if negative:
        word = (word << U(8)) | MINUS
        length += U(1)
    words[place] = word
    return place + length


@compiled
def _put_long(words: Any, place: Any, whole: Any, word: Any, length: Any, negative: Any) -> Any:
    """Write the sign and the digits in `whole`, then the `length` bytes of `word`; return the place behind."""
    if negative:
        words[place] = MINUS
        place += U(1)
    power = U(1)
    while power * U(10) <= whole:
        power *= U(10)
    while power > 0:
        words[place] = NIL + whole // power % U(10)
        place += U(1)
        power //= U(10)
    words[place] = word
    return place + length


@compiled
def _copy(words: Any, place: Any, others: Any, begin: Any, length: Any) -> Any:
    """Copy `length` bytes, and perhaps some behind them, and return the place behind."""
    done = U(0)
    while done < length:
        words[place + done] = others[begin + done]
        done += U(8)
    return place + length


@compiled
def print_clusters(
    tenths: Any,
    pixel: Any,
    offsets: Any,
    words: Any,
    spans: Any,
    tag_words: Any,
    tag_bounds: Any,
    rows: int,
    columns: int,
    out: Any,
) -> int:
    slot_of = np.full(rows * columns, -1, np.int32)
    touched = np.zeros(rows, np.bool_)
    zero_row = U(4 * columns)
    place = U(0)
    for cluster in range(len(spans)):
        for slot in range(offsets[cluster], offsets[cluster + 1]):
            slot_of[pixel[slot]] = slot
            touched[pixel[slot] // columns] = True
        out[place] = CLUSTER
        out[place + U(8)] = GREATER | (NEWLINE << U(8))
        place += U(10)
        place = _copy(out, place, words, U(spans[cluster, 0]), U(spans[cluster, 1] - spans[cluster, 0]))
        out[place] = NEWLINE
        place += U(1)
        for s in range(len(tag_bounds) - 1):
            place = _copy(out, place, tag_words, U(tag_bounds[s]), U(tag_bounds[s + 1] - tag_bounds[s]))
            for row in range(rows):
                if touched[row]:
                    for here in range(row * columns, (row + 1) * columns):
                        slot = slot_of[here]
                        if slot < 0 or tenths[slot, s] == 0:
                            out[place] = ZERO | (BLANK << U(24))
                            place += U(4)
                        else:
                            place = _put(out, place, tenths[slot, s])
                else:
                    done = U(0)
                    while done < zero_row:
                        out[place + done] = ZERO_TWICE
                        done += U(8)
                    place += zero_row
                out[place - U(1)] = NEWLINE
        for slot in range(offsets[cluster], offsets[cluster + 1]):
            slot_of[pixel[slot]] = -1
            touched[pixel[slot] // columns] = False
    return np.int64(place)
