"""The numbers of the truth study as columns of tables: of each bin and number that was tried, and fits of bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from kit.ecal.cruijff import Fit, fit
from kit.ecal.events import AnyArray, BoolArray, FloatArray
from kit.ecal.resolution import Matched, Scan, cells_of, ratios
from kit.ecal.working_points import WorkingPoint

__all__ = ["at_working_points", "fit_rows", "scan_rows"]

MEASURED = ("scale", "q16", "q84", "w68")


def scan_rows(found: Scan, name: str, et: FloatArray, eta: FloatArray) -> dict[str, AnyArray]:
    """Return a row for each bin and number tried, called `name`; edges of the bins are `et`, in GeV, and `eta`."""
    i, j, t = (index.ravel() for index in np.indices(found.scale.shape))
    rows: dict[str, AnyArray] = {"et_min": et[i], "et_max": et[i + 1], "eta_min": eta[j], "eta_max": eta[j + 1]}
    rows |= {name: found.tried[t], "entries": found.entries[i, j]}
    arrays = (found.scale, found.low, found.high, found.w68)
    rows |= {column: values.ravel() for column, values in zip(MEASURED, arrays, strict=True)}
    return rows | {f"mustache_{column}": found.mustache[i, j, k] for k, column in enumerate(MEASURED)}


def at_working_points(particles: Matched, points: WorkingPoint) -> FloatArray:
    """Return r of each particle at the threshold of its bin."""
    thresholds = points.at(particles.et, particles.abs_eta)
    return ratios(particles, particles.score > thresholds[particles.owners])


def fit_rows(particles: Matched, points: WorkingPoint, filled: BoolArray) -> dict[str, AnyArray]:
    """Return a row for each bin of the working points: peak and widths at them, and of the mustache.

    Bins that are not `filled`, and those of which a fit knows nothing, have NaN.
    """
    et, eta = points.et_edges, points.eta_edges
    i, j = (index.ravel() for index in np.indices(filled.shape))
    cell = cells_of(particles, et, eta)
    own, mustache = at_working_points(particles, points), particles.mustache / particles.true
    rows: dict[str, AnyArray] = {"et_min": et[i], "et_max": et[i + 1], "eta_min": eta[j], "eta_max": eta[j + 1]}
    rows["entries"] = np.bincount(cell[cell >= 0], minlength=filled.size)
    for prefix, values in (("", own), ("mustache_", mustache)):
        good = np.isfinite(values)
        made = [fit(values[(cell == c) & good]) if known else None for c, known in enumerate(filled.ravel())]
        rows |= {f"{prefix}{name}": column for name, column in _columns(made).items()}
    return rows


def _columns(made: Sequence[Fit | None]) -> dict[str, AnyArray]:
    names = [field.name for field in fields(Fit)]
    columns: dict[str, AnyArray] = {
        name: np.array([np.nan if found is None else getattr(found, name) for found in made], np.float64)
        for name in (*names, "sigma")
    }
    return columns
