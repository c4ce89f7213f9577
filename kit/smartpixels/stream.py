"""The text of a cluster file, as it comes out of the gzip stream: one reused buffer, whatever the file's size.

Plain or gzipped is decided by the first two bytes; several gzip members count as one. A damaged stream gives all
text before the damage, and then says where it is.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import PurePosixPath
from typing import IO, Any, Self

from kit.files import FormatError
from kit.smartpixels.remote import open_bytes
from kit.smartpixels.salvage import GZIP_MAGIC, Salvage
from kit.smartpixels.text import MARGIN, Text

__all__ = ["TextStream", "file_name", "stem_of"]

ROOM = 2 << 20  # bytes; what is decompressed at once should stay in the processor's cache
LONGEST = 2 << 30  # bytes; no cluster is as long


def file_name(path: str) -> str:
    """Return the last part of a path or address."""
    return PurePosixPath(path.partition("?")[0]).name


def stem_of(path: str) -> str:
    """Return the name of a cluster file without ``.gz`` and ``.out``."""
    name = file_name(path)
    for ending in (".gz", ".out", ".txt"):
        name = name.removesuffix(ending)
    return name


class _Counted(io.RawIOBase):
    """A file that counts and hashes what is read from it."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source = source
        self.count = 0
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self.source.read(len(buffer))
        buffer[: len(block)] = block
        self.count += len(block)
        self.hash.update(block)
        return len(block)


class TextStream:
    """The decompressed text of a file; `begin` and `end` bound what is in the buffer and not yet used up.

    Parameters
    ----------
    path : str
        A local file or an address.
    room : int
        Bytes of text to hold at once; grows where a single cluster needs more.

    Raises
    ------
    FormatError
        If the file is empty.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: str, room: int = ROOM) -> None:
        self.path = path
        self.name = file_name(path)
        self.text = Text(room)
        self.begin = self.end = 0
        self.origin = 0  # place of the buffer's first byte in the text of the file
        self.line = 1  # number of the line at `begin`
        self.ended = False
        self.damage = ""  # what is wrong with the gzip stream, once it is met
        self._complaint = ""  # of the fast decompressor
        self._delivered = 0  # bytes of text
        self._second: IO[bytes] | None = None
        self._damages: tuple[type[Exception], ...] = (EOFError, gzip.BadGzipFile)
        self._file = open_bytes(path)
        self._raw = _Counted(self._file)
        buffered = io.BufferedReader(self._raw, 512 * 1024)
        magic = buffered.peek(2)[:2]
        if not magic:
            self.close()
            message = f"{self.name}: is empty, should hold PixelAV clusters"
            raise FormatError(message)
        self._source: Any = buffered
        if magic == GZIP_MAGIC:
            from isal import igzip, isal_zlib

            decompressed: Any = igzip.IGzipFile
            fault: Any = isal_zlib.error
            self._damages = (*self._damages, fault)
            self._unpacked = decompressed(fileobj=buffered, mode="rb")
            self._source = getattr(self._unpacked, "_buffer", self._unpacked)  # which spares a copy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        if self._second:
            self._second.close()

    def fill(self) -> None:
        """Move what is left to the front of the buffer and read on behind it; sets `ended` at the end."""
        left = self.end - self.begin
        if left > self.text.room // 2:
            self._grow()
        view = memoryview(self.text.buffer)
        view[:left] = view[self.begin : self.end]
        self.origin += self.begin
        self.begin, self.end = 0, left
        while self.end < self.text.room and not self.ended:
            try:
                count = self._source.readinto1(view[self.end : self.text.room])
            except self._damages as fault:
                self._salvage(f"{fault} near compressed byte {self._raw.count}")
                continue
            self.end += count
            self._delivered += count
            if not count:
                self.ended = True
                self.damage = getattr(self._source, "damage", "") or self._complaint
        view[self.end : self.end + MARGIN] = bytes(MARGIN)

    def _salvage(self, complaint: str) -> None:
        """Go on with zlib, which gives all text before the damage and says where that is."""
        self._complaint = complaint
        self._second = open_bytes(self.path)
        self._source = Salvage(self._second, self._delivered)

    def _grow(self) -> None:
        if self.text.room >= LONGEST:
            message = f"{self.name}:{self.line}: no end of this cluster in {LONGEST >> 30} GiB of text"
            raise FormatError(message)
        larger = Text(2 * self.text.room)
        larger.buffer[: self.end] = self.text.buffer[: self.end]
        self.text = larger

    def find(self, pattern: bytes, start: int) -> int:
        """Return the place of `pattern` in the text at hand from `start` on, or -1."""
        return self.text.buffer.find(pattern, start, self.end)

    def use_up(self, place: int, lines: int | None = None) -> None:
        """Go on to `place`, which is `lines` further; they are counted where not given."""
        self.line += self.text.buffer.count(b"\n", self.begin, place) if lines is None else lines
        self.begin = place

    def finish(self) -> None:
        """Read what was not needed of the file, so that its checksum is known."""
        while block := self._file.read(1 << 20):
            self._raw.hash.update(block)

    @property
    def checksum(self) -> str:
        """SHA-256 of the file as stored, once it is read to its end."""
        return f"sha256:{self._raw.hash.hexdigest()}"
