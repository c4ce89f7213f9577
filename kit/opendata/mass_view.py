"""What the panel of masses looks at: one pair, how it is binned, where it is cut and split, what lies over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kit.opendata.bumpnet import MINIMUM_BINS, STRICT_BINS, Histogram, cropped, histogram_name, refusal
from kit.opendata.captions import Caption
from kit.opendata.contents import Contents
from kit.opendata.peaks import divide, rebin
from kit.opendata.spectra import IntArray

__all__ = ["MassView", "view_of"]

Pair = tuple[str, str]


@dataclass(frozen=True)
class MassView:
    """A pair as it is looked at, frozen, so that another thread can draw it.

    `counts` are those of joined bins of `width` GeV, which decide; `contents` are what is drawn: the same, or sums
    of weights. `peak` and `split` are bins, `split` None where nothing is split off; `idle` is the split in GeV
    that was asked for and is not behind the cut. `others` are by name what is laid over it; `normalised` scales
    them to its total.
    """

    pair: Pair
    width: float
    counts: IntArray
    contents: Contents
    events: int
    peak: int
    split: int | None
    above: Caption
    name: str
    logarithmic: bool = True
    others: Mapping[str, Contents] = field(default_factory=dict)
    normalised: bool = False
    marked: bool = True
    idle: float | None = None

    @property
    def end(self) -> int:
        """The number of bins up to the last filled one."""
        filled = np.flatnonzero(self.counts)
        return int(filled[-1]) + 1 if len(filled) else 0

    @property
    def parts(self) -> dict[str, slice]:
        """The bins before the cut, of the main part, and of outliers."""
        split = self.end if self.split is None else min(self.split, self.end)
        return {"cut": slice(0, self.peak), "main": slice(self.peak, split), "outliers": slice(split, self.end)}

    def entries(self, part: str) -> int:
        """Return how many masses a part has."""
        return int(self.counts[self.parts[part]].sum())

    @property
    def histogram(self) -> Histogram | None:
        """The main part as it would stand in a BumpNet file; None where it is empty."""
        name, squares = histogram_name(*self.pair, self.width), self.contents.squares
        weights = None if squares is None else (self.contents.values.astype(np.float64), squares)
        return cropped(name, self.counts, self.width, self.parts["main"], weights)

    def verdict(self, bins: int = MINIMUM_BINS) -> str:
        """Return ``accepted``, or why BumpNet would not take the main part."""
        found = self.histogram
        counts = np.zeros(0) if found is None else found.contents
        return refusal(histogram_name(*self.pair, self.width), counts, bins) or "accepted"

    @property
    def words(self) -> str:
        """What is seen, in words and numbers."""
        peak = f"peak cut at {self.peak * self.width:g} GeV"
        none = "no split" if self.idle is None else f"no split, since {self.idle:g} GeV is not behind the cut"
        split = none if self.split is None else f"split at {self.split * self.width:g} GeV"
        told = (
            f"{self.pair[0]} {self.pair[1]}: {self.events} events, bins of {self.width:g} GeV; {peak}, {split}; "
        )
        parts = ", ".join(f"{name} {self.entries(name)}" for name in self.parts)
        bins = 0 if self.histogram is None else len(self.histogram.counts)
        verdicts = (
            f"BumpNet with {MINIMUM_BINS} bins: {self.verdict()}, with {STRICT_BINS}: {self.verdict(STRICT_BINS)}"
        )
        over = f"; over it: {', '.join(self.others)}" if self.others else ""
        return f"{told}{parts} in {bins} bins; {verdicts}{over}"


def view_of(
    pair: Pair,
    counts: IntArray,
    grid_width: float,
    factor: int,
    *,
    contents: Contents | None = None,
    peak: float | None = None,
    split: float | None = None,
    others: Mapping[str, Contents] | None = None,
    **look: Any,
) -> MassView:
    """Return a view of merged counts.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        In the bins that were filled.
    factor : int
        How many of them become one.
    contents : Contents, optional
        What stands in them, if not these counts: sums of weights.
    peak, split : float, optional
        In GeV, set by hand; by the rules where not given. A split at 0 splits nothing off.
    """
    joined, width = rebin(counts, factor)[0], grid_width * factor
    found = divide(joined, peak_cut=True, split=True) if joined.any() else None
    cut = found.peak if found else 0
    behind = found.split if found else None
    if peak is not None:
        cut = min(max(0, round(peak / width)), len(joined) - 1)
    if split is not None:
        behind = round(split / width) or None
    idle = split if split and (behind or 0) <= cut else None
    if behind is not None and behind <= cut:
        behind = None
    shown = (contents or Contents(counts)).joined(len(joined), factor)
    over = {name: more.joined(len(joined), factor) for name, more in (others or {}).items()}
    return MassView(pair, width, joined, shown, peak=cut, split=behind, idle=idle, others=over, **look)
