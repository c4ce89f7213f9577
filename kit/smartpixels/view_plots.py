"""The pictures of a panel: maps that share one time, and waveforms of the chosen pixels.

They change under the user's hand: everything in them is made once, and then given other data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from kit.smartpixels.cluster_plots import COLOUR_MAP, LINES, extent, show_map, track_line
from kit.smartpixels.cluster_view import ClusterView, other_choice
from kit.smartpixels.pixelav import FloatArray
from kit.smartpixels.scene import PIXEL_COLOURS, Scene, pixel_at

__all__ = [
    "MAPS_SIZE",
    "WAVEFORMS_SIZE",
    "draw_maps",
    "draw_waveforms",
    "move_maps",
    "move_waveforms",
    "pixel_in_picture",
]

MAPS_SIZE, WAVEFORMS_SIZE = (9.6, 5.4), (9.6, 5.6)  # inches
MOST_LINES = 8  # thresholds and sample times that are marked
OTHER_LINES = ("-", ":", "-.")  # the template itself, and the voltage as two other choices make it
EACH = 4 + len(OTHER_LINES)  # artists of a pixel: charge, current, voltage, the others, its name
# what lies above a changing artist is drawn anew with it: axes that follow the lines, not those that always stay
BELOW_AXES, ABOVE_AXES = 0.4, 3.0


def draw_maps(axes: Any, scene: Scene) -> list[Any]:
    """Draw maps of charge, voltage and codes, one above the other; return what `move_maps` changes."""
    _place(axes, left=0.07, width=0.92, gap=0.10)
    geometry, shape = scene.view.geometry, scene.view.charge.shape[:2]
    left, right, bottom, top = extent(shape, geometry)
    artists: list[Any] = []
    above: dict[str, Any] = {"zorder": ABOVE_AXES + 0.1}
    for place in axes[:, 0]:
        box = (left, right, bottom, top)
        look: dict[str, Any] = {
            "origin": "lower",
            "extent": box,
            "aspect": "equal",
            "interpolation": "nearest",
            "zorder": ABOVE_AXES,
        }
        artists.append(place.imshow(np.zeros(shape), cmap=COLOUR_MAP, vmin=-1, vmax=1, **look))
        place.vlines(
            np.arange(left, right, geometry.pitch_x), bottom, top, color="0.85", linewidth=0.4, zorder=ABOVE_AXES
        )
        place.hlines(
            np.arange(bottom, top, geometry.pitch_y), left, right, color="0.85", linewidth=0.4, zorder=ABOVE_AXES
        )
        artists += place.plot([], [], color="black", linewidth=1.2, **above)
        artists += place.plot([], [], color="black", marker="o", markersize=4, linestyle="", **above)
        artists += place.plot([], [], color="black", marker="+", markersize=9, linestyle="", **above)
        for colour in PIXEL_COLOURS:
            artists += place.plot([], [], color=colour, linewidth=2, **above)
        for spine in place.spines.values():
            spine.set_zorder(ABOVE_AXES + 0.2)
        place.set(xlim=(left, right), ylim=(bottom, top), ylabel="y [µm]")
        place.tick_params(which="both", length=0)
        place.minorticks_off()
        place.set_title(" ", loc="left", fontsize=10)
    axes[-1, 0].set_xlabel("x [µm]")
    move_maps(artists, scene)
    return artists


def move_maps(artists: Sequence[Any], scene: Scene) -> bool:
    """Show another scene in maps that are drawn already; tell whether it fits into them."""
    view = scene.view
    charge, voltage, codes = view.charge_at(scene.time), view.voltage_at(scene.time), view.codes_at(scene.sample)
    if artists[0].get_array().shape != charge.shape or tuple(artists[0].get_extent()) != extent(
        charge.shape, view.geometry
    ):
        return False
    charge_end, voltage_end = scene.scales
    x, y = track_line(view.metadata, view.geometry.thickness)
    highest = float(max(view.p.levels)) or 1.0
    contents = (
        (charge, charge_end, f"charge: blue to red is -{charge_end:.0f} to {charge_end:.0f} e-"),
        (voltage, voltage_end, f"voltage: -{voltage_end:.1f} to {voltage_end:.1f} mV"),
        (codes, highest, f"codes {scene.sampled}: 0 to {highest:.0f}"),
    )
    each = len(artists) // len(contents)
    for number, (values, end, title) in enumerate(contents):
        image, track, entry, middle, *marks = artists[number * each : (number + 1) * each]
        show_map(image, np.asarray(values, np.float64), end)
        track.set_data(x[[0, 2]], y[[0, 2]])
        entry.set_data(x[:1], y[:1])
        middle.set_data(x[1:2], y[1:2])
        for place, mark in enumerate(marks):
            chosen = scene.pixels[place : place + 1]
            mark.set_data(*(_frame(scene, *chosen[0]) if chosen else ([], [])))
        image.axes.set_title(title, loc="left", fontsize=10)
    return True


def pixel_in_picture(figure: Any, view: ClusterView, x: float, y: float) -> tuple[int, int] | None:
    """Return row and column of the pixel at a place of the maps' picture, None where there is none.

    Parameters
    ----------
    figure : Figure
        With what `draw_maps` has drawn.
    view : ClusterView
        What is drawn there.
    x, y : float
        The place, as shares of width and height from the top left.
    """
    width, height = figure.get_size_inches() * figure.dpi
    at = x * width, (1 - y) * height
    for axes in figure.axes:
        if axes.get_window_extent().contains(*at):
            return pixel_at(view, *map(float, axes.transData.inverted().transform(at)))
    return None


def draw_waveforms(axes: Any, scene: Scene) -> list[Any]:
    """Draw charge, current and voltage of the chosen pixels; return what `move_waveforms` changes."""
    _place(axes, left=0.09, width=0.89, gap=0.04)
    artists: list[Any] = []
    for number, colour in enumerate(PIXEL_COLOURS):
        look: dict[str, Any] = {"color": colour, "linestyle": LINES[number % len(LINES)], "zorder": BELOW_AXES}
        artists += [place.plot([], [], **look)[0] for place in axes[:, 0]]
        for style in OTHER_LINES:
            artists += axes[2, 0].plot([], [], color=colour, linestyle=style, linewidth=0.8, zorder=BELOW_AXES)
        text = axes[0, 0].text(0.99, 0.94 - 0.11 * number, "", color=colour, ha="right", va="top", fontsize=9)
        text.set_transform(axes[0, 0].transAxes)
        artists.append(text)
    artists.append(axes[2, 0].text(0.012, 0.93, "", va="top", fontsize=8, color="0.3", backgroundcolor="white"))
    artists[-1].set_transform(axes[2, 0].transAxes)
    artists += [place.axvline(0, color="black", linewidth=0.8, zorder=BELOW_AXES) for place in axes[:, 0]]
    for line, style in ((axes[2, 0].axhline, "-"), (axes[2, 0].axvline, "--")):
        artists += [
            line(0, color="0.6", linewidth=0.8, linestyle=style, zorder=BELOW_AXES) for _ in range(MOST_LINES)
        ]
    for place, words in zip(axes[:, 0], ("charge [e-]", "current [e-/ps]", "voltage [mV]"), strict=True):
        place.set_ylabel(words)
        place.minorticks_off()  # each tick takes its time
    axes[2, 0].set_xlabel("time [ns]")
    move_waveforms(artists, scene)
    return artists


def move_waveforms(artists: Sequence[Any], scene: Scene) -> bool:
    """Show another scene in waveforms that are drawn already."""
    view = scene.view
    count = len(PIXEL_COLOURS)
    for number in range(count):
        *lines, text = artists[EACH * number : EACH * (number + 1)]
        pixel = scene.pixels[number] if number < len(scene.pixels) else None
        for line, (x, y) in zip(lines, _curves(scene, pixel), strict=True):
            line.set_data(x, y)
        text.set_text("" if pixel is None else f"row {pixel[0]}, column {pixel[1]}")
    key, *cursors = artists[EACH * count : EACH * count + 4]
    marks = artists[EACH * count + 4 :]
    key.set_text(_key(scene))
    for cursor in cursors:
        cursor.set_xdata([scene.time, scene.time])
    for place, (line, values) in enumerate(
        [(line, view.p.thresholds) for line in marks[:MOST_LINES]]
        + [(line, view.p.sample_times) for line in marks[MOST_LINES:]]
    ):
        at = place % MOST_LINES
        line.set_visible(at < len(values))
        if at < len(values):
            (line.set_ydata if place < MOST_LINES else line.set_xdata)([values[at], values[at]])
    for place in (cursor.axes for cursor in cursors):
        place.relim()
        place.autoscale(axis="y")
        place.set_xlim(0, view.output_times[-1])
    return True


def _curves(scene: Scene, pixel: tuple[int, int] | None) -> list[tuple[Any, Any]]:
    """Return x and y of a pixel's lines: charge, current, voltage, its template, and as two choices make it."""
    if pixel is None:
        return [([], [])] * (EACH - 1)
    view = scene.view
    charge = view.charge[pixel]
    curves = [(view.input_times, charge), (view.input_times, np.gradient(charge, view.geometry.step))]
    curves.append((view.output_times, view.noisy[pixel]))
    others = (view.at_once, view.other_start, view.other_template)[: 2 + (view.p.response == "measured")]
    curves += [(view.output_times, other[pixel]) for other in others if scene.overlay]
    return curves + [([], [])] * (EACH - 1 - len(curves))


