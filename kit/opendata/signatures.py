"""One signature, a final state with a combination: its spectrum before and after cut and split, and its report.

Two ways lead here: counts on the aligned grid, which is the kit's own, and masses, which only
the grids of the original need.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from kit.opendata.bumpnet import MINIMUM_BINS, STRICT_BINS, Histogram, cropped, histogram_name, refusal
from kit.opendata.combinations import combination_named
from kit.opendata.peaks import divide, divide_masses, divide_masses_per_file, fill, rebin
from kit.opendata.spectra import Grid, Spectra
from kit.parameters import ParameterError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """A final state with a combination, and the name of its histogram."""

    final_state: str
    combination: str
    name: str

    @property
    def key(self) -> tuple[str, str]:
        """Final state and combination, as spectra know them."""
        return self.final_state, self.combination


def kept_states(events: Mapping[str, int], min_events: int) -> list[str]:
    """Return the final states with enough events, by falling number, then by name."""
    kept = [state for state, number in events.items() if number >= min_events]
    return sorted(kept, key=lambda state: (-events[state], state))


def named_pairs(
    spectra: Spectra,
    min_events: int,
    width: float,
    *,
    by_count: bool = False,
    types: Collection[str] | Literal["all"] = "all",
) -> list[Pair]:
    """Return the pairs of all kept final states, in the order in which they are written.

    Parameters
    ----------
    spectra : Spectra
        Added spectra, whose pairs are in the order of combinations within each final state.
    min_events : int
        Fewest events of a final state that is kept.
    width : float
        Width of a bin, in GeV.
    by_count : bool
        Whether combinations are named ``e2j1`` instead of ``e0e1j0``.
    types : collection of str or ``all``
        Letters that names of final states show.

    Raises
    ------
    ParameterError
        If two combinations of a final state would have the same name.
    """
    combinations: dict[str, list[str]] = {}
    for state, combination in spectra.pairs:
        combinations.setdefault(state, []).append(combination)
    pairs: dict[str, Pair] = {}
    for state in kept_states(spectra.events, min_events):
        shown = "_".join(count for count in state.split("_") if types == "all" or count[-1] in types)
        for combination in combinations.get(state, []):
            told = combination_named(combination).name_count if by_count else combination
            pair = Pair(state, combination, histogram_name(shown, told, width))
            if (other := pairs.setdefault(pair.name, pair)) is not pair:
                both = f"{other.combination} and {combination} would both be {pair.name}"
                message = f"naming is count, which loses ranks: {both}; should be index"
                raise ParameterError(message)
    return list(pairs.values())


def joined_bins(width: float, grid: Grid) -> int:
    """Return how many filled bins make one of `width` GeV.

    Raises
    ------
    ParameterError
        If no whole number of them does.
    """
    factor = round(width / grid.width)
    if not 1 <= factor <= grid.bins or not math.isclose(factor * grid.width, width, rel_tol=1e-9):
        end = grid.width * grid.bins
        message = (
            f"bin_width is {width} GeV, not a multiple of the filled width, {grid.width} GeV, up to {end} GeV"
        )
        raise ParameterError(message)
    return factor


@dataclass(frozen=True)
class Rules:
    """How spectra are divided: width of a bin in GeV, and whether peak cut and split act."""

    width: float
    peak_cut: bool = True
    split: bool = True


@dataclass(frozen=True)
class Signature:
    """A pair with its histograms; one that would have no filled bin is None.

    `entries` counts all masses, `overflow` those above the grid and `below` those under the
    minimum of the filling, which no histogram holds. `peak` and `split` are left edges in GeV,
    `peak_bin` and `split_bin` their numbers on the aligned grid; None where there is none.
    """

    pair: Pair
    entries: int
    overflow: int
    below: int
    peak: float | None
    split: float | None
    before: Histogram | None
    main: Histogram | None
    outliers: Histogram | None
    peak_bin: int | None = None
    split_bin: int | None = None

    @property
    def cut(self) -> int:
        """The entries that the peak cut removes."""
        return _entries(self.before) - _entries(self.main) - _entries(self.outliers)

    def verdict(self, minimum_bins: int) -> str:
        """Return ``accepted``, or why BumpNet would not take the main part."""
        counts = np.zeros(0) if self.main is None else self.main.contents  # what stands in the file
        return refusal(self.pair.name, counts, minimum_bins) or "accepted"

    def report(self) -> dict[str, Any]:
        """Return what `bumpnet.json` tells of the pair."""
        parts = {"before": self.before, "main": self.main, "outliers": self.outliers}
        sums = {part: 0.0 if held is None else float(held.contents.sum()) for part, held in parts.items()}
        weighted = self.before is not None and self.before.weights is not None
        return {
            "final_state": self.pair.final_state,
            "combination": self.pair.combination,
            "name": self.pair.name,
            "entries": self.entries,
            "overflow": self.overflow,
            "below": self.below,
            "peak": self.peak,
            "split": self.split,
            "peak_bin": self.peak_bin,
            "split_bin": self.split_bin,
            "cut": self.cut,
            "main": _entries(self.main),
            "outliers": _entries(self.outliers),
            "bins": 0 if self.main is None else len(self.main.counts),
            "bumpnet": {str(bins): self.verdict(bins) for bins in (MINIMUM_BINS, STRICT_BINS)},
            **({"weights": sums} if weighted else {}),
        }


def _entries(histogram: Histogram | None) -> int:
    return 0 if histogram is None else histogram.entries


def from_counts(
    pair: Pair,
    counts: IntArray,
    rules: Rules,
    *,
    factor: int,
    overflow: int,
    below: int,
    weights: tuple[FloatArray, FloatArray] | None = None,
) -> Signature:
    """Divide a spectrum on the aligned grid.

    Parameters
    ----------
    pair : Pair
        What it is the spectrum of.
    counts : ndarray, shape (n,)
        Merged counts in the bins that were filled, the first of which starts at 0 GeV.
    rules : Rules
        Its width is that of the bins after joining.
    factor : int
        How many filled bins become one.
    overflow, below : int
        Entries above the grid, and under the minimum of the filling.
    weights : pair of ndarray, shapes (n,), optional
        Σw and Σw² in the bins that were filled; what is cut and split is decided by counts alone.
    """
    joined, rest = rebin(counts, factor)
    summed = None if weights is None else (_joined(weights[0], factor), _joined(weights[1], factor))
    entries = int(counts.sum()) + overflow + below
    found = divide(joined, peak_cut=rules.peak_cut, split=rules.split)
    if found is None:
        return Signature(pair, entries, overflow + rest, below, None, None, None, None, None)
    return Signature(
        pair,
        entries,
        overflow + rest,
        below,
        peak=found.peak * rules.width if rules.peak_cut else None,
        split=None if found.split is None else found.split * rules.width,
        before=cropped(pair.name, joined, rules.width, found.before, summed),
        main=cropped(pair.name, joined, rules.width, found.main, summed),
        outliers=cropped(pair.name, joined, rules.width, found.outliers, summed),
        peak_bin=found.peak if rules.peak_cut else None,
        split_bin=found.split,
    )


def _joined(values: FloatArray, factor: int) -> FloatArray:
    """Return the sums of each `factor` neighbours; what is left at the end belongs to no bin."""
    whole = len(values) // factor * factor
    sums: FloatArray = values[:whole].reshape(-1, factor).sum(axis=1)
    return sums


def from_masses(pair: Pair, files: Sequence[FloatArray], rules: Rules, *, per_file: bool) -> Signature:
    """Divide masses by the rules of the original.

    Parameters
    ----------
    pair : Pair
        What has these masses.
    files : sequence of ndarray
        The masses of each input file, in GeV.
    rules : Rules
        Its width is the largest that a bin may have.
    per_file : bool
        Whether each file is divided for itself, before pooling (`linspace_per_file`).
    """
    masses = np.concatenate([np.empty(0), *files])
    if per_file:
        found = divide_masses_per_file(files, rules.width, peak_cut=rules.peak_cut, split=rules.split)
    else:
        found = divide_masses(masses, rules.width, peak_cut=rules.peak_cut, split=rules.split)
    before, main, outliers = (
        _filled(pair.name, part, rules.width) for part in (masses, found.main, found.outliers)
    )
    return Signature(pair, len(masses), 0, 0, found.peak, found.split, before, main, outliers)


def _filled(name: str, masses: FloatArray, width: float) -> Histogram | None:
    if not len(masses):
        return None
    counts, overflow, low, high = fill(masses, width)
    inside = masses[masses < high]
    return Histogram(name, counts, low, high, overflow, (float(inside.sum()), float(inside @ inside)))
