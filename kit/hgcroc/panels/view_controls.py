"""What a person sets to look at a scan: quantity, axis of the curves, channels, and a slider for each axis."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np

from kit.hgcroc.measurements import Scan
from kit.hgcroc.pictures.channels import row_text
from kit.hgcroc.pictures.overlaid_fits import KINDS
from kit.hgcroc.pictures.scan_plots import step_words
from kit.widgets import Words
from kit.widgets.look import hooked, line

__all__ = ["AxisDial", "ViewControls"]

WIDE = {"description_width": "initial"}


class AxisDial(ipywidgets.HBox):
    """A slider over the steps of an axis, the labelled number of the step beside it, and what the step sets.

    Parameters
    ----------
    label : str
        Of the axis.
    values : sequence
        What it sets at each step.
    act : callable
        Takes the step that a person has chosen.
    """

    def __init__(self, label: str, values: Sequence[Any], act: Callable[[int], object]) -> None:
        self.label, self.values, self._act, self._showing = label, list(values), act, False
        bounds = {"min": 0, "max": len(self.values) - 1, "value": 0}
        self.field = ipywidgets.BoundedIntText(description=label, style=WIDE, layout={"width": "14em"}, **bounds)
        self.slider = ipywidgets.IntSlider(readout=False, layout={"width": "16em"}, **bounds)
        self.told = Words("kit-step")
        super().__init__([self.field, self.slider, self.told], layout={"align_items": "center"})
        for control in (self.field, self.slider):
            control.observe(lambda change: self._hear(change.new), "value")

    def show(self, step: int) -> None:
        """Show a step, without doing anything."""
        self._showing = True
        try:
            self.field.value = self.slider.value = step
            self.told.text = f"= {_value(self.values[step])}"
        finally:
            self._showing = False

    def _hear(self, step: int) -> None:
        if not self._showing:
            self.show(step)
            self._act(step)


def _value(value: Any) -> str:
    return step_words("", value).strip()


class ViewControls(ipywidgets.VBox):
    """The controls of a `kit.hgcroc.panels.view_panel.ViewPanel`, each tied to one of its attributes."""

    def __init__(self, panel: Any, quantities: Sequence[str]) -> None:
        self._panel, self._showing = panel, False
        self._kind: Any = None
        self.quantity = ipywidgets.Dropdown(description="quantity", options=quantities, style=WIDE)
        self.against = ipywidgets.Dropdown(description="against", style=WIDE, layout={"width": "18em"})
        self.channels = ipywidgets.Text(
            description="channels", continuous_update=False, placeholder="those that change most", style=WIDE
        )
        self.fit = ipywidgets.Dropdown(description="fit", options=KINDS, style=WIDE, layout={"width": "12em"})
        self.follow = ipywidgets.Checkbox(value=True, description="follow the scan", indent=False)
        self.event = ipywidgets.BoundedIntText(
            description="event (−1 all)", min=-1, max=10**6, value=-1, style=WIDE, layout={"width": "14em"}
        )
        self.dials = hooked(ipywidgets.VBox(), "kit-dials")
        self.told = Words("kit-measured", role="status")
        super().__init__([
            line(self.quantity, self.against, self.channels, self.fit, self.follow, self.event),
            self.dials, self.told,
        ])  # fmt: skip
        self._hear(self.quantity, lambda name: panel.set_trait("quantity", name))
        self._hear(self.against, lambda axis: None if axis is None else panel.set_trait("against", axis))
        self._hear(self.channels, lambda text: setattr(panel, "channels", text))
        self._hear(self.fit, lambda kind: panel.set_trait("fit", kind))
        self._hear(self.follow, self._set_follow)
        self._hear(self.event, lambda number: panel.set_trait("event", number))
        panel.observe(self._follow_traits, ["quantity", "rows", "event", "steps", "fit"])
        self._follow_traits()

    def show(self, scan: Scan, point: int | None, measured: int) -> None:
        """Show the axes of a scan and where they stand."""
        labels, lengths = scan.labels, scan.lengths
        if self._kind != (kind := (scan.path, tuple(labels), lengths)):
            self._kind = kind
            self._make_dials(scan)
        self._showing = True
        try:
            here = self._panel.against
            chosen = here % len(labels) if labels and -len(labels) <= here < len(labels) else None
            self.against.value = chosen if chosen is not None else (len(labels) - 1 if labels else None)
            if point is not None:
                steps = [int(step) for step in np.unravel_index(point, lengths)]
                for dial, step in zip(
                    self.dials.children, steps[len(steps) - len(self.dials.children) :], strict=True
                ):
                    dial.show(step)
            self.event.layout.display = "" if scan.has_events else "none"
            self.told.text = f"{scan.about['procedure']}: {measured} of {len(scan)} points"
        finally:
            self._showing = False

    def _make_dials(self, scan: Scan) -> None:
        self._showing = True
        try:
            self.against.options = [(label, k) for k, label in enumerate(scan.labels)]
        finally:
            self._showing = False
        parts: list[tuple[str, list[Any]]] = [("repeat", [*range(scan.lengths[0])])] if scan.lengths[0] > 1 else []
        parts += [(label, scan.axis_values(k)) for k, label in enumerate(scan.labels)]
        first = len(scan.lengths) - len(parts)
        self.dials.children = tuple(
            AxisDial(label, values, functools.partial(self._turned, first + k))
            for k, (label, values) in enumerate(parts)
        )

    def _turned(self, place: int, step: int) -> None:
        """Take over a dial: all axes stay where they are shown, and the scan is not followed any more."""
        shown = [dial.field.value for dial in self.dials.children]
        steps = [0] * (len(self._kind[2]) - len(shown)) + shown
        steps[place] = step
        self._panel.steps = tuple(steps)

    def _set_follow(self, on: bool) -> None:
        shown = [dial.field.value for dial in self.dials.children]
        self._panel.steps = (
            () if on or self._kind is None else tuple([0] * (len(self._kind[2]) - len(shown)) + shown)
        )

    def _follow_traits(self, _change: Any = None) -> None:
        panel = self._panel
        self._showing = True
        try:
            self.quantity.value, self.event.value = panel.quantity, panel.event
            self.fit.value = panel.fit
            self.channels.value = " ".join(row_text(row) for row in panel.rows)
            self.follow.value = not panel.steps
        finally:
            self._showing = False

    def _hear(self, control: Any, act: Callable[[Any], object]) -> None:
        guarded = self._panel.guarded(act)
        control.observe(lambda change: None if self._showing else guarded(change.new), "value")
