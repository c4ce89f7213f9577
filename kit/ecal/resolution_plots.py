"""The pictures of scale and width: against score, against limits on pileup and noise, and fitted peaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from kit import figures
from kit.ecal.cruijff import cruijff
from kit.ecal.events import AnyArray, FloatArray
from kit.ecal.resolution import Matched, cells_of
from kit.ecal.resolution_tables import at_working_points
from kit.ecal.working_points import WorkingPoint
from kit.figures import COLOURS

__all__ = ["fits", "limits", "thresholds"]

PANELS = 6  # bins that are shown, the fullest
LINES = (("w68", COLOURS[0], "-"), ("scale", COLOURS[1], "--"))
SHAPE = ("peak", "left", "right", "tail_left", "tail_right")
SPOILT = {
    "pileup": "Largest energy of pileup / of the particle",
    "noise": "Largest noise / energy of a cluster",
}
BINS, FINE = 40, 50  # of fitted peaks, over six widths to each side; points of the curve in each
Columns = Mapping[str, AnyArray]


def thresholds(found: Columns, points: WorkingPoint, borrowed: AnyArray) -> figures.Picture:
    """Draw scale and width against the score, over those of the mustache, in the fullest bins."""

    def draw(axes: Any, i: int, j: int, own: AnyArray) -> None:
        own = own[found["threshold"][own] > 0]
        for name, colour, line in LINES:
            ratio = found[name][own] / found[f"mustache_{name}"][own]
            axes.plot(found["threshold"][own], ratio, line, color=colour, label=f"{name} / that of the mustache")
        point = points.thresholds[i, j]
        told = f"{'of a neighbour' if borrowed[i, j] else 'chosen'}: {point:.2g}"
        if point > 0:
            axes.axvline(point, color="k", ls=":", label=told)
        else:  # has no place on the axis
            axes.plot([], [], ls="none", label=told)
        axes.set(xlabel="Least score of a cluster", ylabel="Relative to the mustache")

    return _panels(found, points, _relative(draw))


def limits(found: Columns, points: WorkingPoint, name: str) -> figures.Picture:
    """Draw scale and width against a limit on ``pileup`` or ``noise``, over those without limit."""

    def draw(axes: Any, _i: int, _j: int, own: AnyArray) -> None:
        limit = found["limit"][own]
        finite = np.isfinite(limit)
        for column, colour, line in LINES:
            ratio = found[column][own] / found[column][own][~finite]
            axes.plot(limit[finite], ratio[finite], line, color=colour, label=f"{column} / that without limit")
        axes.set(xlabel=SPOILT[name], ylabel="Relative to no limit")

    return _panels(found, points, _relative(draw))


def fits(found: Columns, points: WorkingPoint, particles: Matched) -> figures.Picture:
    """Draw the energy at the working points and in the mustache over the true one, with the fitted peaks."""
    cell = cells_of(particles, points.et_edges, points.eta_edges)
    kinds = (
        ("", at_working_points(particles, points), "above the working point", COLOURS[0], "-"),
        ("mustache_", particles.mustache / particles.true, "in the mustache", COLOURS[2], "--"),
    )

    def draw(axes: Any, i: int, j: int, own: AnyArray) -> None:
        inside = cell == i * (len(points.eta_edges) - 1) + j
        known = [np.nan_to_num(found[f"{prefix}sigma"][own[0]]) for prefix, *_ in kinds]
        middle = found["peak"][own[0]] if np.isfinite(found["peak"][own[0]]) else 1.0
        reach = 6 * (max(known) or 0.05)
        bins = np.linspace(middle - reach, middle + reach, BINS + 1)
        for prefix, values, text, colour, line in kinds:
            filled = np.histogram(values[inside & np.isfinite(values)], bins)[0]
            told = f"{text}: σ = {100 * found[f'{prefix}sigma'][own[0]]:.2f} %"
            axes.stairs(filled, bins, color=colour, alpha=0.5)
            shape = [float(found[f"{prefix}{name}"][own[0]]) for name in SHAPE]
            fine = np.linspace(bins[0], bins[-1], FINE * BINS + 1)
            height = cruijff(fine, *shape)
            axes.plot(fine, FINE * filled.sum() / height.sum() * height, line, color=colour, lw=1.8, label=told)
        axes.set(xlabel=r"$\Sigma E\,/\,E_{true}$", ylabel=f"Particles / {bins[1] - bins[0]:.2g}")
        axes.set_ylim(0, 1.35 * axes.get_ylim()[1])
        axes.locator_params(axis="x", nbins=5)

    return _panels(found, points, draw)


def _relative(draw: Callable[[Any, int, int, AnyArray], None]) -> Callable[[Any, int, int, AnyArray], None]:
    """Return what draws ratios: both axes logarithmic, with a line at one."""

    def relative(axes: Any, i: int, j: int, own: AnyArray) -> None:
        draw(axes, i, j, own)
        axes.axhline(1, color="0.5", lw=0.8)
        axes.set(xscale="log", yscale="log")
        low, high = axes.get_ylim()
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter("{x:.3g}" if high / low < 4 else _some)  # else a short axis has no number

    return relative


def _some(x: float, _place: int | None) -> str:
    """Return the number at a small tick, between powers of ten only 2 and 5 times these."""
    return f"{x:g}" if f"{x:e}"[0] in "25" else ""


def _panels(
    found: Columns, points: WorkingPoint, draw: Callable[[Any, int, int, AnyArray], None]
) -> figures.Picture:
    """Draw the fullest bins side by side; `draw` takes axes, the bin's place in ET and |η|, and its rows."""
    with figures.style("CMS"):
        picture, axes = figures.grid(2, 3, size=(16, 8), experiment="CMS")
        figures.label(axes[0, 0], "CMS", "Simulation")
        cells = list(_fullest(found))
        for each in axes.flat[len(cells) :]:
            each.set_axis_off()
        for each, (edges, own) in zip(axes.flat, cells, strict=False):
            low, high, eta_low, eta_high = edges
            i, j = int(np.searchsorted(points.et_edges, low)), int(np.searchsorted(points.eta_edges, eta_low))
            draw(each, i, j, own)
            entries = found["entries"][own[0]]
            told = rf"$E_T$ {low:g}–{high:g} GeV, $|\eta|$ {eta_low:g}–{eta_high:g}, {entries} particles"
            each.set_title(told, fontsize=10, loc="right")
            each.legend(fontsize=9)
        return picture


def _fullest(found: Columns) -> Iterator[tuple[FloatArray, AnyArray]]:
    """Yield edges in ET, GeV, and |η|, and the rows of the fullest bins."""
    keys = np.stack([found[name] for name in ("et_min", "et_max", "eta_min", "eta_max")], 1)
    cells, first = np.unique(keys, axis=0, return_index=True)
    for cell in np.argsort(-found["entries"][first], kind="stable")[:PANELS]:
        yield cells[cell], np.flatnonzero((keys == cells[cell]).all(axis=1))
