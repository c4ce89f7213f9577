"""Pictures of a run of many points: its chunks, its parameter space, what its points have used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from kit import figures
from kit.batch.snapshot import Snapshot, snapshot_of
from kit.batch.status import status_of
from kit.manifest import FinishedRun

__all__ = ["COLOURS", "draw_chunks", "draw_map", "draw_use", "submission_figures"]

COLOURS = {  # each state is named in the legend, too
    "done": "#3f90da",
    "running": "#92dadd",
    "waiting": "#e6e6e6",
    "held": "#ffa90e",
    "failed": "#bd1f01",
    "timeout": "#e76300",
    "memory": "#832db6",
    "died": "#717581",
    "missing": "#ffffff",
}
MARKERS = {"done": "o", "failed": "X", "timeout": "P", "memory": "D", "died": "v"}
STATE = "state"  # what a map may show instead of a number
LABELS = {"seconds": "time of a point [s]", "rss_mb": "memory of a point [MB]"}
SIDE = 0.9  # of a square that stands for a chunk
LEAST_COLUMNS = 16  # few chunks are no reason for large squares


def draw_chunks(axes: Axes, shown: Snapshot) -> None:
    """Draw a square for each chunk of the latest round: its state, and how far its points are done, or failed."""
    number = max(1, len(shown.chunks))
    columns = max(LEAST_COLUMNS, math.ceil(math.sqrt(4 * number)))
    present: dict[str, None] = {}
    for place, chunk in enumerate(shown.chunks):
        row, column = divmod(place, columns)
        background = "missing" if chunk.state == "ended" else chunk.state
        done, wrong = chunk.done / max(1, chunk.points), chunk.failed / max(1, chunk.points)
        top = float(row)
        for name, share in ((background, 1.0 - done - wrong), ("failed", wrong), ("done", done)):
            if share > 0:
                axes.add_patch(_part(column, top, SIDE * share, COLOURS[name]))
                present[name] = None
            top += SIDE * share
    rows = math.ceil(number / columns)
    axes.set(xlim=(-0.2, columns + 0.1), ylim=(rows + 0.1, -0.2), aspect="equal", xticks=[], yticks=[])
    handles = [Patch(facecolor=COLOURS[name], edgecolor="0.4", label=name) for name in present]
    if handles:
        axes.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _part(column: float, top: float, height: float, colour: str) -> Rectangle:
    return Rectangle((column, top), SIDE, height, facecolor=colour, edgecolor="0.4", linewidth=0.5)


def draw_map(axes: Axes, shown: Snapshot, x: str = "", y: str = "", colour: str = STATE) -> None:
    """Draw the points over two of their numbers, coloured by their state or by a third.

    Without `x` the number of the point is taken, without `y` the seconds that it took.
    """
    number = len(shown.states)
    across = np.array(shown.columns.get(x, list(range(number))), dtype=float)
    up = np.array(shown.columns.get(y) or shown.columns.get("seconds") or [0.0] * number, dtype=float)
    axes.set(xlabel=LABELS.get(x, x or "point"), ylabel=LABELS.get(y or "seconds", y))
    if colour != STATE and colour in shown.columns:
        values = np.array(shown.columns[colour], dtype=float)
        drawn = axes.scatter(across, up, c=values, cmap="viridis", s=24)
        axes.figure.colorbar(drawn, ax=axes, label=LABELS.get(colour, colour))
        return
    states = np.array(shown.states)
    for state in dict.fromkeys(shown.states):
        chosen = states == state
        up_or_floor = np.where(np.isnan(up[chosen]), 0.0, up[chosen])
        axes.scatter(
            across[chosen], up_or_floor, s=24, marker=MARKERS.get(state, "s"), facecolor=COLOURS[state],
            edgecolor="0.4", linewidth=0.5, label=f"{state}: {chosen.sum()}",
        )  # fmt: skip
    axes.legend(loc="best")


def draw_use(axes: Any, shown: Snapshot) -> None:
    """Draw how long points took, and how much memory they held, beside what was requested and could be."""
    time, memory = np.ravel(axes)
    _histogram(time, shown.seconds, LABELS["seconds"], 0.0)
    _histogram(memory, shown.rss_mb, LABELS["rss_mb"], shown.requested_mb)
    if shown.requested_mb:
        memory.axvline(shown.requested_mb, color=COLOURS["failed"], label=f"requested: {shown.requested_mb} MB")
    if proposed := shown.proposed_mb:
        memory.axvline(proposed, color=COLOURS["done"], linestyle="--", label=f"would do: {proposed} MB")
    if shown.requested_mb:
        memory.set_ylim(top=1.4 * memory.get_ylim()[1])  # room above the points for what the lines mean
        memory.legend(loc="upper center", frameon=True, framealpha=1.0, edgecolor="none")


def _histogram(axes: Axes, values: list[float], label: str, least: float) -> None:
    if values:
        axes.hist(values, bins=40, range=(0.0, 1.05 * max(least, *values, 0.1)), color=COLOURS["done"])
    axes.set(xlabel=label, ylabel="points")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def submission_figures(run: FinishedRun) -> dict[str, Figure]:
    """Return the pictures of the run that a submission has sent: chunks, map, use."""
    shown = snapshot_of(status_of(run.summary["run"]))
    varied = [name for name, values in shown.columns.items() if len(set(values)) > 1]
    chunks, over = figures.figure(size=(9, 1.8))
    draw_chunks(over, shown)
    points, over = figures.figure(size=(7, 3.5))
    draw_map(over, shown, next(iter(varied), ""))
    use, pair = figures.grid(1, 2, size=(9, 3.5))
    draw_use(pair, shown)
    return {"chunks": chunks, "map": points, "use": use}
