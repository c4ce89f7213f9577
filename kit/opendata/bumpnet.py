"""The ROOT files that BumpNet reads: how they are written, and what its reader does with them.

BumpNet takes the keys of a file that start with `ROI`, cuts the tail of each histogram behind
its last filled bin, and refuses what is then short, poor, or empty in its first bin. So each
histogram starts and ends with a filled bin; one on a fixed range from 0 GeV would be refused.
The reader's rules are those of `load_ATLAS` in BumpNet's `utilities/data_loading.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MINIMUM_BINS = 25  # what BumpNet's configuration asks for by default
STRICT_BINS = 30  # what its trained models were asked for
MINIMUM_EVENTS = 100
TAIL = 0.35  # entries; bins behind the last one above it are cut

LARGEST_EXACT_FLOAT = 2**24  # above it a TH1F skips integers

Refusal = Literal["", "name", "empty", "few bins", "few events", "first bin empty"]


@dataclass(frozen=True)
class Histogram:
    """A mass spectrum as it stands in a BumpNet file.

    `counts` are the entries of each bin; the axis runs from `low` to `high`, in GeV; `overflow`
    counts the entries at or above `high`. `sums` are Σm and Σm² of the entries in the bins, in
    GeV and GeV², where the masses themselves are known; otherwise each counts as its bin's centre. `weights` are
    Σw and Σw² of each bin, where events have weights: then these are what is drawn and written.
    """

    name: str
    counts: IntArray
    low: float
    high: float
    overflow: int = 0
    sums: tuple[float, float] | None = None
    weights: tuple[FloatArray, FloatArray] | None = None

    @property
    def contents(self) -> npt.NDArray[Any]:
        """What stands in the bins: entries, or the sums of their weights."""
        return self.counts if self.weights is None else self.weights[0]

    @property
    def entries(self) -> int:
        """All entries, the overflow included."""
        return int(self.counts.sum()) + self.overflow

    @property
    def width(self) -> float:
        """Width of a bin, in GeV."""
        return (self.high - self.low) / len(self.counts)

    def moments(self) -> tuple[float, float, float]:
        """Return Σ1, Σm and Σm² of the entries in the bins, in powers of GeV."""
        total = float(self.contents.sum())
        if self.sums is not None:
            return total, *self.sums
        centres = self.low + self.width * (np.arange(len(self.counts)) + 0.5)
        return total, float(self.contents @ centres), float(self.contents @ centres**2)


def cropped(
    name: str,
    counts: IntArray,
    width: float,
    part: slice,
    weights: tuple[FloatArray, FloatArray] | None = None,
) -> Histogram | None:
    """Return a part of an aligned spectrum, from its first to its last filled bin.

    Parameters
    ----------
    name : str
        Name of the histogram.
    counts : ndarray, shape (n,)
        Entries of all bins, the first of which starts at 0 GeV.
    width : float
        Width of a bin, in GeV.
    part : slice
        The bins wanted.
    weights : pair of ndarray, shapes (n,), optional
        Σw and Σw² of all bins.

    Returns
    -------
    Histogram or None
        None where no bin of the part is filled.
    """
    filled = np.flatnonzero(counts[part])
    if not len(filled):
        return None
    first, behind = part.start + int(filled[0]), part.start + int(filled[-1]) + 1
    some = None if weights is None else (weights[0][first:behind], weights[1][first:behind])
    return Histogram(name, counts[first:behind], first * width, behind * width, weights=some)


def histogram_name(final_state: str, combination: str, width: float) -> str:
    """Return the name by which BumpNet knows a pair.

    Parameters
    ----------
    final_state : str
        Such as `2e_0m_1j_0g_0t_0b`.
    combination : str
        Such as `e0j0`.
    width : float
        Width of a bin, in GeV.
    """
    category = "_".join(f"{count}x" for count in final_state.split("_"))
    return f"ROI_mass_{combination}_cat_{category}_width_{float(width)}"


def write_histograms(path: str | Path, histograms: Iterable[Histogram]) -> list[str]:
    """Write histograms into a new ROOT file, in the order given, under their names.

    They are TH1F, except where a bin holds more than 2²⁴ entries, which a TH1F cannot count.

    Parameters
    ----------
    path : path
        The file; one that exists is replaced.
    histograms : iterable of Histogram
        Their names must differ.

    Returns
    -------
    list of str
        The names of those that had to be TH1D.

    Raises
    ------
    ValueError
        If two histograms have one name: the second would hide the first.
    """
    import uproot

    names: set[str] = set()
    doubles = []
    with uproot.recreate(path) as file:
        for histogram in histograms:
            if histogram.name in names:
                message = f"{Path(path).name}: two histograms are named {histogram.name}"
                raise ValueError(message)
            names.add(histogram.name)
            cells = _cells(histogram)
            if cells.dtype == np.float64:
                doubles.append(histogram.name)
            file[histogram.name] = _to_root(histogram, cells)
    return doubles


def _cells(histogram: Histogram) -> npt.NDArray[np.float32] | FloatArray:
    """Return underflow, bins and overflow in the smallest type that counts them exactly."""
    if histogram.weights is not None:
        return np.concatenate([[0.0], histogram.weights[0], [0.0]]).astype(np.float32)
    cells = np.concatenate([[0], histogram.counts, [histogram.overflow]])
    return cells.astype(np.float64) if cells.max() > LARGEST_EXACT_FLOAT else cells.astype(np.float32)


def _to_root(histogram: Histogram, cells: npt.NDArray[np.float32] | FloatArray) -> Any:
    """Return ROOT's TH1F (or TH1D, by the type of the cells) of a histogram."""
    from uproot.writing.identify import to_TAxis, to_TH1x

    total, first, second = histogram.moments()
    squares = None if histogram.weights is None else histogram.weights[1]
    axis = to_TAxis("xaxis", "", len(histogram.counts), histogram.low, histogram.high)
    return to_TH1x(
        fName=None,
        fTitle=histogram.name,
        data=cells,
        fEntries=float(histogram.entries),
        fTsumw=total,
        fTsumw2=total if squares is None else float(squares.sum()),  # without weights every entry has weight 1
        fTsumwx=first,
        fTsumwx2=second,
        fSumw2=None if squares is None else np.concatenate([[0.0], squares, [0.0]]),
        fXaxis=axis,
    )


