"""What the pictures of open data are made of: bars, spectra, statistical errors, markers.

Everything here takes axes and numbers, and draws; nothing reads a file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kit.figures import COLOURS

if TYPE_CHECKING:
    from kit.opendata.contents import Contents

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

RESONANCES = {  # GeV; Particle Data Group, Review of Particle Physics 2024
    r"J/$\psi$": 3.0969,
    r"$\Upsilon$": 9.4604,
    "Z": 91.188,
    "H": 125.20,
    "t": 172.57,
}
FALLING = 50  # from this ratio of largest to smallest on, bars and spectra are drawn on a logarithmic scale


def poisson_errors(counts: npt.ArrayLike) -> FloatArray:
    """Return the lengths of the error bars of Poisson counts, downwards and upwards, at 68.3 %.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Entries, not negative.

    Returns
    -------
    ndarray, shape (2, n)
        Distance to the lower and to the upper limit: Gehrels, ApJ 303 (1986) 336, eqs. 9 and 14 for
        one standard deviation, within 1.5 % of the exact limits.
    """
    n = np.asarray(counts, dtype=np.float64)
    upper = (n + 1) * (1 - 1 / (9 * (n + 1)) + 1 / (3 * np.sqrt(n + 1))) ** 3
    some = np.maximum(n, 1)
    lower = np.where(n > 0, some * (1 - 1 / (9 * some) - 1 / (3 * np.sqrt(some))) ** 3, 0.0)
    return np.stack([n - lower, upper - n])


def number_text(value: float) -> str:
    """Return a number with its thousands apart: 12 345; of what is no whole number three digits."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}".replace(",", " ")
    return f"{value:.3g}"


def counted(number: float, noun: str) -> str:
    """Return a number with what it counts: 1 event, 12 345 events."""
    return f"{number_text(number)} {noun}" + ("" if number == 1 else "s")


def largest(table: Mapping[str, int], limit: int = 25) -> tuple[dict[str, int], dict[str, int]]:
    """Return the largest counts, falling, and all others; one more than `limit` is no others."""
    ordered = sorted(table.items(), key=lambda item: (-item[1], item[0]))
    limit = len(ordered) if len(ordered) == limit + 1 else limit
    return dict(ordered[:limit]), dict(ordered[limit:])


def spread(values: npt.ArrayLike) -> bool:
    """Tell whether counts differ so much that only a logarithmic scale shows them all."""
    some = np.asarray(values, dtype=np.float64)
    some = some[some > 0]
    return len(some) > 1 and bool(some.max() > FALLING * some.min())


def bars(
    axes: Any,
    table: Mapping[str, int],
    title: str,
    *,
    whole: int = 0,
    hollow: Collection[str] = (),
    others: Mapping[str, int] | None = None,
    logarithmic: bool | None = None,
) -> None:
    """Draw horizontal bars from the top down, each with its name on the left and its number at its end.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    table : mapping of str to int
        Names and lengths of the bars.
    title : str
        What the lengths are, for the axis.
    whole : int
        What the numbers are given a share of; 0 for no share.
    hollow : collection of str
        Names of bars that are hatched instead of filled.
    others : mapping of str to int, optional
        What is too much to be drawn: one line at the bottom tells how many and their sum, without
        a bar, which could be longer than all others.
    logarithmic : bool, optional
        The scale; where not given, logarithmic if the numbers differ much.
    """
    values, rest = list(table.values()), sum(others.values()) if others else 0
    texts = [f"{number_text(n)}  ({n / whole:.1%})" if whole else number_text(n) for n in [*values, rest]]
    names = [*table, *([f"{number_text(len(others))} others"] if others else [])]
    drawn = axes.barh(
        range(len(values)),
        values,
        height=0.75,
        color=["white" if name in hollow else COLOURS[0] for name in table],
        edgecolor=[COLOURS[8] if name in hollow else COLOURS[0] for name in table],
        hatch=["////" if name in hollow else "" for name in table],
    )
    axes.bar_label(drawn, texts[: len(values)], padding=4, fontsize=9)
    if others:
        place = axes.get_yaxis_transform()
        axes.annotate(
            texts[-1], (0, len(values)), (4, 0), xycoords=place, textcoords="offset points", va="center", size=9
        )
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", which="both", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    _make_room(axes, values, max(6, *map(len, texts)), spread(values) if logarithmic is None else logarithmic)
    axes.set_xlabel(title)


