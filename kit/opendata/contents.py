"""What stands in the bins of a spectrum: counts with Poisson errors, or sums of weights with the root of Σw²."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.opendata.drawing import number_text, poisson_errors
from kit.opendata.spectra import Pair, Spectra

__all__ = ["Contents", "contents_of", "nothing_in"]

FloatArray = npt.NDArray[np.float64]
DECADES = 1e5  # between the largest and the smallest that a picture shows: weights may nearly cancel


@dataclass(frozen=True, eq=False)
class Contents:
    """The bins of a spectrum, shape (n,): `values`, and with weights their Σw² as `squares`."""

    values: npt.NDArray[np.int64] | FloatArray
    squares: FloatArray | None = None

    def __add__(self, other: Contents) -> Contents:
        values: FloatArray | npt.NDArray[np.int64] = self.values + other.values
        if self.squares is None and other.squares is None:
            return Contents(values)
        return Contents(values, self.variances + other.variances)

    def __getitem__(self, bins: slice) -> Contents:
        return Contents(self.values[bins], None if self.squares is None else self.squares[bins])

    def __len__(self) -> int:
        return len(self.values)

    @property
    def variances(self) -> FloatArray:
        """Squares of the errors: Σw², which is the count where there are no weights."""
        return self.values.astype(np.float64) if self.squares is None else self.squares

    @property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Which bins hold any event: weights may add up to nothing."""
        return self.variances > 0

    @property
    def errors(self) -> FloatArray:
        """Lengths of the error bars, downwards and upwards, shape (2, n)."""
        return poisson_errors(self.values) if self.squares is None else np.stack([np.sqrt(self.squares)] * 2)

    @property
    def total(self) -> float:
        """What all bins hold."""
        return float(self.values.sum())

    @property
    def reach(self) -> float:
        """Where the highest error bar ends."""
        return float((self.values + self.errors[1])[self.filled].max(initial=0.0))

    @property
    def least(self) -> float:
        """The smallest value worth seeing: one event, or the smallest sum of weights above 0."""
        if self.squares is None or not (self.values > 0).any():
            return 1.0
        return max(float(self.values[self.values > 0].min()), float(self.values.max()) / DECADES)

    @property
    def text(self) -> str:
        """The total as people read it."""
        return number_text(self.total)

    def noun(self, plural: str = "Events") -> str:
        """Return what the values are, for an axis."""
        return plural if self.squares is None else f"{plural}, weighted (Σw)"

    def joined(self, bins: int, factor: int) -> Contents:
        """Return the first `bins` bins, each made of `factor` bins of this one."""
        return Contents(
            _joined(self.values, bins, factor),
            None if self.squares is None else _joined(self.squares, bins, factor),
        )


def _joined(values: npt.NDArray[Any], bins: int, factor: int) -> npt.NDArray[Any]:
    some = values[: bins * factor]
    sums: npt.NDArray[Any] = np.pad(some, (0, bins * factor - len(some))).reshape(bins, factor).sum(axis=1)
    return sums


def contents_of(spectra: Spectra, pair: Pair) -> Contents:
    """Return the bins of a pair: sums of weights where its events have them."""
    weights = spectra.weights(pair)
    return Contents(spectra.counts(pair)) if weights is None else Contents(*weights)


def nothing_in(spectra: Spectra) -> Contents:
    """Return empty bins of the kind that these spectra have."""
    bins = spectra.grid.bins
    return Contents(np.zeros(bins, np.int64)) if spectra.weight is None else Contents(*np.zeros((2, bins)))
