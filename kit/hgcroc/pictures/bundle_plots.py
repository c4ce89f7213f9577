"""Curves of all channels in one picture, with their residuals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import COLOURS, Picture
from kit.hgcroc.calibration.distillates import Distillate

__all__ = ["STYLES", "bundle", "chip_colour", "draw_bundle", "joining", "phase", "time_walk", "with_residuals"]

FloatArray = npt.NDArray[np.float64]
STYLES = ("-", "--", ":", "-.", "-", "--")
LABELS = {
    "charge": "injected charge [fC]", "adc": "ADC [counts]", "tot": "TOT [counts]", "toa": "TOA [25 ns / 1024]",
    "time": "time of the sample [ns]",
}  # fmt: skip
FAINT = 0.25


def chip_colour(chip: int) -> str:
    """Return the colour of a chip, the same in all pictures."""
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
            axes.plot(along, up, color=chip_colour(chip), linewidth=0.7, alpha=FAINT)
            axes.plot([], [], color=chip_colour(chip), label=f"chip {chip}, {int(mine.sum())} channels")
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
            color=chip_colour(chip),
            linestyle=STYLES[chip],
            label=f"chip {chip}: {found.summary['phase'][chip]}",
        )
    axes[0, 1].set(xlabel="phase of the pulse's top [25 ns / 16]", ylabel="channels")
    axes[0, 1].legend()
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
