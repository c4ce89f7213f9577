"""Charge to voltage, for numba; `engine` has it compiled.

The twins in `twins` give the same bits with NumPy: every sum runs in the order of time, and nothing is fused.
Nothing is allocated: whoever calls brings all arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

__all__ = ["choose", "respond", "respond_to_floats"]

NEGATIVE_ZERO = -(2**62)  # prints -0.0
NEAR_TIE = 1e-6  # tenths of mV from a half at which the printed digit is looked at with care
NEAR_ZERO = 1e-9  # mV at which the sign of a zero is
WIDE = 32  # output steps worked on at once: of a fixed number the compiler makes vectors
AT_ONCE = 4  # changes of charge added up before the sum goes back to memory

compiled = njit(error_model="numpy")


@compiled
def choose(own: Any, injected: Any, template: Any) -> None:
    """Write which of the injected charges is nearest to each pixel's own."""
    for slot in range(len(own)):
        nearest = 0
        for number in range(1, len(injected)):
            if abs(own[slot] - injected[number]) < abs(own[slot] - injected[nearest]):
                nearest = number
        template[slot] = nearest


@compiled
def _change(charge: Any, slot: Any, k: Any, corrected: Any) -> Any:
    """Return the change of a pixel's charge at a step, in units of 0.05 e-."""
    slices = charge.shape[1]
    if corrected:
        return charge[slot, min(k, slices - 1)] - (charge[slot, k - 2] if k >= 2 else 0)
    if k == 0:
        return 2 * (charge[slot, 1] - charge[slot, 0])
    if k == slices - 1:
        return 2 * (charge[slot, k] - charge[slot, k - 1])
    return charge[slot, k + 1] - charge[slot, k - 1]


@compiled
def _gather(
    charge: Any, slot: Any, begin: Any, end: Any, corrected: Any, ratio: Any, length: Any, origin: Any,
    rates: Any, times: Any, places: Any,
) -> Any:  # fmt: skip
    """List the steps at which a pixel's charge changes, and where its template's samples for them begin."""
    first = (begin + ratio - 1) // ratio  # output step
    phase = first * ratio - begin
    used = 0
    for k in range(begin, end):
        rates[used] = _change(charge, slot, k, corrected)
        times[used] = k
        places[used] = origin + phase * length - first
        used += rates[used] != 0
        if phase == 0:
            phase = ratio
            first += 1
        phase -= 1
    for i in range(used, used + AT_ONCE):
        rates[i] = 0.0  # adds nothing
        times[i] = end
        places[i] = origin
    return used


@compiled
def _sum(
    samples: Any, used: Any, ratio: Any, rates: Any, times: Any, places: Any, held: Any, voltage: Any
) -> None:
    """Add up a pixel's voltage."""
    steps = len(voltage)
    acting = 0
    for s in range(0, steps, WIDE):
        while acting < used and times[acting] < (s + WIDE) * ratio:
            acting += 1
        for j in range(WIDE):
            held[j] = 0.0
        for i in range(0, acting, AT_ONCE):
            a = samples[places[i] + s : places[i] + s + WIDE]
            b = samples[places[i + 1] + s : places[i + 1] + s + WIDE]
            c = samples[places[i + 2] + s : places[i + 2] + s + WIDE]
            d = samples[places[i + 3] + s : places[i + 3] + s + WIDE]
            at_a, at_b, at_c, at_d = rates[i], rates[i + 1], rates[i + 2], rates[i + 3]
            for j in range(WIDE):
                held[j] = held[j] + at_a * a[j] + at_b * b[j] + at_c * c[j] + at_d * d[j]
        for j in range(min(WIDE, steps - s)):
            voltage[s + j] = held[j]


@compiled
def _round(slot: Any, voltage: Any, onset: Any, ratio: Any, tenths: Any, flagged: Any, count: Any) -> Any:
    """Round a pixel's voltage to tenths and note what must be looked at with care; return how much that is now."""
    for s in range(len(voltage)):
        value = voltage[s]
        size = abs(value) * 10
        whole = np.floor(size)
        above = size - whole
        number = np.int64(whole) + (above > 0.5)
        if value < 0:
            number = -number if number > 0 else NEGATIVE_ZERO
        tenths[s] = number
        if abs(above - 0.5) < NEAR_TIE or (abs(value) < NEAR_ZERO and s * ratio >= onset):
            if count < len(flagged):
                flagged[count, 0] = slot
                flagged[count, 1] = s
            count += 1
    return count


@compiled
def respond(
    charge: Any, first: Any, last: Any, corrected: bool, template: Any, samples: Any, lead: Any,
    ratio: int, length: int, margin: int, width: int,
    rates: Any, times: Any, places: Any, held: Any, voltage: Any, tenths: Any, flagged: Any,
) -> int:  # fmt: skip
    """Write voltages and their tenths, and note what must be looked at with care; return how much that is."""
    count = 0
    for slot in range(len(charge)):
        begin = first[slot] if corrected else max(first[slot] - 1, 0)
        end = min(last[slot] + 2, width)
        origin = template[slot] * ratio * length + margin
        used = _gather(charge, slot, begin, end, corrected, ratio, length, origin, rates, times, places)
        _sum(samples, used, ratio, rates, times, places, held, voltage[slot])
        onset = lead[template[slot]] + (times[0] if used > 0 else ratio * len(voltage[slot]))
        count = _round(slot, voltage[slot], onset, ratio, tenths[slot], flagged, count)
    return count


respond_to_floats = respond
