"""Pictures of many clusters: templates, linearity, spectra, mean waveforms, cluster sizes, codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.smartpixels.example import Example
from kit.smartpixels.pixelav import FloatArray
from kit.smartpixels.pulses import ELECTRON_CHARGE
from kit.smartpixels.tally import CHARGE_BINS, SLOPE_BINS, VOLTAGE_BINS, WAVEFORM_BINS, Tally

__all__ = ["linearity", "mean_waveforms", "occupancy", "sizes", "spectra", "templates"]

SHOWN_TEMPLATES = 12
HATCHES = ("", "///", "...", "xxx")


def templates(example: Example, tally: Tally) -> figures.Picture:
    """Draw the responses per electron, and their plateau and use against the injected charge."""
    drawing, axes = figures.grid(1, 2, size=(11, 4.4))
    left, right = axes[0]
    responses = example.samples * ELECTRON_CHARGE * 1e6  # uV/e-
    times = example.kernel_step * 1e-3 * np.arange(responses.shape[1])
    places = np.unique(np.linspace(0, len(responses) - 1, SHOWN_TEMPLATES).astype(int))
    for number, place in enumerate(places):
        shade = 0.85 * number / max(len(places) - 1, 1)
        label = f"{example.charges[place]:g} e-" if number in (0, len(places) // 2, len(places) - 1) else None
        left.plot(times, responses[place], color=(0.1 + shade, 0.3, 0.9 - shade), label=label)
    left.set(xlabel="time [ns]", ylabel="response [µV/e-]", xlim=(0, times[-1]))
    left.legend(title="injected charge" if len(responses) > 1 else None)
    if len(responses) > 1:
        right.semilogx(
            example.charges, responses.max(axis=1), color=COLOURS[0], marker=".", label="largest response"
        )
        right.set(xlabel="injected charge [e-]", ylabel="response [µV/e-]")
        used = right.twinx()
        used.bar(example.charges, tally.templates, width=0.1 * example.charges, color="0.8", label="pixels")
        used.set(ylabel="pixels that use it", yscale="log")
        right.set_zorder(used.get_zorder() + 1)
        right.patch.set_visible(False)
        right.set_ylim(0, None)
    else:
        figures.say(right, "one response for all charges")
    return drawing


def linearity(tally: Tally) -> figures.Picture:
    """Draw the largest voltage of each pixel against its charge in the end."""
    drawing, axes = figures.figure()
    counts = np.ma.masked_equal(tally.linearity, 0)
    mesh = axes.pcolormesh(CHARGE_BINS, VOLTAGE_BINS, counts.T, norm="log", cmap="viridis")
    drawing.colorbar(mesh, ax=axes, label="pixels")
    axes.set(xlabel="charge in the last slice [e-]", ylabel="largest voltage [mV]")
    axes.set(xlim=_filled(CHARGE_BINS, tally.linearity.any(axis=1)))
    axes.set(ylim=_filled(VOLTAGE_BINS, tally.linearity.any(axis=0)))
    return drawing


def _filled(edges: FloatArray, some: Any) -> tuple[float, float]:
    """Return the range of the bins that hold something, with a bin on either side."""
    places = np.flatnonzero(some)
    if not len(places):
        return float(edges[0]), float(edges[-1])
    return float(edges[max(places[0] - 1, 0)]), float(edges[min(places[-1] + 2, len(edges) - 1)])


def spectra(tally: Tally) -> figures.Picture:
    """Draw how often pixels have which charge and which voltage."""
    drawing, axes = figures.grid(1, 2, size=(11, 4.2))
    for place, (counts, edges, name) in enumerate(
        [
            (tally.charge, CHARGE_BINS, "charge in the last slice [e-]"),
            (tally.voltage, VOLTAGE_BINS, "largest voltage [mV]"),
        ]
    ):
        axes[0, place].stairs(counts, edges, color=COLOURS[place], fill=True, alpha=0.5)
        axes[0, place].stairs(counts, edges, color=COLOURS[place])
        unit = name.rpartition("[")[2].rstrip("]")
        axes[0, place].set(xlabel=name, ylabel=f"pixels / {edges[1] - edges[0]:g} {unit}", yscale="log")
        axes[0, place].set_xlim(_filled(edges, counts))
    return drawing


def mean_waveforms(tally: Tally, output_step: float) -> figures.Picture:
    """Draw the mean voltage of pixels of about the same charge against time."""
    drawing, axes = figures.figure()
    times = output_step * 1e-3 * np.arange(tally.waveforms.shape[1])
    for number, count in enumerate(tally.waveform_pixels):
        if count:
            low, high = WAVEFORM_BINS[number : number + 2]
            name = f"{low:g}–{high:g} e-"
            mean = tally.waveforms[number] / count
            axes.plot(times, mean, color=COLOURS[number], marker="osv^Dp"[number], markersize=3, label=name)
    axes.set(xlabel="time [ns]", ylabel="mean voltage [mV]", xlim=(0, times[-1]))
    axes.legend(title="charge in the end")
    return drawing


def sizes(tally: Tally) -> figures.Picture:
    """Draw how many pixels hold charge in the end, against the slopes of the track."""
    drawing, axes = figures.grid(1, 2, size=(11, 4.2), sharey=True)
    centres = (SLOPE_BINS[1:] + SLOPE_BINS[:-1]) / 2
    for place, name in enumerate((r"$\cot\alpha = n_x/n_z$", r"$\cot\beta = n_y/n_z$")):
        count, total, squares = tally.sizes[place].T
        some = count > 0
        mean = total[some] / count[some]
        spread = np.sqrt(np.maximum(squares[some] / count[some] - mean**2, 0) / count[some])
        axes[0, place].errorbar(centres[some], mean, spread, fmt="o", color=COLOURS[place], markersize=4)
        axes[0, place].set(xlabel=name, xlim=(SLOPE_BINS[0], SLOPE_BINS[-1]))
    axes[0, 0].set(ylim=(0, None), ylabel="pixels with charge in a cluster")
    return drawing


def occupancy(tally: Tally, times: Sequence[float], levels: Sequence[int]) -> figures.Picture:
    """Draw how often each code above the lowest is read out, at each sample time."""
    drawing, axes = figures.figure()
    if not tally.occupancy.any():
        figures.say(axes, "no codes were made: adc is not among the formats")
        return drawing
    share = tally.occupancy / tally.occupancy.sum(axis=1, keepdims=True)
    width = 0.8 / max(len(levels) - 1, 1)
    for place in range(1, len(levels)):
        at: Any = np.arange(len(times)) + (place - len(levels) / 2) * width
        look: dict[str, Any] = {
            "color": COLOURS[place - 1],
            "hatch": HATCHES[(place - 1) % len(HATCHES)],
            "edgecolor": "black",
        }
        bars = axes.bar(at, 100 * share[:, place], width, label=f"code {levels[place]}", **look)
        axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=2)
    axes.set_xticks(range(len(times)), [f"{time:g} ns" for time in times])
    axes.tick_params(axis="x", which="minor", length=0)
    axes.set(xlabel="sample time", ylabel="pixels [%]")
    axes.margins(y=0.25)
    axes.legend(loc="upper left", ncols=3)
    return drawing
