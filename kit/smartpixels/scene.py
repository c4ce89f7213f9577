"""What a panel looks at: one cluster at one time, some of its pixels; and that in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from kit.figures import COLOURS
from kit.smartpixels.cluster_plots import scale_of
from kit.smartpixels.cluster_view import ClusterView, other_choice

__all__ = ["OVER_TIME", "PER_SLICE", "PIXEL_COLOURS", "Scene", "caption", "pixel_at"]

OVER_TIME, PER_SLICE = "over time", "per slice"
PIXEL_COLOURS = COLOURS[:6]  # so many pixels can be looked at together


@dataclass(frozen=True)
class Scene:
    """What is looked at: a cluster, a time in ns, pixels by row and column, and what is shown beside them."""

    view: ClusterView
    time: float = 2.0
    pixels: tuple[tuple[int, int], ...] = ()
    overlay: bool = True
    sample: int = 0
    scale: str = OVER_TIME

    @property
    def scales(self) -> tuple[float, float]:
        """Ends of the colour bars of charge and voltage."""
        if self.scale == PER_SLICE:
            return scale_of(self.view.charge_at(self.time)), scale_of(self.view.voltage_at(self.time))
        return scale_of(self.view.charge), scale_of(self.view.noisy)

    @property
    def sampled(self) -> str:
        """When the codes of the map were sampled, in words."""
        return f"at {self.view.p.sample_times[self.sample]:g} ns"


def caption(scene: Scene) -> str:
    """Return in words and numbers what is seen, the chosen pixels one by one."""
    view = scene.view
    charge, voltage = view.charge_at(scene.time), view.voltage_at(scene.time)
    head = (
        f"cluster {view.number} at {scene.time:.2f} ns: charge {charge.min():.1f} to {charge.max():.1f} e-, "
        f"voltage {voltage.min():.2f} to {voltage.max():.2f} mV; {_counts(scene)} {scene.sampled}"
    )
    lines = [head]
    for row, column in scene.pixels:
        codes = [int(view.codes_at(sample)[row, column]) for sample in range(len(view.p.sample_times))]
        lines.append(
            f"row {row}, column {column}: {charge[row, column]:.1f} e-, {voltage[row, column]:.2f} mV, "
            f"codes {codes}; {_template(view, row, column)}; {_others(view, row, column)}"
        )
    return "\n".join(lines)


def pixel_at(view: ClusterView, x: float, y: float) -> tuple[int, int] | None:
    """Return row and column of the pixel at a place in um, None outside the array."""
    rows, columns = view.charge.shape[:2]
    column = round(x / view.geometry.pitch_x) + (columns - 1) // 2
    row = round(y / view.geometry.pitch_y) + (rows - 1) // 2
    return (row, column) if 0 <= row < rows and 0 <= column < columns else None


def _counts(scene: Scene) -> str:
    codes = scene.view.codes_at(scene.sample)
    return "codes " + ", ".join(
        f"{level}: {int((codes == level).sum())}" for level in sorted(set(scene.view.p.levels))
    )


def _others(view: ClusterView, row: int, column: int) -> str:
    """Tell by how much, at most, other choices change a pixel."""

    def most(other: Any) -> float:
        change = other[row, column] - view.voltage[row, column]
        return float(change[abs(change).argmax()])

    switch = "without" if view.p.t0_fix else "with"
    words = f"{switch} t0_fix {most(view.other_start):+.2f} mV"
    if view.p.response == "measured":
        words += f", template_by {other_choice(view.p)} {most(view.other_template):+.2f} mV"
    return words


def _template(view: ClusterView, row: int, column: int) -> str:
    if np.isnan(view.template[row, column]):
        return "never any charge"
    if view.p.response != "measured":
        return f"{view.p.response} response"
    return f"template of {view.template[row, column]:g} e-, next {view.runner_up[row, column]:g} e-"
