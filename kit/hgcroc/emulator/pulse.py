"""The shaper's pulse: how much of a charge the ADC sees, and when the discriminators fire.

Measured on the given board: relative to phase 4 the signal falls to 0.86, 0.67, 0.42, 0.21 and 0.05 up to phase 9.
A squared sine of 11 ns from start to maximum, the maximum at phase 3, goes through all of them within 0.02. What
follows the maximum is a semi-Gaussian whose order gives the fraction that is left one bunch crossing later.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

__all__ = ["BUNCH_CROSSING", "CALIB_CHARGE", "PHASE_STEP", "charge_of", "sample_time", "shape", "time_walk"]

FloatArray = npt.NDArray[np.float64]

BUNCH_CROSSING = 25.0  # ns; the LHC's 40 MHz
PHASE_STEP = BUNCH_CROSSING / 16  # ns
RISE = 11.0  # ns from start to maximum, fitted to the ratios above
PHASE_OF_MAXIMUM = 3
VOLT_PER_COUNT = 1 / 4096  # V; the 12-bit DAC of 1 V
CAPACITANCE = {"LowRange": 500.0, "HighRange": 8000.0}  # fF; HGCROCv3's injection capacitors
CALIB_CHARGE = {name: VOLT_PER_COUNT * farad for name, farad in CAPACITANCE.items()}  # fC per DAC count

WALK = 9.5e4  # TOA codes, measured on the given board, with the DAC in HighRange counts
WALK_POLE = 13.0  # DAC counts
WALK_POWER = 1.58
WALK_HELD_BELOW = 45.0  # DAC counts: there the law reaches the pulse's rise, and would run away below
WALK_MOST = 410.0  # TOA codes, 10 ns


def charge_of(calib: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> FloatArray:
    """Return the injected charge in fC for DAC counts and the two switches (0 or 1)."""
    per_count = np.asarray(low) * CALIB_CHARGE["LowRange"] + np.asarray(high) * CALIB_CHARGE["HighRange"]
    return np.asarray(np.asarray(calib) * per_count, dtype=np.float64)


def sample_time(phase: npt.ArrayLike, bunch: npt.ArrayLike) -> FloatArray:
    """Return when the ADC samples, in ns after the pulse's start: a larger phase is earlier.

    `bunch` is the sampled bunch crossing relative to the pulse's own.
    """
    early = PHASE_STEP * (np.asarray(phase) - PHASE_OF_MAXIMUM)
    return np.asarray(RISE - early + BUNCH_CROSSING * np.asarray(bunch), dtype=np.float64)


def shape(time: npt.ArrayLike, left_over: npt.ArrayLike) -> FloatArray:
    """Return the pulse at a time after its start, its maximum being 1.

    Parameters
    ----------
    time : array_like
        In ns.
    left_over : array_like
        Fraction of the maximum that is left one bunch crossing after it.
    """
    reduced = np.asarray(time, dtype=np.float64) / RISE
    after = (RISE + BUNCH_CROSSING) / RISE
    order = np.log(np.asarray(left_over, dtype=np.float64)) / (math.log(after) + 1 - after)
    late = np.maximum(reduced, 1.0)
    tail = np.exp(order * (np.log(late) + 1 - late))
    rise = np.sin(np.pi / 2 * np.clip(reduced, 0.0, 1.0)) ** 2
    return np.where(reduced < 1, rise, tail)


def time_walk(charge: npt.ArrayLike) -> FloatArray:
    """Return by how many TOA codes a charge in fC fires later than a very large one."""
    counts = np.asarray(charge, dtype=np.float64) / CALIB_CHARGE["HighRange"]
    held = np.maximum(counts, WALK_HELD_BELOW)
    return np.where(counts < WALK_HELD_BELOW, WALK_MOST, WALK / (held - WALK_POLE) ** WALK_POWER)
