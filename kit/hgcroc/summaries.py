"""From events to the columns of a summary: one row for each channel of the board and measurement.

The rows of a chip are its 72 channels, both calibration channels and the four common-mode channels. All quantities
are codes of ten bits on the wire, so that counting each code once gives medians, means and widths exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.hgcroc.rawdata import BAD_COUNTER, RawData

__all__ = ["CHANNELS", "CODES", "ROWS", "SUMMARY", "row_columns", "summarise"]

IntArray = npt.NDArray[np.int64]

ROWS = 78  # of a chip: 72 channels, 2 calibration, 4 common mode
CHANNELS, COMMON_MODES, HALVES = 37, 2, 2  # of a half, the calibration channel at the end
CODES = 1024
ROW_KINDS = (("ch", 72, 0), ("calib", 2, 1), ("cm", 4, 100))  # block, how many, channeltype

_QUANTITIES = ("adc", "tot", "toa")
SUMMARY: dict[str, np.dtype[Any]] = {
    **{f"{q}_{word}": np.dtype(np.uint16) for q in _QUANTITIES for word in ("median", "iqr")},
    **{f"{q}_{word}": np.dtype(np.float32) for q in _QUANTITIES for word in ("mean", "stdd")},
    **{f"{q}_{word}": np.dtype(np.float32) for q in ("tot", "toa") for word in ("efficiency", "efficiency_error")},
    "n": np.dtype(np.uint32),
    "n_bad": np.dtype(np.uint32),
    "toa_mean_hit": np.dtype(np.float32),
    "tot_mean_hit": np.dtype(np.float32),
}


def row_columns(chips: int) -> dict[str, npt.NDArray[np.integer]]:
    """Return chip, channel and channeltype of the rows of a measurement, in their order."""
    channel = np.concatenate([np.arange(count) for _, count, _ in ROW_KINDS])
    kind = np.repeat([code for *_, code in ROW_KINDS], [count for _, count, _ in ROW_KINDS])
    return {
        "chip": np.repeat(np.arange(chips, dtype=np.uint32), ROWS),
        "channel": np.tile(channel, chips).astype(np.uint16),
        "channeltype": np.tile(kind, chips).astype(np.uint16),
    }


def summarise(raw: RawData, chips: int, *, exclude_corrupt: bool = True) -> dict[str, npt.NDArray[Any]]:
    """Return the summary of a measurement.

    Parameters
    ----------
    raw : RawData
        Its records.
    chips : int
        Chips of the board; records of others are left out.
    exclude_corrupt : bool
        Whether halves with a broken header, checksum or idle word take part. Events that were lost do not make
        those after them worse.

    Returns
    -------
    dict of str to ndarray, shape (78 * chips,)
        The columns of `SUMMARY`. Where nothing was measured means are nan and counts 0.
    """
    known = (raw.frames.chip >= 0) & (raw.frames.chip < chips)
    bad = (raw.corruption & ~np.uint8(BAD_COUNTER)) != 0
    taken = known[:, None] & ~(bad & exclude_corrupt)
    half = raw.frames.chip[:, None].astype(np.int64) * HALVES + np.arange(
        HALVES
    )  # number of the half on the board
    rows = chips * ROWS
    columns = {name: np.zeros(rows, kind) for name, kind in SUMMARY.items()}
    events = np.bincount(half[taken], minlength=chips * HALVES)
    columns["n"][:] = _per_row(events)
    columns["n_bad"][:] = _per_row(np.bincount(half[known[:, None] & bad], minlength=chips * HALVES))
    channel_rows, mode_rows = _places(chips)
    for quantity, values in _codes(raw):
        told = _statistics(_count(values[taken], half[taken], chips), events, quantity)
        for name, column in told.items():
            columns[name][channel_rows] = column
    modes = _statistics(_count(raw.cm[taken], half[taken], chips), events, "adc")
    for name, column in modes.items():
        columns[name][mode_rows] = column
    for quantity in ("tot", "toa"):
        columns[f"{quantity}_mean_hit"][mode_rows] = np.nan
    return columns


def _codes(raw: RawData) -> Iterator[tuple[str, npt.NDArray[np.uint16]]]:
    yield "adc", raw.adc
    yield "tot", np.where(raw.tot >= 512, 512 | (raw.tot >> 3), raw.tot)
    yield "toa", raw.toa


@cache
def _places(chips: int) -> tuple[IntArray, IntArray]:
    """Return the rows of all channels and common modes, in order of half and channel."""
    first = np.arange(chips)[:, None, None] * ROWS
    half = np.arange(HALVES)[:, None]
    channel = np.concatenate([half * 36 + np.arange(36), 72 + half], axis=1)
    return (first + channel).ravel(), (first + 74 + half * COMMON_MODES + np.arange(COMMON_MODES)).ravel()


def _per_row(by_half: IntArray) -> IntArray:
    """Return for each row the value of its half."""
    halves = by_half.reshape(-1, HALVES)
    return np.concatenate([halves.repeat(36, axis=1), halves, halves.repeat(COMMON_MODES, axis=1)], axis=1).ravel()


def _count(codes: npt.NDArray[np.uint16], half: IntArray, chips: int) -> IntArray:
    """Return how often each channel of each half had each code, shape (halves * channels, 1024)."""
    width = codes.shape[-1]
    channel = half[:, None] * width + np.arange(width)
    counted = np.bincount((channel * CODES + codes).ravel(), minlength=chips * HALVES * width * CODES)
    return counted.reshape(-1, CODES)


def _statistics(counts: IntArray, events: IntArray, quantity: str) -> Mapping[str, npt.NDArray[Any]]:
    """Return the columns of a quantity from the counts of its codes."""
    value, weights = _weights(quantity)
    n = events.repeat(len(counts) // len(events))
    steps = np.cumsum(counts, axis=1, dtype=np.int32)

    def sorted_at(place: IntArray) -> npt.NDArray[np.uint16]:
        code = (steps <= place.astype(np.int32)[:, None]).sum(axis=1)
        return np.asarray(np.where(n > 0, value[np.minimum(code, CODES - 1)], 0), dtype=np.uint16)

    total, squares = (counts @ weights).T  # whole numbers: exact, and no threads as with floats
    hits = n - counts[:, 0]
    with np.errstate(invalid="ignore"):
        told: dict[str, npt.NDArray[Any]] = {
            f"{quantity}_median": sorted_at(n // 2),
            f"{quantity}_iqr": sorted_at(3 * n // 4) - sorted_at(n // 4),
            f"{quantity}_mean": total / n,
            f"{quantity}_stdd": np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0)),
        }
        if quantity != "adc":
            fired = hits / n
            told |= {
                f"{quantity}_efficiency": fired,
                f"{quantity}_efficiency_error": np.sqrt(fired * (1 - fired) / n),
            }
            told[f"{quantity}_mean_hit"] = total / hits
    if quantity == "toa":  # on the circle: 1023 and 1 are two codes apart
        turn = np.exp(2j * np.pi * np.arange(CODES) / CODES) * (np.arange(CODES) > 0)
        fired_at = np.flatnonzero(hits)
        angle = np.angle(np.einsum("ij,j->i", counts[fired_at], turn)) * CODES / (2 * np.pi)
        told["toa_mean_hit"] = np.full(len(counts), np.nan)
        told["toa_mean_hit"][fired_at] = angle % CODES
    return told


@cache
def _weights(quantity: str) -> tuple[IntArray, IntArray]:
    """Return the value of each code, and as columns: value and square."""
    value = np.arange(CODES)
    if quantity == "tot":
        value = np.where(value >= 512, (value & 511) << 3, value)
    return value, np.stack([value, value**2], axis=1)
