"""The peak and the first gap of a mass spectrum: what BumpNet is given of it, and what not.

BumpNet looks for bumps on a falling background. Everything left of the highest bin, where
thresholds shape the spectrum, is cut; everything right of the first empty bin is kept aside
as outliers. On the aligned grid, bins of fixed width from 0 GeV, counts alone decide, so that
spectra of many jobs are added first and divided afterwards. The rules on a grid drawn through
the masses themselves (`linspace`) are those of the original and kept to reproduce it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Division:
    """Where a spectrum is divided: bin numbers of its first, peak, split and last bin.

    `first` and `last` are the outermost filled bins, `peak` is the first bin that is kept,
    `split` the empty bin that ends the main part, None where nothing lies behind it.
    """

    first: int
    peak: int
    split: int | None
    last: int

    @property
    def before(self) -> slice:
        """All filled bins, as they were before anything was cut."""
        return slice(self.first, self.last + 1)

    @property
    def cut(self) -> slice:
        """The bins left of the peak."""
        return slice(self.first, self.peak)

    @property
    def main(self) -> slice:
        """The bins from the peak to the first gap."""
        return slice(self.peak, self.last + 1 if self.split is None else self.split)

    @property
    def outliers(self) -> slice:
        """The bins from the first gap on; none without a split."""
        return slice(self.last + 1 if self.split is None else self.split, self.last + 1)


def divide(counts: npt.NDArray[np.integer[Any]], *, peak_cut: bool = True, split: bool = True) -> Division | None:
    """Find the peak and the first gap of a spectrum on the aligned grid.

    The peak is the rightmost of the highest bins. The split is the first empty bin behind it,
    if filled bins follow; a gap right behind the peak bin is ignored, and so are all later ones.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Entries of each bin, not negative.
    peak_cut : bool
        Without it the first filled bin takes the place of the peak.
    split : bool
        Without it there are no outliers.

    Returns
    -------
    Division or None
        None where no bin is filled: there is nothing to divide.
    """
    filled = np.flatnonzero(counts)
    if not len(filled):
        return None
    first, last = int(filled[0]), int(filled[-1])
    rightmost = last - int(np.argmax(counts[last::-1]))
    peak = rightmost if peak_cut else first
    gaps = np.flatnonzero(counts[peak:last] == 0)
    if not split or not len(gaps) or gaps[0] <= 1:
        return Division(first, peak, None, last)
    return Division(first, peak, peak + int(gaps[0]), last)


def rebin(counts: IntArray, factor: int) -> tuple[IntArray, int]:
    """Join neighbouring bins, starting at 0 GeV.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        Entries of each bin.
    factor : int
        Number of bins that become one, at least 1.

    Returns
    -------
    (ndarray, shape (n // factor,), int)
        The joined bins, and the entries of the bins at the end that do not fill a joined one:
        they belong to the overflow.
    """
    whole = len(counts) // factor * factor
    return counts[:whole].reshape(-1, factor).sum(axis=1), int(counts[whole:].sum())


@dataclass(frozen=True)
class MassDivision:
    """The masses of one pair, divided by the rules of the original.

    `peak` is the left edge of the peak's bin in GeV, None where nothing can be cut; `split` that
    of the first empty bin, None without outliers; `main` and `outliers` are in the order of the input.
    """

    peak: float | None
    split: float | None
    main: FloatArray
    outliers: FloatArray


def _grid(masses: FloatArray, width: float) -> tuple[FloatArray, IntArray] | None:
    """Return edges and counts of the grid through the masses; None where it has no bin."""
    low, high = float(masses.min()), float(masses.max())
    bins = math.ceil((high - low) / width)
    if bins == 0:
        return None
    edges = np.linspace(low, high, bins + 1)
    return edges, np.histogram(masses, bins=edges)[0]


def _peak_edge(masses: FloatArray, width: float) -> float | None:
    """Return the left edge of the rightmost highest bin, in GeV."""
    grid = _grid(masses, width)
    if grid is None:
        return None
    edges, counts = grid
    return float(edges[len(counts) - 1 - int(np.argmax(counts[::-1]))])


def _split_edge(masses: FloatArray, width: float) -> float | None:
    """Return the left edge of the first empty bin, in GeV; None where nothing is split off."""
    grid = _grid(masses, width)
    if grid is None:
        return None
    edges, counts = grid
    gaps = np.flatnonzero(counts == 0)
    return float(edges[gaps[0]]) if len(gaps) and gaps[0] > 1 else None


def divide_masses(masses: FloatArray, width: float, *, peak_cut: bool = True, split: bool = True) -> MassDivision:
    """Divide masses by the rules of the original, on grids drawn through the masses (`linspace`).

    Parameters
    ----------
    masses : ndarray, shape (n,)
        Masses in GeV.
    width : float
        Largest width of a bin, in GeV: the range from the smallest to the largest mass is
        divided evenly into the fewest bins that are not wider.
    peak_cut : bool
        Whether masses left of the peak are dropped.
    split : bool
        Whether masses behind the first gap become outliers.

    Returns
    -------
    MassDivision
    """
    if not len(masses):
        return MassDivision(None, None, masses, masses)
    peak = _peak_edge(masses, width) if peak_cut else None
    kept = masses if peak is None else masses[masses >= peak]
    edge = _split_edge(kept, width) if split else None
    if edge is None:
        return MassDivision(peak, None, kept, kept[:0])
    return MassDivision(peak, edge, kept[kept < edge], kept[kept >= edge])


def divide_masses_per_file(
    files: Iterable[FloatArray], width: float, *, peak_cut: bool = True, split: bool = True
) -> MassDivision:
    """Divide the masses of each input file for itself, then pool (`linspace_per_file`).

    Parameters
    ----------
    files : iterable of ndarray
        The masses of each file, in GeV.
    width, peak_cut, split
        As in `divide_masses`.

    Returns
    -------
    MassDivision
        Without a peak and a split: each file had its own.
    """
    parts = [divide_masses(masses, width, peak_cut=peak_cut, split=split) for masses in files]
    none = np.empty(0)
    main = np.concatenate([none, *(part.main for part in parts)])
    outliers = np.concatenate([none, *(part.outliers for part in parts)])
    return MassDivision(None, None, main, outliers)


def fill(masses: FloatArray, width: float) -> tuple[IntArray, int, float, float]:
    """Fill the original's histogram: bins drawn through the masses, each open to the right.

    Parameters
    ----------
    masses : ndarray, shape (n,), n ≥ 1
        Masses in GeV.
    width : float
        Largest width of a bin, in GeV.

    Returns
    -------
    (ndarray, int, float, float)
        Entries of each bin, entries of the overflow cell, lower and upper end of the axis in
        GeV. The axis ends at the largest mass, which therefore lies in the overflow cell.
    """
    low, high = float(masses.min()), float(masses.max())
    bins = max(1, math.ceil((high - low) / width))
    inside = masses[masses < high]
    # the arithmetic of ROOT's TAxis::FindFixBin
    index = (bins * (inside - low) / (high - low)).astype(np.int64) if high > low else np.empty(0, np.int64)
    counts = np.bincount(np.minimum(index, bins - 1), minlength=bins).astype(np.int64)
    return counts, len(masses) - len(inside), low, high
