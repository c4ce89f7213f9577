"""One cluster as a panel shows it: charge, voltage, codes, and what other choices would make of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kit import files
from kit.smartpixels import demo
from kit.smartpixels.amplifier import Templates, measured_templates, model_template
from kit.smartpixels.blocks import Block
from kit.smartpixels.delays import DelayTable, read_delays
from kit.smartpixels.digitisation import Codes, digitise, noise
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pixelav import FloatArray, Geometry, IntArray
from kit.smartpixels.production import ProductionParameters
from kit.smartpixels.pulses import ELECTRON_CHARGE, read_pulses
from kit.smartpixels.voltages import Amplifier, Voltages

__all__ = ["ClusterView", "other_choice", "view_of"]


@dataclass(frozen=True)
class ClusterView:
    """A cluster before and after.

    Attributes
    ----------
    number : int
        In its file.
    metadata : ndarray
        Of the track.
    geometry : Geometry
        Of the sensor; its step is that of the input.
    charge : ndarray, shape (rows, columns, slices)
        In e-; the first slice is one step after t = 0.
    voltage, noisy : ndarray, shape (rows, columns, steps)
        In mV, without and with noise; the same where none is asked for.
    other_start, other_template : ndarray, shape (rows, columns, steps)
        The voltage with the other choice of t0_fix, and with that of template_by.
    at_once : ndarray, shape (rows, columns, steps)
        What each pixel's template makes of its charge, had that come all at once at t = 0.
    template, runner_up : ndarray, shape (rows, columns)
        Injected charge of each pixel's template and of the next nearest, in e-; nan where there is never charge.
    codes : Codes
        With arrays of shape (times, rows x columns).
    p : ProductionParameters
        What it was made with.
    """

    number: int
    metadata: FloatArray
    geometry: Geometry
    charge: FloatArray
    voltage: FloatArray
    noisy: FloatArray
    other_start: FloatArray
    other_template: FloatArray
    at_once: FloatArray
    template: FloatArray
    runner_up: FloatArray
    codes: Codes
    p: ProductionParameters

    @property
    def input_times(self) -> FloatArray:
        """Times of the slices, in ns."""
        return np.arange(1.0, self.charge.shape[2] + 1) * (self.geometry.step * 1e-3)

    @property
    def output_times(self) -> FloatArray:
        """Times of the output, in ns."""
        return np.arange(float(self.voltage.shape[2])) * (self.p.output_step * 1e-3)

    def charge_at(self, time: float) -> FloatArray:
        """Return the charge of each pixel at a time in ns: of the latest slice; nothing before the first."""
        place = int(time * 1e3 / self.geometry.step + 1e-6) - 1
        if place < 0:
            return np.zeros(self.charge.shape[:2])
        return self.charge[:, :, min(place, self.charge.shape[2] - 1)]

    def voltage_at(self, time: float) -> FloatArray:
        """Return the voltage of each pixel at a time in ns: of the latest output slice."""
        place = int(time * 1e3 / self.p.output_step + 1e-6)
        return self.noisy[:, :, min(max(place, 0), self.noisy.shape[2] - 1)]

    def codes_at(self, sample: int) -> IntArray:
        """Return the codes at one of the sample times, shape (rows, columns)."""
        return np.asarray(self.codes.codes[sample], np.int64).reshape(self.charge.shape[:2])

    def touched(self) -> list[tuple[int, int]]:
        """Return the pixels that ever hold charge, the one with the highest peak first."""
        peak = abs(self.charge).max(axis=2).ravel()
        order = np.argsort(-peak, kind="stable")[: int((peak > 0).sum())]
        return [divmod(int(pixel), self.charge.shape[1]) for pixel in order]

    def table(self, pixels: Sequence[tuple[int, int]]) -> tuple[list[str], FloatArray]:
        """Return names and columns of charge and voltage of some pixels at the output's times."""
        charge = np.dstack([self.charge_at(time) for time in self.output_times.tolist()])
        names, columns = ["time (ns)"], [self.output_times]
        for row, column in pixels:
            names += [f"row {row} column {column} ({unit})" for unit in ("e-", "mV")]
            columns += [charge[row, column], self.noisy[row, column]]
        return names, np.column_stack(columns)