def _make_room(axes: Any, values: Sequence[int], letters: int, logarithmic: bool) -> None:
    """Set the scale of bars, with room for so many letters at the end of the longest."""
    axes.minorticks_off()
    if logarithmic:
        low, high = 0.5, max(values)
        axes.set_xscale("log")
        axes.set_xlim(low, high * (high / low) ** (0.02 * letters))
    else:
        axes.set_xlim(0, max([1, *values]) * (1 + 0.02 * letters))
        whole_numbers(axes.xaxis)


def whole_numbers(axis: Any) -> None:
    """Let an axis of counts have ticks at whole numbers alone."""
    axis.get_major_locator().set_params(integer=True)
    axis.set_tick_params(which="minor", length=0)


def steps(axes: Any, counts: npt.NDArray[Any], low: float, width: float, name: str = "", **options: Any) -> None:
    """Draw a spectrum as steps, in the colour and line given; `low` and `width` of its bins in GeV."""
    edges = low + width * np.arange(len(counts) + 1)
    axes.stairs(counts, edges, label=name or "_", **{"linewidth": 1.4, **options})


def points(axes: Any, contents: Contents, low: float, width: float, name: str = "", **options: Any) -> None:
    """Draw the filled bins of a spectrum as points with their statistical errors."""
    filled = np.flatnonzero(contents.filled)
    axes.errorbar(
        low + width * (filled + 0.5),
        contents.values[filled],
        yerr=contents.errors[:, filled],
        label=name or "_",
        **{"fmt": "o", "color": "black", "markersize": 3.5, "linewidth": 1, **options},
    )


def mark(axes: Any, names: Sequence[str]) -> None:
    """Draw a dotted line at the mass of each resonance in `RESONANCES` that lies inside the axes."""
    low, high = axes.get_xlim()
    for name in names:
        if low < RESONANCES[name] < high:
            axes.axvline(RESONANCES[name], color=COLOURS[8], linestyle=":", linewidth=1, zorder=0)
            axes.annotate(
                name,
                (RESONANCES[name], 1),
                (3, -7),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                va="top",
                size=10,
                color=COLOURS[8],
            )


def head_room(
    axes: Any, largest_value: float, logarithmic: bool = False, room: float = 1.35, least: float = 1.0
) -> None:
    """Give an axis of counts room above its largest value, for legend and markers; `least` is to be seen, too."""
    top, low = max(largest_value, least), 0.5 * least
    if logarithmic:
        axes.set_yscale("log")
        axes.set_ylim(low, low * max(30.0, (top / low) ** room))
    else:
        axes.set_ylim(0, top * room)


def last_shown(counts: IntArray | FloatArray, share: float) -> int:
    """Return the number of bins, from the first one, that hold `share` of the entries; at least one."""
    total = np.cumsum(np.abs(counts))  # weights can be negative
    if not len(total) or total[-1] == 0:
        return 1
    return int(np.searchsorted(total, share * total[-1])) + 1


def shown_bins(counts: IntArray | FloatArray, share: float, most: int, least: int = 1) -> tuple[int, int]:
    """Return how many bins to draw, and of how many bins each is joined.

    Parameters
    ----------
    counts : ndarray, shape (n,)
        A spectrum.
    share : float
        How much of it is to be seen.
    most : int
        The largest number of bins that can be read.
    least : int
        The smallest number of bins to be seen from the first filled one on, before any are joined.
    """
    bins = max(last_shown(counts, share), int(np.argmax(counts != 0)) + least)
    factor = next((f for f in (1, 2, 5, 10, 20, 50) if bins <= most * f), 100)
    return -(-bins // factor), factor


def note(axes: Any, text: str) -> None:
    """Write text into the upper right corner of axes."""
    axes.annotate(
        text.strip(),
        (1, 1),
        (-6, -6),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="top",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )
