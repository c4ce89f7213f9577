"""Raw files of the acquisition programs: Boost binary archives of one record per chip and event.

A record is the event, the chip and vectors of 32-bit words, each with its length in front. Older programs write
seven vectors, of which the first two are the halves of the chip and the others are empty or hold trigger data;
newer ones write both halves and the trigger words as one vector, and one with the trigger latency. Real files
often end in the middle of a record.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.files import FormatError

__all__ = ["HEAD", "WORDS", "Frames", "join_messages", "read_archive", "write_archive"]

WORDS = 41  # of a half: header, common mode, 37 channels, CRC, idle
SIGNATURE = b"serialization::archive"
# length and text of the signature, version of the library, sizes of its types, byte order, class of the records
HEAD = struct.pack("<Q", len(SIGNATURE)) + SIGNATURE + bytes.fromhex("0a00 04080408 01000000 0000000000")
VECTORS, FLAT_VECTORS = 7, 2
LONGEST = 1 << 20  # words; a longer vector is no vector but a fault


@dataclass(frozen=True)
class Frames:
    """The complete records of an archive.

    Attributes
    ----------
    event, chip : ndarray of int32, shape (n,)
        As the programs have numbered them.
    words : ndarray of uint32, shape (n, 2, 41)
        Both halves as they came from the chip.
    size, used : int
        Bytes of the archive, and where the last complete record ends.
    """

    event: npt.NDArray[np.int32]
    chip: npt.NDArray[np.int32]
    words: npt.NDArray[np.uint32]
    size: int
    used: int

    @property
    def cut(self) -> int:
        """Bytes after the last complete record: the file was cut there, or is broken."""
        return self.size - self.used


def read_archive(data: bytes, name: str = "raw data") -> Frames:
    """Return the complete records of an archive, however it ends.

    Raises
    ------
    FormatError
        If it is empty or no such archive; says which `name`.
    """
    if not data:
        message = f"{name}: has 0 bytes, should be a raw file"
        raise FormatError(message)
    # library version and type sizes may differ between machines: only what the reading needs is compared
    if data[:30] != HEAD[:30] or (len(data) >= 36 and data[32:36] != HEAD[32:36]):
        message = (
            f"{name}: byte 0: begins with {data[:30]!r}, should be a Boost binary archive with 64-bit lengths"
        )
        raise FormatError(message)
    first = _lengths(data, len(HEAD))
    if first is None:
        none = np.empty(0, np.int32)
        used = len(HEAD) if len(data) >= len(HEAD) else 0
        return Frames(none, none, np.empty((0, 2, WORDS), np.uint32), len(data), used)
    return _read_equal(data, first) or _read_any(data)


def _read_equal(data: bytes, lengths: list[int]) -> Frames | None:
    """Return the records of an archive where all have vectors of the same lengths, None for another."""
    fields: list[tuple[str, str] | tuple[str, str, tuple[int]]] = [("event", "<i4"), ("chip", "<i4")]
    for place, length in enumerate(lengths):
        fields += [(f"n{place}", "<u8"), (f"v{place}", "<u4", (length,))]
    kind = np.dtype(fields)
    count = (len(data) - len(HEAD)) // kind.itemsize
    records = np.frombuffer(data, kind, count, len(HEAD))
    if any((records[f"n{place}"] != length).any() for place, length in enumerate(lengths)):
        return None
    used = len(HEAD) + count * kind.itemsize
    if _lengths(data, used) is not None:  # a shorter one fits into the rest
        return None
    if len(lengths) == VECTORS:
        words = np.stack([records["v0"], records["v1"]], axis=1)
    else:
        words = records["v0"][:, : 2 * WORDS].reshape(count, 2, WORDS)
    return Frames(records["event"].copy(), records["chip"].copy(), words, len(data), used)


def _read_any(data: bytes) -> Frames:
    """Return the records of an archive one by one."""
    place = len(HEAD)
    numbers, words = [], []
    while (lengths := _lengths(data, place)) is not None:
        numbers.append(struct.unpack_from("<ii", data, place))
        end = place + 16
        halves = np.frombuffer(data, "<u4", lengths[0], end)
        if len(lengths) == VECTORS:
            second = np.frombuffer(data, "<u4", lengths[1], end + 4 * lengths[0] + 8)
            halves = np.concatenate([halves, second])
        words.append(halves[: 2 * WORDS].reshape(2, WORDS))
        place += 8 + sum(8 + 4 * length for length in lengths)
    event, chip = np.array(numbers, np.int32).reshape(-1, 2).T
    return Frames(event, chip, np.stack(words).astype(np.uint32), len(data), place)


def _lengths(data: bytes, place: int) -> list[int] | None:
    """Return the lengths of the vectors of the record at `place`, None where it is not complete or none."""
    lengths: list[int] = []
    place += 8
    vectors = VECTORS
    while len(lengths) < vectors:
        if place + 8 > len(data):
            return None
        (length,) = struct.unpack_from("<Q", data, place)
        place += 8 + 4 * length
        if length > LONGEST or place > len(data):
            return None
        lengths.append(length)
        if len(lengths) == 1 and length >= 2 * WORDS:
            vectors = FLAT_VECTORS
    good = lengths[0] >= 2 * WORDS or lengths[:2] == [WORDS, WORDS]
    return lengths if good else None


def write_archive(
    event: npt.NDArray[np.integer],
    chip: npt.NDArray[np.integer],
    words: npt.NDArray[np.uint32],
    *,
    flat: bool = False,
) -> bytes:
    """Return an archive of records: the inverse of `read_archive`.

    Parameters
    ----------
    event, chip : ndarray of int, shape (n,)
        Numbers of event and chip.
    words : ndarray of uint32, shape (n, 2, 41)
        Both halves.
    flat : bool
        In the form of newer programs: one vector of 86 words, the last four for trigger data.
    """
    count = len(event)
    if flat:
        fields = [("event", "<i4"), ("chip", "<i4"), ("n0", "<u8"), ("v0", "<u4", (86,)), ("n1", "<u8")]
        records = np.zeros(count, np.dtype(fields))
        records["n0"] = 86
        records["v0"][:, : 2 * WORDS] = words.reshape(count, 2 * WORDS)
        records["v0"][:, 2 * WORDS :] = 0xABADCAFE  # what the programs write where there is no trigger data
    else:
        halves = [("n0", "<u8"), ("v0", "<u4", (WORDS,)), ("n1", "<u8"), ("v1", "<u4", (WORDS,))]
        records = np.zeros(count, np.dtype([("event", "<i4"), ("chip", "<i4"), *halves, ("rest", "<u8", (5,))]))
        records["n0"] = records["n1"] = WORDS
        records["v0"], records["v1"] = words[:, 0], words[:, 1]
    records["event"], records["chip"] = event, chip
    return HEAD + records.tobytes()


def join_messages(messages: Iterable[bytes]) -> bytes:
    """Return one archive for all messages of a run, each of which is a complete archive."""
    parts = [message if not place else message[len(HEAD) :] for place, message in enumerate(messages)]
    return b"".join(parts)
