"""Charge to voltage, compiled by numba. Import this room through `engine`.

The twins in `twins` give the same bits with NumPy: every sum runs in the order of time, and nothing is fused.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["choose", "convolve", "differentiate", "round_voltages"]

NEGATIVE_ZERO = -(2**62)  # prints -0.0
NEAR_TIE = 1e-6  # tenths of mV from a half at which the printed digit is looked at with care
NEAR_ZERO = 1e-9  # mV at which the sign of a zero is

WIDE = 32  # output steps worked on at once: of a fixed number the compiler makes vectors
AT_ONCE = 4  # changes of charge added up before the sum goes back to memory

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def choose(charge: Any, by_peak: bool, injected: Any, template: Any) -> None:
    slices = charge.shape[1]
    for slot in range(len(charge)):
        own = charge[slot, slices - 1]
        if by_peak:
            for k in range(slices):
                own = max(own, charge[slot, k])
        electrons = own / 10.0
        nearest = 0
        for number in range(1, len(injected)):
            if abs(electrons - injected[number]) < abs(electrons - injected[nearest]):
                nearest = number
        template[slot] = nearest


@compiled
def differentiate(
    charge: Any, first: Any, last: Any, corrected: bool, change: Any, start: Any, stop: Any
) -> None:
    slices = charge.shape[1]
    width = change.shape[1]
    for slot in range(len(charge)):
        if corrected:
            begin, end = first[slot], min(last[slot] + 2, width)
            for k in range(begin, end):
                after = charge[slot, min(k, slices - 1)]
                change[slot, k] = after - (charge[slot, k - 2] if k >= 2 else 0)
        else:
            begin, end = max(first[slot] - 1, 0), min(last[slot] + 2, width)
            for k in range(begin, end):
                if k == 0:
                    change[slot, k] = 2 * (charge[slot, 1] - charge[slot, 0])
                elif k == slices - 1:
                    change[slot, k] = 2 * (charge[slot, k] - charge[slot, k - 1])
                else:
                    change[slot, k] = charge[slot, k + 1] - charge[slot, k - 1]
        while begin < end and change[slot, begin] == 0:
            begin += 1
        start[slot] = begin if begin < end else width
        stop[slot] = end


@compiled
def convolve(change: Any, start: Any, stop: Any, template: Any, phases: Any, margin: int, voltage: Any) -> None:
    ratio, length = phases.shape[1], phases.shape[2]
    steps = voltage.shape[1]
    samples = phases.ravel()
    rates = np.empty(change.shape[1] + AT_ONCE, np.float64)
    times = np.empty(change.shape[1] + AT_ONCE, np.int64)
    places = np.empty(change.shape[1] + AT_ONCE, np.uint64)  # of the template's samples for the first step
    held = np.empty(WIDE, np.float64)
    for slot in range(len(change)):
        begin = (start[slot] + ratio - 1) // ratio
        phase = begin * ratio - start[slot]
        origin = template[slot] * ratio * length + margin
        used = 0
        for k in range(start[slot], stop[slot]):
            rates[used], times[used] = change[slot, k], k
            places[used] = origin + phase * length - begin
            used += change[slot, k] != 0
            if phase == 0:
                phase = ratio
                begin += 1
            phase -= 1
        for i in range(used, used + AT_ONCE):
            rates[i], times[i], places[i] = 0.0, 0, np.uint64(origin)  # adds nothing
        acting = 0
        for s in range(0, steps, WIDE):
            while acting < used and times[acting] < (s + WIDE) * ratio:
                acting += 1
            held[:] = 0.0
            for i in range(0, acting, AT_ONCE):
                a = samples[places[i] + np.uint64(s) : places[i] + np.uint64(s + WIDE)]
                b = samples[places[i + 1] + np.uint64(s) : places[i + 1] + np.uint64(s + WIDE)]
                c = samples[places[i + 2] + np.uint64(s) : places[i + 2] + np.uint64(s + WIDE)]
                d = samples[places[i + 3] + np.uint64(s) : places[i + 3] + np.uint64(s + WIDE)]
                at_a, at_b, at_c, at_d = rates[i], rates[i + 1], rates[i + 2], rates[i + 3]
                for j in range(WIDE):
                    held[j] = held[j] + at_a * a[j] + at_b * b[j] + at_c * c[j] + at_d * d[j]
            for j in range(min(WIDE, steps - s)):
                voltage[slot, s + j] = held[j]


@compiled
def round_voltages(
    voltage: Any, start: Any, template: Any, lead: Any, ratio: int, tenths: Any, flagged: Any
) -> int:
    count = 0
    for slot in range(len(voltage)):
        onset = start[slot] + lead[template[slot]]  # before it nothing but zeros is added up
        for s in range(voltage.shape[1]):
            value = voltage[slot, s]
            size = abs(value) * 10
            whole = np.floor(size)
            above = size - whole
            number = np.int64(whole) + (above > 0.5)
            if value < 0:
                number = -number if number > 0 else NEGATIVE_ZERO
            tenths[slot, s] = number
            if abs(above - 0.5) < NEAR_TIE or (abs(value) < NEAR_ZERO and s * ratio >= onset):
                if count < len(flagged):
                    flagged[count, 0] = slot
                    flagged[count, 1] = s
                count += 1
    return count
