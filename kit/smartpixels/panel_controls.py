"""The controls of the panel of clusters: each is a labelled field, beside it a slider where one wants to drag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from kit.smartpixels.scene import OVER_TIME, PER_SLICE, PIXEL_COLOURS, Scene
from kit.smartpixels.stream import file_name
from kit.widgets.look import hooked

__all__ = ["Controls", "Dial", "Dials"]

FRAME = 0.1  # ns of a step of the player
HIGHEST = 200.0  # mV up to which thresholds can be dragged


class Controls:
    """What a person can set, beside the form.

    Parameters
    ----------
    paths : sequence of str
        Files to choose from.
    act : callable
        Takes the name of what a person has set, and its value: ``file``, ``time``, ``sample``, ``scale``,
        ``overlay``, ``pixels``, ``thresholds``, ``sample_times``.

    Attributes
    ----------
    file, sample, scale, overlay, pixels, time, play, thresholds, sample_times : widgets
        The controls.
    """

    def __init__(self, paths: Sequence[str], act: Callable[[str, Any], object]) -> None:
        self._act, self._showing = act, False
        short, wide = {"description_width": "initial"}, {"width": "auto"}
        self.file = ipywidgets.Dropdown(
            description="file", options=[(file_name(path), path) for path in paths], style=short
        )
        self.sample = ipywidgets.Dropdown(description="codes at", style=short, layout={"width": "10em"})
        self.scale = ipywidgets.Dropdown(
            description="colours", options=(OVER_TIME, PER_SLICE), style=short, layout={"width": "11em"}
        )
        self.overlay = ipywidgets.Checkbox(description="show other choices", indent=False, layout=wide)
        self.pixels = ipywidgets.SelectMultiple(description="pixels", rows=6)
        self.play = ipywidgets.Play(min=0, interval=100, show_repeat=False)
        self.time = Dial("time [ns]", 0.0, 6.0, 0.05, lambda time: self._hear("time", time))
        self.thresholds = Dials("threshold", "mV", lambda values: self._hear("thresholds", values))
        self.sample_times = Dials("sample time", "ns", lambda values: self._hear("sample_times", values))
        for name in ("file", "sample", "scale", "overlay"):
            self._listen(name, getattr(self, name), lambda value: value)
        self._listen("pixels", self.pixels, lambda pixels: tuple(pixels)[: len(PIXEL_COLOURS)])
        self._listen("time", self.play, lambda step: step * FRAME)
        for name in ("file", "sample", "pixels", "time", "play", "thresholds", "sample_times"):
            hooked(getattr(self, name), f"kit-{name}")

    def show(self, scene: Scene, file: str) -> None:
        """Show a scene and the file that it comes from, without doing anything."""
        p, touched = scene.view.p, scene.view.touched()
        self._showing = True
        try:
            self.file.value = file
            self.time.show(scene.time, p.window)
            self.play.max, self.play.value = round(p.window / FRAME), round(scene.time / FRAME)
            self.pixels.options = [(f"row {row}, column {column}", (row, column)) for row, column in touched]
            self.pixels.value = [pixel for pixel in scene.pixels if pixel in touched]
            self.sample.options = [(f"{time:g} ns", number) for number, time in enumerate(p.sample_times)]
            self.sample.value = scene.sample
            self.overlay.value, self.scale.value = scene.overlay, scene.scale
            self.thresholds.show(p.thresholds, max(HIGHEST, *p.thresholds), 0.1)
            self.sample_times.show(p.sample_times, p.window, p.output_step * 1e-3)
        finally:
            self._showing = False

    def _listen(self, name: str, control: Any, meaning: Callable[[Any], Any]) -> None:
        control.observe(lambda change: self._hear(name, change.new, meaning), "value")

    def _hear(self, name: str, value: Any, meaning: Callable[[Any], Any] = lambda value: value) -> None:
        if not self._showing:
            self._act(name, meaning(value))


class Dial(ipywidgets.HBox):
    """A number that is written or dragged.

    Parameters
    ----------
    words : str
        What it is called, with its unit.
    low, high, step : float
        Its bounds, and the step of a drag.
    act : callable
        Takes a new value that a person has set.
    """

    def __init__(self, words: str, low: float, high: float, step: float, act: Callable[[float], object]) -> None:
        self._act, self._showing = act, False
        bounds = {"min": low, "max": high, "step": step, "value": low}
        self.field = ipywidgets.BoundedFloatText(description=words, style={"description_width": "11em"}, **bounds)
        self.slider = ipywidgets.FloatSlider(readout=False, layout={"width": "18em"}, **bounds)
        super().__init__([self.field, self.slider], layout={"align_items": "center"})
        self.field.observe(lambda change: self._hear(change.new), "value")
        self.slider.observe(self._hear_slider, "value")

    @property
    def value(self) -> float:
        """The number."""
        return float(self.field.value)

    def show(self, value: float, high: float, step: float | None = None) -> None:
        """Show another value, another upper bound, and perhaps another step, without doing anything."""
        self._showing = True
        try:
            for control in (self.field, self.slider):
                control.max, control.step = high, step or control.step
                control.value = value
        finally:
            self._showing = False

    def _hear_slider(self, change: Any) -> None:
        # a front end moves a slider to its next step, and tells that, too
        if abs(change.new - self.value) > 0.51 * self.slider.step:
            self._hear(change.new)

    def _hear(self, value: float) -> None:
        if not self._showing:
            self.show(value, self.field.max)
            self._act(value)


class Dials(ipywidgets.VBox):
    """A list of numbers, one dial for each.

    Parameters
    ----------
    words, unit : str
        What one of them is called.
    act : callable
        Takes the whole list when a person has set one.
    """

    def __init__(self, words: str, unit: str, act: Callable[[list[float]], object]) -> None:
        self._words, self._unit, self._act = words, unit, act
        super().__init__()

    def show(self, values: Sequence[float], high: float, step: float) -> None:
        """Show these numbers, which can be dragged up to `high` in steps."""
        if len(self.children) != len(values):
            self.children: tuple[Dial, ...] = tuple(
                Dial(f"{self._words} {number} [{self._unit}]", 0.0, high, step, self._hear)
                for number in range(1, len(values) + 1)
            )
        for dial, value in zip(self.children, values, strict=True):
            dial.show(value, high, step)

    def _hear(self, _value: float) -> None:
        self._act([round(dial.value, 6) for dial in self.children])
