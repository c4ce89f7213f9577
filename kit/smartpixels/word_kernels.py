"""Text eight bytes at a time, the first one lowest, for the loops that read and print clusters.

Nothing looks for the end of a text: there must be a margin behind it that may be read, or overwritten.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, njit, types
from numba.core import cgutils

__all__ = ["compiled", "copy", "equal_bytes", "put", "trailing_zeros", "word_at"]

intrinsic: Any = extending.intrinsic
compiled = njit(error_model="numpy")


@intrinsic  # type: ignore[untyped-decorator]
def trailing_zeros(_typing: Any, word: Any) -> Any:
    """Return the number of zero bits below the lowest one."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.uint64(word), generate


@intrinsic  # type: ignore[untyped-decorator]
def word_at(_typing: Any, text: Any, place: Any) -> Any:
    """Return the eight bytes of a text from a place on, wherever that is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        loaded = builder.load(_pointer(context, builder, signature, arguments))
        loaded.align = 1
        return loaded

    return types.uint64(text, place), generate


@intrinsic  # type: ignore[untyped-decorator]
def put(_typing: Any, text: Any, place: Any, word: Any) -> Any:  # noqa: ARG001 - it is typed below
    """Write eight bytes into a text."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        stored = builder.store(arguments[2], _pointer(context, builder, signature, arguments))
        stored.align = 1
        return context.get_dummy_value()

    return types.void(text, place, types.uint64), generate


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    text = context.make_array(signature.args[0])(context, builder, arguments[0])
    place = builder.gep(builder.bitcast(text.data, ir.IntType(8).as_pointer()), [arguments[1]])
    return builder.bitcast(place, ir.IntType(64).as_pointer())


@compiled
def equal_bytes(text: Any, here: Any, other: Any, there: Any, most: Any) -> Any:
    """Return how many bytes of `text` from `here` on are those of `other` from `there` on, `most` at most."""
    done = np.uint64(0)
    while done + np.uint64(32) <= most:
        a, b = here + done, there + done
        difference = (
            (word_at(text, a) ^ word_at(other, b))
            | (word_at(text, a + np.uint64(8)) ^ word_at(other, b + np.uint64(8)))
            | (word_at(text, a + np.uint64(16)) ^ word_at(other, b + np.uint64(16)))
            | (word_at(text, a + np.uint64(24)) ^ word_at(other, b + np.uint64(24)))
        )
        if difference != 0:
            break
        done += np.uint64(32)
    while done < most:
        difference = word_at(text, here + done) ^ word_at(other, there + done)
        if difference != 0:
            done += trailing_zeros(difference) >> np.uint64(3)
            break
        done += np.uint64(8)
    return min(done, most)


@compiled
def copy(text: Any, place: Any, other: Any, begin: Any, end: Any) -> Any:
    """Copy bytes, and perhaps some behind them, and return the place behind."""
    done, length = np.uint64(0), np.uint64(end - begin)
    while done < length:
        put(text, place + done, word_at(other, np.uint64(begin) + done))
        done += np.uint64(8)
    return place + length
