"""Pictures of one cluster: maps of its pixels with the track, and the waveforms of some of them.

What draws into given axes is shared by the figures of a run and by the panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit import figures
from kit.figures import COLOURS
from kit.smartpixels.example import Example
from kit.smartpixels.pixelav import FloatArray, Geometry

__all__ = ["clusters_picture", "draw_map", "effects", "extent", "show_map", "track_line", "waveforms"]

COLOUR_MAP = "RdBu_r"  # diverging: charge and voltage are negative on neighbours
LINES = ("-", "--", "-.", (0, (5, 1, 1, 1, 1, 1)))
PASSING = 0.2  # of its peak: a pixel that keeps less has only seen charge go by


def extent(shape: tuple[int, ...], geometry: Geometry) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of an array in um; the origin is the centre of its middle pixel."""
    rows, columns = shape
    left = -((columns - 1) // 2 + 0.5) * geometry.pitch_x
    bottom = -((rows - 1) // 2 + 0.5) * geometry.pitch_y
    return left, left + columns * geometry.pitch_x, bottom, bottom + rows * geometry.pitch_y


def track_line(metadata: FloatArray, thickness: float) -> tuple[FloatArray, FloatArray]:
    """Return x and y, in um, of the track's entry, midplane and exit."""
    x, y, _, n_x, n_y, n_z = metadata[:6]
    depth = np.array([0.0, 0.5, 1.0]) * (thickness if n_z > 0 else -thickness)
    return x + n_x / n_z * depth, y + n_y / n_z * depth


def draw_map(
    axes: Any, values: FloatArray, geometry: Geometry, metadata: FloatArray, *, unit: str, largest: float
) -> Any:
    """Draw a map of pixels in true proportions with the track; return the image, to be changed by `show_map`.

    Parameters
    ----------
    axes : Axes
        Where to draw.
    values : ndarray, shape (rows, columns)
        What is shown; the colours reach from minus to plus `largest`.
    geometry, metadata : Geometry, ndarray
        Of the sensor, and of the track.
    unit : str
        Beside the colour bar.
    """
    left, right, bottom, top = extent(values.shape, geometry)
    image = axes.imshow(
        values, origin="lower", extent=(left, right, bottom, top), aspect="equal", cmap=COLOUR_MAP,
        vmin=-largest, vmax=largest, interpolation="nearest",
    )  # fmt: skip
    axes.set_xticks(np.arange(left, right + 1, geometry.pitch_x), minor=True)
    axes.set_yticks(np.arange(bottom, top + 1, geometry.pitch_y), minor=True)
    axes.tick_params(which="both", length=0)
    axes.grid(which="minor", color="0.85", linewidth=0.4)
    x, y = track_line(metadata, geometry.thickness)
    axes.plot(x[[0, 2]], y[[0, 2]], color="black", linewidth=1.2, label="track")
    axes.plot(x[0], y[0], color="black", marker="o", markersize=4, linestyle="", label="entry")
    axes.plot(x[1], y[1], color="black", marker="+", markersize=9, linestyle="", label="midplane")
    axes.set(xlim=(left, right), ylim=(bottom, top), ylabel="y [µm]")
    axes.figure.colorbar(image, ax=axes, label=unit, fraction=0.02, pad=0.01)
    return image


def show_map(image: Any, values: FloatArray, largest: float) -> None:
    """Show other values in a map that is drawn already."""
    image.set_data(values)
    image.set_clim(-largest, largest)


def scale_of(values: FloatArray) -> float:
    """Return the largest magnitude, for a colour bar; 1 where there is nothing."""
    return float(np.nan_to_num(abs(values)).max(initial=0.0)) or 1.0


def clusters_picture(example: Example) -> figures.Picture:
    """Draw the charge and the voltage of a cluster, early and at the end, one above the other."""
    early = int(example.charge.min(axis=(0, 1)).argmin())  # when a neighbour is most negative
    middle = example.voltage.shape[2] // 3
    drawing, axes = _maps(4)
    for place, (values, at, step, first, quantity) in enumerate(
        [
            (example.charge, early, example.input_step, 1, "charge [e-]"),
            (example.charge, example.charge.shape[2] - 1, example.input_step, 1, "charge [e-]"),
            (example.voltage, middle, example.output_step, 0, "voltage [mV]"),
            (example.voltage, example.voltage.shape[2] - 1, example.output_step, 0, "voltage [mV]"),
        ]
    ):
        shown = values[:, :, at]
        draw_map(axes[place], shown, _geometry(example), example.metadata, unit=quantity, largest=scale_of(shown))
        axes[place].set_title(f"{quantity.partition(' ')[0]} at {(at + first) * step * 1e-3:.2f} ns", loc="left")
    axes[0].legend(loc="upper right", ncols=3, fontsize=9)
    return drawing


def effects(example: Example) -> figures.Picture:
    """Draw what the two corrections change in the last slice of a cluster."""
    drawing, axes = _maps(2)
    for place, (other, name) in enumerate(
        [(example.with_t0_fix, "t0_fix: no charge is dropped"), (example.by_peak, "template_by: peak")]
    ):
        change = other[:, :, -1] - example.voltage[:, :, -1]
        largest = scale_of(change)
        draw_map(axes[place], change, _geometry(example), example.metadata, unit="change [mV]", largest=largest)
        axes[place].set_title(f"{name} (up to {abs(change).max():.2f} mV)", loc="left")
    return drawing


def waveforms(example: Example, pixels: Sequence[tuple[int, int]] | None = None) -> figures.Picture:
    """Draw charge, current and voltage of some pixels against time; dotted, what `t0_fix` would make of them.

    Without `pixels` the three with the most charge are shown, and one that only sees charge go by.
    """
    chosen = list(pixels) if pixels is not None else telling_pixels(example.charge)
    drawing, axes = figures.grid(3, 1, size=(7.2, 7.6), sharex=True)
    upper, middle, lower = axes[:, 0]
    times = example.input_step * 1e-3 * np.arange(1, example.charge.shape[2] + 1)
    later = example.output_step * 1e-3 * np.arange(example.voltage.shape[2])
    for number, (row, column) in enumerate(chosen):
        look = {"color": COLOURS[number % len(COLOURS)], "linestyle": LINES[number % len(LINES)]}
        charge = example.charge[row, column]
        name = f"row {row}, column {column}: {example.charges[example.template[row, column]]:g} e- template"
        upper.plot(times, charge, label=name, **look)
        middle.plot(times, np.gradient(charge, example.input_step), **look)
        lower.plot(later, example.voltage[row, column], **look)
        lower.plot(later, example.with_t0_fix[row, column], color=look["color"], linewidth=0.8, linestyle=":")
    upper.set_ylabel("charge [e-]")
    middle.set_ylabel("current [e-/ps]")
    lower.set(xlabel="time [ns]", ylabel="voltage [mV]", xlim=(0, later[-1]))
    lower.text(0.02, 0.93, "dotted: with t0_fix", transform=lower.transAxes, va="top", fontsize=9)
    upper.legend(fontsize=9)
    return drawing


def telling_pixels(charge: FloatArray) -> list[tuple[int, int]]:
    """Return the three pixels with the most charge, and the one with the highest peak that keeps little of it."""
    final, peak = charge[:, :, -1].ravel(), charge.max(axis=2).ravel()
    largest = np.argsort(final)[::-1][:3]
    passing = np.where(final < PASSING * peak, peak, 0.0)
    return [divmod(int(pixel), charge.shape[1]) for pixel in (*largest, passing.argmax())]


def _geometry(example: Example) -> Geometry:
    return Geometry(example.pitch_x, example.pitch_y, example.thickness, example.input_step)


def _maps(count: int) -> tuple[figures.Picture, Any]:
    drawing, axes = figures.grid(count, 1, size=(9.6, 0.4 + 1.75 * count), sharex=True)
    axes[-1, 0].set_xlabel("x [µm]")
    return drawing, axes[:, 0]
