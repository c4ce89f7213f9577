"""The loops of the stage: compiled for much input, in NumPy for little and where numba is missing.

Both give the same numbers to the last bit.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import numpy as np

from kit import compiled
from kit.smartpixels import text_twins, twins
from kit.smartpixels.blocks import Block, Work
from kit.smartpixels.pixelav import FloatArray, IntArray
from kit.smartpixels.text import Tags, Text
from kit.smartpixels.twins import Response, Room

__all__ = ["NUMPY", "Engine", "compiled_engine", "engine_for"]

WORTH_LOADING = 4_000_000  # bytes of text, nine clusters of 13x21x400
WORTH_COMPILING = 1_000_000_000  # bytes of text; the next jobs, too, are served by it

_RESPOND = "i8[] i8[] b1 i8[] f8[] i8[] i8 i8 i8 i8 f8[] i8[] i8[] f8[] f8[,] i8[,] i8[,] -> i8"
LOOPS = {
    "kit.smartpixels.parse_kernels:parse": (
        "u1[] i8 i8 b1 i8 u1[] i8[] i8 i8 i8 i4[,] i8[] i8[] i8[] i8[] i4[] i8[] i8[,] i8[] u8[,] i8[] -> i8"
    ),
    "kit.smartpixels.print_kernels:print_clusters": (
        "i8[,] i8[] i8[] u1[] i8[,] u1[] i8[] i8 i8 i8[] u1[] u1[] -> i8"
    ),
    "kit.smartpixels.kernels:choose": "f8[] f8[] i8[]",
    "kit.smartpixels.kernels:respond": f"i4[,] {_RESPOND}",
    "kit.smartpixels.kernels:respond_to_floats": f"f8[,] {_RESPOND}",
}
SOURCES = ("kit.smartpixels.word_kernels",)


class Engine(Protocol):
    """The loops."""

    name: str

    def parse(
        self, text: Text, begin: int, end: int, final: bool, longest: int, tags: Tags, fields: int, work: Work
    ) -> tuple[int, int, bool]:
        """Read whole clusters into `work`; return how many, where the next begins, and whether that one is odd.

        Parameters
        ----------
        text, begin, end : Text, int, int
            Where to read; zero bytes stand behind the end.
        final : bool
            The file ends there.
        longest : int
            Bytes that must be at hand for a cluster to be begun.
        tags : Tags
            The tag lines of a cluster, exactly as they must stand.
        fields : int
            Number of metadata.
        work : Work
            Where to write; clusters are read while there is room for all pixels of one more. An odd cluster is not
            as it should be, perhaps for want of its end.
        """

    def choose(self, own: FloatArray, injected: FloatArray, template: IntArray) -> None:
        """Write into `template` which of the `injected` charges is nearest to each of `own`, in e-."""

    def respond(self, block_charge: Any, first: IntArray, last: IntArray, response: Response, room: Room) -> int:
        """Write voltages into `room`, for the templates there; return how many digits are doubtful."""

    def print_clusters(self, tenths: IntArray, block: Block, tags: Tags, out: Text) -> memoryview:
        """Return the clusters of a block as text, in `out` as far as that is used."""


class _Numpy:
    name = "numpy"

    def parse(
        self, text: Text, begin: int, end: int, final: bool, longest: int, tags: Tags, fields: int, work: Work
    ) -> tuple[int, int, bool]:
        return text_twins.parse(text.buffer, begin, end, final, longest, tags.lines, fields, work)

    def choose(self, own: FloatArray, injected: FloatArray, template: IntArray) -> None:
        template[:] = twins.choose(own, injected)

    def respond(self, charge: Any, first: IntArray, last: IntArray, response: Response, room: Room) -> int:
        del first, last  # all steps are looked at
        return twins.respond(charge, response, room)

    def print_clusters(self, tenths: IntArray, block: Block, tags: Tags, out: Text) -> memoryview:
        del out  # the text is made anew
        return memoryview(text_twins.print_clusters(tenths, block, tags.lines))


class _Compiled:
    name = "compiled"

    def __init__(self) -> None:
        loops = compiled.load(LOOPS, SOURCES)
        self._parse, self._print, self._choose = loops["parse"], loops["print_clusters"], loops["choose"]
        self._respond = {"i": loops["respond"], "f": loops["respond_to_floats"]}

    def parse(
        self, text: Text, begin: int, end: int, final: bool, longest: int, tags: Tags, fields: int, work: Work
    ) -> tuple[int, int, bool]:
        layout = work.layout
        done = self._parse(
            text.bytes, begin, end, final, longest, tags.text.bytes, tags.bounds, layout.rows, layout.columns,
            fields, work.charge, work.pixel, work.first, work.last, work.filled, work.peak, work.offsets,
            work.spans, work.slot_of, work.row_places, work.state,
        )  # fmt: skip
        return done, int(work.state[0]), bool(work.state[1])

    def choose(self, own: FloatArray, injected: FloatArray, template: IntArray) -> None:
        self._choose(own, injected, template)

    def respond(self, charge: Any, first: IntArray, last: IntArray, response: Response, room: Room) -> int:
        ratio, length = response.phases.shape[1:]
        count: int = self._respond[charge.dtype.kind](
            charge, first, last, response.corrected, room.template, response.samples, response.lead, ratio, length,
            response.margin, response.width(charge), room.rates, room.times, room.places, room.held, room.values,
            room.tenths, room.flagged,
        )  # fmt: skip
        return count

    def print_clusters(self, tenths: IntArray, block: Block, tags: Tags, out: Text) -> memoryview:
        layout = block.layout
        slot_of, touched = np.full(layout.pixels, -1), np.zeros(layout.rows, np.uint8)
        length = self._print(
            tenths, block.pixel, block.offsets, block.text.bytes, block.spans, tags.text.bytes, tags.bounds,
            layout.rows, layout.columns, slot_of, touched, out.bytes,
        )  # fmt: skip
        return memoryview(out.buffer)[:length]


NUMPY: Engine = _Numpy()


@cache
def compiled_engine() -> Engine:
    """Return the compiled loops, from what an earlier process has kept or compiled now.

    Raises
    ------
    ModuleNotFoundError
        If numba is not installed.
    """
    return _Compiled()


def engine_for(size: int) -> Engine:
    """Return the loops for so many bytes of text; environment ``KIT_KERNELS``, numpy or compiled, overrides."""
    wanted = compiled.wanted()
    if wanted == "compiled":
        return compiled_engine()
    if wanted == "numpy" or not compiled.available() or size < WORTH_LOADING:
        return NUMPY
    if size >= WORTH_COMPILING or compiled.is_kept(LOOPS, SOURCES):
        return compiled_engine()
    return NUMPY
