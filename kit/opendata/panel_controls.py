"""The controls of the panel of masses: labelled fields, and sliders beside those that one wants to drag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from kit.opendata.mass_view import MassView
from kit.widgets.look import hooked

__all__ = ["MassControls"]

JOINED = (1, 2, 3, 4, 5, 10)  # filled bins that can be joined


class MassControls:
    """What a person can set, beside the lists.

    Parameters
    ----------
    panel : object
        Has the traits that the controls begin with, and follow.
    act : callable
        Takes the name of a trait that a person has set, and its value.
    """

    def __init__(self, panel: Any, act: Callable[[str, Any], object]) -> None:
        self._act, self._showing = act, False
        short, auto = {"description_width": "initial"}, {"width": "auto"}
        width = panel.this.spectra.grid.width
        end = width * panel.this.spectra.grid.bins
        self.scale = ipywidgets.Dropdown(description="counts", options=("log", "linear"), style=short)
        self.joined = ipywidgets.Dropdown(description="bins of", style=short)
        self._offer(panel.joined, width)
        panel.observe(lambda change: self._offer(change.new, width), "joined")  # first: the control follows it
        self.marked = ipywidgets.Checkbox(description="mark particles", indent=False, layout=auto)
        self.normalised = ipywidgets.Checkbox(description="same area", indent=False, layout=auto)
        self.within = ipywidgets.Checkbox(description="list only its pairs", indent=False, layout=auto)
        self.min_entries = ipywidgets.BoundedIntText(
            description="at least so many masses", min=0, max=2**53, style=short, layout={"width": "16em"}
        )
        self.verdict = ipywidgets.Dropdown(
            description="by BumpNet", options=("any", "accepted", "refused"), style=short
        )
        field = {"style": short, "layout": {"width": "17em"}, "min": 0.0, "max": end, "step": width}
        self.peak = ipywidgets.BoundedFloatText(description="peak cut [GeV]", **field)
        self.split = ipywidgets.BoundedFloatText(description="split [GeV], 0 none", **field)
        drag = {"min": 0, "max": 1, "readout": False, "layout": {"width": "11em"}}
        self.peak_slider = ipywidgets.IntSlider(tooltip="drag the peak cut", **drag)
        self.split_slider = ipywidgets.IntSlider(tooltip="drag the split", **drag)
        self.overlays = ipywidgets.SelectMultiple(
            description="laid over", rows=2, style=short, layout={"width": "22em"}
        )
        for name in ("scale", "joined", "marked", "normalised", "within", "min_entries", "verdict"):
            control = getattr(self, name)
            control.value = getattr(panel, name)
            self._listen(name, control, lambda value: value)
            panel.observe(lambda change, control=control: self._follow(control, change.new), name)
            hooked(control, f"kit-{name}")
        self._listen("peak_cut", self.peak, float)
        self._listen("split", self.split, float)
        self._listen("peak_cut", self.peak_slider, lambda bins: min(bins * self._width, end))
        self._listen("split", self.split_slider, lambda bins: min(bins * self._width, end))
        self._listen("overlays", self.overlays, tuple)
        for name in ("peak", "split", "overlays"):
            hooked(getattr(self, name), f"kit-{name}")
        self._width, self._panel = width, panel

    def show(self, view: MassView, overlays: Sequence[str]) -> None:
        """Show a view, without doing anything."""
        self._showing, self._width = True, view.width
        try:
            self.peak.step = self.split.step = view.width
            self.peak.value = view.peak * view.width
            self.split.value = (view.split or 0) * view.width
            self.peak_slider.max = self.split_slider.max = max(view.end, 1)
            self.peak_slider.value, self.split_slider.value = view.peak, view.split or 0
            options = list(dict.fromkeys([*(n for n in self._panel.sets if n != "this"), *overlays]))
            if list(self.overlays.options) != options:
                self.overlays.options = options
            self.overlays.value = tuple(overlays)
        finally:
            self._showing = False

    def _offer(self, joined: int, width: float) -> None:
        """Let the menu hold how many bins are joined, also a number that is none of the usual ones."""
        held = {n for _, n in self.joined.options}
        if not {*JOINED, joined} <= held:
            self._showing = True
            options = [(f"{width * n:g} GeV", n) for n in sorted({*JOINED, *held, joined})]
            self.joined.options, self.joined.value = options, joined
            self._showing = False

    def _follow(self, control: Any, value: Any) -> None:
        """Show a trait that was set otherwise."""
        self._showing = True
        try:
            control.value = value
        finally:
            self._showing = False

    def _listen(self, name: str, control: Any, plain: Callable[[Any], Any]) -> None:
        def heard(change: Any) -> None:
            if not self._showing:
                self._act(name, plain(change.new))

        control.observe(heard, "value")
