"""One cluster kept whole, with what the corrections would make of it: for the figures of a run."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np

from kit.smartpixels.blocks import Block
from kit.smartpixels.engine import NUMPY
from kit.smartpixels.labels import edge_charge
from kit.smartpixels.options import AmplifierParameters
from kit.smartpixels.pixelav import FloatArray, Geometry, IntArray
from kit.smartpixels.voltages import Amplifier

__all__ = ["Example"]

EDGE = 1.0  # e-; as the contained cut of the community


@dataclass(frozen=True)
class Example:
    """A cluster before and after.

    Attributes
    ----------
    charge : ndarray, shape (rows, columns, slices)
        In e-.
    voltage, with_t0_fix, by_peak : ndarray, shape (rows, columns, steps)
        In mV: as it was written, and as the options would make it.
    template : ndarray, shape (rows, columns)
        Number of each pixel's template, -1 where there is never charge.
    metadata : ndarray
        Where the track went.
    pitch_x, pitch_y, thickness : float
        In um.
    input_step, output_step : float
        In ps.
    charges : ndarray, shape (templates,)
        In e-.
    samples : ndarray, shape (templates, grid steps)
        The templates, in V/C.
    kernel_step : float
        In ps.
    """

    charge: FloatArray
    voltage: FloatArray
    with_t0_fix: FloatArray
    by_peak: FloatArray
    template: IntArray
    metadata: FloatArray
    pitch_x: float
    pitch_y: float
    thickness: float
    input_step: float
    output_step: float
    charges: FloatArray
    samples: FloatArray
    kernel_step: float

    @classmethod
    def of(cls, block: Block, geometry: Geometry, amplifier: Amplifier, p: AmplifierParameters) -> Self:
        """Return a cluster of a block: the largest that lies inside the array, else the largest."""
        final = block.charge[:, -1] > 0
        sizes = np.bincount(block.cluster_of, final, len(block))
        inside = ~edge_charge(block, EDGE)[0]
        place = int((sizes * inside if inside.any() else sizes).argmax())
        one = block.part(place, place + 1)
        shape = one.layout.rows, one.layout.columns, -1
        templates = amplifier.templates
        voltages = []
        for changed in ({}, {"t0_fix": True}, {"template_by": "peak"}):
            variant = Amplifier(templates, p.model_copy(update=changed), resample=amplifier.resample)
            answer = variant.respond(one, NUMPY)
            voltages.append(one.dense(answer.values)[0].T.reshape(shape))
            if not changed:
                template = np.full(one.layout.pixels, -1)
                template[one.pixel] = answer.template
        voltage, with_t0_fix, by_peak = voltages
        return cls(
            charge=one.dense(one.charge / 10)[0].T.reshape(shape),
            voltage=voltage,
            with_t0_fix=with_t0_fix,
            by_peak=by_peak,
            template=template.reshape(shape[:2]),
            metadata=one.metadata[0],
            pitch_x=geometry.pitch_x,
            pitch_y=geometry.pitch_y,
            thickness=geometry.thickness,
            input_step=one.layout.step,
            output_step=float(p.output_step),
            charges=templates.charges,
            samples=templates.samples,
            kernel_step=float(templates.step),
        )

    def write(self, path: Path) -> None:
        """Store the cluster in an npz file."""
        arrays = {each.name: np.asarray(getattr(self, each.name)) for each in fields(self)}
        with path.open("wb") as stream:
            np.savez(stream, allow_pickle=False, **arrays)  # 2 MB, in no time

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return a cluster that was stored."""
        with np.load(path) as stored:
            arrays = dict(stored)
        values: dict[str, Any] = {name: each if each.ndim else float(each) for name, each in arrays.items()}
        return cls(**values)