def _key(scene: Scene) -> str:
    """Say what the thin lines are."""
    if not scene.overlay:
        return ""
    p = scene.view.p
    words = f"thin: template, as if all charge came at once · dotted: {'without' if p.t0_fix else 'with'} t0_fix"
    return words + (f" · dash-dotted: template_by {other_choice(p)}" if p.response == "measured" else "")


def _place(axes: Any, left: float, width: float, gap: float) -> None:
    """Put axes one above the other where they stay: a layout that is computed takes longer than all drawing."""
    axes[0, 0].figure.set_layout_engine("none")
    count = len(axes)
    height = (0.855 - gap * (count - 1)) / count
    for number, place in enumerate(axes[:, 0]):
        place.set_position((left, 0.09 + (count - 1 - number) * (height + gap), width, height))


def _frame(scene: Scene, row: int, column: int) -> tuple[FloatArray, FloatArray]:
    """Return the outline of a pixel."""
    rows, columns = scene.view.charge.shape[:2]
    geometry = scene.view.geometry
    x = (column - (columns - 1) // 2 + np.array([-0.5, 0.5, 0.5, -0.5, -0.5])) * geometry.pitch_x
    y = (row - (rows - 1) // 2 + np.array([-0.5, -0.5, 0.5, 0.5, -0.5])) * geometry.pitch_y
    return x, y
