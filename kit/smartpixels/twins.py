"""Charge to voltage with NumPy: what `kernels` does, to the last bit, for few clusters and without numba."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.smartpixels.pixelav import FloatArray, IntArray

__all__ = [
    "NEAR_ZERO",
    "NEGATIVE_ZERO",
    "Response",
    "Room",
    "change_of",
    "choose",
    "convolve",
    "respond",
    "round_off",
]

NEGATIVE_ZERO = -(2**62)  # prints -0.0
NEAR_TIE = 1e-6  # tenths of mV from a half at which the printed digit is looked at with care
NEAR_ZERO = 1e-9  # mV at which the sign of a zero is
WIDE = 32  # output steps that the compiled loops work on at once
AT_ONCE = 4
MOST_FLAGGED = 256


@dataclass(frozen=True)
class Response:
    """The templates as the loops want them.

    Attributes
    ----------
    phases : ndarray, shape (templates, ratio, 2 margin)
        ``phases[c, j, margin + s]`` is template c at step ``ratio s + j`` of the kernel's grid, in mV for a change
        of 0.05 e-; zero before `margin` and behind the output's steps.
    steps : int
        Of the output.
    lead : ndarray, shape (templates,)
        First step of the kernel's grid at which each template is not zero.
    corrected : bool
        False: the first slice stands at t = 0, differences are one-sided at both ends. True: there is no charge
        at t = 0 and before, and no change behind the last slice.
    """

    phases: FloatArray
    steps: int
    lead: IntArray
    corrected: bool

    @classmethod
    def of(cls, samples: FloatArray, scale: float, ratio: int, steps: int, *, corrected: bool) -> Response:
        """Return templates, shape (templates, grid steps), sorted by their phase in an output step."""
        used = samples[:, : (steps - 1) * ratio + 1]
        margin = -(-steps // WIDE) * WIDE
        phases = np.zeros((len(used), ratio, 2 * margin))
        for phase in range(ratio):
            part = used[:, phase::ratio]
            phases[:, phase, margin : margin + part.shape[1]] = scale * part
        lead = np.where((used != 0).any(axis=1), (used != 0).argmax(axis=1), used.shape[1])
        return cls(phases, steps, lead, corrected)

    @property
    def ratio(self) -> int:
        """Grid steps in a step of the output."""
        return int(self.phases.shape[1])

    @property
    def margin(self) -> int:
        """Zeros before a template."""
        return int(self.phases.shape[2]) // 2

    @property
    def samples(self) -> FloatArray:
        """All phases one behind the other."""
        return self.phases.reshape(-1)

    def width(self, charge: npt.NDArray[Any]) -> int:
        """Return how many steps of the charge's change act on the output."""
        return min(int(charge.shape[1]) + self.corrected, (self.steps - 1) * self.ratio + 1)


class Room:
    """Arrays for the pixels of a block, made once; `template` is read, the others are written."""

    def __init__(self, pixels: int, width: int, steps: int) -> None:
        self.template = np.zeros(pixels, np.int64)
        self.values: FloatArray = np.empty((pixels, steps))
        self.tenths: IntArray = np.empty((pixels, steps), np.int64)
        self.flagged: IntArray = np.empty((MOST_FLAGGED, 2), np.int64)
        self.rates = np.empty(width + AT_ONCE)
        self.times, self.places = np.empty(width + AT_ONCE, np.int64), np.empty(width + AT_ONCE, np.int64)
        self.held = np.empty(WIDE)


def choose(own: FloatArray, injected: FloatArray) -> IntArray:
    """Return which of the `injected` charges is nearest to each of `own`, the first of several; both in e-."""
    return np.asarray(np.argmin(abs(own[:, None] - injected), axis=1))


def change_of(charge: npt.NDArray[Any], corrected: bool) -> FloatArray:
    """Return the change of charge at each step, in units of 0.05 e-, shape (pixels, steps).

    Parameters
    ----------
    charge : ndarray, shape (pixels, slices)
        Charge up to each slice, in tenths of an electron.
    corrected : bool
        As in `Response`; there is one step more then.
    """
    if corrected:
        padded = np.concatenate([np.zeros((len(charge), 2)), charge, charge[:, -1:]], axis=1)
        return np.asarray(padded[:, 2:] - padded[:, :-2])
    change = np.empty(charge.shape)
    change[:, 1:-1] = charge[:, 2:] - charge[:, :-2]
    change[:, 0] = 2 * (charge[:, 1] - charge[:, 0])
    change[:, -1] = 2 * (charge[:, -1] - charge[:, -2])
    return change


def convolve(change: FloatArray, template: IntArray, response: Response) -> FloatArray:
    """Return the voltage of each pixel at the output's steps, in mV, shape (pixels, steps)."""
    ratio, margin, steps = response.ratio, response.margin, response.steps
    voltage = np.zeros((len(change), steps))
    for k in np.flatnonzero((change != 0).any(axis=0)).tolist():
        begin = -(-k // ratio)
        if begin < steps:
            changing = np.flatnonzero(change[:, k])
            later = response.phases[template[changing], begin * ratio - k, margin : margin + steps - begin]
            voltage[changing, begin:] += change[changing, k, None] * later
    return voltage


def round_off(voltage: FloatArray, onset: IntArray, ratio: int) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Round voltages to tenths of a millivolt, and say where that must be looked at with care.

    Parameters
    ----------
    voltage : ndarray, shape (pixels, steps)
        In mV.
    onset : ndarray, shape (pixels,)
        Grid step before which nothing but zeros was added up.
    ratio : int
        Grid steps in a step of the output.

    Returns
    -------
    ndarray, ndarray
        Tenths of mV, `NEGATIVE_ZERO` for what is negative and rounds to zero; what is near a tie or a zero.
    """
    size = abs(voltage) * 10
    whole = np.floor(size)
    above = size - whole
    tenths = whole.astype(np.int64) + (above > 0.5)
    tenths = np.where(voltage < 0, np.where(tenths > 0, -tenths, NEGATIVE_ZERO), tenths)
    late = ratio * np.arange(voltage.shape[1]) >= onset[:, None]
    return tenths, (abs(above - 0.5) < NEAR_TIE) | ((abs(voltage) < NEAR_ZERO) & late)


def respond(charge: npt.NDArray[Any], response: Response, room: Room) -> int:
    """Write voltages and tenths into `room`, for the templates there; return how many digits are doubtful."""
    count, width = len(charge), response.width(charge)
    template = room.template[:count]
    change = change_of(charge, response.corrected)[:, :width]
    present = change != 0
    start = np.where(present.any(axis=1), present.argmax(axis=1), response.ratio * response.steps)
    room.values[:count] = convolve(change, template, response)
    tenths, doubtful = round_off(room.values[:count], start + response.lead[template], response.ratio)
    room.tenths[:count] = tenths
    found = np.argwhere(doubtful)[: len(room.flagged)]
    room.flagged[: len(found)] = found
    return int(doubtful.sum())
