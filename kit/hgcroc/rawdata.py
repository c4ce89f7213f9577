"""What the words of a chip mean: columns of events from raw words, and raw words from columns.

Each half of a chip sends 41 words an event: a header, both common-mode channels, 36 channels with the calibration
channel in their middle, a checksum and an idle word. In the columns the calibration channel stands last, at 36.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kit.hgcroc.archive import WORDS, Frames, read_archive

__all__ = [
    "BAD_COUNTER",
    "BAD_CRC",
    "BAD_HEADER",
    "BAD_IDLE",
    "CRC_WORD",
    "RawData",
    "checksum",
    "decode",
    "pack",
    "unpack",
]

U8 = npt.NDArray[np.uint8]
U16 = npt.NDArray[np.uint16]
U32 = npt.NDArray[np.uint32]

CHANNEL_WORDS = np.array([*range(2, 20), *range(21, 39), 20])  # channels 0 to 35, then the calibration channel
CRC_WORD, IDLE_WORD = 39, 40
POLYNOMIAL = 0x04C11DB7  # CRC-32, started at 0, nothing reflected or inverted
IDLE = 0xACCCCCCC  # 0xA and the reset value of DigitalHalf.IdleFrame
BAD_HEADER, BAD_CRC, BAD_COUNTER, BAD_IDLE = 1, 2, 4, 8  # bits of corruption


@dataclass(frozen=True)
class RawData:
    """The columns of some records, one record for each event and chip.

    Attributes
    ----------
    frames : Frames
        What they were read from: event, chip, words, and where the archive was cut.
    adc, adcm, toa, tot, flags : ndarray, shape (n, 2, 37)
        Over halves and channels, 36 for the calibration channel. ADC, ADC of the crossing before (normal mode,
        else 0), times in codes; TOT is decompressed to 12 bits, the lower edge of its bin; `flags` is 2·Tc + Tp.
    cm : ndarray of uint16, shape (n, 2, 2)
        ADC of both common-mode channels.
    bx, counter, orbit : ndarray, shape (n, 2)
        Crossing, event counter (6 bits) and orbit (3 bits) of the header.
    corruption : ndarray of uint8, shape (n, 2)
        Bits: 1 header, 2 checksum, 4 event counter out of step, 8 idle word.
    """

    frames: Frames
    adc: U16
    adcm: U16
    toa: U16
    tot: U16
    flags: U8
    cm: U16
    bx: U16
    counter: U8
    orbit: U8
    corruption: U8


def decode(
    data: bytes,
    *,
    characterisation: npt.ArrayLike = True,
    idle: npt.ArrayLike = IDLE,
    name: str = "raw data",
) -> RawData:
    """Return the columns of all complete records of a raw file; see `unpack`."""
    return unpack(read_archive(data, name), characterisation=characterisation, idle=idle)


def unpack(frames: Frames, *, characterisation: npt.ArrayLike = True, idle: npt.ArrayLike = IDLE) -> RawData:
    """Return the columns of records.

    Parameters
    ----------
    frames : Frames
        What was read from an archive.
    characterisation : bool or ndarray of bool, shape (chips, 2)
        ``DigitalHalf.CalibrationSC``: whether the channel words are ADC, TOT, TOA, or in normal mode the ADC of
        the crossing before, ADC or TOT, TOA.
    idle : int or ndarray of int, shape (chips, 2)
        The idle word that is expected.
    """
    words = frames.words
    channel = words[:, :, CHANNEL_WORDS]
    high, middle = _bits(channel, 20, 10), _bits(channel, 10, 10)
    flags = (channel >> 30).astype(np.uint8)
    mode = _by_half(characterisation, frames.chip)[..., None] != 0
    timed = flags == 3
    code = np.where(mode | timed, middle, np.uint16(0))
    header = words[:, :, 0]
    return RawData(
        frames,
        adc=np.where(mode, high, np.where(timed, np.uint16(0), middle)),
        adcm=np.where(mode, np.uint16(0), high),
        toa=_bits(channel, 0, 10),
        tot=np.where(code >= 512, (code & 511) << 3, code),
        flags=flags,
        cm=np.stack([_bits(words[:, :, 1], 10, 10), _bits(words[:, :, 1], 0, 10)], axis=2),
        bx=_bits(header, 16, 12),
        counter=_bits(header, 10, 6).astype(np.uint8),
        orbit=_bits(header, 7, 3).astype(np.uint8),
        corruption=_corruption(frames, _by_half(idle, frames.chip)),
    )


def _bits(words: U32, shift: int, count: int) -> U16:
    return ((words >> np.uint32(shift)) & np.uint32((1 << count) - 1)).astype(np.uint16)


def _by_half(value: npt.ArrayLike, chip: npt.NDArray[np.int32]) -> npt.NDArray[np.integer]:
    """Return a value for each record and half, from one for all or one for each chip and half."""
    array = np.asarray(value)
    if array.ndim < 2:
        return np.broadcast_to(array, (len(chip), 2))
    known = (chip >= 0) & (chip < len(array))  # the number of a chip may be broken
    return np.asarray(array[np.where(known, chip, 0)])


def _corruption(frames: Frames, idle: npt.NDArray[np.integer]) -> U8:
    words, header = frames.words, frames.words[:, :, 0]
    bad_header = (header >> 28 != 5) | (header & 15 != 5)
    bits = bad_header * np.uint8(BAD_HEADER)
    bits |= (checksum(words) != words[:, :, CRC_WORD]) * np.uint8(BAD_CRC)
    bits |= (words[:, :, IDLE_WORD] != idle) * np.uint8(BAD_IDLE)
    counter = _bits(header, 10, 6).astype(np.int64)
    for chip in np.unique(frames.chip):
        rows = np.flatnonzero(frames.chip == chip)
        for half in (0, 1):  # a counter is compared with the last one whose header is sound
            sound = rows[~bad_header[rows, half]]
            step = np.diff(counter[sound, half]) - np.diff(frames.event[sound].astype(np.int64))
            bits[sound[1:][step % 64 != 0], half] |= BAD_COUNTER
    return np.asarray(bits, dtype=np.uint8)


def pack(
    adc: npt.ArrayLike,
    toa: npt.ArrayLike,
    tot: npt.ArrayLike,
    flags: npt.ArrayLike,
    cm: npt.ArrayLike,
    *,
    bx: npt.ArrayLike = 44,
    counter: npt.ArrayLike = 0,
    orbit: npt.ArrayLike = 0,
    idle: npt.ArrayLike = IDLE,
    characterisation: npt.ArrayLike = True,
    adcm: npt.ArrayLike = 0,
) -> U32:
    """Return the words that a chip sends: the inverse of `unpack`, with the checksum.

    Parameters
    ----------
    adc, toa, tot, flags : array_like of int, shape (n, 2, 37)
        As in `RawData`; TOT from 512 on is sent with 8 counts a step.
    cm : array_like of int, shape (n, 2, 2)
        Common mode.
    bx, counter, orbit, idle, characterisation : array_like, broadcast to shape (n, 2)
        Header fields, the idle word, and the mode of the half.
    adcm : array_like of int, broadcast to shape (n, 2, 37)
        ADC of the crossing before, sent in normal mode.

    Returns
    -------
    ndarray of uint32, shape (n, 2, 41)
    """
    adc, toa, tot, flags, cm = (np.asarray(a).astype(np.uint32) for a in (adc, toa, tot, flags, cm))
    mode = np.asarray(characterisation, dtype=bool)[..., None]
    code = np.where(tot >= 512, 512 | (tot >> 3), tot)
    high = np.where(mode, adc, np.asarray(adcm, dtype=np.uint32))
    middle = np.where(mode | (flags == 3), code, adc)
    words = np.empty((len(adc), 2, WORDS), np.uint32)
    fields = (np.asarray(value, dtype=np.uint32) for value in (bx, counter, orbit))
    words[:, :, 0] = sum((field << shift for field, shift in zip(fields, (16, 10, 7), strict=True)), 5 << 28 | 5)
    words[:, :, 1] = cm[..., 0] << 10 | cm[..., 1]
    words[:, :, CHANNEL_WORDS] = flags << 30 | high << 20 | middle << 10 | toa
    words[:, :, CRC_WORD] = checksum(words)
    words[:, :, IDLE_WORD] = np.asarray(idle, dtype=np.uint32)
    return words


def checksum(words: U32) -> U32:
    """Return the CRC-32 over words 0 to 38 of each half, as bytes from the highest to the lowest.

    Parameters
    ----------
    words : ndarray of uint32, shape (..., 41)
        Halves; only the first 39 words of each count.
    """
    tables = _crc_tables()
    crc = np.zeros(words.shape[:-1], np.uint32)
    for place in range(CRC_WORD):
        crc ^= words[..., place]
        crc = (
            tables[3][crc >> 24]
            ^ tables[2][(crc >> 16) & 255]
            ^ tables[1][(crc >> 8) & 255]
            ^ tables[0][crc & 255]
        )
    return crc


@cache
def _crc_tables() -> U32:
    """Return for each byte of a word, lowest first, what it adds to the checksum."""
    table = np.arange(256, dtype=np.uint32) << np.uint32(24)
    for _ in range(8):
        table = (table << np.uint32(1)) ^ np.where(table >> 31, np.uint32(POLYNOMIAL), np.uint32(0))
    tables = [table]
    for _ in range(3):
        tables.append((tables[-1] << np.uint32(8)) ^ table[tables[-1] >> 24])
    return np.stack(tables)
