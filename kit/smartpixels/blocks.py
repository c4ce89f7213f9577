"""Some clusters at a time, as the loops work on them: pixels that ever hold charge, in tenths of an electron."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.smartpixels.pixelav import Cluster, FloatArray, IntArray, Layout
from kit.smartpixels.scrutiny import Examined
from kit.smartpixels.text import Text

__all__ = ["Block", "Work"]

MOST_CLUSTERS = 256  # in a block
CHARGE_BYTES = 1_500_000  # of charge in a block


class Work:
    """The arrays into which clusters of one layout are parsed, used again and again."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        room = layout.pixels + max(256, CHARGE_BYTES // (4 * layout.slices))
        self.charge = np.empty((room, layout.slices), np.int32)
        self.pixel, self.first, self.last, self.filled = (np.empty(room, np.int64) for _ in range(4))
        self.peak = np.empty(room, np.int32)
        self.slot_of = np.full(layout.pixels + 1, -1)
        self.row_places = np.zeros((2, layout.rows + 1), np.uint64)
        self.state = np.zeros(2, np.int64)
        self.offsets = np.zeros(MOST_CLUSTERS + 1, np.int64)
        self.spans = np.zeros((MOST_CLUSTERS, 2), np.int64)


@dataclass(frozen=True)
class Block:
    """Some clusters of one layout; its arrays are views that hold until the next block is asked for.

    Attributes
    ----------
    layout : Layout
        Shape of the clusters.
    numbers : ndarray, shape (clusters,)
        Their places in the file, from 0.
    offsets : ndarray, shape (clusters + 1,)
        Where the pixels of each begin and end.
    pixel : ndarray, shape (pixels,)
        Place in the array, row by row, of each pixel that ever holds charge.
    charge : ndarray, shape (pixels, slices)
        Charge up to each slice in tenths of an electron; int32, or float64 where the file has other numbers.
    first, last : ndarray, shape (pixels,)
        First slice with charge, and last slice that differs from the one before.
    peak : ndarray, shape (pixels,)
        Largest charge of any slice, 0 at least, in tenths of an electron.
    text, spans : Text, ndarray, shape (clusters, 2)
        Where the metadata of each cluster stand, one blank between two.
    origin : int
        Where `text` begins in the text of the file.
    """

    layout: Layout
    numbers: IntArray
    offsets: IntArray
    pixel: IntArray
    charge: npt.NDArray[Any]
    first: IntArray
    last: IntArray
    peak: npt.NDArray[Any]
    text: Text
    spans: IntArray
    origin: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def heads(self) -> list[bytes]:
        """The metadata of each cluster as text."""
        return [bytes(self.text.buffer[begin:end]) for begin, end in self.spans.tolist()]

    @property
    def places(self) -> list[int]:
        """Where each cluster begins in the text of the file."""
        return [self.origin + max(self.text.buffer.rfind(b"<cluster>", 0, begin), 0) for begin in self.spans[:, 0]]

    @property
    def metadata(self) -> FloatArray:
        """The metadata, shape (clusters, fields)."""
        return np.array([head.split() for head in self.heads]).astype(np.float64)

    @property
    def cluster_of(self) -> IntArray:
        """For each pixel the place of its cluster in the block."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def part(self, begin: int, end: int) -> Block:
        """Return the clusters from `begin` to before `end`."""
        pixels = slice(self.offsets[begin], self.offsets[end])
        return replace(
            self,
            numbers=self.numbers[begin:end],
            offsets=self.offsets[begin : end + 1] - self.offsets[begin],
            pixel=self.pixel[pixels],
            charge=self.charge[pixels],
            first=self.first[pixels],
            last=self.last[pixels],
            peak=self.peak[pixels],
            spans=self.spans[begin:end],
        )

    def dense(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values of the pixels, shape (pixels, steps), in arrays, shape (clusters, steps, all pixels)."""
        full = np.zeros((len(self), values.shape[1], self.layout.pixels), values.dtype)
        full[self.cluster_of, :, self.pixel] = values
        return full

    def clusters(self) -> Iterator[Cluster]:
        """Yield the clusters one by one, with the charge of all pixels in electrons."""
        layout = self.layout
        for place, head in enumerate(self.heads):
            charge = np.zeros((layout.pixels, layout.slices))
            own = slice(self.offsets[place], self.offsets[place + 1])
            charge[self.pixel[own]] = self.charge[own] / 10
            words = tuple(word.decode() for word in head.split())
            shaped = charge.reshape(layout.rows, layout.columns, layout.slices)
            yield Cluster(int(self.numbers[place]), words, shaped, layout.step)

    @classmethod
    def parsed(
        cls, layout: Layout, first_number: int, count: int, work: Work, text: Text, origin: int = 0
    ) -> Block:
        """Return the `count` clusters that were parsed into `work`."""
        used = int(work.offsets[count])
        return cls(
            layout=layout,
            numbers=np.arange(first_number, first_number + count),
            offsets=work.offsets[: count + 1],
            pixel=work.pixel[:used],
            charge=work.charge[:used],
            first=work.first[:used],
            last=work.last[:used],
            peak=work.peak[:used],
            text=text,
            spans=work.spans[:count],
            origin=origin,
        )

    @classmethod
    def examined(cls, number: int, one: Examined, origin: int = 0) -> Block:
        """Return one cluster that was read line by line."""
        flat = one.charge.reshape(-1, one.charge.shape[2])
        pixel = np.flatnonzero((flat != 0).any(axis=1))
        charge = flat[pixel]
        tenths = np.rint(charge * 10)
        whole = bool((tenths / 10 == charge).all()) and bool((abs(tenths) < 2**31).all())
        stored = tenths.astype(np.int32) if whole else charge * 10
        moved = charge[:, 1:] != charge[:, :-1]
        head = b" ".join(one.metadata)
        return cls(
            layout=one.layout,
            numbers=np.array([number]),
            offsets=np.array([0, len(pixel)]),
            pixel=pixel,
            charge=stored,
            first=(charge != 0).argmax(axis=1),
            last=np.where(moved.any(axis=1), moved.shape[1] - moved[:, ::-1].argmax(axis=1), 0),
            peak=stored.max(axis=1, initial=0),
            text=Text.of(head),
            spans=np.array([[0, len(head)]]),
            origin=origin,
        )
