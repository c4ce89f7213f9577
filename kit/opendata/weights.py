"""The weight of each event: 1 in data; in simulation what makes it stand for collisions of a luminosity.

w = L · 1000 · σ · ε · k / Σw · w_event · ∏ scale factors, with L in fb⁻¹ and σ in pb. Where a number is not known,
nothing is assumed: it is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kit.files import FormatError
from kit.opendata.chunks import Chunk
from kit.opendata.description import Source
from kit.opendata.listings import Kind
from kit.opendata.origins import Origin, Origins
from kit.opendata.selection import Selection
from kit.opendata.sources import Reader
from kit.opendata.twins import FloatArray
from kit.opendata.wishes import EXTRAS, PREFIX, WEIGHT

__all__ = ["RELATIVE", "Weighing", "kind_of"]

PER_FB = 1000.0  # pb in a fb
GENERATED = ("Runs", "genEventSumw")  # where NanoAOD keeps the sum of weights of all events that were generated
RELATIVE = "relative"  # weights for 1 pb⁻¹, among the numbers of events: what a skim keeps
SUM, CROSS_SECTION, CHANNEL = "sum", "cross_section", "channel"
BY_CATALOGUE = {
    "cross_section": "cross_section_pb",
    "efficiency": "genFiltEff",
    "k_factor": "kFactor",
    "sum": "sumOfWeights",
}


def kind_of(source: Source, p: Selection, origin: Origin) -> Kind:
    """Return whether a file holds data or simulation: as said, as the catalogue tells, as a skim tells."""
    if p.sample != "auto":
        return p.sample
    return origin.kind if origin.kind != "unknown" else source.schema.kind


@dataclass(frozen=True)
class Weighing:
    """What weights are made with; `generated` is Σw of the inputs where these tell it themselves."""

    p: Selection
    origins: Origins
    generated: float | None = None

    @classmethod
    def of(cls, p: Selection, paths: Sequence[str], origins: Origins) -> Weighing:
        """Return how weights are made over all of the inputs, other jobs' included."""
        weighing = cls(p, origins)
        if p.weights == "off" or p.cross_section is None or p.sum_of_weights is not None:
            return weighing
        return replace(weighing, generated=sum(_generated(path, p, origins.of(path)) for path in paths))

    def weigh(self, chunk: Chunk, source: Source) -> Chunk:
        """Return the chunk with the weight of each event, where weights are on.

        Raises
        ------
        FormatError
            If nobody tells whether the events are data, or a number that simulation needs is not known.
        """
        if self.p.weights == "off":
            return chunk
        origin = self.origins.of(source.path)
        kind = kind_of(source, self.p, origin)
        if kind == "unknown":
            hint = "name its catalogue.json, or set sample"
            message = f"{source.path}: weights are on, and nobody tells whether it is data or simulation; {hint}"
            raise FormatError(message)
        if kind == "data":
            return replace(chunk, weights=np.ones(chunk.events))
        relative = self.relative(chunk, source, origin) if chunk.events else np.empty(0)
        weights = self.luminosity(source) * PER_FB * relative
        return replace(chunk, weights=weights, numbers={RELATIVE: relative})

    def relative(self, chunk: Chunk, source: Source, origin: Origin) -> FloatArray:
        """Return the weights for 1 pb⁻¹, which a skim keeps."""
        numbers = chunk.numbers
        if source.schema.name == "skim":
            if not source.schema.weighted:
                message = (
                    f"{source.path}: weights are on, and this skim was written without; write it with weights mc"
                )
                raise FormatError(message)
            return numbers[WEIGHT]
        found = self._normalisation(chunk, source, origin) * numbers[WEIGHT]
        for role, values in numbers.items():
            if role.startswith(PREFIX):
                found = found * values
        bad = np.flatnonzero(~np.isfinite(found))
        if len(bad):
            message = (
                f"{source.path}: entry {chunk.first + bad[0]}: its weight is {found[bad[0]]}, should be a number"
            )
            raise FormatError(message)
        if not found.any():
            message = f"{source.path}: all weights of entries {chunk.first} to {chunk.last - 1} are 0; is it data?"
            raise FormatError(message)
        return found

    def _normalisation(self, chunk: Chunk, source: Source, origin: Origin) -> FloatArray:
        """Return σ · ε · k / Σw of each event, from the file, else the catalogue, else the parameters."""
        numbers = chunk.numbers
        if CROSS_SECTION in numbers:
            factor = numbers[CROSS_SECTION] * numbers.get("efficiency", 1.0) * numbers.get("k_factor", 1.0)
            return factor / self._usable(numbers[SUM], "the sum of weights", source)
        if CHANNEL in numbers and origin.metadata is not None:
            return self._by_channel(numbers[CHANNEL], source, origin.metadata)
        total = self.p.sum_of_weights if self.p.sum_of_weights is not None else self.generated
        if self.p.cross_section is None or total is None:
            unknown = "cross_section" if self.p.cross_section is None else "sum_of_weights"
            message = f"{source.path}: weights are on, and {unknown} is not known; set it"
            raise FormatError(message)
        section = np.full(chunk.events, self.p.cross_section)
        return section / self._usable(np.full(chunk.events, total), "the sum of weights", source)

    def _by_channel(
        self, channels: FloatArray, source: Source, metadata: Mapping[str, Mapping[str, Any]]
    ) -> FloatArray:
        found, place = np.unique(channels.astype(np.int64), return_inverse=True)
        factors = []
        for channel in found.tolist():
            told = metadata.get(str(channel), {})
            values = {name: told.get(key) for name, key in BY_CATALOGUE.items()}
            lacking = [BY_CATALOGUE[name] for name, value in values.items() if value is None]
            if lacking:
                message = f"{source.path}: the catalogue does not tell {', '.join(lacking)} of dataset {channel}"
                raise FormatError(message)
            numbers = {name: float(value) for name, value in values.items() if value is not None}
            total = self._usable(np.array([numbers["sum"]]), f"sumOfWeights of dataset {channel}", source)[0]
            factors.append(numbers["cross_section"] * numbers["efficiency"] * numbers["k_factor"] / total)
        return np.array(factors)[place]

    def _usable(self, values: FloatArray, what: str, source: Source) -> FloatArray:
        bad = ~np.isfinite(values) | (values == 0)
        if bad.any():
            message = f"{source.path}: {what} is {values[bad][0]}, should be a number that is not 0"
            raise FormatError(message)
        return values

    def luminosity(self, source: Source) -> float:
        """Return the luminosity that the weights of a file's events stand for, in fb⁻¹."""
        if self.p.luminosity is not None:
            return self.p.luminosity
        release = source.schema.release or source.schema.name
        for (name, _), extras in EXTRAS.items():
            if name == release and extras.luminosity is not None:
                return extras.luminosity
        message = f"{source.path}: weights are on, and luminosity is not set; nothing is known of {release}"
        raise FormatError(message)


def _generated(path: str, p: Selection, origin: Origin) -> float:
    """Return Σw of the events that were generated for a file; 0 for data."""
    with Reader.of(path, p.schema, p.unit) as reader:
        if kind_of(reader.source, p, origin) == "data":
            return 0.0
        return reader.sum_of(*GENERATED)
