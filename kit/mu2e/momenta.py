"""Momentum spectra to look at: of the pools, or, where there are none, of what is born."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kit.mu2e.captures import Closure, TwoComponents
from kit.mu2e.columns import flat_column, read_flat
from kit.mu2e.processes import Spectra, family
from kit.mu2e.sources import Source, open_file
from kit.mu2e.spectra import IpaTable, Points
from kit.mu2e.table import Row

__all__ = ["EDGES", "Momenta", "born", "coarser", "expected_momenta", "flat_values", "histogram", "missing_text"]

FloatArray = npt.NDArray[np.float64]

EDGES = np.linspace(50.0, 150.0, 401)  # MeV
CONVERSION_ENERGY = 104.97  # MeV; on aluminium
STEP = 200_000  # entries read at once


@dataclass(frozen=True)
class Momenta:
    """Expected events in bins of momentum.

    Attributes
    ----------
    edges : ndarray, shape (n + 1,)
        MeV.
    counts : mapping of ndarray, shape (n,)
        By process, in ASCII order.
    measured : bool
        Whether these are measured momenta of a sample; else energies of electrons at birth, before selection.
    synthetic, missing : tuple of str
        Processes whose samples are stand-ins; whose samples have no column of the momentum.
    """

    edges: FloatArray
    counts: Mapping[str, FloatArray]
    measured: bool
    synthetic: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def histogram(sources: Iterable[Source], branch: str, edges: FloatArray = EDGES) -> FloatArray | None:
    """Return the entries of a pool in bins of one column; None where a tree has none of one number an entry."""
    total = np.zeros(len(edges) - 1)
    for source in sources:
        with open_file(source.path) as file:
            tree = file[source.tree]
            column = flat_column(source, tree, branch)
            if column is None:
                return None
            for first in range(0, source.entries, STEP):
                total += np.histogram(read_flat(tree, column, first, first + STEP), edges)[0]
    return total


def flat_values(tree: Any, name: str) -> npt.NDArray[Any] | None:
    """Return a column of an ensemble with one number a row, None where it has none: members do not count."""
    if name not in tree.keys(recursive=False):
        return None
    values = tree[name].array(library="np")
    return values if values.ndim == 1 and values.dtype.kind in "biuf" else None


def born(process: str, spectra: Spectra, threshold: float | None, edges: FloatArray = EDGES) -> FloatArray:
    """Return the fraction of all electrons of a process that is born in each bin of energy, above `threshold`.

    Of a converted photon the electron takes a flat share. Cosmics are none: they are counted in seconds.
    """
    kind = family(process)
    if kind == "ce":
        return np.histogram([CONVERSION_ENERGY], edges)[0].astype(float)
    if kind == "cosmic":
        return np.zeros(len(edges) - 1)
    spectrum: Points | Closure | TwoComponents | IpaTable = getattr(spectra, kind)
    if kind in ("dio", "ipa"):
        return spectrum.per_bin(np.maximum(edges, threshold or 0.0))
    fine = np.arange(threshold or 0.0, edges[-1] + 0.25, 0.25)
    photons = spectrum.per_bin(fine)
    middles = (fine[1:] + fine[:-1]) / 2
    # each photon gives its electrons evenly from 0 to its energy
    below = np.minimum(edges[:, None], middles[None, :]) / middles[None, :]
    return np.asarray(np.diff(below @ photons))


def expected_momenta(rows: Iterable[Row], spectra: Spectra, pools: Mapping[str, FloatArray]) -> Momenta:
    """Return the spectrum of all rows: of their pools, scaled to μ, or of what is born, scaled to N."""
    rows = sorted(rows, key=lambda row: row.process)
    measured = all(row.mean is not None for row in rows) and bool(pools)
    counts = {}
    for row in rows:
        if measured:
            shape = pools.get(row.process)
            counts[row.process] = (
                np.zeros(len(EDGES) - 1) if shape is None else shape * (row.mean or 0) / (row.reco or 1)
            )
        else:
            shares = born(row.process, spectra, row.threshold)
            counts[row.process] = shares * (row.number / row.fraction if row.fraction else 0.0)
    synthetic = tuple(row.process for row in rows if row.synthetic)
    missing = tuple(row.process for row in rows if row.mean is not None and row.process not in pools)
    return Momenta(EDGES, counts, measured, synthetic, missing)


def coarser(counts: FloatArray, factor: int) -> FloatArray:
    """Return the counts in bins `factor` times as wide."""
    return np.asarray(counts.reshape(-1, factor).sum(axis=1))


def missing_text(spectrum: Momenta) -> str:
    """Return in words which primaries cannot be seen in a spectrum; empty where all can."""
    names = ", ".join(spectrum.missing)
    if not names:
        return ""
    left = "left out" if spectrum.measured else "so these are energies at birth"
    return f"no column of the momentum in the primaries of {names}: {left}"
