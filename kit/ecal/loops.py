"""The innermost loops, as numba compiles them; `twins` says what each takes and gives.

They compare, add and multiply as their twins do and in the same order, so that both agree bit for bit; cosh and
log are those of the C library, which NumPy's own differ from in the last digit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from kit.ecal.geometry import TWO_PI

__all__ = ["associate", "cosh", "fill", "log1", "open_windows", "order", "spans"]


def cosh(values: Any, out: Any) -> None:
    """Write the hyperbolic cosine."""
    for i in range(len(values)):
        out[i] = math.cosh(values[i])


def log1(values: Any, out: Any) -> None:
    """Write the logarithm of 1 + x."""
    for i in range(len(values)):
        out[i] = math.log(1 + values[i])


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


def order(offsets: Any, et: Any, out: Any) -> None:
    """Write the places of the clusters of each event by falling ET."""
    for event in range(len(offsets) - 1):
        begin, end = offsets[event], offsets[event + 1]
        out[begin:end] = begin + np.argsort(-et[begin:end], kind="mergesort")


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
                e = eta[s] - eta[i] if eta[s] < 0 else eta[i] - eta[s]
                p = phi[s] - phi[i]
                if p > np.pi:
                    p -= TWO_PI
                elif p < -np.pi:
                    p += TWO_PI
                taken = iz[i] == iz[s] and down[s] <= e <= up[s] and abs(p) <= width[s]
                if taken:
                    break
            if taken:
                blocked[event] += 1
            if overlapping or not taken:
                seeds[used] = i
                used += 1
    return used


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
) -> tuple[Any, Any, Any]:
    """Return window, cluster and distance in φ of all that lies in a window."""
    room = 4 * len(seeds) + 64
    window, cluster, dphi = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.float64)
    used = 0
    for w in range(len(seeds)):
        begin, end = offsets[event[w]], offsets[event[w] + 1]
        if used + end - begin > room:
            room = 2 * room + end - begin
            longer_window, longer_cluster = np.empty(room, np.int64), np.empty(room, np.int64)
            longer_dphi = np.empty(room, np.float64)
            longer_window[:used], longer_cluster[:used] = window[:used], cluster[:used]
            longer_dphi[:used] = dphi[:used]
            window, cluster, dphi = longer_window, longer_cluster, longer_dphi
        s = seeds[w]
        for k in range(begin, end):
            i = order[k]
            e = eta[s] - eta[i] if eta[s] < 0 else eta[i] - eta[s]
            p = (
                phi[s] - phi[i]
            )  # written out here and above: a function of its own would have to be compiled first
            if p > np.pi:
                p -= TWO_PI
            elif p < -np.pi:
                p += TWO_PI
            if iz[i] == iz[s] and down[s] <= e <= up[s] and abs(p) <= width[s]:
                window[used], cluster[used], dphi[used] = w, i, p
                used += 1
    return window[:used].copy(), cluster[:used].copy(), dphi[:used].copy()


def spans(offsets: Any, values: Any, largest: Any, smallest: Any, mean: Any) -> None:
    """Write largest, smallest and mean value of lists that are not empty; sums as NumPy's mean adds."""
    parts = np.empty(8)
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
            parts[:] = values[begin : begin + 8]
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
