"""The charge-sensitive amplifier: what it makes of the current in a pixel.

The amplifier is known by its responses to a unit of charge, one for each injected charge: measured ones, or one of
a model. A pixel is convolved with the response whose charge is nearest to its own. The induced current is the time
derivative of the charge, so that the step of time cancels: what is summed up is the change of charge at each step,
times the response so much later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pixelav import FloatArray
from kit.smartpixels.pulses import ELECTRON_CHARGE, PulseTable

__all__ = [
    "Templates",
    "impulse_response",
    "krummenacher_times",
    "measured_templates",
    "model_template",
    "resample",
    "respond",
]

BOLTZMANN = 1.380649e-23  # J/K
UNIT_OF_CHANGE = 0.05  # e-; half of the tenth in which charge is written down


@dataclass(frozen=True)
class Templates:
    """Responses on the convolution's grid.

    Attributes
    ----------
    charges : ndarray, shape (templates,)
        Injected charges, in e-; a single 0 for a model that is the same for all.
    samples : ndarray, shape (templates, steps)
        Response in V/C at 0, 1, … steps after the charge; the first is 0.
    step : int
        In ps.
    """

    charges: FloatArray
    samples: FloatArray
    step: int


def measured_templates(table: PulseTable, p: AmplifierParameters) -> Templates:
    """Return measured responses on the grid, from their first sample, whose value is subtracted.

    Only what the window needs is interpolated; the pulses may be of different length beyond it.
    """
    steps = round(p.window * 1000) // p.kernel_step + 1
    step = p.kernel_step * 1e-12
    samples = []
    for pulse in table.pulses:
        first = pulse.times[0]
        grid = np.arange(first, first + (steps + 0.5) * step, step)[:steps]  # the original's, to the last bit
        samples.append(np.interp(grid, pulse.times, pulse.values - pulse.values[0]))
    return Templates(table.charges, np.array(samples), p.kernel_step)


def model_template(p: AmplifierParameters) -> Templates:
    """Return the response of an analytic amplifier."""
    steps = round(p.window * 1000) // p.kernel_step + 1
    times = np.arange(steps, dtype=np.float64) * (p.kernel_step * 1e-12)
    rise, fall = (p.rise_time * 1e-9, p.fall_time * 1e-9) if p.response == "simple" else krummenacher_times(p)
    response = impulse_response(times, p.feedback_capacitance * 1e-15, rise, fall)
    return Templates(np.zeros(1), response[None], p.kernel_step)


def impulse_response(times: FloatArray, capacitance: float, rise: float, fall: float) -> FloatArray:
    """Return the voltage for a unit of charge, in V/C.

    The transfer function is R_f / ((1 + s fall) (1 + s rise)) with fall = R_f C_f: P. Kleczek et al.,
    doi:10.1109/MIXDES.2015.7208529, as in Allpix Squared's CSADigitizer.

    Parameters
    ----------
    times : ndarray
        Times after the charge, in s.
    capacitance : float
        Feedback capacitance C_f, in F.
    rise, fall : float
        Time constants, in s; they may be equal.
    """
    if math.isclose(rise, fall, rel_tol=1e-6):  # the difference below would lose its digits
        return np.asarray(times / (capacitance * fall) * np.exp(-times / fall))
    scale = fall / (fall - rise) / capacitance
    return np.asarray(scale * (np.exp(-times / fall) - np.exp(-times / rise)))


def krummenacher_times(p: AmplifierParameters) -> tuple[float, float]:
    """Return rise and fall time, in s, of a Krummenacher feedback.

    D. M. Binkley, doi:10.1002/9780470033715, for the transconductance in weak inversion.
    """
    thermal = BOLTZMANN * p.temperature / ELECTRON_CHARGE  # V
    feedback = p.krummenacher_current * 1e-9 / (2 * p.weak_inversion_slope * thermal)  # A/V
    capacitance = p.feedback_capacitance * 1e-15
    fall = 2 / feedback * capacitance
    loads = p.input_capacitance * 1e-15 * p.output_capacitance * 1e-15
    return loads / (p.transconductance * 1e-6 * capacitance), fall


def resample(charge: FloatArray, input_step: float, step: int) -> FloatArray:
    """Return charge on another grid, with straight lines between slices and from nothing at t = 0.

    Parameters
    ----------
    charge : ndarray, shape (pixels, slices)
        Charge up to each slice; the first is one `input_step` after t = 0.
    input_step, step : float, int
        Steps before and after, in ps.

    Returns
    -------
    ndarray, shape (pixels, floor(slices * input_step / step))
        The same charge at 1, 2, … steps.
    """
    steps = int(charge.shape[1] * input_step / step * (1 + 1e-12))
    places = step * np.arange(1, steps + 1) / input_step
    below = np.minimum(places.astype(np.int64), charge.shape[1] - 1)
    padded = np.concatenate([np.zeros((len(charge), 1)), charge], axis=1)
    # where two slices are equal the line must be, too: a difference of exactly nothing prints 0.0
    rise = padded[:, below + 1] - padded[:, below]
    return np.ascontiguousarray(padded[:, below] + rise * (places - below))


def respond(
    charge: FloatArray, response: FloatArray, step: float, ratio: int, steps: int, *, corrected: bool = False
) -> FloatArray:
    """Return the amplifier's output voltage for one pixel, by gradient and convolution alone.

    The induced current is the time derivative of the collected charge; the voltage is that current convolved with
    the response to a unit impulse of charge. Slow, and in the original's own order of operations: where the last
    bit of a sum decides a printed digit, it is this that decides.

    Parameters
    ----------
    charge : ndarray, shape (n,)
        Charge collected up to each time, in electrons.
    response : ndarray, shape (m,)
        Impulse response of the amplifier, in V/C.
    step : float
        Time between two samples of both arrays, in seconds.
    ratio, steps : int
        Samples in a step of the output, and steps of the output.
    corrected : bool
        The first charge stands one step after t = 0, not at t = 0, and the last one stays.

    Returns
    -------
    ndarray, shape (steps,)
        Output voltage, in mV.
    """
    if corrected:
        padded = np.concatenate([[0.0, 0.0], ELECTRON_CHARGE * charge, [ELECTRON_CHARGE * charge[-1]]])
        current = (padded[2:] - padded[:-2]) / (2 * step)
    else:
        current = np.gradient(ELECTRON_CHARGE * charge, step)
    # NumPy sums in another order where the response is the shorter one; the original's is always longer
    longer = np.zeros(max(len(response), len(current) + 1))
    longer[: len(response)] = response
    voltage = (1000 * step * np.convolve(current, longer))[: (steps - 1) * ratio + 1 : ratio]
    out = np.zeros(steps)
    out[: len(voltage)] = voltage
    return out
