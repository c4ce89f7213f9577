"""Baskets of plain branches, as they lie in the file: unpacked once, not copied, not converted.

uproot's own arrays cost as much again as unpacking does: they go through threads, and each list has its offsets.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["flat_values", "is_plain", "list_values"]

IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]


def is_plain(branch: Any) -> bool:
    """Tell whether a branch holds one number an entry, or one list of numbers without anything between them."""
    import uproot

    of = branch.interpretation
    if isinstance(of, uproot.AsJagged) and of.header_bytes == 0:
        of = of.content
    return type(of) is uproot.AsDtype and of.from_dtype.names is None and not of.from_dtype.shape


def flat_values(branch: Any, first: int, last: int) -> AnyArray:
    """Return the numbers of entries from `first` up to and without `last`, in the file's order of bytes.

    Raises
    ------
    ValueError
        If the baskets hold others than they should.
    """
    dtype = branch.interpretation.from_dtype
    return _one(
        [basket.data.view(dtype)[begin:end] for basket, begin, end in _baskets(branch, first, last)], last - first
    )


def list_values(branch: Any, first: int, last: int, offsets: IntArray | None = None) -> tuple[IntArray, AnyArray]:
    """Return offsets and items of the lists of some entries; give `offsets` where other lists have the same.

    Raises
    ------
    ValueError
        If the baskets hold others than they should, or lists of other lengths.
    """
    dtype = branch.interpretation.content.from_dtype
    lengths, items = [], []
    for basket, begin, end in _baskets(branch, first, last):
        if basket.byte_offsets is None:
            message = "its baskets do not tell where entries begin"
            raise ValueError(message)
        edges = basket.byte_offsets[begin : end + 1]
        items.append(basket.data[edges[0] : edges[-1]].view(dtype))
        if offsets is None:
            lengths.append(np.diff(edges) // dtype.itemsize)
    if offsets is None:
        offsets = np.append(0, np.cumsum(_one(lengths, last - first), dtype=np.int64))
    return offsets, _one(items, int(offsets[-1]))


def _baskets(branch: Any, first: int, last: int) -> Iterator[tuple[Any, int, int]]:
    """Yield the baskets that hold some entries, and which of its own entries each has of them."""
    edges = branch.entry_offsets
    for number in range(int(np.searchsorted(edges, first, "right")) - 1, int(np.searchsorted(edges, last))):
        begin, end = max(first, edges[number]) - edges[number], min(last, edges[number + 1]) - edges[number]
        yield branch.basket(number), begin, end


def _one(parts: list[AnyArray], length: int) -> AnyArray:
    one = parts[0] if len(parts) == 1 else np.concatenate(parts)
    if len(one) != length:
        message = f"its baskets hold {len(one)} values, should hold {length}"
        raise ValueError(message)
    return one
