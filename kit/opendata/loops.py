"""The loops that take the time, as numba compiles them; see `twins` for what they take and give.

`choose` cuts and sorts the objects of one type, `strike` drops those that are too near to others, `arrange`
brings them into the order of final states, `count` adds four-momenta and counts the masses in bins, `weigh`
weighs them, too. They compare, add, multiply, divide and take square roots as their twins do and in the same
order, so that both agree bit for bit. Sines and cosines are not for them: those of NumPy and of a compiler
differ in the last digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kit.opendata.twins import FARTHEST_ETA, LARGEST, PI, TURN, FloatArray, IntArray

__all__ = ["arrange", "choose", "count", "strike", "weigh"]

BLOCK = 512  # masses made before they are counted: they stay in the processor's first cache


def choose(
    offsets: Any,
    pt: Any,
    eta: Any,
    phi: Any,
    extra: Any,
    isolation: Any,
    unit: float,
    pt_min: float,
    eta_max: float,
    isolation_max: float,
    most: int,
    counts: Any,
    sound: Any,
    places: Any,
) -> tuple[int, int]:
    """Write counts, sound events and places; return how many places there are, and how many bad objects."""
    hardest = np.empty(most, np.float64)
    used = 0
    dropped = 0
    for event in range(len(offsets) - 1):
        passing = 0
        kept = 0
        sound[event] = False
        for i in range(offsets[event], offsets[event + 1]):
            momentum = np.float64(pt[i]) / unit  # a float32 would be compared and rounded as such
            distance = abs(np.float64(eta[i]))
            if not (
                momentum > 0
                and momentum <= LARGEST
                and distance <= FARTHEST_ETA
                and abs(np.float64(phi[i])) <= LARGEST
                and (extra.size == 0 or abs(np.float64(extra[i])) <= LARGEST)
            ):
                dropped += 1
                continue
            sound[event] = True
            if momentum < pt_min or distance > eta_max:
                continue
            if isolation.size > 0 and not np.float64(isolation[i]) < isolation_max * momentum * unit:
                continue
            passing += 1
            if kept < most:
                place = kept
                kept += 1
            elif momentum > hardest[most - 1]:
                place = most - 1
            else:
                continue
            while place > 0 and hardest[place - 1] < momentum:
                hardest[place] = hardest[place - 1]
                places[used + place] = places[used + place - 1]
                place -= 1
            hardest[place] = momentum
            places[used + place] = i
        counts[event] = passing
        used += kept
    return used, dropped


def arrange(order: Any, bounds: Any, held: Any, first: Any, chosen: Any, starts: Any, places: Any) -> None:
    """Write the places of objects in the order of final states."""
    for state in range(len(held)):
        events = bounds[state + 1] - bounds[state]
        for i in range(events):
            begin = first[order[bounds[state] + i]]
            for rank in range(held[state]):
                places[starts[state] + rank * events + i] = chosen[begin + rank]


def count(
    momenta: FloatArray,
    columns: IntArray,
    sizes: IntArray,
    events: IntArray,
    width: float,
    bins: int,
    minimum: FloatArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """Return combination, bin and count of the bins that are not empty."""
    longest = 0
    for row in range(len(columns)):
        longest += min(events[row], bins + 2)
    combination = np.empty(longest, np.int64)
    place = np.empty(longest, np.int64)
    number = np.empty(longest, np.int64)
    used = 0
    line = np.zeros(bins + 2, np.int64)
    px, py, pz, energy = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK)
    for row in range(len(columns)):
        low, high = bins + 2, -1
        for first in range(0, events[row], BLOCK):
            length = min(BLOCK, events[row] - first)
            px[:], py[:], pz[:], energy[:] = 0.0, 0.0, 0.0, 0.0
            for rank in range(sizes[row]):
                begin = columns[row, rank] + first
                x, y = momenta[0, begin : begin + length], momenta[1, begin : begin + length]
                z, e = momenta[2, begin : begin + length], momenta[3, begin : begin + length]
                for i in range(length):
                    px[i] += x[i]
                    py[i] += y[i]
                    pz[i] += z[i]
                    energy[i] += e[i]
            for i in range(length):
                square = energy[i] * energy[i] - px[i] * px[i] - py[i] * py[i] - pz[i] * pz[i]
                energy[i] = np.sqrt(square if square > 0 else 0.0)
                px[i] = np.floor(energy[i] / width)
            for i in range(length):
                if energy[i] < minimum[row]:
                    slot = 0
                elif px[i] >= bins:
                    slot = bins + 1
                else:
                    slot = int(px[i]) + 1
                line[slot] += 1
                low, high = min(low, slot), max(high, slot)
        for slot in range(low, high + 1):
            if line[slot] > 0:
                combination[used], place[used], number[used] = row, slot - 1, line[slot]
                line[slot] = 0
                used += 1
    return combination[:used].copy(), place[:used].copy(), number[:used].copy()


def strike(
    offsets: Any,
    pt: Any,
    eta: Any,
    phi: Any,
    kept: Any,
    cones: Any,
    other_offsets: Any,
    other_pt: Any,
    other_eta: Any,
    other_phi: Any,
    other_kept: Any,
    share: float,
    left: Any,
) -> None:
    """Write which objects are left."""
    for event in range(len(offsets) - 1):
        for i in range(offsets[event], offsets[event + 1]):
            left[i] = kept[i]
            for k in range(other_offsets[event], other_offsets[event + 1]):
                across = eta[i] - other_eta[k]
                around = abs(phi[i] - other_phi[k]) % TURN
                if around > PI:
                    around = TURN - around
                distance = np.sqrt(across * across + around * around)
                if distance < cones[i] and other_kept[k] and other_pt[k] / pt[i] > share:
                    left[i] = False


def weigh(
    momenta: FloatArray,
    columns: IntArray,
    sizes: IntArray,
    events: IntArray,
    width: float,
    bins: int,
    minimum: FloatArray,
    begins: IntArray,
    weights: FloatArray,
) -> tuple[IntArray, IntArray, IntArray, FloatArray, FloatArray]:
    """Return combination, bin, count, Σw and Σw² of the bins that are not empty."""
    longest = 0
    for row in range(len(columns)):
        longest += min(events[row], bins + 2)
    combination = np.empty(longest, np.int64)
    place = np.empty(longest, np.int64)
    number = np.empty(longest, np.int64)
    total, squares = np.empty(longest), np.empty(longest)
    used = 0
    line, sums, sums_of_squares = np.zeros(bins + 2, np.int64), np.zeros(bins + 2), np.zeros(bins + 2)
    for row in range(len(columns)):
        low, high = bins + 2, -1
        for i in range(events[row]):
            x, y, z, e = 0.0, 0.0, 0.0, 0.0
            for rank in range(sizes[row]):
                column = columns[row, rank] + i
                x += momenta[0, column]
                y += momenta[1, column]
                z += momenta[2, column]
                e += momenta[3, column]
            square = e * e - x * x - y * y - z * z
            mass = np.sqrt(square if square > 0 else 0.0)
            step = np.floor(mass / width)
            if mass < minimum[row]:
                slot = 0
            elif step >= bins:
                slot = bins + 1
            else:
                slot = int(step) + 1
            weight = weights[begins[row] + i]
            line[slot] += 1
            sums[slot] += weight
            sums_of_squares[slot] += weight * weight
            low, high = min(low, slot), max(high, slot)
        for slot in range(low, high + 1):
            if line[slot] > 0:
                combination[used], place[used], number[used] = row, slot - 1, line[slot]
                total[used], squares[used] = sums[slot], sums_of_squares[slot]
                line[slot], sums[slot], sums_of_squares[slot] = 0, 0.0, 0.0
                used += 1
    return (
        combination[:used].copy(),
        place[:used].copy(),
        number[:used].copy(),
        total[:used].copy(),
        squares[:used].copy(),
    )
