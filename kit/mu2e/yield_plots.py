"""Pictures of expected events: their spectrum, their number, and how long the simulated ones last.

Each `draw_…` draws into given axes, for a panel; each other function returns a figure.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.mu2e.momenta import Momenta, coarser, missing_text
from kit.mu2e.primaries import suspicious_livetimes
from kit.mu2e.standins import LABEL
from kit.mu2e.table import Row, risk_text

__all__ = [
    "LOOKS",
    "amount",
    "draw_headroom",
    "draw_momenta",
    "exposure_text",
    "headroom",
    "livetimes",
    "momenta",
    "note_standins",
    "numbers",
    "show_legend",
]

NAMES = {
    "CeMLL": r"$\mu\to e$ conversion",
    "DIO": "decay in orbit",
    "CRYCosmic": "cosmics",
    "CORSIKACosmic": "cosmics",
    "RPCExternal": "RPC external",
    "RPCInternal": "RPC internal",
    "RMCExternal": "RMC external",
    "RMCInternal": "RMC internal",
    "IPAMichel": "IPA Michel",
}
ORDER = ("CeMLL", "DIO", "CRYCosmic", "RPCExternal", "RPCInternal", "RMCExternal", "RMCInternal", "IPAMichel")
LOOKS = {name: (NAMES[name], COLOURS[(2, 0, 3, 1, 6, 4, 9, 7)[place]]) for place, name in enumerate(ORDER)}
LOOKS["CORSIKACosmic"] = LOOKS["CRYCosmic"]
HATCH = "////"  # of stand-ins
DECADES = 7  # that a logarithmic axis shows at most
LIVETIME_BINS = 30


def amount(value: float) -> str:
    """Return a number of events or seconds in four digits."""
    return f"{value:,.0f}".replace(",", " ") if 1000 <= value < 1e7 else f"{value:.4g}"


def exposure_text(exposure: Mapping[str, Any]) -> str:
    """Return the exposure in words, both times and protons."""
    times = f"{amount(exposure['on_spill_s'])} s on spill, {amount(exposure['wall_s'])} s wall"
    return f"{exposure['run_mode']}: {times}, {exposure['pot']:.3g} protons on target"


def draw_momenta(axes: Any, spectrum: Momenta, factor: int = 4) -> None:
    """Draw the expected spectrum, stacked, smallest process below, on a logarithmic scale.

    Parameters
    ----------
    axes : Axes
        Empty axes.
    spectrum : Momenta
        What is expected.
    factor : int
        How many of its bins make one.
    """
    shown = {name: coarser(counts, factor) for name, counts in spectrum.counts.items() if counts.any()}
    edges = spectrum.edges[::factor]
    below = np.zeros(len(edges) - 1)
    for name in sorted(shown, key=lambda name: float(shown[name].sum())):
        above = below + shown[name]
        text, colour = LOOKS[name]
        hatch = HATCH if name in spectrum.synthetic else ""
        axes.stairs(
            above, edges, baseline=below, fill=True, facecolor=colour, edgecolor="black", linewidth=0.5,
            hatch=hatch, label=f"{text}: {amount(float(shown[name].sum()))}",
        )  # fmt: skip
        below = above
    largest = float(below.max(initial=0))
    if largest <= 0:
        figures.say(axes, "nothing is expected")
        return
    filled = below[below > 0]
    axes.set_yscale("log")
    low = max(float(filled.min()), largest / 10**DECADES)
    axes.set_ylim(low / 2, largest * max((largest / low) ** 0.45, 4.0))  # above it stands the legend
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel("momentum [MeV]" if spectrum.measured else "electron energy at birth [MeV]")
    axes.set_ylabel(f"Expected events / {edges[1] - edges[0]:g} MeV")
    show_legend(axes, edges)


def show_legend(axes: Any, edges: Any) -> None:
    """Show the legend of a spectrum: its numbers are those between the edges."""
    axes.legend(
        ncols=2, loc="upper right", fontsize=9, handlelength=1.4, columnspacing=1.0,
        title=f"events between {edges[0]:g} and {edges[-1]:g} MeV", title_fontsize=9,
    )  # fmt: skip


def note_standins(axes: Any, synthetic: Sequence[str], sign: str = "hatched") -> None:
    """Say above the axes how to know what is no Mu2e simulation."""
    if synthetic:
        _note(axes, f"{sign}: {LABEL}", 4)


def _note(axes: Any, text: str, height: float) -> None:
    axes.annotate(text, (0, 1), (0, height), xycoords="axes fraction", textcoords="offset points", size=9)


def momenta(spectrum: Momenta, exposure: Mapping[str, Any]) -> figures.Picture:
    """Return the expected spectrum."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 5))
        draw_momenta(axes, spectrum)
        note_standins(axes, spectrum.synthetic)
        _title(axes, exposure)
        if missing := missing_text(spectrum):
            axes.set_xlabel(f"{axes.get_xlabel()}\n{missing}", fontsize=9)
        return picture