def other_choice(p: ProductionParameters) -> str:
    """Return the value of template_by that is not taken."""
    return "final" if p.template_by == "peak" else "peak"


def view_of(block: Block, geometry: Geometry, p: ProductionParameters, stem: str) -> ClusterView:
    """Return the cluster in a block of one, as the parameters make it.

    Raises
    ------
    FormatError
        If the pulses or the delays cannot be used.
    """
    templates = _templates(p)
    shape = block.layout.rows, block.layout.columns, -1

    def answer(**changed: object) -> Voltages:
        return Amplifier(templates, p.model_copy(update=changed), resample=True).respond(block, NUMPY)

    def picture(values: FloatArray) -> FloatArray:
        return np.asarray(block.dense(values)[0].T.reshape(shape))

    voltages = answer()
    read = picture(voltages.rounded if p.adc_input == "rounded" else voltages.values)
    noisy = picture(voltages.values)
    if p.noise:
        added = noise(p.output_steps, p.output_step * 1e-3, block.layout.pixels, p, stem, int(block.numbers[0]))
        read, noisy = (values + added.T.reshape(shape) for values in (read, noisy))
    delays = _delays(p.delay_table, _stamp(p.delay_table)) if p.delay_table else None
    own = (block.peak if p.template_by == "peak" else block.charge[:, -1]) / 10
    nearest = np.argsort(abs(own[:, None] - templates.charges), axis=1, kind="stable")[:, :2]
    chosen = np.full((2, block.layout.pixels), np.nan)
    chosen[:, block.pixel] = templates.charges[nearest[:, [0, -1]]].T
    template, runner_up = chosen.reshape(2, *shape[:2])
    pulses = templates.samples[nearest[:, 0], :: p.ratio][:, : p.output_steps]
    return ClusterView(
        number=int(block.numbers[0]),
        metadata=block.metadata[0],
        geometry=Geometry(geometry.pitch_x, geometry.pitch_y, geometry.thickness, block.layout.step),
        charge=picture(block.charge / 10),
        voltage=picture(voltages.values),
        noisy=noisy,
        other_start=picture(answer(t0_fix=not p.t0_fix).values),
        other_template=picture(answer(template_by=other_choice(p)).values),
        at_once=picture(1000 * ELECTRON_CHARGE * own[:, None] * pulses),
        template=template,
        runner_up=runner_up,
        codes=digitise(read.reshape(block.layout.pixels, -1).T, p.output_step * 1e-3, p, delays),
        p=p,
    )


def _templates(p: ProductionParameters) -> Templates:
    """Return the templates; those of the last choices are kept, for reading CSV takes a tenth of a second."""
    key = (*(repr(getattr(p, name)) for name in AmplifierParameters.model_fields), p.compat, _stamp(p.pulses))
    if key not in _made:
        while len(_made) >= MOST_KEPT:
            _made.pop(next(iter(_made)))
        if p.response == "measured":
            path = files.locate([demo.pulses() if p.pulses == "demo" else p.pulses])[0]
            _made[key] = measured_templates(read_pulses(path, p, compat=p.compat), p)
        else:
            _made[key] = model_template(p)
    return _made[key]


MOST_KEPT = 8
_made: dict[tuple[object, ...], Templates] = {}


@lru_cache(4)
def _delays(path: str, _stamp: int) -> DelayTable:
    return read_delays(files.locate([path])[0])


def _stamp(path: str) -> int:
    """Return what changes when a file on this computer does."""
    local = files.resolve(path)
    return local.stat().st_mtime_ns if local.is_file() else 0
