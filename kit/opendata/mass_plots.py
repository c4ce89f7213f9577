"""Pictures of mass spectra: what was selected, and the spectra that people look for first.

All take added spectra, or tables of counts, and return a figure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.opendata import drawing
from kit.opendata.captions import Caption
from kit.opendata.combinations import combination_named, final_state_counts
from kit.opendata.contents import Contents, contents_of, nothing_in
from kit.opendata.notation import final_state_text, mass_text
from kit.opendata.spectra import Spectra

FOUR_LEPTONS = {  # combination: name, colour, hatching
    "m0m1m2m3": (r"$4\mu$", COLOURS[0], ""),
    "e0e1m0m1": (r"$2e2\mu$", COLOURS[1], "////"),
    "e0e1e2e3": ("$4e$", COLOURS[9], "...."),
}
FOUR_LEPTON_RANGE = (70.0, 250.0)  # GeV
HIGGS_REGION = (120.0, 130.0)  # GeV
LEPTON_PAIRS = {  # combination: name, colour, line
    "e0e1": ("$ee$", COLOURS[0], "-"),
    "m0m1": (r"$\mu\mu$", COLOURS[2], "--"),
}
LINES = [(colour, ("-", "--", "-.", ":")[i % 4]) for i, colour in enumerate(COLOURS)]
NOTHING = "no event passed the selection"
PANELS = 6
NARROWEST = 15  # bins that a panel shows at least
FEW = 5  # entries; poorer spectra are drawn only if there are no others


def summed(spectra: Spectra, combination: str, leptons: int | None = None) -> Contents:
    """Return the bins of a combination over all final states, or over those with so many leptons."""
    total = nothing_in(spectra)
    for state, name in spectra.pairs:
        if name == combination and leptons in (None, _leptons(state)):
            total += contents_of(spectra, (state, name))
    return total


def _leptons(state: str) -> int:
    counts = final_state_counts(state)
    return counts.get("e", 0) + counts.get("m", 0)


def four_leptons(spectra: Spectra, caption: Caption) -> figures.Picture:
    """Draw the mass of all four leptons of events that have just four, stacked by flavour."""
    with figures.style(caption.style):
        stack = {name: summed(spectra, name, leptons=4) for name in FOUR_LEPTONS}
        total = sum(stack.values(), nothing_in(spectra))
        width = spectra.grid.width
        low, high = FOUR_LEPTON_RANGE
        first, last = int(low // width), min(spectra.grid.bins, math.ceil(high / width))
        if not total[first:last].filled.any():
            return caption.nothing(f"no event with four leptons between {low:g} and {high:g} GeV was counted")
        picture, axes = caption.axes()
        below = nothing_in(spectra)[first:last]
        for name, (text, colour, hatch) in FOUR_LEPTONS.items():
            above = below + stack[name][first:last]
            shown = f"{text}: {drawing.counted(stack[name][first:last].total, 'event')}"
            options = {"fill": True, "facecolor": colour, "edgecolor": "black", "hatch": hatch, "linewidth": 0.6}
            drawing.steps(axes, above.values, first * width, width, shown, baseline=below.values, **options)
            below = above
        drawing.points(axes, below, first * width, width, "sum, with statistical error")
        axes.set_xlim(first * width, last * width)
        drawing.head_room(axes, below.reach, room=1.6, least=below.least)
        axes.axvspan(*HIGGS_REGION, color=COLOURS[3], alpha=0.3, zorder=0, linewidth=0)
        drawing.mark(axes, ["Z", "H"])
        axes.set_xlabel(r"$m(4\ell)$ [GeV]")
        axes.set_ylabel(f"{total.noun()} / {width:g} GeV")
        rest = total[:first].total + total[last:].total
        title = f"outside the picture: {drawing.number_text(rest)}" if rest else ""
        axes.legend(title=title, loc="upper right", alignment="left", title_fontsize=10)
        return picture


def lepton_pairs(spectra: Spectra, caption: Caption) -> figures.Picture:
    """Draw the mass of the two leading electrons, and of the two leading muons, over all final states."""
    with figures.style(caption.style):
        lines = {name: summed(spectra, name) for name in LEPTON_PAIRS}
        total = sum(lines.values(), nothing_in(spectra))
        if not total.filled.any():
            return caption.nothing("no event with two electrons or two muons")
        picture, axes = caption.axes()
        width = spectra.grid.width
        bins = min(len(total), max(drawing.last_shown(total.values, 0.99), int(200 // width)))
        for name, (text, colour, line) in LEPTON_PAIRS.items():
            shown = f"{text}: {drawing.counted(lines[name].total, 'pair')}"
            drawing.steps(axes, lines[name][:bins].values, 0.0, width, shown, color=colour, linestyle=line)
            drawing.points(axes, lines[name][:bins], 0.0, width, color=colour, fmt="none")
        axes.set_xlim(0, bins * width)
        highest = max(line.reach for line in lines.values())
        drawing.head_room(axes, highest, logarithmic=True, room=1.2, least=total.least)
        drawing.mark(axes, [r"J/$\psi$", "Z"])
        axes.set_xlabel(r"$m(\ell\ell)$ [GeV]")
        axes.set_ylabel(f"{total.noun('Pairs')} / {width:g} GeV")
        _legend(axes, total, bins, width)
        return picture


def _legend(axes: Any, counts: Contents, bins: int, width: float) -> None:
    """Draw the legend and tell in it how many entries lie beyond the axes."""
    axes.legend(title=_beyond(counts, bins, width), loc="upper right", alignment="left", title_fontsize=10)


def _beyond(counts: Contents, bins: int, width: float) -> str:
    rest = counts[bins:].total
    return f"above {bins * width:g} GeV: {drawing.number_text(rest)}" if rest else ""


def final_states(events: Mapping[str, int], caption: Caption, kept_from: int = 0) -> figures.Picture:
    """Draw the events of the most frequent final states; those with fewer than `kept_from` hatched."""
    table, others = drawing.largest({final_state_text(state): n for state, n in events.items()})
    title = f"Events in {drawing.counted(len(events), 'final state')}"
    hollow = [name for name, n in table.items() if n < kept_from]
    if kept_from:
        kept = sum(n >= kept_from for n in events.values())
        title += f", {drawing.number_text(kept)} kept with at least {drawing.number_text(kept_from)}"
        title += "; others hatched" if hollow else ""
    return bar_picture(table, title, caption, whole=sum(events.values()), hollow=hollow, others=others)


def cutflow(steps: Mapping[str, int], caption: Caption) -> figures.Picture:
    """Draw the events that are left after each step of the selection."""
    table = {step.replace("_", " "): events for step, events in steps.items()}
    return bar_picture(table, "Events left after each step", caption, whole=max(table.values(), default=0))


def bar_picture(table: Mapping[str, int], title: str, caption: Caption, **options: Any) -> figures.Picture:
    """Return a picture of bars alone, as high as their number asks for."""
    rows = len(table) + bool(options.get("others"))
    with figures.style(caption.style):
        if not any(table.values()):
            return caption.nothing(NOTHING)
        picture, axes = caption.axes(height=1.2 + 0.28 * max(rows, 4))
        drawing.bars(axes, table, title, **options)
        return picture


def sizes(spectra: Spectra, caption: Caption) -> figures.Picture:
    """Draw all masses together, by the number of objects that are combined."""
    with figures.style(caption.style):
        totals, pairs = _by_size(spectra)
        everything = sum(totals.values(), nothing_in(spectra))
        if not everything.filled.any():
            return caption.nothing(NOTHING)
        picture, axes = caption.axes()
        bins, factor = drawing.shown_bins(everything.values, share=0.999, most=80)
        width = spectra.grid.width * factor
        for (size, counts), (colour, line) in zip(sorted(totals.items()), LINES, strict=False):
            masses = f"{counts.text} masses of {drawing.counted(pairs[size], 'pair')}"
            options = {"color": colour, "linestyle": line}
            drawing.steps(
                axes, counts.joined(bins, factor).values, 0, width, f"{size} objects: {masses}", **options
            )
        axes.set_xlim(0, bins * width)
        top = max(float(counts.joined(bins, factor).values.max()) for counts in totals.values())
        drawing.head_room(axes, top, logarithmic=True, room=1.2, least=everything.least)
        axes.set_xlabel("Mass of the combination [GeV]")
        axes.set_ylabel(f"{everything.noun('Masses')} / {width:g} GeV")
        _legend(axes, everything, bins * factor, spectra.grid.width)
        return picture


def _by_size(spectra: Spectra) -> tuple[dict[int, Contents], dict[int, int]]:
    """Return the added bins, and the number of pairs, by the number of objects in the combination."""
    totals: dict[int, Contents] = {}
    pairs: dict[int, int] = {}
    for pair in spectra.pairs:
        size = combination_named(pair[1]).size
        here = contents_of(spectra, pair)
        totals[size] = totals[size] + here if size in totals else here
        pairs[size] = pairs.get(size, 0) + 1
    return totals, pairs


def richest(spectra: Spectra, limit: int = PANELS) -> list[tuple[str, str]]:
    """Return the first combination of each of the most frequent final states that have one."""
    first: dict[str, str] = {}
    for state, combination in spectra.pairs:
        first.setdefault(state, combination)
    ordered = sorted(first, key=lambda state: (-spectra.events[state], state))
    return [(state, first[state]) for state in ordered[:limit]]


def panels(spectra: Spectra, caption: Caption) -> figures.Picture:
    """Draw the spectrum of one pair for each of the most frequent final states."""
    filled = [pair for pair in richest(spectra) if spectra.counts(pair).any()]
    pairs = [pair for pair in filled if spectra.counts(pair).sum() >= FEW] or filled
    with figures.style(caption.style):
        if not pairs:
            return caption.nothing(NOTHING)
        picture, every = caption.panels(len(pairs))
        for pair, axes in zip(pairs, every, strict=True):
            _panel(axes, spectra, pair)
        return picture


def _panel(axes: Any, spectra: Spectra, pair: tuple[str, str]) -> None:
    counts = contents_of(spectra, pair)
    bins, factor = drawing.shown_bins(counts.values, share=0.98, most=50, least=NARROWEST)
    width, shown = spectra.grid.width * factor, counts.joined(bins, factor)
    drawing.steps(axes, shown.values, 0, width, color=COLOURS[0], fill=True, alpha=0.3)
    drawing.points(axes, shown, 0, width)
    first = max(0, int(np.flatnonzero(shown.filled)[0]) - 1)
    axes.set_xlim(first * width, bins * width)
    drawing.head_room(axes, shown.reach, drawing.spread(shown.values), 1.3, shown.least)
    axes.set_xlabel(f"{mass_text(pair[1])} [GeV]")
    axes.set_ylabel(f"{shown.noun()} / {width:g} GeV")
    texts = [final_state_text(pair[0]), drawing.counted(spectra.events[pair[0]], "event")]
    drawing.note(axes, "\n".join([*texts, _beyond(counts, bins * factor, spectra.grid.width)]))