def read_histograms(path: str | Path, wanted: Collection[str] | None = None) -> list[Histogram]:
    """Read back the one-dimensional histograms of a file, in its order.

    Parameters
    ----------
    path : path
        A file of `write_histograms`.
    wanted : collection of str, optional
        The names of those to read; all where not given.

    Returns
    -------
    list of Histogram
        With Σm and Σm² as stored.
    """
    import uproot

    with uproot.open(path) as file:
        names = file.keys(cycle=False, filter_classname="TH1*")
        return [_from_root(name, file[name]) for name in names if wanted is None or name in wanted]


def _from_root(name: str, stored: Any) -> Histogram:
    values, squares = stored.values(flow=True), np.asarray(stored.member("fSumw2"))
    weights = (values[1:-1].astype(np.float64), squares[1:-1]) if len(squares) else None
    cells = np.rint(values).astype(np.int64)
    axis = stored.member("fXaxis")
    sums = (float(stored.member("fTsumwx")), float(stored.member("fTsumwx2")))
    return Histogram(name, cells[1:-1], axis.member("fXmin"), axis.member("fXmax"), int(cells[-1]), sums, weights)


def refusal(name: str, counts: npt.NDArray[Any], minimum_bins: int = MINIMUM_BINS) -> Refusal:
    """Say why BumpNet's reader would not take a histogram.

    Parameters
    ----------
    name : str
        Its key.
    counts : ndarray, shape (n,)
        Its bins, without underflow and overflow.
    minimum_bins : int
        The number of bins that BumpNet is configured to ask for.

    Returns
    -------
    str
        The first rule that it breaks; empty where it is accepted.
    """
    if not name.startswith("ROI") or not final_state_read(name):
        return "name"
    filled = np.flatnonzero(np.asarray(counts) > TAIL)
    if not len(filled):
        return "empty"
    seen = np.asarray(counts)[: filled[-1] + 1]
    if len(seen) < minimum_bins:
        return "few bins"
    if seen.sum() < MINIMUM_EVENTS:
        return "few events"
    return "" if seen[0] > 0 else "first bin empty"


def final_state_read(name: str) -> dict[str, int]:
    """Return what BumpNet's reader takes for the final state: `{"ex": 2, "mx": 0, …}`.

    Photons and taus are not seen by it. Empty where a name does not have its form.
    """
    stripped = name.replace("rebinned_", "").replace("ROI_", "")
    if "mass_" not in stripped or "cat_" not in stripped:
        return {}
    found = re.findall(r"(\d+)(ex|mx|bx|jx|Zx)", stripped.split("cat_")[1])
    return {letter: int(count) for count, letter in found}
