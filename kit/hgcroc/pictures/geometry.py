"""Where the channels of an LD hexaboard are drawn: three sectors of 8 by 8 hexagons around an empty middle.

A picture of our own making, not the layout of the printed board: neighbours in a sector follow each other by
number. Of the 72 channels of a chip, 64 are bonded to pads; both calibration channels lie on small pads beside.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["CALIB_ROWS", "PAD_ROWS", "pad_positions", "row_at"]

FloatArray = npt.NDArray[np.float64]

NOT_BONDED = (8, 17, 18, 27, 44, 53, 54, 63)  # channels of every chip
PAD_ROWS = np.array([channel for channel in range(72) if channel not in NOT_BONDED])  # rows of a chip's summary
CALIB_ROWS = np.array([72, 73])
SIDE = 8  # pads along a sector
CALIB_PLACES = ((2.5, 5.5), (5.5, 2.5))  # between four pads each


def pad_positions(chips: int = 3) -> tuple[FloatArray, FloatArray]:
    """Return where the pads and the calibration pads are, in units of the distance between pads.

    Returns
    -------
    ndarray, shape (chips, 64, 2)
        Of the channels `PAD_ROWS` of each chip.
    ndarray, shape (chips, 2, 2)
        Of the calibration channels.
    """
    along, across = np.divmod(np.arange(SIDE * SIDE), SIDE)
    pads = [_sector(along + 1.0, across.astype(float), chip) for chip in range(chips)]
    first, second = np.array(CALIB_PLACES).T
    return np.stack(pads), np.stack([_sector(first + 1, second, chip) for chip in range(chips)])


def row_at(x: float, y: float, chips: int = 3) -> int | None:
    """Return the row of a measurement whose pad is at a place, None where there is none.

    A calibration pad is small, and lies upon the others: it counts within a third of their distance.
    """
    pads, calibs = pad_positions(chips)
    near = np.hypot(*(calibs - (x, y)).T).T
    chip, place = np.unravel_index(np.argmin(near), near.shape)
    if near[chip, place] < 1 / 3:
        return int(chip) * 78 + int(CALIB_ROWS[place])
    far = np.hypot(*(pads - (x, y)).T).T
    chip, place = np.unravel_index(np.argmin(far), far.shape)
    return int(chip) * 78 + int(PAD_ROWS[place]) if far[chip, place] < 1 / np.sqrt(2) else None


def _sector(along: FloatArray, across: FloatArray, number: int) -> FloatArray:
    """Return places in a sector: its sides are 120 degrees apart, as is it from the one before."""
    turn = np.deg2rad(120 * number + 90)
    sides = np.array([[np.cos(turn), np.sin(turn)], [np.cos(turn + 2 * np.pi / 3), np.sin(turn + 2 * np.pi / 3)]])
    return np.asarray(np.stack([along, across], axis=1) @ sides)
