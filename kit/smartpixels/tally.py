"""What a run is judged by, and what its figures show: counted while clusters pass."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.smartpixels import twins
from kit.smartpixels.blocks import Block
from kit.smartpixels.digitisation import Bytes
from kit.smartpixels.labels import track
from kit.smartpixels.pixelav import FloatArray, IntArray
from kit.smartpixels.voltages import Amplifier, Voltages

__all__ = ["CHARGE_BINS", "SLOPE_BINS", "VOLTAGE_BINS", "Tally"]

CHARGE_BINS = np.linspace(-1000, 9000, 101)  # e-
VOLTAGE_BINS = np.linspace(-50, 500, 111)  # mV
SLOPE_BINS = np.linspace(-2, 2, 11)
WAVEFORM_BINS = np.array([100.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0])  # e-
WAVEFORM_CLUSTERS = 1000  # of each file; enough for a mean
BATCH = 20_000  # pixels that are counted at once


@dataclass
class Tally:
    """Sums over clusters; sums of several files add up.

    Attributes
    ----------
    injected, by_peak : ndarray, bool
        Charges among which a template is chosen, in e-, and by which of a pixel's own.
    templates : ndarray, shape (templates,)
        Pixels that were given each template.
    occupancy : ndarray, shape (sample times, levels)
        Pixels that were given each code.
    waveforms : ndarray, shape (bins of charge, steps)
        Sum of the waveforms of pixels, in mV; `waveform_pixels` is how many.
    clusters, pixels : int
        Clusters, and pixels that ever hold charge.
    other_template : int
        Pixels whose template would be another one by peak (or by final charge, where peak is used).
    first_charge : float
        Sum of the absolute charge in the first slice, in e-: the original takes it for that at t = 0.
    largest, total : float
        Largest voltage, and sum of the pixels' voltages in the last slice, in mV.
    charge, voltage, linearity : ndarray
        Pixels by final charge, by largest voltage, and by both.
    sizes : ndarray, shape (2, bins, 3)
        By cotAlpha and by cotBeta: clusters, sum of their pixels with charge, and sum of the squares.
    """

    injected: FloatArray
    by_peak: bool
    templates: IntArray
    occupancy: IntArray
    waveforms: FloatArray
    clusters: int = 0
    pixels: int = 0
    other_template: int = 0
    first_charge: float = 0.0
    largest: float = 0.0
    total: float = 0.0
    waveform_pixels: FloatArray = field(default_factory=lambda: np.zeros(len(WAVEFORM_BINS) - 1))
    charge: FloatArray = field(default_factory=lambda: np.zeros(len(CHARGE_BINS) - 1))
    voltage: FloatArray = field(default_factory=lambda: np.zeros(len(VOLTAGE_BINS) - 1))
    linearity: FloatArray = field(default_factory=lambda: np.zeros((len(CHARGE_BINS) - 1, len(VOLTAGE_BINS) - 1)))
    sizes: FloatArray = field(default_factory=lambda: np.zeros((2, len(SLOPE_BINS) - 1, 3)))

    def __post_init__(self) -> None:
        self._waiting: list[tuple[npt.NDArray[Any], ...]] = []
        self._held = 0

    @classmethod
    def empty(cls, amplifier: Amplifier, times: int, levels: int) -> Tally:
        """Return sums of nothing, for so many sample times and levels."""
        charges = amplifier.templates.charges
        return cls(
            charges,
            amplifier.by_peak,
            np.zeros(len(charges), np.int64),
            np.zeros((times, levels), np.int64),
            np.zeros((len(WAVEFORM_BINS) - 1, amplifier.steps)),
        )

    def add(self, voltages: Voltages, thickness: float) -> None:
        """Count the clusters of a block."""
        block, values = voltages.block, voltages.values
        if self.clusters < WAVEFORM_CLUSTERS:
            self._add_shapes(block, values, thickness)
        self.clusters += len(block)
        if len(values):
            charge = block.charge
            numbers = charge[:, 0], charge[:, -1], block.peak, values.max(axis=1), values[:, -1]
            self._waiting.append((voltages.template.copy(), *(each.astype(np.float64) for each in numbers)))
            self._held += len(values)
        if self._held > BATCH:
            self.settle()

    def add_codes(self, codes: Bytes, levels: list[int]) -> None:
        """Count codes, shape (clusters, times, pixels)."""
        for place, level in enumerate(levels):
            self.occupancy[:, place] += (codes == level).sum(axis=(0, 2))

    def _add_shapes(self, block: Block, values: FloatArray, thickness: float) -> None:
        final = block.charge[:, -1] / 10
        bins = np.digitize(final, WAVEFORM_BINS) - 1
        member = bins == np.arange(len(WAVEFORM_BINS) - 1)[:, None]
        self.waveforms += member.astype(np.float64) @ values
        self.waveform_pixels += member.sum(axis=1)
        held = (block.charge[:, -1] > 0).astype(np.int64)
        size = np.bincount(block.cluster_of, held, len(block))
        slopes = track(block.metadata, thickness)[:, -4:-2].T
        for axis, slope in enumerate(slopes):
            place = np.digitize(slope, SLOPE_BINS) - 1
            inside = (place >= 0) & (place < len(SLOPE_BINS) - 1)
            for power in range(3):
                np.add.at(self.sizes[axis, :, power], place[inside], size[inside] ** power)

    def settle(self) -> None:
        """Count what waits: many pixels at once are counted faster."""
        if not self._waiting:
            return
        columns = [np.concatenate(parts) for parts in zip(*self._waiting, strict=True)]
        self._waiting, self._held = [], 0
        template, first, final, peak, largest, last = columns
        self.pixels += len(template)
        self.templates += np.bincount(template, minlength=len(self.templates))
        other = twins.choose((final if self.by_peak else peak) / 10, self.injected)
        self.other_template += int((other != template).sum())
        self.first_charge += float(abs(first).sum()) / 10
        self.largest = max(self.largest, float(largest.max()))
        self.total += float(last.sum())
        self.charge += np.histogram(final / 10, CHARGE_BINS)[0]
        self.voltage += np.histogram(largest, VOLTAGE_BINS)[0]
        self.linearity += np.histogram2d(final / 10, largest, (CHARGE_BINS, VOLTAGE_BINS))[0]

    def __add__(self, other: Tally) -> Tally:
        own, others = self.arrays(), other.arrays()
        summed = {name: own[name] + others[name] for name in own}
        largest = np.maximum(own["largest"], others["largest"])
        return self._of({**summed, "largest": largest, "injected": own["injected"], "by_peak": own["by_peak"]})

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all sums as arrays."""
        self.settle()
        return {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}

    @classmethod
    def _of(cls, arrays: dict[str, npt.NDArray[Any]]) -> Tally:
        values: dict[str, Any] = {name: each if each.ndim else each.item() for name, each in arrays.items()}
        return cls(**values)

    def write(self, path: Path) -> None:
        """Store all sums in an npz file."""
        with path.open("wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, **self.arrays())

    @classmethod
    def read(cls, path: Path) -> Tally:
        """Return sums that were stored."""
        with np.load(path) as stored:
            return cls._of(dict(stored))
