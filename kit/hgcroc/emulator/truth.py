"""What an emulated board is like: the constants of each channel, drawn from a seed.

Every array has the shape (ROC, half, 39): channels 0-35 of the half, its calibration channel (36) and its two
common-mode channels (37, 38). Numbers with "measured" come from 160 runs of a real LD hexaboard, the others are
assumed; a closure test asks for them, and none of the code that takes or reads data does.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["CALIBRATION", "CHANNELS", "COMMON_MODE", "TOTAL", "UNBONDED", "Truth", "place_of"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

CHANNELS = 36  # of a half
CALIBRATION = 36  # its place
COMMON_MODE = (37, 38)  # their places
TOTAL = 39
UNBONDED = (8, 17, 18, 27, 44, 53, 54, 63)  # channels of every ROC of an LD board without a pad; measured

COMMON_NOISE = 0.35  # ADC, of a half
ROUNDING = 12**-0.5  # counts, of any digital value


@dataclass
class Truth:
    """All constants of a board; charges in fC.

    Attributes
    ----------
    pedestal : ndarray
        ADC counts at Inv_vref 300, Noinv_vref 100, trim_inv 0. Measured mean 285, rms 20.
    per_inv, per_noinv, per_trim : ndarray
        ADC counts per count of Inv_vref, Noinv_vref, trim_inv.
    phase_swing, phase_start : ndarray
        ADC counts and rad of the pedestal's dependence on the phase; measured ±1.5.
    noise : ndarray
        Of the channel alone, in ADC counts; with common mode and rounding measured 1.05 (0.90-1.24).
    gain : ndarray
        Charge per ADC count relative to nominal, inverse.
    toa_offset : ndarray
        TOA code of a very large charge at phase 0.
    toa_jitter, toa_swing, toa_start : ndarray
        TOA codes; jitter without rounding (with it measured 0.45-0.52); non-linearity's size and phase in rad.
    toa_threshold, toa_sigma : ndarray
        Charge at which half of the pulses fire at Toa_vref 155 and trim_toa 0, and width.
    toa_per_vref, toa_per_trim : ndarray
        Change of that charge per count of Toa_vref and trim_toa.
    walk : ndarray
        Factor on the time-walk of `kit.hgcroc.emulator.pulse.time_walk`.
    tot_threshold, tot_sigma, tot_per_vref, tot_per_trim : ndarray
        As for TOA, at Tot_vref 700; onset measured between 250 and 500 fC.
    tot_slope, tot_offset : ndarray
        TOT counts per fC (measured 0.80 per DAC count of 1.953 fC), and at no charge (measured -85).
    tot_bend, tot_reach : ndarray
        TOT counts by which it stays below that line at onset, and fC over which that ends.
    tot_noise : ndarray
        TOT counts without rounding.
    dead, noisy, shorted : ndarray of bool
        Channels without signal and noise; with five times the noise; that share charge and noise with the next.
    dead_tdc : ndarray of bool, shape (ROC,)
        Chips whose TDC starts and never ends (chip 1 of the measured board).
    """

    pedestal: FloatArray
    per_inv: FloatArray
    per_noinv: FloatArray
    per_trim: FloatArray
    phase_swing: FloatArray
    phase_start: FloatArray
    noise: FloatArray
    gain: FloatArray
    toa_offset: FloatArray
    toa_jitter: FloatArray
    toa_swing: FloatArray
    toa_start: FloatArray
    toa_threshold: FloatArray
    toa_sigma: FloatArray
    toa_per_vref: FloatArray
    toa_per_trim: FloatArray
    walk: FloatArray
    tot_threshold: FloatArray
    tot_sigma: FloatArray
    tot_per_vref: FloatArray
    tot_per_trim: FloatArray
    tot_slope: FloatArray
    tot_offset: FloatArray
    tot_bend: FloatArray
    tot_reach: FloatArray
    tot_noise: FloatArray
    dead: BoolArray = field(init=False)
    noisy: BoolArray = field(init=False)
    shorted: BoolArray = field(init=False)
    dead_tdc: BoolArray = field(init=False)

    def __post_init__(self) -> None:
        self.dead, self.noisy, self.shorted = (np.zeros(self.pedestal.shape, dtype=bool) for _ in range(3))
        self.dead_tdc = np.zeros(len(self.pedestal), dtype=bool)

    @classmethod
    def drawn(cls, rocs: int, seed: int) -> Truth:
        """Return the constants of a board with so many ROCs."""
        rng = np.random.default_rng([seed, 0x1D])
        size = (rocs, 2, TOTAL)

        def around(mean: float, spread: float) -> FloatArray:
            return rng.normal(mean, spread, size)

        total_noise = 1.05 * np.exp(rng.normal(0, np.log(1.24 / 0.90) / (2 * 1.645), size))
        total_noise[unbonded(rocs)] *= 0.7
        half_offset = rng.uniform(0, 1024, (rocs, 2, 1))
        return cls(
            pedestal=around(285, 20),
            per_inv=-0.8 * around(1, 0.1),
            per_noinv=-0.6 * around(1, 0.1),
            per_trim=1.5 * around(1, 0.1),
            phase_swing=np.full(size, 1.5),
            phase_start=rng.uniform(0, 2 * np.pi, size),
            noise=np.sqrt(np.maximum(total_noise**2 - COMMON_NOISE**2 - ROUNDING**2, 0.1)),
            gain=around(1, 0.03),
            toa_offset=(half_offset + around(0, 6)) % 1024,
            toa_jitter=np.sqrt(rng.uniform(0.45, 0.52, size) ** 2 - ROUNDING**2),
            toa_swing=np.full(size, 0.4),
            toa_start=rng.uniform(0, 2 * np.pi, size),
            toa_threshold=around(12, 0.6),
            toa_sigma=np.full(size, 0.35),
            toa_per_vref=np.full(size, 0.35),
            toa_per_trim=np.full(size, 0.05),
            walk=around(1, 0.02),
            tot_threshold=around(371, 5),
            tot_sigma=np.full(size, 1.0),
            tot_per_vref=np.full(size, 0.5),
            tot_per_trim=np.full(size, 0.5),
            tot_slope=around(1, 0.02) / 2.44,  # 10 pC over 4096 counts
            tot_offset=around(-85, 3),
            tot_bend=np.full(size, 30.0),
            tot_reach=np.full(size, 60.0),
            tot_noise=np.full(size, 0.35),
        )

    def tree(self) -> dict[str, Any]:
        """Return all constants as nested lists, for messages."""
        return {each.name: getattr(self, each.name).tolist() for each in fields(self)}


def unbonded(rocs: int) -> BoolArray:
    """Return which channels have no pad, shape (ROC, half, 39)."""
    without = np.zeros((rocs, 2, TOTAL), dtype=bool)
    for channel in UNBONDED:
        without[:, *place_of(channel)] = True
    return without


def place_of(channel: int) -> tuple[int, int]:
    """Return half and place in the half of channel 0-71 of a ROC."""
    half, place = divmod(channel, CHANNELS)
    return half, place
