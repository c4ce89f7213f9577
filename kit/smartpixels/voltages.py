"""Charge becomes voltage, block by block: template, gradient, convolution, rounding, and the doubtful digits."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.files import FormatError
from kit.smartpixels import amplifier
from kit.smartpixels.amplifier import Templates
from kit.smartpixels.blocks import Block
from kit.smartpixels.engine import NUMPY, Engine
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pixelav import FloatArray, IntArray
from kit.smartpixels.pulses import ELECTRON_CHARGE
from kit.smartpixels.scrutiny import TAG_TOLERANCE
from kit.smartpixels.twins import AT_ONCE, NEAR_ZERO, NEGATIVE_ZERO, Response, Room

__all__ = ["NOT_A_NUMBER", "Amplifier", "Voltages"]

NEAR_TIE = 1e-9  # mV from a tie at which the last bit of a sum would decide
NOT_A_NUMBER, INFINITE, MINUS_INFINITE = NEGATIVE_ZERO + 1, NEGATIVE_ZERO + 2, NEGATIVE_ZERO + 3


@dataclass(frozen=True)
class Voltages:
    """The amplifiers' output for the pixels of a block; its arrays are views that hold until the next is made.

    Attributes
    ----------
    block : Block
        Where the charge came from.
    values : ndarray, shape (pixels, steps)
        Voltage in mV, not rounded.
    tenths : ndarray, shape (pixels, steps)
        Voltage in tenths of mV as it is printed; `NEGATIVE_ZERO` prints ``-0.0``.
    template : ndarray, shape (pixels,)
        Number of each pixel's template.
    """

    block: Block
    values: FloatArray
    tenths: IntArray
    template: IntArray

    @property
    def rounded(self) -> FloatArray:
        """Voltage in mV as it is printed."""
        printed = self.tenths / 10.0
        printed[self.tenths == NEGATIVE_ZERO] = -0.0
        special = (self.tenths > NEGATIVE_ZERO) & (self.tenths <= MINUS_INFINITE)
        return np.where(special, self.values, printed) if special.any() else printed


class Amplifier:
    """The amplifiers of a sensor, ready for blocks of charge, in one thread.

    Parameters
    ----------
    templates : Templates
        Responses on the kernel's grid.
    p : AmplifierParameters
        Window, steps, and how a template is chosen.
    resample : bool
        Draw lines between slices that are not a kernel step apart.
    """

    def __init__(self, templates: Templates, p: AmplifierParameters, *, resample: bool = False) -> None:
        self.templates = templates
        self.ratio, self.steps = p.ratio, p.output_steps
        self.by_peak = p.template_by == "peak"
        self.resample = resample
        scale = 1000 * ELECTRON_CHARGE * amplifier.UNIT_OF_CHANGE  # mV for a change of one unit
        self._plain, self._corrected = (
            Response.of(templates.samples, scale, self.ratio, self.steps, corrected=corrected)
            for corrected in (p.t0_fix, True)
        )
        self.room = Room(0, 0, 0)

    def separate(self) -> Amplifier:
        """Return the same amplifiers with room of their own, for another thread."""
        other = copy.copy(self)
        other.room = Room(0, 0, 0)
        return other

    def own_charge(self, block: Block, *, by_peak: bool) -> FloatArray:
        """Return the charge of each pixel that chooses its template, in e-."""
        return np.asarray((block.peak if by_peak else block.charge[:, -1]) / 10)

    def respond(self, block: Block, engine: Engine) -> Voltages:
        """Return the voltage of each pixel of a block that ever holds charge.

        Raises
        ------
        FormatError
            If the charge nearest to a pixel's belongs to a pulse that was skipped; the original breaks off there.
        """
        step = self.templates.step
        charge, first, last = block.charge, block.first, block.last
        response = self._plain
        if self.resample and abs(block.layout.step - step) > TAG_TOLERANCE * step:
            charge = amplifier.resample(charge.astype(np.float64), block.layout.step, step)
            first, last = np.zeros_like(first), np.full_like(last, charge.shape[1] - 1)
            response = self._corrected
        count = len(charge)
        room = self._room_for(count, response.width(charge))
        finite = charge.dtype.kind != "f" or bool(np.isfinite(charge).all())
        loops = engine if finite else NUMPY
        with np.errstate(invalid="ignore"):  # of nan and inf, which the original takes
            loops.choose(
                self.own_charge(block, by_peak=self.by_peak), self.templates.charges, room.template[:count]
            )
            self._refuse_missing(room.template[:count])
            flagged = loops.respond(charge, first, last, response, room)
        found = Voltages(block, room.values[:count], room.tenths[:count], room.template[:count])
        if flagged > len(room.flagged) or not finite:
            for pixel in range(count):
                self._decide(found, charge, response.corrected, pixel, range(self.steps))
        else:
            for pixel, at in room.flagged[:flagged].tolist():
                self._decide(found, charge, response.corrected, pixel, [at])
        return found

    def _room_for(self, pixels: int, width: int) -> Room:
        """Return arrays that are large enough: those of the last block, or new ones."""
        room = self.room
        if pixels > len(room.values) or width + AT_ONCE > len(room.rates):
            room = self.room = Room(max(2 * pixels, 256), width, self.steps)
        return room

    def _refuse_missing(self, template: IntArray) -> None:
        if template.max(initial=0) >= len(self.templates.samples):
            missing = self.templates.charges[template.max()]
            message = f"a pixel is nearest to {missing:g} e-, which has no template: a pulse before it was skipped"
            raise FormatError(message)

    def _decide(self, found: Voltages, charge: Any, corrected: bool, pixel: int, steps: Any) -> None:
        """Write the digits of a pixel as the exact decimal says, from a plain sum where the last bit matters."""
        values = found.values[pixel]
        doubtful = [step for step in steps if _is_doubtful(values[step])]
        if doubtful:
            response = self.templates.samples[found.template[pixel]]
            step_time = self.templates.step * 1e-12  # s
            with np.errstate(invalid="ignore"):
                plain = amplifier.respond(
                    charge[pixel] / 10, response, step_time, self.ratio, self.steps, corrected=corrected
                )
            values[doubtful] = plain[doubtful]
        for step in steps:
            found.tenths[pixel, step] = _printed_tenths(float(values[step]))


def _is_doubtful(value: float) -> bool:
    if not np.isfinite(value):
        return True
    tenths = abs(value) * 10
    return abs(value) < NEAR_ZERO or abs(tenths % 1 - 0.5) < 10 * NEAR_TIE


def _printed_tenths(value: float) -> int:
    """Return the number that ``%.1f`` prints, in tenths."""
    if not np.isfinite(value):
        return NOT_A_NUMBER if np.isnan(value) else INFINITE if value > 0 else MINUS_INFINITE
    text = f"{value:.1f}"
    return NEGATIVE_ZERO if text == "-0.0" else int(text.replace(".", ""))
