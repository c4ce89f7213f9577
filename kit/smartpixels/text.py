"""A stretch of text that kernels read and write eight bytes at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

__all__ = ["MARGIN", "Bytes", "Tags", "Text"]

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]

MARGIN = 64  # bytes behind the text that may be read, and of what is written may be overwritten


class Text:
    """A buffer of bytes; ``words[i]`` are its bytes i … i + 7 as one number, the first one lowest.

    Parameters
    ----------
    room : int
        Bytes of text that it can hold; a margin is added.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.buffer = bytearray(-(-(room + MARGIN) // 8) * 8)
        self.bytes: Bytes = np.frombuffer(self.buffer, np.uint8)
        whole = self.bytes.view(np.dtype("<u8"))
        # a stride of one byte, so that a kernel can read a word anywhere
        self.words: Words = np.lib.stride_tricks.as_strided(whole, (len(self.bytes) - 7,), (1,))

    @classmethod
    def of(cls, content: bytes) -> Text:
        """Return a buffer that holds `content`."""
        text = cls(len(content))
        text.buffer[: len(content)] = content
        return text


class Tags:
    """Short texts that follow each other, such as the tags of all slices: the lines and where each begins."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self.lines = list(lines)
        self.text = Text.of(b"".join(self.lines))
        self.bounds = np.concatenate([[0], np.cumsum([len(line) for line in self.lines])]).astype(np.int64)
