"""Charge to voltage with NumPy: what `kernels` does, to the last bit, for few clusters and without numba."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["NEAR_TIE", "NEAR_ZERO", "NEGATIVE_ZERO", "choose", "convolve", "differentiate", "round_voltages"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEGATIVE_ZERO = -(2**62)  # prints -0.0
NEAR_TIE = 1e-6  # tenths of mV from a half at which the printed digit is looked at with care
NEAR_ZERO = 1e-9  # mV at which the sign of a zero is


def choose(charge: Any, by_peak: bool, injected: FloatArray, template: Any) -> None:
    """Write into `template` which of the `injected` charges, in e-, is nearest to each pixel's.

    Parameters
    ----------
    charge : ndarray, shape (pixels, slices)
        Charge up to each slice, in tenths of an electron.
    by_peak : bool
        Compare the largest charge instead of the last.
    """
    own = (charge.max(axis=1) if by_peak else charge[:, -1]) / 10.0
    template[: len(charge)] = abs(own[:, None] - injected).argmin(axis=1)


def differentiate(
    charge: Any, first: Any, last: Any, corrected: bool, change: Any, start: Any, stop: Any
) -> None:
    """Write the change of charge per step into `change`, in units of 0.05 e-, shape (pixels, steps).

    Only steps from `start` to before `stop` are written, which hold all that is not zero; without any, `start` is
    the number of steps.

    Parameters
    ----------
    charge : ndarray, shape (pixels, slices)
        Charge up to each slice, in tenths of an electron.
    first, last : ndarray
        First slice with charge, last slice that differs from the one before.
    corrected : bool
        False: the first slice stands at t = 0, differences are one-sided at both ends. True: there is no charge
        at t = 0 and before, and no change behind the last slice.
    """
    width = change.shape[1]
    if corrected:
        padded = np.concatenate([np.zeros((len(charge), 2)), charge, charge[:, -1:]], axis=1)
        full = padded[:, 2:] - padded[:, :-2]
    else:
        full = np.empty(charge.shape)
        full[:, 1:-1] = charge[:, 2:] - charge[:, :-2]
        full[:, 0] = 2 * (charge[:, 1] - charge[:, 0])
        full[:, -1] = 2 * (charge[:, -1] - charge[:, -2])
    full = full[:, :width]
    change[: len(charge), : full.shape[1]] = full
    present = full != 0
    start[: len(charge)] = np.where(present.any(axis=1), present.argmax(axis=1), width)
    stop[: len(charge)] = np.minimum(last[: len(charge)] + 2, width)


def convolve(change: Any, start: Any, stop: Any, template: Any, phases: Any, margin: int, voltage: Any) -> None:
    """Write the voltage of each pixel at the output's steps into `voltage`, in mV, shape (pixels, steps).

    Parameters
    ----------
    change, start, stop : ndarray
        As `differentiate` leaves them.
    template : ndarray
        Number of each pixel's template.
    phases : ndarray, shape (templates, ratio, margin + steps + padding)
        ``phases[c, j, margin + s]`` is template c at step ``ratio s + j`` of the input's grid, in mV for a change
        of one unit; zero before `margin` and behind the output's steps.
    """
    ratio, steps = phases.shape[1], voltage.shape[1]
    count = len(change)
    voltage[:count] = 0.0
    for k in range(int(start[:count].min(initial=0)), int(stop[:count].max(initial=0))):
        changing = np.flatnonzero((start[:count] <= k) & (k < stop[:count]))
        changing = changing[change[changing, k] != 0]
        begin = -(-k // ratio)
        if len(changing) and begin < steps:
            response = phases[template[changing], begin * ratio - k, margin : margin + steps - begin]
            voltage[changing, begin:] += change[changing, k, None] * response


def round_voltages(
    voltage: Any, start: Any, template: Any, lead: Any, ratio: int, tenths: Any, flagged: Any
) -> int:
    """Round voltages to tenths of a millivolt, and say where that must be looked at with care.

    Parameters
    ----------
    voltage : ndarray, shape (pixels, steps)
        In mV.
    start, template : ndarray
        First change of each pixel, and the number of its template.
    lead : ndarray
        First step at which each template is not zero: before ``start + lead`` nothing but zeros was added up.
    ratio : int
        Steps of the input's grid in a step of the output.
    tenths : ndarray, shape (pixels, steps)
        Written: tenths of mV; `NEGATIVE_ZERO` for what is negative and rounds to zero.
    flagged : ndarray, shape (any, 2)
        Written: pixel and step of what is near a tie or a zero, as far as there is room.

    Returns
    -------
    int
        How many are flagged; there may be more than room.
    """
    count = len(voltage)
    size = abs(voltage) * 10
    whole = np.floor(size)
    above = size - whole
    number = whole.astype(np.int64) + (above > 0.5)
    number = np.where(voltage < 0, np.where(number > 0, -number, NEGATIVE_ZERO), number)
    tenths[:count] = number
    onset = start[:count] + lead[template[:count]]
    steps = ratio * np.arange(voltage.shape[1])
    doubtful = (abs(above - 0.5) < NEAR_TIE) | ((abs(voltage) < NEAR_ZERO) & (steps >= onset[:, None]))
    found = np.argwhere(doubtful)[: len(flagged)]
    flagged[: len(found)] = found
    return int(doubtful.sum())
