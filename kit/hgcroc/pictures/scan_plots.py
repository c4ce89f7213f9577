"""Pictures along an axis of a scan: curves of channels, times against the phase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from kit import figures
from kit.figures import Picture
from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures.channels import row_words
from kit.hgcroc.pictures.overlaid_fits import Kind, Overlay, kind_for, overlay
from kit.hgcroc.planning.axes import TEMPLATE

__all__ = [
    "FEW", "Curves", "along", "axis_label", "curves", "curves_of", "draw_curves", "quantity_label", "row_colour",
    "step_words", "strongest", "times",
]  # fmt: skip

IntArray = npt.NDArray[np.intp]

AXES = {"Calib": "Calib [DAC counts]", "phase_strobe": "phase_strobe [25 ns / 16]"}
QUANTITIES = {"adc": "ADC [counts]", "tot": "TOT [counts]", "toa": "TOA [25 ns / 1024]"}
WORDS = {"median": "median", "mean": "mean", "stdd": "standard deviation of", "iqr": "interquartile range of"}
MARKERS = "osD^vP"
SCALES = {"adc": 1023, "tot": 4095, "toa": 1023}
FEW = 6  # channels in one picture: more cannot be told apart


def axis_label(name: str, values: Sequence[Any] = ()) -> str:
    """Return the name of an axis with its unit; where its values are no numbers its steps are counted."""
    if any(not isinstance(value, int | float) for value in values):
        return f"step of {' and '.join(values[0])}" if isinstance(values[0], Mapping) else f"step of {name}"
    if name == TEMPLATE:
        return name
    return AXES.get(name, f"{name} [register counts]")


def step_words(label: str, value: Any) -> str:
    """Return in words where an axis stands."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number}" for name, number in value.items())
    return f"{label} {value}"


def quantity_label(column: str) -> str:
    """Return what a column of the summary is, with its unit."""
    quantity, _, word = column.partition("_")
    if word.startswith("efficiency"):
        return f"{quantity.upper()} {word.replace('_', ' ')}"
    if quantity in QUANTITIES:
        return f"{WORDS.get(word, word.replace('_', ' '))} {QUANTITIES[quantity]}"
    return column


def strongest(
    scan: Scan, points: IntArray, columns: Sequence[str] = ("adc_median",), count: int = FEW
) -> IntArray:
    """Return the rows whose values change most over some points, each as a share of its scale, by row."""
    change = np.zeros(len(scan.array("chip", points[:1])[0]))
    for column in columns:
        values = scan.array(column, points).astype(float)
        scale = 1 if "efficiency" in column else SCALES.get(column.partition("_")[0], 1)
        change += np.nan_to_num(values.max(axis=0) - values.min(axis=0)) / scale
    return np.sort(np.argsort(-change, kind="stable")[:count])


def row_colour(place: int) -> str:
    """Return the colour of the channel that was chosen as the `place`-th."""
    return figures.COLOURS[place % len(figures.COLOURS)]


def along(scan: Scan, axis: int, point: int) -> IntArray:
    """Return the points through `point` along an axis."""
    digits: list[Any] = list(np.unravel_index(point, scan.lengths))
    steps = np.arange(scan.lengths[axis + 1])
    digits[axis + 1] = steps
    line = np.ravel_multi_index(tuple(np.broadcast_arrays(*digits)), scan.lengths)
    return np.asarray(line[np.isin(line, scan.measured())])


@dataclass(frozen=True)
class Curves:
    """Columns of some rows against an axis; values that do not change any more.

    Attributes
    ----------
    x : ndarray, shape (points,)
        Values of the axis.
    values : dict of str to ndarray, shape (points, rows)
        By column.
    names : tuple of str
        Of the rows.
    doubtful : ndarray of bool, shape (points,)
        Points with marks.
    axis, title : str
        What is drawn against, and where the other axes stand.
    fits : dict of str to Overlay
        Fits over them, by column, where they were asked for.
    """

    x: npt.NDArray[np.float64]
    values: dict[str, npt.NDArray[Any]]
    names: tuple[str, ...]
    doubtful: npt.NDArray[np.bool_]
    axis: str
    title: str
    fits: dict[str, Overlay] = field(default_factory=dict)


def curves_of(
    scan: Scan,
    columns: Sequence[str] = ("adc_median", "tot_median", "toa_efficiency"),
    *,
    axis: int = -1,
    point: int | None = None,
    rows: Sequence[int] | None = None,
    fit: Kind = "none",
) -> Curves | None:
    """Return columns of some rows against an axis, through a point; None while nothing is measured.

    Parameters
    ----------
    scan : Scan
        What was measured.
    columns : sequence of str
        Of the summary.
    axis : int
        Number of the axis, from the end where negative.
    point : int, optional
        Where the other axes stand; the last point that was measured where not given.
    rows : sequence of int, optional
        Rows of the summary; those that change most where not given.
    fit : str
        Of `overlaid_fits.KINDS`: what is fitted through them.
    """
    measured = scan.measured()
    if not len(measured) or not scan.labels:
        return None
    axis %= len(scan.labels)
    line = along(scan, axis, int(measured[-1]) if point is None else point)
    if not len(line):
        return None
    chosen = strongest(scan, line, columns) if rows is None else np.asarray(rows)
    x = _numbers(scan.axis_values(axis))[scan.states.steps(line)[axis]]
    values = {column: scan.array(column, line)[:, chosen] for column in columns}
    return Curves(
        x=x,
        values=values,
        names=tuple(row_words(int(row)) for row in chosen),
        doubtful=scan.point_column("flags")[line] != 0,
        axis=axis_label(scan.labels[axis], scan.axis_values(axis)),
        title=_the_rest(scan, axis, int(line[0])),
        fits=_fits(scan, line, chosen, x, values, scan.labels[axis], fit) if fit != "none" else {},
    )


