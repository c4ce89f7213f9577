"""What a pixel makes of the voltage: noise, samples, a flash ADC, and comparators that fire late."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kit.smartpixels.delays import DelayTable
from kit.smartpixels.options import DigitisationParameters
from kit.smartpixels.pixelav import FloatArray, IntArray

__all__ = ["Codes", "digitise", "flash", "noise", "noise_sigma", "noise_time"]

INEXACT = 1e-9  # ns; times are multiples of a step that is no exact number

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Codes:
    """What is read out of each pixel at each sample time; arrays of shape (…, times, pixels).

    Attributes
    ----------
    codes : ndarray of uint8
        The levels.
    voltage : ndarray
        In mV, what they were made from, noise included.
    delay : ndarray or None, shape (…, pixels)
        In ns, by which a pixel is sampled early; None without delays.
    cap : ndarray or None, shape (…, pixels)
        How many thresholds fire in time.
    """

    codes: Bytes
    voltage: FloatArray
    delay: FloatArray | None = None
    cap: IntArray | None = None


def noise_sigma(p: DigitisationParameters) -> float:
    """Return the noise at the amplifier's output, RMS, in mV."""
    return p.enc * p.gain * 1e-3


def noise_time(p: DigitisationParameters) -> float:
    """Return the time in ns after which noise has forgotten all but 1/e of itself."""
    return 1e3 / (2 * math.pi * p.bandwidth)


def noise(steps: int, step: float, pixels: int, p: DigitisationParameters, stem: str, number: int) -> FloatArray:
    """Return noise of one pole, in mV, shape (steps, pixels).

    It depends on the seed, the stem of the file's name and the number of the cluster alone: not on the sample
    times, nor on which clusters are worked on together.

    Parameters
    ----------
    steps, step : int, float
        How many samples, and the time between two in ns.
    pixels : int
        How many independent pixels.
    """
    words = np.frombuffer(hashlib.sha256(stem.encode()).digest(), np.uint32)
    random = np.random.default_rng([p.seed, *words.tolist(), number])
    found = noise_sigma(p) * random.standard_normal((steps, pixels))
    kept = math.exp(-step / noise_time(p))
    fresh = math.sqrt(1 - kept**2)
    for now in range(1, steps):
        found[now] = kept * found[now - 1] + fresh * found[now]
    return found


def flash(voltage: FloatArray, thresholds: list[float]) -> IntArray:
    """Return how many thresholds each voltage reaches; one that is equal is reached."""
    return np.asarray(np.searchsorted(thresholds, voltage, side="right"))


def digitise(
    voltage: FloatArray, step: float, p: DigitisationParameters, delays: DelayTable | None = None
) -> Codes:
    """Return the codes of waveforms.

    Parameters
    ----------
    voltage : ndarray, shape (…, steps, pixels)
        In mV, from t = 0 on, noise included.
    step : float
        Time between two samples of it, in ns.
    p : DigitisationParameters
        Thresholds, levels and sample times.
    delays : DelayTable, optional
        Delays of the comparators.
    """
    levels = np.array(p.levels, np.uint8)
    if delays is None:
        samples = voltage[..., [round(time / step) for time in p.sample_times], :]
        return Codes(levels[flash(samples, p.thresholds)], samples)
    delay, cap = _late(voltage, step, p, delays)
    samples = np.stack([_sampled(voltage, time + p.delay_shift - delay, step) for time in p.sample_times], axis=-2)
    fired = np.minimum(flash(samples, p.thresholds), cap[..., None, :])
    return Codes(levels[fired], samples, delay, cap)


def _late(
    voltage: FloatArray, step: float, p: DigitisationParameters, delays: DelayTable
) -> tuple[FloatArray, IntArray]:
    """Return the delay at the highest threshold that each waveform reaches, and how many fire in time."""
    charge = voltage.max(axis=-2) / (p.gain * 1e-3)  # e-
    delay = np.zeros(charge.shape)
    cap = np.zeros(charge.shape, np.int64)
    for number, threshold in enumerate(p.thresholds):
        above = voltage >= threshold
        reached = above.any(axis=-2)
        late = delays.delay(threshold / (p.gain * 1e-3), charge)
        delay = np.where(reached, late, delay)
        crossed = _crossing(voltage, above, threshold, step, p.crossing == "interpolated")
        in_time = reached & (crossed + late <= p.delay_window + INEXACT)
        cap = np.where(in_time & (cap == number), number + 1, cap)
    return delay, cap


def _crossing(
    voltage: FloatArray, above: npt.NDArray[np.bool_], threshold: float, step: float, between: bool
) -> FloatArray:
    """Return when each waveform first reaches a threshold, in ns; 0 where it never does."""
    at = above.argmax(axis=-2)
    if not between:
        return np.asarray(at * step)
    here = np.take_along_axis(voltage, at[..., None, :], axis=-2)[..., 0, :]
    before = np.take_along_axis(voltage, np.maximum(at - 1, 0)[..., None, :], axis=-2)[..., 0, :]
    rise = here - before
    back = np.divide(here - threshold, rise, out=np.zeros_like(rise), where=rise > 0)
    return np.asarray((at - np.where(at > 0, back, 0.0)) * step)


def _sampled(voltage: FloatArray, time: FloatArray, step: float) -> FloatArray:
    """Return the voltage of each pixel at its own time, in ns: that of the nearest sample, 0 before the first."""
    at = np.clip(np.rint(time / step).astype(np.int64), 0, voltage.shape[-2] - 1)
    value = np.take_along_axis(voltage, at[..., None, :], axis=-2)[..., 0, :]
    return np.where(time > 0, value, 0.0)
