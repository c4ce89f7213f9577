"""The loops of the stage: compiled for much input, in NumPy for little and where numba is missing.

Both give the same numbers to the last bit. Loading the compiled loops takes a quarter of a second, compiling them
at the first use of all some ten seconds; a few clusters are done before that.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from typing import Any, Protocol

from kit import compiled
from kit.smartpixels import text_twins, twins
from kit.smartpixels.text import Tags, Text

__all__ = ["COMPILED_FROM", "NUMPY", "Engine", "Work", "compiled_engine", "engine_for"]

COMPILED_FROM = 40_000_000  # bytes of text, about 90 clusters of 13x21x400


class Work(Protocol):
    """Arrays into which `Engine.parse` writes; see `kit.smartpixels.blocks`."""

    charge: Any
    pixel: Any
    first: Any
    last: Any
    offsets: Any
    spans: Any


class Engine(Protocol):
    """The loops; `twins` and `text_twins` say what each of them does."""

    name: str

    def parse(
        self,
        text: Text,
        begin: int,
        end: int,
        final: bool,
        longest: int,
        tags: Tags,
        shape: tuple[int, int, int],
        work: Work,
    ) -> tuple[int, int, int]:
        """Read whole clusters from `begin` on into `work`.

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
        shape : (int, int, int)
            Rows, columns and fields of metadata.
        work : Work
            Where to write; clusters are read while there is room for all pixels of one more.

        Returns
        -------
        (int, int, int)
            How many clusters were read, where the next begins, and 1 if that one is not as it should be, perhaps
            for want of its end.
        """

    def print_clusters(
        self,
        tenths: Any,
        pixel: Any,
        offsets: Any,
        text: Text,
        spans: Any,
        tags: Tags,
        rows: int,
        columns: int,
        out: Text,
    ) -> memoryview:
        """Return clusters as text, in `out` as far as that is used.

        Parameters
        ----------
        tenths : ndarray, shape (pixels, steps)
            The numbers to print, in tenths.
        pixel, offsets : ndarray
            Place of each in the array, row by row; where each cluster's begin and end.
        text, spans : Text and ndarray, shape (clusters, 2)
            Where the metadata of each cluster stand, to be copied.
        tags : Tags
            The tag lines to write.
        """

    choose: Any
    differentiate: Any
    convolve: Any
    round_voltages: Any


class _Numpy:
    name = "numpy"
    choose = staticmethod(twins.choose)
    differentiate = staticmethod(twins.differentiate)
    convolve = staticmethod(twins.convolve)
    round_voltages = staticmethod(twins.round_voltages)

    def parse(
        self,
        text: Text,
        begin: int,
        end: int,
        final: bool,
        longest: int,
        tags: Tags,
        shape: tuple[int, int, int],
        work: Work,
    ) -> tuple[int, int, int]:
        arrays = work.charge, work.pixel, work.first, work.last, work.offsets, work.spans
        return text_twins.parse(text.buffer, begin, end, final, longest, tags.lines, *shape, *arrays)

    def print_clusters(
        self,
        tenths: Any,
        pixel: Any,
        offsets: Any,
        text: Text,
        spans: Any,
        tags: Tags,
        rows: int,
        columns: int,
        out: Text,  # noqa: ARG002 - a string is made anew
    ) -> memoryview:
        heads = [bytes(text.buffer[begin:end]) for begin, end in spans.tolist()]
        return memoryview(text_twins.print_clusters(tenths, pixel, offsets, heads, tags.lines, rows, columns))


class _Compiled:
    name = "compiled"

    def __init__(self) -> None:
        with compiled.kept():
            from kit.smartpixels import kernels, text_kernels
        self.choose = kernels.choose
        self.differentiate = kernels.differentiate
        self.convolve = kernels.convolve
        self.round_voltages = kernels.round_voltages
        self._text = text_kernels

    def parse(
        self,
        text: Text,
        begin: int,
        end: int,
        final: bool,
        longest: int,
        tags: Tags,
        shape: tuple[int, int, int],
        work: Work,
    ) -> tuple[int, int, int]:
        arrays = work.charge, work.pixel, work.first, work.last, work.offsets, work.spans
        tag_words, bounds = tags.text.words, tags.bounds
        read: tuple[int, int, int] = self._text.parse(
            text.words, begin, end, final, longest, tag_words, bounds, *shape, *arrays
        )
        return read

    def print_clusters(
        self,
        tenths: Any,
        pixel: Any,
        offsets: Any,
        text: Text,
        spans: Any,
        tags: Tags,
        rows: int,
        columns: int,
        out: Text,
    ) -> memoryview:
        length = self._text.print_clusters(
            tenths, pixel, offsets, text.words, spans, tags.text.words, tags.bounds, rows, columns, out.words
        )
        return memoryview(out.buffer)[:length]


NUMPY: Engine = _Numpy()


@cache
def compiled_engine() -> Engine:
    """Return the compiled loops, from the cache that an earlier process has left or compiled now.

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
    if wanted == "numpy" or importlib.util.find_spec("numba") is None:
        return NUMPY
    loaded = compiled_engine.cache_info().currsize > 0
    return compiled_engine() if loaded or size >= COMPILED_FROM else NUMPY
