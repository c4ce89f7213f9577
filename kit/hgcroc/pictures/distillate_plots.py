"""Pictures of distillates: lines of the halves, maps of the board, how often which value occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import Picture
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.pictures.board_plots import BoardView, draw_board
from kit.hgcroc.pictures.bundle_plots import STYLES, chip_colour
from kit.hgcroc.pictures.geometry import PAD_ROWS
from kit.hgcroc.summaries import ROWS

__all__ = [
    "before_after", "crosstalk", "draw_before_after", "grades", "halves", "histograms", "noise", "on_board",
    "thresholds",
]  # fmt: skip

FloatArray = npt.NDArray[np.float64]


def on_board(found: Distillate, column: str, label: str, title: str = "") -> Picture:
    """Return a result of all channels on the pads of the board."""
    drawing, axes = figures.figure(size=(6.6, 5.6))
    values = np.where(np.isfinite(found.rows[column]), found.rows[column], np.nan).astype(float)
    draw_board(axes, BoardView(values.reshape(-1, ROWS), label, title))
    return drawing


def histograms(columns: Mapping[str, FloatArray], label: str, unit: str, title: str = "") -> Picture:
    """Return how often which value occurs, for several columns in the same bins."""
    drawing, axes = figures.figure()
    known = {name: values[np.isfinite(values)] for name, values in columns.items()}
    every = np.concatenate(list(known.values())) if known else np.empty(0)
    if not len(every):
        figures.say(axes, "no channel has a value")
        return drawing
    low, high = np.percentile(every, [0.5, 99.5])
    margin = max(0.1 * (high - low), 1e-9)
    bins = np.linspace(low - margin, high + margin, 41)
    for (name, values), style in zip(known.items(), STYLES, strict=False):
        told = f"{name}: median {np.median(values):.4g}, width {np.std(values):.2g}" if len(values) else name
        axes.hist(
            np.clip(values, bins[0], bins[-1]),
            bins.tolist(),
            histtype="step",
            linewidth=1.5,
            linestyle=style,
            label=told,
        )
    axes.set(xlabel=label, ylabel=f"channels / {bins[1] - bins[0]:.2g} {unit}")
    axes.margins(y=0.25)
    axes.legend(fontsize=9)
    axes.set_title(title, loc="left")
    return drawing


def draw_before_after(axes: Any, pair: tuple[Distillate, Distillate]) -> None:
    """Draw the pedestals of all channels before and after calibration."""
    values = [each.rows["pedestal"][(each.kind == 0) & np.isfinite(each.rows["pedestal"])] for each in pair]
    every = np.concatenate(values)
    if not len(every):
        figures.say(axes, "no channel has a pedestal")
        return
    bins = np.linspace(
        every.min() - 5, every.max() + 5, int(min(max(every.max() - every.min() + 10, 50), 400)) + 1
    )
    for name, told, style in zip(("before", "after"), values, ("--", "-"), strict=True):
        label = f"{name}: median {np.median(told):.1f}, width {np.std(told):.1f}"
        axes.hist(told, bins.tolist(), histtype="step", linewidth=1.5, linestyle=style, label=label)
    axes.set(xlabel="pedestal [ADC counts]", ylabel=f"channels / {bins[1] - bins[0]:.2g} counts", yscale="log")
    axes.set_title("after: one peak for the target of each half", loc="left", fontsize=10)
    axes.set_ylim(0.5, 3 * len(values[-1]) ** 0.9 + 3)
    axes.legend(fontsize=9)


def before_after(before: Distillate, after: Distillate) -> Picture:
    """Return the picture of `draw_before_after`."""
    drawing, axes = figures.figure()
    draw_before_after(axes, (before, after))
    return drawing


def noise(found: Distillate) -> Picture:
    """Return the noise of the pads before and after the common mode is taken off."""
    pads = (found.kind == 0) & np.isin(found.channel, PAD_ROWS)
    columns = {"all": found.rows["noise"][pads]}
    if "noise_own" in found.rows:
        columns["without common mode"] = found.rows["noise_own"][pads]
    return histograms(
        columns, "noise [ADC counts]", "counts", "bonded channels; what is beyond the bins is in the last"
    )


def halves(found: Distillate, name: str) -> Picture:
    """Return the median pedestal of each half against a reference voltage, the line, and the target."""
    drawing, axes = figures.figure()
    target = float(found.curves["target"])
    for half in range(found.curves["y"].shape[1]):
        x, y, used = (found.curves[key][:, half] for key in ("x", "y", "used"))
        colour = chip_colour(half // 2)
        axes.plot(x, y, "os"[half % 2], markersize=4, fillstyle="none", color=colour)
        axes.plot(
            x[used],
            y[used],
            "os"[half % 2],
            markersize=4,
            color=colour,
            label=f"chip {half // 2}, half {half % 2}",
        )
        slope, offset = (found.halves[key][half] for key in ("slope", "offset"))
        if used.any() and np.isfinite(slope):
            ends = np.array([x[used].min(), x[used].max()])
            axes.plot(ends, offset + slope * ends, color=colour, linewidth=1, linestyle=STYLES[half % 2])
    axes.axhline(target, color="black", linewidth=0.8, linestyle=":", label=f"target {target:g}")
    axes.set(xlabel=f"{name} [register counts]", ylabel="median pedestal [ADC counts]")
    axes.set_title("filled: the straight part", loc="left")
    axes.legend(fontsize=8)
    return drawing


def thresholds(found: Distillate, name: str) -> Picture:
    """Return where half of the pulses fire, against the charge, for each half, with the wanted charge."""
    drawing, axes = figures.figure()
    levels, heights, target = (found.curves[key] for key in ("levels", "heights", "target"))
    for half in range(heights.shape[1]):
        told = found.halves[name][half]
        label = (
            f"chip {half // 2}, half {half % 2}: {told:.0f}"
            if np.isfinite(told)
            else f"chip {half // 2}, half {half % 2}: none"
        )
        axes.plot(
            levels,
            heights[:, half],
            "os"[half % 2],
            linestyle=STYLES[half % 2],
            markersize=4,
            linewidth=1,
            color=chip_colour(half // 2),
            label=label,
        )
    axes.axvline(float(target), color="black", linewidth=0.8, linestyle=":", label=f"wanted {float(target):g} fC")
    axes.set(xlabel="charge at which half of the pulses fire [fC]", ylabel=f"{name} [register counts]")
    axes.legend(fontsize=8)
    return drawing


def crosstalk(found: Distillate) -> Picture:
    """Return by how much channels change for each fC in a group of others; injected ones are empty."""
    drawing, axes = figures.figure(size=(9.0, 3.0 + 0.08 * len(found.curves["matrix"])))
    rows = np.flatnonzero(found.kind == 0)
    matrix = 1000 * found.curves["matrix"][:, rows]
    known = np.abs(matrix[np.isfinite(matrix)])
    top = float(np.percentile(known, 99)) * 1.5 if len(known) else 1.0
    shown = axes.imshow(matrix, aspect="auto", interpolation="nearest", vmin=-top, vmax=top, cmap="PuOr")
    axes.set(xlabel=f"channel + {ROWS - 6} · chip", ylabel="group of injected channels")
    axes.set_yticks(range(len(matrix)))
    axes.figure.colorbar(shown, ax=axes, label="change [ADC counts / pC]", extend="max")
    return drawing


def grades(chips: Sequence[Mapping[str, Any]], bad: FloatArray) -> Picture:
    """Return how many reasons there are against each channel on the board, and the grades of its chips."""
    drawing, axes = figures.figure(size=(6.6, 5.8))
    told = ", ".join(f"chip {chip['chip']} {chip['grade']}" for chip in chips)
    draw_board(axes, BoardView(bad.reshape(-1, ROWS), "analyses with a reason against the channel", told))
    return drawing
