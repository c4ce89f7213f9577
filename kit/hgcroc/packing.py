"""What leaves a board: answers of the channels packed into the words of its links, records and archives.

A half of a ROC sends 41 words for each trigger: header, common mode, 37 channels, CRC, idle. A record holds both
halves of a ROC; an archive is a head of 45 bytes and any number of records, little endian.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from kit.hgcroc.chip import Samples
from kit.hgcroc.truth import COMMON_MODE

__all__ = [
    "CRC_PLACE",
    "END_OF_RUN",
    "HEAD",
    "RECORD",
    "START_OF_RUN",
    "WordArray",
    "checksum",
    "compress_tot",
    "pack",
    "records",
]

WordArray = npt.NDArray[np.uint32]

HEAD = (
    struct.pack("<Q", 22)
    + b"serialization::archive"
    + bytes.fromhex("0a00 04080408 01000000 0000000000")  # library and class versions, sizes of types
)
# messages on a data socket before and after the archives of a run
START_OF_RUN = b"START_RUN_HGCROC"
END_OF_RUN = b"END_OF_RUN"
WORDS = 41  # of a half
CRC_PLACE = 39
POLYNOMIAL = 0x04C11DB7  # CRC-32 as on HGCROC's links: from 0, nothing reflected, nothing inverted
EMPTY_VECTORS = 5  # of a record: trigger data, which is not read out
RECORD = np.dtype(
    [
        ("event", "<i4"), ("chip", "<i4"),
        ("length0", "<u8"), ("half0", "<u4", WORDS), ("length1", "<u8"), ("half1", "<u4", WORDS),
        ("empty", "<u8", EMPTY_VECTORS),
    ]
)  # fmt: skip
ORDER = (*range(18), 36, *range(18, 36))  # channels as the words follow: the calibration channel in the middle


def compress_tot(tot: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
    """Return the 10 bits that stand for 12-bit TOT counts: above 511 the three lowest bits are lost."""
    return np.where(tot < 512, tot, 512 | (tot >> 3)).astype(np.uint16)


def pack(
    samples: Samples,
    characterisation: npt.NDArray[np.bool_],
    running: npt.NDArray[np.bool_],
    idle: npt.NDArray[np.int64],
    bunch_counter: npt.NDArray[np.int64],
    event_counter: npt.NDArray[np.int64],
) -> WordArray:
    """Return the words of all halves, shape (event, ROC, half, 41).

    Parameters
    ----------
    samples : Samples
    characterisation, running : ndarray of bool, shape (ROC, half)
        Whether words carry ADC, TOT and TOA; whether the half sends data: one that does not sends idle words.
    idle : ndarray, shape (ROC, half)
        Pattern of the idle word, 28 bits.
    bunch_counter, event_counter : ndarray, shape (event,)
        What the header tells: bunch crossing modulo 4096, number of the trigger modulo 64.
    """
    words: WordArray = np.empty((*samples.adc.shape[:3], WORDS), dtype=np.uint32)
    header = 5 << 28 | (bunch_counter & 0xFFF) << 16 | (event_counter & 63) << 10 | 5
    words[..., 0] = header[:, None, None]
    first, second = (samples.adc[..., place].astype(np.uint32) for place in COMMON_MODE)
    words[..., 1] = first << 10 | second
    words[..., 2:CRC_PLACE] = _channel_words(samples, characterisation)[..., ORDER]
    words[..., CRC_PLACE] = checksum(words[..., :CRC_PLACE])
    words[..., 40] = (0xA << 28 | idle).astype(np.uint32)
    if not running.all():
        words[:, ~running] = words[:, ~running, 40:]
    return words


def _channel_words(samples: Samples, characterisation: npt.NDArray[np.bool_]) -> WordArray:
    adc, toa = (part[..., :37].astype(np.uint32) for part in (samples.adc, samples.toa))
    tot = compress_tot(samples.tot[..., :37]).astype(np.uint32)
    flags = samples.flags[..., :37].astype(np.uint32)
    words = flags << 30 | toa
    full = characterisation[:, :, None]
    if characterisation.all():
        return np.asarray(words | adc << 20 | tot << 10, dtype=np.uint32)
    before = samples.adc_before[..., :37].astype(np.uint32)
    middle = np.where(full | (flags == 3), tot, adc)
    return np.asarray(words | np.where(full, adc, before) << 20 | middle << 10, dtype=np.uint32)


def checksum(words: WordArray) -> WordArray:
    """Return the CRC of the words along the last axis, each taken as four big-endian bytes."""
    tables = _tables()
    register = np.zeros(words.shape[:-1], dtype=np.uint32)
    for place in range(words.shape[-1]):
        mixed = register ^ words[..., place]
        register = tables[3][mixed >> 24] ^ tables[2][mixed >> 16 & 255]
        register ^= tables[1][mixed >> 8 & 255] ^ tables[0][mixed & 255]
    return register


@cache
def _tables() -> WordArray:
    """Return what a byte makes of an empty register, with 0 to 3 zero bytes behind it."""
    tables = np.zeros((4, 256), dtype=np.uint32)
    for byte in range(256):
        register = byte << 24
        for _ in range(8):
            register = (register << 1 ^ (POLYNOMIAL if register >> 31 else 0)) & 0xFFFFFFFF
        tables[0, byte] = register
    for behind in range(1, 4):
        before = tables[behind - 1]
        tables[behind] = before << 8 ^ tables[0][before >> 24]
    return tables


def records(words: WordArray, events: Sequence[int] | npt.NDArray[np.int64]) -> bytes:
    """Return the records of events, ROCs in turn, without the archive's head."""
    made = np.zeros(words.shape[:2], dtype=RECORD)
    made["event"] = np.asarray(events)[:, None]
    made["chip"] = np.arange(words.shape[1])
    made["length0"] = made["length1"] = WORDS
    made["half0"], made["half1"] = words[:, :, 0], words[:, :, 1]
    return made.tobytes()
