"""Pictures of distillates: bundles of curves, lines of the halves, maps of the board, residuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import COLOURS, Picture
from kit.hgcroc.board_plots import BoardView, draw_board
from kit.hgcroc.distillates import Distillate
from kit.hgcroc.geometry import PAD_ROWS
from kit.hgcroc.summaries import ROWS

__all__ = [
    "before_after",
    "bundle",
    "crosstalk",
    "draw_before_after",
    "draw_bundle",
    "draw_residuals",
    "grades",
    "halves",
    "histograms",
    "joining",
    "noise",
    "on_board",
    "phase",
    "thresholds",
    "time_walk",
    "with_residuals",
]

FloatArray = npt.NDArray[np.float64]
STYLES = ("-", "--", ":", "-.", "-", "--")
LABELS = {
    "charge": "injected charge [fC]", "adc": "ADC [counts]", "tot": "TOT [counts]", "toa": "TOA [25 ns / 1024]",
    "time": "time of the sample [ns]",
}  # fmt: skip
FAINT = 0.25


def _chip_colour(chip: int) -> str:
    return COLOURS[(0, 2, 1, 4, 6, 8)[chip % 6]]


def _joined(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return curves one behind the other, sorted, with nan between them: one artist draws them all."""
    order = np.argsort(np.where(np.isfinite(y), x, np.nan), axis=0, kind="stable")
    ends = np.full((1, x.shape[1]), np.nan)
    parts = [
        np.concatenate([np.take_along_axis(values, order, 0), ends])
        for values in (x, np.where(np.isfinite(x), y, np.nan))
    ]
    along, up = (part.T.ravel() for part in parts)
    known = np.isfinite(along) & np.isfinite(up)
    known |= np.append(known[1:], False) | np.insert(known[:-1], 0, False)
    return np.asarray(along[known]), np.asarray(np.where(np.isfinite(up[known]), up[known], np.nan))


def draw_bundle(axes: Any, found: Distillate, y: str = "y", *, rows: npt.ArrayLike | None = None) -> None:
    """Draw the curves of all channels, chips in colours, bad channels in black."""
    x, values = (np.broadcast_to(found.curves[name], found.curves[y].shape) for name in ("x", y))
    chosen = found.kind == 0 if rows is None else np.asarray(rows, bool)
    chosen = chosen & np.isfinite(values).any(axis=0)
    if not chosen.any():
        figures.say(axes, "no channel has a curve")
        return
    for chip in range(found.chips):
        mine = chosen & (found.chip == chip) & (found.reasons == 0)
        if mine.any():
            along, up = _joined(x[:, mine].astype(float), values[:, mine].astype(float))
            axes.plot(along, up, color=_chip_colour(chip), linewidth=0.7, alpha=FAINT)
            axes.plot([], [], color=_chip_colour(chip), label=f"chip {chip}, {int(mine.sum())} channels")
    bad = chosen & (found.reasons != 0)
    if bad.any():
        axes.plot(
            *_joined(x[:, bad].astype(float), values[:, bad].astype(float)),
            color="black",
            linewidth=0.8,
            linestyle=":",
            label=f"{int(bad.sum())} bad",
        )
    axes.legend(fontsize=8)


def bundle(found: Distillate, x_label: str, y_label: str, title: str = "") -> Picture:
    """Return the picture of `draw_bundle`."""
    drawing, axes = figures.figure()
    draw_bundle(axes, found)
    axes.set(xlabel=x_label, ylabel=y_label)
    axes.set_title(title, loc="left")
    return drawing


def draw_residuals(axes: Any, found: Distillate, label: str) -> None:
    """Draw how far the points of all good channels are from their curve."""
    chosen = (found.kind == 0) & (found.reasons == 0)
    draw_bundle(axes, found, "residual", rows=chosen)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set_ylabel(label)


