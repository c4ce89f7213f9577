"""Pictures of BumpNet histograms: where spectra are cut and split, and what BumpNet makes of them.

All take the content of `bumpnet.json` (see `histograms`), histograms, and a caption.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.bumpnet import MINIMUM_BINS, MINIMUM_EVENTS, STRICT_BINS, Histogram
from kit.opendata.captions import Caption
from kit.opendata.contents import Contents
from kit.opendata.notation import final_state_text, mass_text

Report = Mapping[str, Any]

NOTHING = "no final state has enough events: there is no histogram"
PANELS = 6
NARROWEST = 15  # bins that a panel shows at least
VERDICTS = {  # marker, colour, filled
    "accepted, also at 30 bins": ("o", COLOURS[0], True),
    "accepted at 25 bins": ("D", COLOURS[1], True),
    "few bins": ("v", COLOURS[2], False),
    "few events": ("s", COLOURS[4], False),
    "first bin empty": ("x", COLOURS[5], True),
    "name": ("+", COLOURS[8], True),
}
PARTS: dict[str, dict[str, Any]] = {
    "before": {"facecolor": "none", "edgecolor": COLOURS[3], "hatch": "\\\\\\", "linewidth": 0},
    "main": {"facecolor": "#9fc8ed", "linewidth": 0},
    "outliers": {"facecolor": COLOURS[2], "linewidth": 0},
}
LEGEND = {"before": "cut", "main": "kept", "outliers": "outliers"}


def first_pairs(report: Report, limit: int = PANELS) -> list[Report]:
    """Return the report of the first pair of each of the most frequent final states."""
    first: dict[str, Report] = {}
    for pair in report["pairs"]:
        if pair["bins"]:
            first.setdefault(pair["final_state"], pair)
    return list(first.values())[:limit]


def spectra(report: Report, files: Mapping[str, Mapping[str, Histogram]], caption: Caption) -> figures.Picture:
    """Draw spectra of the most frequent final states, with the peak cut and the split marked.

    Parameters
    ----------
    report : mapping
        Content of `bumpnet.json`.
    files : mapping of str to mapping of str to Histogram
        For ``before``, ``main`` and ``outliers`` the histograms of the file, by name.
    caption : Caption
        What stands above.
    """
    pairs = first_pairs(report)
    with figures.style(caption.style):
        if not pairs:
            return caption.nothing(NOTHING)
        picture, every = caption.panels(len(pairs))
        for pair, axes in zip(pairs, every, strict=True):
            _divided(axes, pair, {part: held.get(pair["name"]) for part, held in files.items()})
        named = {
            name: part for axes in every for part, name in zip(*axes.get_legend_handles_labels(), strict=True)
        }
        every[0].legend(named.values(), named.keys(), loc="center right")
        return picture


def _divided(axes: Any, pair: Report, parts: Mapping[str, Histogram | None]) -> None:
    """Draw one spectrum hatched, and what is kept and what is set aside on top of it."""
    before = parts["before"]
    if before is None:
        return
    for name, look in PARTS.items():
        if histogram := parts.get(name):
            drawing.steps(
                axes, histogram.contents, histogram.low, histogram.width, LEGEND[name], fill=True, **look
            )
    shown = Contents(before.counts) if before.weights is None else Contents(*before.weights)
    drawing.steps(axes, shown.values, before.low, before.width, color="black", linewidth=0.8)
    if shown.squares is not None:
        drawing.points(axes, shown, before.low, before.width, fmt="none", elinewidth=0.8)
    for edge, line in ((pair["peak"], "-"), (pair["split"], "--")):
        if edge is not None:
            axes.axvline(edge, color="black", linestyle=line, linewidth=1.2)
    end = before.low + before.width * drawing.last_shown(shown.values, 0.99)
    end = min(before.high, max(end, (pair["split"] or 0) + 10 * before.width))
    end = max(end, before.low + NARROWEST * before.width)
    axes.set_xlim(max(0, before.low - 3 * before.width), end)
    drawing.head_room(axes, float(shown.values.max()), drawing.spread(shown.values), 1.5, shown.least)
    axes.set_xlabel(f"{mass_text(pair['combination'])} [GeV]")
    axes.set_ylabel(f"{shown.noun()} / {before.width:.3g} GeV")
    drawing.note(axes, _told(pair, shown[round((end - before.low) / before.width) :].total, end))


def _told(pair: Report, rest: float, end: float) -> str:
    verdict = pair["bumpnet"][str(MINIMUM_BINS)]
    lines = [final_state_text(pair["final_state"])]
    lines.append(f"{drawing.number_text(pair['main'])} of {drawing.number_text(pair['entries'])} kept")
    if sums := pair.get("weights"):
        lines.append(f"Σw: {drawing.number_text(sums['main'])} of {drawing.number_text(sums['before'])}")
    lines.append(f"{drawing.counted(pair['bins'], 'bin')}: {verdict}")
    lines += [f"above {end:.4g} GeV: {drawing.number_text(rest)}"] if rest else []
    return "\n".join(lines)


def acceptance(report: Report, caption: Caption) -> figures.Picture:
    """Draw the bins of each histogram against its entries, with the limits of BumpNet."""
    pairs = [pair for pair in report["pairs"] if pair["bins"]]
    with figures.style(caption.style):
        if not pairs:
            return caption.nothing(NOTHING)
        picture, axes = caption.axes(height=5.5)
        groups: dict[str, list[Report]] = {}
        for pair in pairs:
            groups.setdefault(_group(pair), []).append(pair)
        for name, (marker, colour, filled) in VERDICTS.items():
            if some := groups.get(name):
                axes.plot(
                    [_held(pair) for pair in some],
                    [pair["bins"] for pair in some],
                    marker,
                    color=colour,
                    markerfacecolor=colour if filled else "none",
                    markersize=5 if len(pairs) < 1000 else 3,
                    label=f"{name}: {drawing.number_text(len(some))}",
                    rasterized=True,
                )
        held = [_held(pair) for pair in pairs]
        _limits(axes, min(held), max(held), max(pair["bins"] for pair in pairs))
        if any("weights" in pair for pair in pairs):
            axes.set_xlabel("Sum of the weights of the histogram")
        axes.legend(loc="upper left", title=drawing.counted(len(pairs), "histogram"), alignment="left")
        return picture


def _group(pair: Report) -> str:
    loose, strict = (pair["bumpnet"][str(bins)] for bins in (MINIMUM_BINS, STRICT_BINS))
    if loose != "accepted":
        return str(loose)
    return "accepted, also at 30 bins" if strict == "accepted" else "accepted at 25 bins"


def _held(pair: Report) -> float:
    """Return what BumpNet counts as events of a histogram: the sum of its bins."""
    return float(pair["weights"]["main"] if "weights" in pair else pair["main"])


def _limits(axes: Any, least: float, entries: float, bins: int) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(min(0.7, 0.7 * least) if least > 0 else 0.01, 2 * max(entries, 2 * MINIMUM_EVENTS))
    axes.set_ylim(0.7, 8 * max(bins, 2 * STRICT_BINS))
    for limit, line in ((MINIMUM_BINS, "--"), (STRICT_BINS, ":")):
        axes.axhline(limit, color="black", linestyle=line, linewidth=1, zorder=0)
        side = "top" if limit == MINIMUM_BINS else "bottom"
        axes.annotate(
            f"{limit} bins", (1, limit), (-4, -2 if side == "top" else 2), xycoords=axes.get_yaxis_transform(),
            textcoords="offset points", ha="right", va=side, size=9,
        )  # fmt: skip
    axes.axvline(MINIMUM_EVENTS, color="black", linestyle="--", linewidth=1, zorder=0)
    axes.annotate(
        f"{MINIMUM_EVENTS} events", (MINIMUM_EVENTS, 0), (4, 4), xycoords=axes.get_xaxis_transform(),
        textcoords="offset points", size=9,
    )  # fmt: skip
    axes.set_xlabel("Entries of the histogram")
    axes.set_ylabel("Bins of the histogram")


def verdicts(report: Report, caption: Caption) -> figures.Picture:
    """Draw how many histograms BumpNet accepts, and why it refuses the others, at 25 and at 30 bins."""
    with figures.style(caption.style):
        if not report["pairs"]:
            return caption.nothing(NOTHING)
        picture, every = caption.panels(2, height=2.4)
        for axes, bins in zip(every, (MINIMUM_BINS, STRICT_BINS), strict=True):
            found = Counter(pair["bumpnet"][str(bins)] for pair in report["pairs"])
            table = {"accepted": found.pop("accepted", 0), **dict(found.most_common())}
            drawing.bars(axes, table, f"Histograms, asked for {bins} bins", hollow=list(found), logarithmic=False)
        return picture


def shares(report: Report, caption: Caption, limit: int = 25) -> figures.Picture:
    """Draw which share of the masses of a final state is cut, kept, and set aside as outliers."""
    parts = ("main", "cut", "outliers")
    sums: dict[str, Counter[str]] = {}
    for pair in report["pairs"]:
        sums.setdefault(pair["final_state"], Counter()).update({name: pair[name] for name in parts})
    shown = {state: counts for state, counts in list(sums.items())[:limit] if counts.total()}
    with figures.style(caption.style):
        if not shown:
            return caption.nothing(NOTHING)
        picture, axes = caption.axes(height=1.6 + 0.28 * max(len(shown), 4))
        left = np.zeros(len(shown))
        looks = {"main": (COLOURS[0], ""), "cut": ("white", "\\\\\\\\"), "outliers": (COLOURS[2], "")}
        for name, (colour, hatch) in looks.items():
            values = np.array([counts[name] / counts.total() for counts in shown.values()])
            axes.barh(
                range(len(shown)), values, left=left, height=0.75, color=colour, hatch=hatch,
                edgecolor=COLOURS[8], linewidth=0.6, label=name if name != "main" else "kept",
            )  # fmt: skip
            left += values
        axes.set_yticks(range(len(shown)), [final_state_text(state) for state in shown])
        axes.tick_params(axis="y", which="both", length=0)
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.set_xlim(0, 1)
        axes.set_xlabel("Share of all masses of the final state")
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
        return picture
