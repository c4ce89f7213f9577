"""The loops that take the time, for numba; `engine` has them compiled, `twins` says what they take and give.

`choose` cuts and sorts the objects of one type, `strike` drops those that are too near to others, `arrange`
brings them into the order of final states, `count` adds four-momenta and counts the masses in bins, `weigh`
weighs them, too. They compare, add, multiply, divide and take square roots as their twins do and in the same
order, so that both agree bit for bit. Sines and cosines are not for them: those of NumPy and of a compiler
differ in the last digit. Nothing is allocated: whoever calls brings all arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from kit.opendata.option_twins import PI, TURN
from kit.opendata.twins import FARTHEST_ETA, LARGEST

__all__ = ["arrange", "choose", "count", "strike", "weigh"]

compiled = njit(error_model="numpy")


@compiled
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
    hardest: Any,
    counts: Any,
    sound: Any,
    places: Any,
    dropped_objects: Any,
    passes: Any,
) -> int:
    """Write counts, sound events, places, number of bad objects, what passes; return how many places there are.

    `hardest` has room for `most` momenta.
    """
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
            passes[i] = True
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
    dropped_objects[0] = dropped
    return used


@compiled
def arrange(order: Any, bounds: Any, held: Any, first: Any, chosen: Any, starts: Any, places: Any) -> None:
    """Write the places of objects in the order of final states."""
    for state in range(len(held)):
        events = bounds[state + 1] - bounds[state]
        for i in range(events):
            begin = first[order[bounds[state] + i]]
            for rank in range(held[state]):
                places[starts[state] + rank * events + i] = chosen[begin + rank]


@compiled
def count(
    momenta: Any,
    columns: Any,
    sizes: Any,
    events: Any,
    width: float,
    bins: int,
    minimum: Any,
    block: Any,
    line: Any,
    found: Any,
) -> int:
    """Write combination, bin and count of the bins that are not empty into the rows of `found`; return how many.

    `block`, of four rows, has room for the masses made before they are counted; `line` for the bins, empty.
    """
    used = 0
    at_once = block.shape[1]
    px, py, pz, energy = block[0], block[1], block[2], block[3]
    for row in range(len(columns)):
        low, high = bins + 2, -1
        for first in range(0, events[row], at_once):
            length = min(at_once, events[row] - first)
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
                found[0, used], found[1, used], found[2, used] = row, slot - 1, line[slot]
                line[slot] = 0
                used += 1
    return used


@compiled
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


@compiled
def weigh(
    momenta: Any,
    columns: Any,
    sizes: Any,
    events: Any,
    width: float,
    bins: int,
    minimum: Any,
    begins: Any,
    weights: Any,
    line: Any,
    sums: Any,
    found: Any,
    weighed: Any,
) -> int:
    """Write what `count` does, and Σw and Σw² into the rows of `weighed`; return how many bins are not empty.

    `line` and the two rows of `sums` have room for the bins, empty.
    """
    used = 0
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
            sums[0, slot] += weight
            sums[1, slot] += weight * weight
            low, high = min(low, slot), max(high, slot)
        for slot in range(low, high + 1):
            if line[slot] > 0:
                found[0, used], found[1, used], found[2, used] = row, slot - 1, line[slot]
                weighed[0, used], weighed[1, used] = sums[0, slot], sums[1, slot]
                line[slot], sums[0, slot], sums[1, slot] = 0, 0.0, 0.0
                used += 1
    return used
