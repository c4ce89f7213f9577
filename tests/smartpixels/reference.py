"""The stage as a plain loop: one line, one pixel, one number at a time, written from the specification alone.

It shares nothing with the kit. With the default options it does what the original does, in the original's way:
split and float for each line, a gradient and a convolution over the full pulse for each pixel, ``%.1f`` for each
value; this is also what the benchmark compares with, so nothing here is done faster than it is done there.
"""

import csv
import gzip
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ELECTRON_CHARGE = 1.60217663e-19  # C
NANOSECOND = 1e-9  # s
PICOSECOND = 1e-12  # s


@dataclass
class Options:
    """What may differ from the original; the defaults are the original."""

    kernel_step: int = 10  # ps
    output_step: int = 200  # ps
    window: int = 6000  # ps
    pulse_start: float = 50.0  # ns
    pulse_end: float = 375.0  # ns
    kernel_origin: str = "first_sample"
    template_by: str = "final"
    t0_fix: bool = False
    resample: str = "refuse"


@dataclass
class PlainCluster:
    """One cluster: metadata as they stand and charge in electrons, shape (rows, columns, slices)."""

    metadata: list[str]
    tags: list[float]
    charge: np.ndarray


def read_text(path: Path) -> str:
    """Return the text of a plain or gzipped file."""
    content = path.read_bytes()
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()


def read_pulses(text: str) -> tuple[list[float], list[tuple[np.ndarray, np.ndarray]]]:
    """Return the injected charges and, for each, times in s and responses in V/C."""
    lines = list(csv.reader(io.StringIO(text)))
    charges = [float(lines[0][column].split(" ")[6]) for column in range(1, len(lines[0]), 2)]
    pulses = []
    for pair in range(len(charges)):
        cells = [(line[2 * pair], line[2 * pair + 1]) for line in lines[1:]]
        times = np.array([float(time) for time, _ in cells])
        pulses.append((times, np.array([float(value) for _, value in cells])))
    return charges, pulses


def template(times: np.ndarray, values: np.ndarray, options: Options) -> np.ndarray:
    """Return the response on the convolution's grid, from its first kept sample, the offset subtracted."""
    start, end = options.pulse_start * NANOSECOND, options.pulse_end * NANOSECOND
    step = options.kernel_step * PICOSECOND
    kept = (times > start) & (times < end)
    kept_times, kept_values = times[kept], values[kept]
    if options.kernel_origin == "pulse_start":
        kept_values = np.concatenate([[np.interp(start, times, values)], kept_values])
        kept_times = np.concatenate([[start], kept_times])
    grid = np.arange(kept_times[0], kept_times[-1], step)
    return np.interp(grid, kept_times, kept_values - kept_values[0])


def read_clusters(text: str) -> tuple[list[str], list[PlainCluster]]:
    """Return the lines before the first cluster, and the clusters."""
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    header, clusters = [], []
    place = 0
    while place < len(lines) and lines[place].strip() != "<cluster>":
        header.append(lines[place])
        place += 1
    while place < len(lines):
        metadata = lines[place + 1].split()
        place += 2
        tags, slices = [], []
        while place < len(lines) and lines[place].startswith("<time slice"):
            tags.append(float(lines[place].split()[2]))
            place += 1
            rows = []
            while place < len(lines) and not lines[place].startswith("<"):
                rows.append([float(word) for word in lines[place].split()])
                place += 1
            slices.append(rows)
        clusters.append(PlainCluster(metadata, tags, np.transpose(np.array(slices), (1, 2, 0))))
    return header, clusters


def original_current(charge: np.ndarray, step: float) -> np.ndarray:
    """Return the induced current, in A: the first slice stands at t = 0."""
    return np.gradient(ELECTRON_CHARGE * charge, step)


def corrected_current(charge: np.ndarray, step: float) -> np.ndarray:
    """Return the induced current, in A, of charge that begins with nothing at t = 0 and stays at its end."""
    padded = np.concatenate([[0.0, 0.0], ELECTRON_CHARGE * charge, [ELECTRON_CHARGE * charge[-1]]])
    return (padded[2:] - padded[:-2]) / (2 * step)


def fine_charge(charge: np.ndarray, input_step: float, step: float) -> np.ndarray:
    """Return the charge of one pixel on the fine grid, linear between its slices and from nothing at t = 0."""
    times = np.concatenate([[0.0], input_step * np.arange(1, len(charge) + 1)])
    grid = step * np.arange(1, math.floor(times[-1] / step + 1e-9) + 1)
    return np.interp(grid, times, np.concatenate([[0.0], charge]))


def nearest(charges: list[float], charge: float) -> int:
    """Return the place of the injected charge that is nearest, the first of several."""
    return int(np.argmin([abs(charge - injected) for injected in charges]))


def respond(
    cluster: PlainCluster, charges: list[float], templates: list[np.ndarray], options: Options
) -> np.ndarray:
    """Return the voltage of each pixel in mV, shape (rows, columns, output slices), not rounded."""
    rows, columns, slices = cluster.charge.shape
    step = options.kernel_step * PICOSECOND
    length = slices + max(len(values) for values in templates) - 1
    convolved = np.zeros((rows, columns, length + 1))
    for row in range(rows):
        for column in range(columns):
            charge = cluster.charge[row, column]
            of_charge = charge.max() if options.template_by == "peak" else charge[-1]
            values = templates[nearest(charges, of_charge)]
            if options.resample == "linear":
                fine = fine_charge(charge, cluster.tags[0], options.kernel_step)
                current = corrected_current(fine, step)
            elif options.t0_fix:
                current = corrected_current(charge, step)
            else:
                current = original_current(charge, step)
            voltage = 1000 * step * np.convolve(current, values)
            used = min(len(voltage), length + 1)
            convolved[row, column, :used] = voltage[:used]
    times = np.arange(length + 1) * options.kernel_step
    kept = convolved[:, :, times <= options.window]
    return kept[:, :, :: options.output_step // options.kernel_step]


def header_text(header: list[str], options: Options) -> list[str]:
    """Return the lines before the first cluster as they are written: the step in the geometry line is new."""
    written = []
    for line in header:
        words = line.split()
        if len(words) == 4 and all(is_number(word) for word in words):
            line = " ".join([*words[:3], f"{float(options.output_step):f}"])
        written.append(line)
    return written


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def cluster_text(metadata: list[str], voltage: np.ndarray, options: Options) -> list[str]:
    """Return the lines of one cluster as they are written."""
    lines = ["<cluster>", " ".join(metadata)]
    for place in range(voltage.shape[2]):
        lines.append(f"<time slice {float(place * options.output_step):f} ps>")
        for row in voltage[:, :, place]:
            lines += [" ".join([f"{value:.1f}" for value in row])]
    return lines


def convolve_text(text: str, pulses_text: str, options: Options | None = None) -> str:
    """Return what the stage writes for the text of a cluster file and of a file of pulse responses."""
    options = options or Options()
    charges, pulses = read_pulses(pulses_text)
    templates = [template(times, values, options) for times, values in pulses]
    header, clusters = read_clusters(text)
    lines = header_text(header, options)
    for cluster in clusters:
        lines += cluster_text(cluster.metadata, respond(cluster, charges, templates, options), options)
    return "\n".join(lines) + "\n"