def with_residuals(
    found: Distillate, x_label: str, y_label: str, unit: str, *, limit: float | None = None
) -> Picture:
    """Return curves above, residuals below."""
    drawing, axes = figures.grid(2, 1, size=(6.4, 6.0), sharex=True, height_ratios=(2, 1))
    draw_bundle(axes[0, 0], found)
    axes[0, 0].set_ylabel(y_label)
    draw_residuals(axes[1, 0], found, f"measured − fit [{unit}]")
    if axes[1, 0].get_legend():
        axes[1, 0].get_legend().remove()
    if limit is not None:
        axes[1, 0].set_ylim(-limit, limit)
    axes[1, 0].set_xlabel(x_label)
    return drawing


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
    bins = np.linspace(every.min() - 5, every.max() + 5, 50)
    for name, told, style in zip(("before", "after"), values, ("--", "-"), strict=True):
        label = f"{name}: median {np.median(told):.1f}, width {np.std(told):.1f}"
        axes.hist(told, bins.tolist(), histtype="step", linewidth=1.5, linestyle=style, label=label)
    axes.set(xlabel="pedestal [ADC counts]", ylabel=f"channels / {bins[1] - bins[0]:.2g} counts")
    axes.margins(y=0.25)
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
        colour = _chip_colour(half // 2)
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


def phase(found: Distillate) -> Picture:
    """Return the pulses of all channels over time, and where their tops are."""
    drawing, axes = figures.grid(1, 2, size=(11.0, 4.2))
    draw_bundle(axes[0, 0], found)
    axes[0, 0].set(xlabel="25 ns · crossing − 25 ns / 16 · phase [ns]", ylabel=LABELS["adc"])
    channels = (found.kind == 0) & np.isfinite(found.rows["phase"])
    for chip in range(found.chips):
        mine = channels & (found.chip == chip)
        axes[0, 1].hist(
            found.rows["phase"][mine],
            np.arange(-0.5, 16.5).tolist(),
            histtype="step",
            linewidth=1.5,
            color=_chip_colour(chip),
            linestyle=STYLES[chip],
            label=f"chip {chip}: {found.summary['phase'][chip]}",
        )
    axes[0, 1].set(xlabel="phase of the pulse's top [25 ns / 16]", ylabel="channels")
    axes[0, 1].legend()
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
            color=_chip_colour(half // 2),
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


def time_walk(found: Distillate) -> Picture:
    """Return times over charge, what is left of the time-walk, and the spread before and after."""
    drawing, axes = figures.grid(1, 3, size=(15.0, 4.2))
    shifted = Distillate(**{**vars(found), "curves": {**found.curves, "y": found.curves["y"] - _ends(found)}})
    draw_bundle(axes[0, 0], shifted)
    axes[0, 0].set(xlabel=LABELS["charge"], ylabel="later than a large charge [25 ns / 1024]", xscale="log")
    draw_residuals(axes[0, 1], found, "measured − fit [25 ns / 1024]")
    axes[0, 1].set(xlabel=LABELS["charge"], xscale="log", ylim=(-1.2, 1.2))
    good = (found.kind == 0) & (found.reasons == 0)
    for name, style in (("before", "--"), ("after", "-")):
        values = found.rows[f"{name}_ps"][good]
        values = values[np.isfinite(values) & (values > 0)]
        if len(values):
            axes[0, 2].hist(
                values,
                np.geomspace(5, 5000, 40).tolist(),
                histtype="step",
                linewidth=1.5,
                linestyle=style,
                label=f"{name}: median {np.median(values):.3g} ps",
            )
    axes[0, 2].set(xlabel="resolution over all charges [ps]", ylabel="channels", xscale="log")
    axes[0, 2].margins(y=0.25)
    axes[0, 2].legend()
    return drawing


def _ends(found: Distillate) -> FloatArray:
    """Return the time of a very large charge in the continuous times of each channel."""
    with np.errstate(invalid="ignore"):
        walk = found.rows["scale"] / (found.curves["x"] - found.rows["pole"]) ** found.rows["power"]
    rest = np.where(
        np.isfinite(found.curves["residual"]), found.curves["y"] - walk - found.curves["residual"], np.nan
    )
    count = np.isfinite(rest).sum(axis=0)
    return np.asarray(np.where(count > 0, np.nansum(rest, axis=0) / np.maximum(count, 1), 0.0))


def grades(chips: Sequence[Mapping[str, Any]], bad: FloatArray) -> Picture:
    """Return how many reasons there are against each channel on the board, and the grades of its chips."""
    drawing, axes = figures.figure(size=(6.6, 5.8))
    told = ", ".join(f"chip {chip['chip']} {chip['grade']}" for chip in chips)
    draw_board(axes, BoardView(bad.reshape(-1, ROWS), "analyses with a reason against the channel", told))
    return drawing


def joining(found: Distillate) -> Picture:
    """Return by how much the charge by ADC and by TOT differs from the injected one."""
    drawing, axes = figures.grid(1, 2, size=(11.0, 4.2))
    good = (found.kind == 0) & (found.reasons == 0)
    onset = found.summary.get("onset") or 1.0
    for pair, name in zip(axes[0], ("adc", "tot"), strict=True):
        told = Distillate(
            **{**vars(found), "curves": {"x": found.curves["x"], "y": found.curves[name] - found.curves["x"]}}
        )
        draw_bundle(pair, told, rows=good)
        pair.axvline(onset, color="black", linewidth=0.8, linestyle=":")
        pair.set(xlabel=LABELS["charge"], ylabel=f"charge by {name.upper()} − injected [fC]")
    axes[0, 0].set_xlim(0, 1.5 * onset)
    axes[0, 1].set(xlim=(0, 6 * onset), ylim=(-40, 40))
    axes[0, 1].set_title("dotted: onset of TOT", loc="left")
    return drawing
