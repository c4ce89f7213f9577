"""The innermost loops, for numba; `engine` has them compiled, `twins` says what each takes and gives.

They compare, add and multiply as their twins do and in the same order, so that both agree bit for bit; cosh and
log are those of the C library, which NumPy's own differ from in the last digit. Nothing is allocated: whoever
calls brings all arrays.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from kit.ecal.geometry import TWO_PI

__all__ = ["associate", "cosh", "fill", "log1", "open_windows", "order", "spans", "walk"]

compiled = njit(error_model="numpy")


@compiled
def cosh(values: Any, out: Any) -> None:
    """Write the hyperbolic cosine."""
    for i in range(len(values)):
        out[i] = math.cosh(values[i])


@compiled
def log1(values: Any, out: Any) -> None:
    """Write the logarithm of 1 + x."""
    for i in range(len(values)):
        out[i] = math.log(1 + values[i])


@compiled
def associate(
    offsets: Any, calos: Any, rows: Any, scores: Any, minimum: float, calo: Any, best: Any, main: Any
) -> None:
    """Write the particle of each cluster, its score, and the main cluster of each particle."""
    for event in range(len(offsets) - 1):
        for j in range(calos[event], calos[event + 1]):
            main[j] = -1
        for i in range(offsets[event], offsets[event + 1]):
            calo[i], best[i] = -1, -1.0
            for k in range(rows[i], rows[i + 1]):
                if scores[k] > minimum and scores[k] > best[i]:
                    calo[i], best[i] = k - rows[i], scores[k]
            if calo[i] >= 0:
                j = calos[event] + calo[i]
                if main[j] < 0 or best[i] > best[main[j]]:
                    main[j] = i


@compiled
def order(offsets: Any, et: Any, out: Any, room: Any) -> None:
    """Write the places of the clusters of each event by falling ET, merging longer and longer runs of them."""
    for event in range(len(offsets) - 1):
        begin, end = offsets[event], offsets[event + 1]
        for i in range(begin, end):
            out[i] = i
        length = 1
        while length < end - begin:
            for first in range(begin, end, 2 * length):
                middle = min(first + length, end)
                last = min(first + 2 * length, end)
                left, right = first, middle
                for k in range(first, last):
                    # of equal ones the left comes first
                    if left < middle and (right >= last or et[out[left]] >= et[out[right]]):
                        room[k] = out[left]
                        left += 1
                    else:
                        room[k] = out[right]
                        right += 1
            for i in range(begin, end):
                out[i] = room[i]
            length *= 2


@compiled
def open_windows(
    offsets: Any,
    order: Any,
    candidate: Any,
    eta: Any,
    phi: Any,
    iz: Any,
    up: Any,
    down: Any,
    width: Any,
    overlapping: bool,
    seeds: Any,
    blocked: Any,
) -> int:
    """Write the seeds of windows and how many were blocked in each event; return how many seeds there are."""
    used = 0
    for event in range(len(offsets) - 1):
        first = used
        blocked[event] = 0
        for k in range(offsets[event], offsets[event + 1]):
            i = order[k]
            if not candidate[i]:
                break
            taken = False
            for w in range(first, used):
                s = seeds[w]
                if iz[i] != iz[s]:  # what is asked first decides most
                    continue
                e = eta[s] - eta[i] if eta[s] < 0 else eta[i] - eta[s]
                if not down[s] <= e <= up[s]:
                    continue
                p = phi[s] - phi[i]
                if p > np.pi:
                    p -= TWO_PI
                elif p < -np.pi:
                    p += TWO_PI
                taken = abs(p) <= width[s]
                if taken:
                    break
            if taken:
                blocked[event] += 1
            if overlapping or not taken:
                seeds[used] = i
                used += 1
    return used


@compiled
def fill(
    seeds: Any,
    event: Any,
    offsets: Any,
    order: Any,
    eta: Any,
    phi: Any,
    iz: Any,
    up: Any,
    down: Any,
    width: Any,
    window: Any,
    cluster: Any,
    dphi: Any,
) -> int:
    """Write window, cluster and distance in φ of what lies in a window; return how much that is.

    What has no room is counted only.
    """
    used = 0
    for w in range(len(seeds)):
        s = seeds[w]
        for k in range(offsets[event[w]], offsets[event[w] + 1]):
            i = order[k]
            if iz[i] != iz[s]:
                continue
            e = eta[s] - eta[i] if eta[s] < 0 else eta[i] - eta[s]
            if not down[s] <= e <= up[s]:
                continue
            p = phi[s] - phi[i]  # as in `open_windows`: a function for both takes 1.7 times as long
            if p > np.pi:
                p -= TWO_PI
            elif p < -np.pi:
                p += TWO_PI
            if abs(p) <= width[s]:
                if used < len(window):
                    window[used], cluster[used], dphi[used] = w, i, p
                used += 1
    return used


@compiled
def spans(offsets: Any, values: Any, parts: Any, largest: Any, smallest: Any, mean: Any) -> None:
    """Write largest, smallest and mean value of lists that are not empty.

    Sums are those of NumPy's mean, which adds eight `parts` side by side.
    """
    for w in range(len(offsets) - 1):
        begin, number = offsets[w], offsets[w + 1] - offsets[w]
        high = low = values[begin]
        for i in range(begin + 1, begin + number):
            high = values[i] if values[i] > high else high
            low = values[i] if values[i] < low else low
        largest[w], smallest[w] = high, low
        if number < 8:
            total = values[begin]
            for i in range(begin + 1, begin + number):
                total += values[i]
        elif number <= 128:
            full = number - number % 8
            for i in range(8):
                parts[i] = values[begin + i]
            for i in range(8, full):
                parts[i % 8] += values[begin + i]
            total = ((parts[0] + parts[1]) + (parts[2] + parts[3])) + (
                (parts[4] + parts[5]) + (parts[6] + parts[7])
            )
            for i in range(full, number):
                total += values[begin + i]
        else:
            total = np.nan  # told to the caller, who adds these few with NumPy itself
        mean[w] = total / number


@compiled
def walk(content: Any, begins: Any, width: int, first: Any, places: Any, counts: Any) -> bool:
    """Write where the lengths of lists of lists stand, and these; tell whether they fill the events."""
    for event in range(len(begins) - 1):
        place, end = begins[event] + 1, begins[event + 1]
        for number in range(first[event], first[event + 1]):
            if place >= end:
                return False
            count = np.int64(0)
            for i in range(4 * place, 4 * place + 4):
                count = 256 * count + content[i]
            if count >= 2**31:  # negative
                return False
            places[number], counts[number] = place, count
            place += 1 + width * count
        if place != end:
            return False
    return True
