"""One channel of one analysis: its measured points, its fit, and in words what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from kit import figures
from kit.hgcroc.calibration.distillates import Distillate
from kit.hgcroc.calibration.reasons import reasons_text

__all__ = ["AXES", "ChannelView", "channel_records", "channel_view", "draw_channel", "fitted"]

FloatArray = npt.NDArray[np.float64]
CHARGE, REGISTER = "injected charge [fC]", "register [counts]"
AXES = {  # what is drawn against what
    "trim_inv": (REGISTER, "pedestal [ADC counts]"),
    "gain": (CHARGE, "ADC [counts]"),
    "phase": ("time of the sample [ns]", "ADC [counts]"),
    "phase_steps": ("phase_strobe [25 ns / 16]", "TOA − 64 codes a step [codes]"),
    "trim_toa": (REGISTER, "TOA efficiency"),
    "toa_curves": (CHARGE, "TOA efficiency"),
    "time_walk": (CHARGE, "TOA [25 ns / 1024]"),
    "trim_tot": (REGISTER, "TOT efficiency"),
    "tot_line": (CHARGE, "TOT [counts]"),
}
KINDS = {0: "channel", 1: "calibration", 100: "common mode"}
FINE = 300  # points of a drawn fit


@dataclass(frozen=True)
class ChannelView:
    """What is drawn of a channel; arrays are empty where the analysis has no curves by channel."""

    x: FloatArray
    y: FloatArray
    fit_x: FloatArray
    fit_y: FloatArray
    labels: tuple[str, str]
    title: str


def channel_records(found: Distillate) -> list[Mapping[str, Any]]:
    """Return a record for each row of the board: place, results to four digits, reasons in words."""
    names = [name for name in found.rows if not name.endswith("_error")]
    columns = {name: [_rounded(value) for value in found.rows[name]] for name in names}
    return [
        {
            "chip": int(found.chip[row]), "channel": int(found.channel[row]), "kind": KINDS[int(found.kind[row])],
            **{name: columns[name][row] for name in names}, "reasons": reasons_text(int(found.reasons[row])),
        }
        for row in range(len(found.chip))
    ]  # fmt: skip


def _rounded(value: Any) -> float | None:
    return float(f"{float(value):.4g}") if np.isfinite(value) else None


def fitted(found: Distillate, row: int, x: FloatArray) -> FloatArray:
    """Return the fit of a channel at some places; nan where the analysis has none."""
    value = {name: float(values[row]) for name, values in found.rows.items()}
    if {"slope", "offset"} <= set(value):
        return np.asarray(value["offset"] + value["slope"] * x)
    if "gain" in value:
        return np.asarray(value["offset"] + value["gain"] * x)
    if "q50" in value:
        return np.asarray(
            ndtr((x - value["q50"]) / value["sigma"]) if np.isfinite(value["sigma"]) else np.full(x.shape, np.nan)
        )
    if "pole" in value:
        with np.errstate(invalid="ignore", divide="ignore"):
            walk = value["scale"] / (x - value["pole"]) ** value["power"]
        measured, residual = found.curves["y"][:, row], found.curves["residual"][:, row]
        known = np.isfinite(residual)
        at = found.curves["x"][known, row] - value["pole"]
        end = (
            measured[known] - residual[known] - value["scale"] / at ** value["power"]
        )  # without jumps at the end of a crossing
        return np.asarray(walk + (end.mean() if known.any() else np.nan))
    return np.full(x.shape, np.nan)


def channel_view(found: Distillate, row: int) -> ChannelView:
    """Return what is drawn of a channel."""
    told = reasons_text(int(found.reasons[row]))
    kind = KINDS[int(found.kind[row])]
    title = f"{found.name}, chip {found.chip[row]}, {kind} {found.channel[row]}{': ' if told else ''}{told}"
    if not {"x", "y"} <= set(found.curves) or found.curves["y"].shape[-1] != len(found.chip):
        nothing = np.empty(0)
        return ChannelView(nothing, nothing, nothing, nothing, ("", ""), title)
    x, y = (
        np.broadcast_to(found.curves[name], found.curves["y"].shape)[:, row].astype(float) for name in ("x", "y")
    )
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    places = np.linspace(x.min(), x.max(), FINE) if len(x) else np.empty(0)
    line = fitted(found, row, places) if len(x) else places
    if "linear_to" in found.rows:
        line = np.where(places <= found.rows["linear_to"][row], line, np.nan)
    return ChannelView(x, y, places, line, AXES.get(found.name, ("", "")), title)


def draw_channel(axes: Any, view: ChannelView) -> None:
    """Draw the points of a channel, and the line of its fit."""
    axes.set_title(view.title, loc="left", fontsize=10)
    if not len(view.x):
        figures.say(axes, f"{view.title}: no curve by channel")
        return
    axes.plot(view.x, view.y, "o", markersize=4, color=figures.COLOURS[0], label="measured")
    if np.isfinite(view.fit_y).any():
        axes.plot(view.fit_x, view.fit_y, color=figures.COLOURS[2], linewidth=1.2, label="fit")
    axes.set(xlabel=view.labels[0], ylabel=view.labels[1])
    axes.legend(fontsize=9)
