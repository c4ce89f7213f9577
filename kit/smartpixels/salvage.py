"""What can still be read of a damaged gzip file, and at which byte the damage is.

Fast decompressors keep back what they have when they meet a fault; zlib, fed in small portions, gives it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import IO, Any

__all__ = ["GZIP_MAGIC", "Salvage", "until_fault"]

GZIP_MAGIC = b"\x1f\x8b"
BLOCK = 1 << 16  # bytes of the file at once


class Salvage:
    """The text of a damaged gzip file, from a place on.

    Parameters
    ----------
    source : file
        The file as stored, from its beginning.
    skip : int
        Bytes of text that are known already.

    Attributes
    ----------
    damage : str
        What is wrong and where, once all text is read; empty if zlib finds nothing wrong.
    """

    def __init__(self, source: IO[bytes], skip: int) -> None:
        self.damage = ""
        self._skip = skip
        self._parts = self._read(source)
        self._held = b""

    def readinto1(self, buffer: memoryview) -> int:
        """Read some text into a buffer, and return how much; 0 at the end."""
        while not self._held:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._held = part[self._skip :]
            self._skip = max(self._skip - len(part), 0)
        count = min(len(self._held), len(buffer))
        buffer[:count] = self._held[:count]
        self._held = self._held[count:]
        return count

    def _read(self, source: IO[bytes]) -> Iterator[bytes]:
        place = 0  # in the file, of the block
        inflate = zlib.decompressobj(31)
        while block := source.read(BLOCK):
            rest = block
            while rest:
                here = place + len(block) - len(rest)
                if inflate.eof:
                    rest = rest.lstrip(b"\0")
                    here = place + len(block) - len(rest)
                    if rest and not rest.startswith(GZIP_MAGIC[: len(rest)]):
                        self.damage = f"bytes that are no gzip from compressed byte {here} on"
                        return
                    inflate = zlib.decompressobj(31) if rest else inflate
                before = inflate.copy()
                try:
                    yield inflate.decompress(rest)
                except zlib.error as fault:
                    offset, part = until_fault(before, rest)
                    yield part
                    self.damage = _named(str(fault).rpartition(": ")[2], here + offset)
                    return
                rest = inflate.unused_data
            place += len(block)
        if not inflate.eof:
            self.damage = f"gzip stream ends early, at compressed byte {place}"


def until_fault(inflate: Any, block: bytes) -> tuple[int, bytes]:
    """Return the place in `block` at which decompression fails, and what it gives until there."""
    parts = []
    for place in range(len(block)):
        try:
            parts.append(inflate.decompress(block[place : place + 1]))
        except zlib.error:
            return place, b"".join(parts)
    return len(block), b"".join(parts)


def _named(reason: str, place: int) -> str:
    if "check" in reason:  # of the data or of their length, at the end of a member
        return f"wrong checksum ({reason}) at compressed byte {place}: any number before it may be wrong"
    return f"corrupt gzip stream ({reason}) at compressed byte {place}"
