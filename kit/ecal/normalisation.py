"""Mean, standard deviation and range of the features that a network is fed with, a part at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kit.ecal.events import AnyArray
from kit.files import FormatError

__all__ = ["Moments", "Normalisation"]


@dataclass
class Moments:
    """What is known of one feature, over its finite values; `missing` counts the others."""

    number: int = 0
    mean: float = 0.0
    squares: float = 0.0
    smallest: float = np.inf
    largest: float = -np.inf
    missing: int = 0

    def add(self, values: AnyArray, absent: float | None) -> None:
        """Add values; those equal to `absent` stand for NaN."""
        values = values.astype(np.float64)
        good = np.isfinite(values) & (values != absent if absent is not None else True)
        self.missing += len(values) - int(good.sum())
        values = values[good]
        if not len(values):
            return
        # merged without large sums of squares; Chan, Golub & LeVeque 1983
        number, mean = len(values), float(values.mean())
        shift, total = mean - self.mean, self.number + number
        self.squares += float(((values - mean) ** 2).sum()) + shift**2 * self.number * number / total
        self.mean += shift * number / total
        self.number = total
        self.smallest = min(self.smallest, float(values.min()))
        self.largest = max(self.largest, float(values.max()))

    def told(self) -> dict[str, float | int | None]:
        """Return what is written; a feature without a value has none."""
        if not self.number:
            return {"mean": None, "std": None, "min": None, "max": None, "nan": self.missing}
        std = float(np.sqrt(self.squares / self.number))
        return {"mean": self.mean, "std": std, "min": self.smallest, "max": self.largest, "nan": self.missing}


@dataclass
class Normalisation:
    """Features of clusters and of windows; `absent` is the number that stands for NaN in the input."""

    cluster: Sequence[str]
    window: Sequence[str]
    absent: float | None
    moments: dict[str, Moments] = field(default_factory=dict)

    def add(self, cluster: Mapping[str, AnyArray], window: Mapping[str, AnyArray], path: Path) -> None:
        """Add the fields of some windows in a file.

        Raises
        ------
        FormatError
            If a number is so large that its square is none.
        """
        for names, columns in ((self.cluster, cluster), (self.window, window)):
            for name in names:
                try:
                    with np.errstate(over="raise"):
                        self.moments.setdefault(name, Moments()).add(columns[name], self.absent)
                except (FloatingPointError, OverflowError) as fault:
                    largest = np.abs(columns[name][np.isfinite(columns[name])]).max()
                    message = f"{path}: {name} reaches {largest:.3g}, too large to be squared; the file is damaged"
                    raise FormatError(message) from fault

    def told(self) -> dict[str, Any]:
        """Return what is written: for each kind and each number the values by name."""
        return {
            kind: {
                number: {name: self.moments.get(name, Moments()).told()[number] for name in names}
                for number in ("mean", "std", "min", "max", "nan")
            }
            for kind, names in (("cluster", self.cluster), ("window", self.window))
        }