def numbers(rows: Sequence[Row], exposure: Mapping[str, Any]) -> figures.Picture:
    """Return the expected events of each process, before selection and in the sample, with their errors."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 0.5 * len(rows) + 1.8))
        places = np.arange(len(rows))[::-1]
        counted = [row for row in rows if "Cosmic" not in row.process]
        _points(axes, rows, places, counted, "before selection", "o", lambda row: row.number)
        if any(row.mean is not None for row in rows):
            _points(axes, rows, places, rows, "in the sample", "s", lambda row: row.mean)
        axes.set_yticks(places, [_label(row) for row in rows])
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        axes.set_xscale("log")
        axes.set_xlabel("Expected events")
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.margins(x=0.12)
        title = f"* {LABEL}" if any(row.synthetic for row in rows) else ""
        axes.legend(
            title=title, title_fontsize=9, loc="lower right", frameon=True, framealpha=0.9, edgecolor="none"
        )
        _title(axes, exposure)
        return picture


def _points(
    axes: Any, rows: Sequence[Row], places: Any, chosen: Sequence[Row], label: str, marker: str, value: Any
) -> None:
    known = [(row, place) for row, place in zip(rows, places, strict=True) if row in chosen and value(row)]
    if not known:
        return
    values = np.array([value(row) for row, _ in known])
    errors = np.array([_relative(row, with_sample=marker == "s") for row, _ in known])
    spread = np.minimum(errors, 0.99) * values
    colour = COLOURS[0] if marker == "o" else COLOURS[2]
    fill = "none" if marker == "o" else colour
    places_shown = [place + (0.12 if marker == "o" else -0.12) for _, place in known]
    axes.errorbar(
        values, places_shown, xerr=[spread, errors * values], fmt=marker, color=colour, mfc=fill, label=label
    )


def _relative(row: Row, *, with_sample: bool) -> float:
    parts = [row.rate, row.syst, row.integral_shift, row.stat if with_sample else None]
    return float(np.sqrt(sum(part**2 for part in parts if part)))


def _label(row: Row) -> str:
    return LOOKS[row.process][0] + (" *" if row.synthetic else "")


def draw_headroom(axes: Any, rows: Sequence[Row]) -> None:
    """Draw for how many times the exposure the events of each process last; below 1 they do not."""
    known = [row for row in rows if row.mean]
    if not known:
        figures.say(axes, "no primaries are given: there is no pool to last")
        return
    places = np.arange(len(known))[::-1]
    values = [row.headroom or 0.0 for row in known]
    for place, row, value in zip(places, known, values, strict=True):
        hatch = HATCH if row.synthetic else ""
        axes.barh(place, value, color=LOOKS[row.process][1], hatch=hatch, edgecolor="black", linewidth=0.5)
        risk = f"P(dry) {risk_text(row.p_exhaust or 0)}"
        axes.annotate(
            f"{amount(row.available or 0)} / {amount(row.mean or 0)}, {risk}",
            (max(value, 1.0), place), (6, 0), textcoords="offset points", va="center", size=9,
        )  # fmt: skip
    axes.axvline(1, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(places, [LOOKS[row.process][0] for row in known])
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_xscale("log")
    low, high = min(0.5, 0.8 * min(values) or 0.5), max(2.0, *values)
    axes.set_xlim(low, low * (high / low) ** 1.6)  # a third of the width is for the words behind the bars
    axes.set_xlabel("available / expected")


def headroom(rows: Sequence[Row], exposure: Mapping[str, Any]) -> figures.Picture:
    """Return for how many times the exposure the events of each process last."""
    with figures.style():
        picture, axes = figures.figure(size=(8, 0.45 * len(rows) + 1.8))
        draw_headroom(axes, rows)
        _title(axes, exposure)
        return picture


def livetimes(process: str, values: Sequence[float], *, synthetic: bool = False) -> figures.Picture:
    """Return the livetimes of cosmic files: histogram and box, and in words what is odd about them."""
    with figures.style():
        picture, every = figures.grid(2, 1, size=(7, 4.6), sharex=True, height_ratios=[3, 1])
        top, bottom = every[:, 0]
        counts, edges = np.histogram(values, LIVETIME_BINS)
        top.stairs(counts, edges, fill=True, color=COLOURS[3], edgecolor="black")
        middle, mean = statistics.median(values), statistics.fmean(values)
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        words = (
            f"{len(values)} files, sum {amount(sum(values))} s\nmean {mean:.6g} s, median {middle:.6g} s\n"
            f"σ {spread:.4g} s, from {min(values):.6g} to {max(values):.6g} s"
        )
        alarms = suspicious_livetimes(tuple(values))
        text = words + "".join(f"\nalarm: {alarm}" for alarm in alarms)
        top.set_ylim(0, counts.max() * (1.5 + 0.15 * len(alarms)))
        top.annotate(text, (0.02, 0.97), xycoords="axes fraction", va="top", size=9)
        top.set_ylabel("Files")
        note_standins(top, [process] if synthetic else [], "files")
        bottom.boxplot(values, orientation="horizontal", widths=0.6)
        bottom.set_yticks([])
        bottom.set_xlabel(f"livetime of a file of {process} [s]")
        bottom.ticklabel_format(axis="x", useOffset=False)
        bottom.locator_params(axis="x", nbins=5)
        return picture


def _title(axes: Any, exposure: Mapping[str, Any]) -> None:
    axes.set_title(exposure_text(exposure), loc="right", size=9, pad=16)
