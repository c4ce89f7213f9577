"""Plain computations of expected events, written from the public description alone: lists, loops, no NumPy."""

import gzip
import itertools
import math
from pathlib import Path

MODES = {"1BB": (1.33, 4e12, 0.323, 1.58e7), "2BB": (1.4, 8e12, 0.246, 3.93e7)}


def rows(path: Path) -> list[tuple[float, float]]:
    content = path.read_bytes()
    text = gzip.decompress(content).decode() if path.suffix == ".gz" else content.decode()
    return [(float(line.split()[0]), float(line.split()[1])) for line in text.splitlines() if line.strip()]


def share(table: list[tuple[float, float]], threshold: float) -> float:
    above = total = 0.0
    for energy, value in table:
        total += value
        if energy >= threshold:
            above += value
    return above / total


def trapezoid(table: list[tuple[float, float]], threshold: float) -> float:
    above = total = 0.0
    for (e0, v0), (e1, v1) in itertools.pairwise(table):
        total += (v0 + v1) / 2 * (e1 - e0)
        if e0 >= threshold:
            above += (v0 + v1) / 2 * (e1 - e0)
        elif e1 > threshold:
            at = v0 + (v1 - v0) * (threshold - e0) / (e1 - e0)
            above += (at + v1) / 2 * (e1 - threshold)
    return above / total


def closure(threshold: float, kmax: float) -> float:
    above = total = 0.0
    for i in range(int((kmax - 57.05) / 0.1)):
        energy = 57.05 + 0.1 * i
        x = energy / kmax
        value = (1 - 2 * x + 2 * x * x) * x * (1 - x) * (1 - x)
        total += value
        above += value if energy - 0.05 >= threshold else 0.0
    return above / total


def closure_integral(threshold: float, kmax: float) -> float:
    """Simpson's rule on a fine grid: no antiderivative to get wrong."""

    def area(low: float) -> float:
        n = 20_000
        step = (kmax - low) / n
        total = 0.0
        for i in range(n + 1):
            x = (low + i * step) / kmax
            factor = 1 if i in (0, n) else 4 if i % 2 else 2
            total += factor * (1 - 2 * x + 2 * x**2) * x * (1 - x) ** 2
        return total * step / 3

    return area(threshold) / area(57.0)


def plestid(threshold: float) -> float:
    total = 0.0
    for part, kmax, power in ((0.099, 101.865, 2.0), (0.901, 95.449, 3.5)):

        def tail(x: float, power: float = power) -> float:
            return (1 - x) ** (power + 1) * ((power + 1) * x + 1)

        total += part * (tail(threshold / kmax) if threshold < kmax else 0.0) / tail(57 / kmax)
    return total


def ipa(table: list[tuple[float, float]], threshold: float) -> float:
    for (e0, f0), (e1, f1) in itertools.pairwise(table):
        if e0 <= threshold <= e1:
            part = (threshold - e0) / (e1 - e0)
            return math.exp(math.log(f0) * (1 - part) + math.log(f1) * part)
    raise ValueError(threshold)


def stops(path: Path) -> dict[str, float]:
    table = {}
    for line in path.read_text().splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) == 4:
            table[words[0]] = [float(word) for word in words[1:]]
    beam = table["MuBeamCat"][2]
    found = {"muon": beam * table["MuminusStopsCat"][2] * 1000, "ipa": beam * table["IPAStopsCat"][2]}
    if "PiTargetStops" in table:
        found["pion"] = table["PiBeamCat"][2] * table["PiTargetStops"][2]
        found["filter"] = table["PiMinusFilter"][0] / table["PiTargetStops"][0]
        found["weight"] = table["PiSelectedLifeimeWeight_sampler"][2] / table["PhysicalPionStops"][1]
    return found
