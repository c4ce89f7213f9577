"""Voltages as text in the format of PixelAV, compressed as it is written."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from kit.smartpixels.engine import NUMPY, Engine
from kit.smartpixels.pixelav import IntArray, header_text, tag_line
from kit.smartpixels.text import Tags, Text
from kit.smartpixels.voltages import NOT_A_NUMBER, Voltages

__all__ = ["TextWriter"]

LONGEST_NUMBER = 14  # bytes with sign, point and blank
FAST_LEVELS = 3  # up to this gzip level Intel's library is used
GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no name and no time: the same clusters give the same bytes


class TextWriter:
    """Writes clusters of voltages to a file.

    Parameters
    ----------
    path : Path
        The file.
    header : list of bytes
        Lines before the first cluster of the input.
    steps, output_step : int
        Number of output slices and the time between them, in ps.
    compression : int
        gzip level; 0 writes plain text.
    lenient : bool
        Which line is the geometry is decided as the original does it.
    """

    def __init__(
        self,
        path: Path,
        header: list[bytes],
        steps: int,
        output_step: int,
        *,
        compression: int = 1,
        lenient: bool = False,
    ) -> None:
        self.tags = Tags(tag_line(float(step * output_step)) for step in range(steps))
        self._out = Text(0)
        self._file: IO[bytes] = path.open("wb")
        self._deflate = _deflate(compression)
        self._check = 0
        self._size = 0
        if self._deflate:
            self._file.write(GZIP_HEADER)
        self._write(header_text(header, float(output_step), lenient=lenient))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None and self._deflate:
                self._file.write(self._deflate.flush())
                self._file.write(struct.pack("<II", self._check, self._size & 0xFFFFFFFF))

    def write(self, voltages: Voltages, engine: Engine) -> None:
        """Append the clusters of a block."""
        block = voltages.block
        layout = block.layout
        heads = int((block.spans[:, 1] - block.spans[:, 0]).sum())
        per_cluster = 64 + len(self.tags.text.buffer) + layout.pixels * LONGEST_NUMBER * len(self.tags.lines)
        room = heads + len(block) * per_cluster
        if block.charge.dtype.kind == "f" and _is_unusual(voltages.tenths):
            engine = NUMPY
        elif room > self._out.room:
            self._out = Text(room)
        text = engine.print_clusters(voltages.tenths, block, self.tags, self._out)
        self._write(text)

    def _write(self, text: Any) -> None:
        if not self._deflate:
            self._file.write(text)
            return
        from isal import isal_zlib

        self._check = isal_zlib.crc32(text, self._check)
        self._size += len(text)
        self._file.write(self._deflate.compress(text))


def _is_unusual(tenths: IntArray) -> bool:
    """Tell whether some numbers print as words, nan or inf, or are too long for the room that is kept for each."""
    words = (tenths >= NOT_A_NUMBER) & (tenths < NOT_A_NUMBER + 3)
    return bool(words.any()) or int(tenths.max(initial=0)) >= 10 ** (LONGEST_NUMBER - 4)


def _deflate(level: int) -> Any:
    """Return a compressor without header, None for plain text."""
    if level == 0:
        return None
    if level > FAST_LEVELS:
        return zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    from isal import isal_zlib

    return isal_zlib.compressobj(level, isal_zlib.DEFLATED, -isal_zlib.MAX_WBITS)