def _fits(
    scan: Scan,
    line: IntArray,
    rows: IntArray,
    x: npt.NDArray[np.float64],
    values: Mapping[str, npt.NDArray[Any]],
    register: str,
    fit: Kind,
) -> dict[str, Overlay]:
    n, fired = scan.array("n", line)[:, rows], scan.array("toa_efficiency", line)[:, rows]
    made = {
        column: overlay(kind_for(column, register) if fit == "by quantity" else fit, x, y, n, fired)
        for column, y in values.items()
    }
    return {column: each for column, each in made.items() if each is not None}


def draw_curves(axes: Any, found: Curves | None, missing: str = "nothing measured against an axis yet") -> None:
    """Draw each column into axes of its own, points in doubt ringed; without any, `missing` is said."""
    pairs = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
    if found is None:
        for pair in pairs:
            figures.say(pair, missing)
        return
    for pair, (column, values) in zip(pairs, found.values.items(), strict=False):
        for number, name in enumerate(found.names):
            marker, colour = MARKERS[number % len(MARKERS)], row_colour(number)
            y = values[:, number]
            bare = column in found.fits  # the fit is the line then
            look = {"marker": marker, "markersize": 4, "color": colour, "linewidth": 0 if bare else 1}
            pair.plot(found.x, y, label=name, **look)
            ringed = {"markersize": 10, "fillstyle": "none", "color": "black"}
            pair.plot(found.x[found.doubtful], y[found.doubtful], "o", **ringed)
            if column in found.fits:
                fit = found.fits[column]
                pair.plot(fit.x, fit.y[:, number], "--", color=colour, linewidth=1.6)
        pair.set_xlabel(found.axis)
        pair.set_ylabel(quantity_label(column))
    pairs[0].legend(fontsize=8)
    pairs[0].set_title(found.title, loc="left")


def curves(
    scan: Scan, columns: Sequence[str] = ("adc_median", "tot_median", "toa_efficiency"), **which: Any
) -> Picture:
    """Return the picture of `curves_of`, one pair of axes for each column."""
    drawing, axes = figures.grid(1, len(columns), size=(5.0 * len(columns), 4.2))
    words = [] if scan.labels else ["this scan has no axis to draw against"]
    draw_curves(axes[0], curves_of(scan, columns, **which), *words)
    return drawing


def _numbers(values: list[Any]) -> npt.NDArray[np.float64]:
    return np.array(
        [value if isinstance(value, int | float) else k for k, value in enumerate(values)], dtype=float
    )


def _the_rest(scan: Scan, axis: int, point: int) -> str:
    steps = scan.states.steps(point)
    others = [step_words(label, scan.axis_values(k)[int(steps[k])])
              for k, label in enumerate(scan.labels) if k != axis]  # fmt: skip
    return ", ".join([str(scan.about["procedure"]), *others])


def times(scan: Scan, axis: int, rows: Sequence[int] | None = None) -> Picture:
    """Return the mean time of hits against the phase, through the last point, unwrapped, and 64 codes a step."""
    drawing, axes = figures.figure()
    measured = scan.measured()
    line = along(scan, axis, int(measured[-1])) if len(measured) else np.empty(0, np.intp)
    fired = scan.array("toa_efficiency", line).min(axis=0) > 0.5 if len(line) else np.zeros(0, bool)
    chosen = np.flatnonzero(fired)[:FEW] if rows is None else np.asarray(rows)
    if len(line) < 2 or not len(chosen):
        figures.say(axes, "no channel has times at two phases")
        return drawing
    phase = scan.array("Top.phase_strobe", line)[:, 0].astype(float)
    expected = 64 * (phase - phase[0])
    for number, row in enumerate(chosen):
        moved = scan.array("toa_mean_hit", line)[:, row].astype(float)
        residual = (moved - moved[0] - expected + 512) % 1024 - 512
        marker, colour = MARKERS[number % len(MARKERS)], row_colour(number)
        axes.plot(phase, residual, marker=marker, color=colour, linewidth=1, label=row_words(int(row)))
    axes.axhline(0, color="black", linewidth=0.8, linestyle=":")
    axes.set_xticks(np.unique(phase))
    axes.set_xlabel(axis_label("phase_strobe"))
    axes.set_ylabel("TOA − 64 codes a phase step [25 ns / 1024]")
    axes.set_title(f"relative to phase {phase[0]:g}", loc="left")
    axes.legend(fontsize=8)
    return drawing
