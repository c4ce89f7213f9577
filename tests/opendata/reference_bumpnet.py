"""R1, second half: from masses to what BumpNet reads, as plain Python.

`aligned` and `linspace` are the two rules of peak cut and outlier split; `accepted` is what BumpNet's
own reader asks of a histogram.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cut:
    """A spectrum after peak cut and split; bins hold their counts, empty ones included."""

    peak: float | None  # GeV; left edge of the peak bin, None = nothing was cut
    kept: int
    main: int
    outliers: int
    first: float = 0.0  # GeV; left edge of the first bin of `contents`
    contents: tuple[int, ...] = ()  # what is written when outliers are left out
    tail: tuple[int, ...] = ()  # the outliers, from the first bin after `contents` on
    masses: tuple[float, ...] = ()  # the main ones, where the rule works on masses


def _split(counts: list[int]) -> int:
    """Return the number of leading bins that are main."""
    empty = next((i for i, count in enumerate(counts) if count == 0), None)
    return len(counts) if empty is None or empty <= 1 else empty


def aligned(counts: dict[int, int], width: float = 10.0) -> Cut:
    """Cut and split counts in bins [width·b, width·(b+1)); at least one bin must be filled."""
    highest = max(counts.values())
    peak = max(b for b, count in counts.items() if count == highest)
    row = [counts.get(b, 0) for b in range(peak, max(counts) + 1)]
    end = _split(row)
    main, tail = row[:end], row[end:]
    return Cut(peak * width, sum(row), sum(main), sum(tail), peak * width, tuple(main), tuple(tail))


def before(counts: dict[int, int], width: float = 10.0) -> tuple[float, tuple[int, ...]]:
    """Return the left edge and the counts from the first to the last filled bin."""
    first, last = min(counts), max(counts)
    return first * width, tuple(counts.get(b, 0) for b in range(first, last + 1))


def _edges(masses: list[float], width: float) -> list[float]:
    low, high = min(masses), max(masses)
    bins = math.ceil((high - low) / width)
    return [low + i * ((high - low) / bins) for i in range(bins)] + [high] if bins else []


def _counts(masses: Iterable[float], edges: list[float]) -> list[int]:
    """Count masses between edges; the last bin is closed."""
    counts = [0] * (len(edges) - 1)
    for m in masses:
        below = sum(edge <= m for edge in edges)
        counts[min(below, len(counts)) - 1] += 1
    return counts


def linspace(masses: list[float], width: float = 10.0) -> Cut:
    """Cut and split masses on grids made of their own smallest and largest value (compatibility)."""
    edges = _edges(masses, width)
    peak = None
    if edges:
        counts = _counts(masses, edges)
        peak = edges[max(i for i, count in enumerate(counts) if count == max(counts))]
    kept = [m for m in masses if peak is None or m >= peak]
    edges = _edges(kept, width)
    main = kept
    if edges:
        counts = _counts(kept, edges)
        end = _split(counts)
        main = [m for m in kept if end == len(counts) or m < edges[end]]
    return Cut(peak, len(kept), len(main), len(kept) - len(main), masses=tuple(main))


def own_histogram(masses: Iterable[float], width: float = 10.0) -> list[int]:
    """Return the cells, underflow and overflow included, of a half-open grid over the masses themselves."""
    masses = list(masses)
    low, high = min(masses), max(masses)
    bins = max(1, math.ceil((high - low) / width))
    cells = [0] * (bins + 2)
    for m in masses:
        cells[bins + 1 if m >= high else 1 + min(int(bins * (m - low) / (high - low)), bins - 1)] += 1
    return cells


def key(pair: tuple[str, str], width: float = 10.0) -> str:
    """Return the name of the histogram of (final state, combination)."""
    final_state = "_".join(part + "x" for part in pair[0].split("_"))
    return f"ROI_mass_{pair[1]}_cat_{final_state}_width_{float(width)}"


def accepted(name: str, contents: Iterable[float], bins: int = 25) -> bool:
    """Tell whether BumpNet's reader takes a histogram."""
    if not name.startswith("ROI"):
        return False
    contents = list(contents)
    while contents and contents[-1] <= 0.35:
        contents.pop()
    if not re.search(r"(\d+)(ex|mx|bx|jx|Zx)", name):
        return False
    return len(contents) >= bins and sum(contents) >= 100 and contents[0] > 0
