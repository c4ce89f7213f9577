"""Flat arrays from lists of lists: from awkward's, and from the bytes of ``vector<vector<number>>`` branches.

There each event is its number of lists, then for each list its length and its numbers, all big-endian; uproot
takes the header before that away. Its own decoder goes number by number, longer than all the rest of reading
takes. The branches of a group have lists of the same lengths: these are found once, and only compared for the
others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from kit.ecal.engine import engine
from kit.ecal.events import AnyArray, BoolArray, IntArray, starts
from kit.files import FormatError

__all__ = ["Decoder", "Levels", "number_type", "raw_bytes", "unnest"]

NESTING = ("one number an event", "a list of numbers an event", "a list of lists of numbers an event")
HEADER = 6  # bytes before each event: how many follow, and a version
WORD = 4  # bytes; all counts and numbers are whole words
Levels = tuple[list[IntArray], AnyArray]


def unnest(array: Any, depth: int, where: str) -> Levels:
    """Return the offsets of each level of lists in an awkward array, and the numbers in them.

    Raises
    ------
    FormatError
        Saying `where`, if it is nested otherwise or holds no numbers.
    """
    import awkward as ak

    layout = ak.to_layout(array)
    levels: list[IntArray] = []
    while layout.is_list or layout.is_indexed:
        if layout.is_indexed:
            layout = layout.project()
            continue
        layout = layout.to_ListOffsetArray64(True)
        levels.append(np.asarray(layout.offsets, np.int64))
        layout = layout.content[: levels[-1][-1]]
    if layout.is_unknown:  # not one number in it
        levels += [np.zeros(1, np.int64)] * (depth - len(levels))
        return levels, np.zeros(0)
    numbers = np.ascontiguousarray(layout.data) if layout.is_numpy else np.zeros(0, object)
    if len(levels) != depth or numbers.dtype.kind not in "iuf" or numbers.ndim != 1:
        message = f"{where} is {array.type.content}, should be {NESTING[depth]}"
        raise FormatError(message)
    return levels, numbers


def raw_bytes() -> Any:
    """Return how uproot is to read a branch that is decoded here: as bytes."""
    import uproot

    return uproot.AsJagged(uproot.AsDtype("u1"), header_bytes=HEADER)


def number_type(interpretation: Any) -> np.dtype[Any] | None:
    """Return the type of the numbers in a branch of lists of lists, as stored; None if it is something else."""
    outer = getattr(interpretation, "model", None)
    inner = getattr(outer, "values", None)
    kind = getattr(inner, "values", None)
    # headers stand before the outermost list alone
    if getattr(outer, "header", None) is not True or getattr(inner, "header", None) is not False:
        return None
    return kind if isinstance(kind, np.dtype) and kind.kind in "iuf" and kind.itemsize in (4, 8) else None


@dataclass(frozen=True)
class _Shape:
    """Where the counts stand among the words of a branch, and what they are.

    Attributes
    ----------
    begins : ndarray of int
        Word with which each event begins, and the end of the last.
    places, counts : ndarray of int
        Word with the length of each list; that length.
    lists : ndarray of int
        How many lists each event has.
    width : int
        Words of a number.
    """

    begins: IntArray
    places: IntArray
    counts: IntArray
    lists: IntArray
    width: int

    @cached_property
    def numbers(self) -> BoolArray:
        """Which words are no counts."""
        found = np.ones(self.begins[-1], np.bool_)
        found[self.begins[:-1]] = False
        found[self.places] = False
        return found

    def fits(self, words: AnyArray, begins: IntArray, width: int) -> bool:
        """Tell whether a branch has its counts at the same places."""
        return (
            width == self.width
            and np.array_equal(begins, self.begins)
            and np.array_equal(words[begins[:-1]], self.lists)
            and np.array_equal(words[self.places], self.counts)
        )


class Decoder:
    """Decodes the branches of a chunk of events; remembers the shapes that it has found."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []

    def decode(self, bytes_: AnyArray, offsets: IntArray, kind: np.dtype[Any]) -> Levels | None:
        """Return the offsets of both levels of lists and the numbers in them; None if the bytes say otherwise.

        Parameters
        ----------
        bytes_ : ndarray of uint8
            Of all events, without their headers.
        offsets : ndarray of int
            Where each event begins.
        kind : dtype
            Of the numbers, as stored.
        """
        if (offsets % WORD).any():
            return None
        words, begins, width = bytes_.view(">i4"), offsets // WORD, kind.itemsize // WORD
        shape = next((known for known in self._shapes if known.fits(words, begins, width)), None)
        if shape is None:
            shape = _walk(words, begins, width)
            if shape is None:
                return None
            self._shapes.append(shape)
        native = words[shape.numbers].view(kind).astype(kind.newbyteorder("="))
        return [starts(shape.lists), starts(shape.counts)], native


def _walk(words: AnyArray, begins: IntArray, width: int) -> _Shape | None:
    """Return the shape of a branch; None where the lists do not fill the events."""
    if (np.diff(begins) <= 0).any():
        return None
    lists = words[begins[:-1]].astype(np.int64)
    if (lists < 0).any() or (lists > np.diff(begins)).any():
        return None
    # the compiled loops are taken where they are loaded: to decode is no reason to load them
    places, counts, whole = engine(0).walk(words.view("u1"), begins, width, starts(lists))
    return _Shape(begins, places, counts, lists, width) if whole else None
