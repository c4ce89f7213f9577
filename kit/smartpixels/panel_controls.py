"""The controls of the panel of clusters: each is a labelled field, beside it a slider where one wants to drag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from kit.widgets.look import hooked

__all__ = ["Dial", "Dials", "choice", "choices", "pick_field", "player", "tick"]

# A picture is no button: where it is clicked is written into a hidden field, which the kernel reads. Where a page
# forbids such a script, the list of pixels does the same.
PICK = """this.closest('.kit-clusters')?.addEventListener('click', event => {
  const image = event.target.closest('.kit-maps img'), panel = event.target.closest('.kit-clusters');
  const field = panel?.querySelector('.kit-pick input');
  if (!image || !field) return;
  const box = image.getBoundingClientRect();
  field.value = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height,
    event.shiftKey || event.ctrlKey || event.metaKey ? 'add' : 'only', Date.now()].join(' ');
  field.dispatchEvent(new Event('change', {bubbles: true}));
})"""


class Dial(ipywidgets.HBox):
    """A number that is written or dragged.

    Parameters
    ----------
    words : str
        What it is called, with its unit.
    value, low, high, step : float
        What it begins with, its bounds, and the step of a drag.
    act : callable
        Takes a new value that a person has set.
    """

    def __init__(
        self, words: str, value: float, low: float, high: float, step: float, act: Callable[[float], object]
    ) -> None:
        self._act, self._showing = act, False
        bounds = {"min": low, "max": high, "step": step, "value": value}
        self.field = ipywidgets.BoundedFloatText(description=words, style={"description_width": "11em"}, **bounds)
        self.slider = ipywidgets.FloatSlider(readout=False, layout={"width": "18em"}, **bounds)
        super().__init__([self.field, self.slider], layout={"align_items": "center"})
        for control in (self.field, self.slider):
            control.observe(self._hear, "value")

    @property
    def value(self) -> float:
        """The number."""
        return float(self.field.value)

    def show(self, value: float, high: float | None = None, step: float | None = None) -> None:
        """Show another value, and perhaps another upper bound and step, without doing anything."""
        self._showing = True
        try:
            for control in (self.field, self.slider):
                if high is not None:
                    control.max = high
                if step is not None:
                    control.step = step
                control.value = value
        finally:
            self._showing = False

    def _hear(self, change: Any) -> None:
        if not self._showing:
            self.show(change.new)
            self._act(change.new)


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
                Dial(f"{self._words} {number} [{self._unit}]", value, 0.0, high, step, self._hear)
                for number, value in enumerate(values, start=1)
            )
        for dial, value in zip(self.children, values, strict=True):
            dial.show(value, high, step)

    def _hear(self, _value: float) -> None:
        self._act([round(dial.value, 6) for dial in self.children])


def choice(words: str, options: Sequence[Any], act: Callable[[Any], object], hook: str = "") -> Any:
    """Return a drop-down list."""
    made = ipywidgets.Dropdown(description=words, options=options, style={"description_width": "initial"})
    return _heard(made, act, hook)


def choices(words: str, act: Callable[[Any], object], hook: str = "") -> Any:
    """Return a list of which several may be chosen."""
    return _heard(ipywidgets.SelectMultiple(description=words, rows=6), act, hook)


def tick(words: str, value: bool, act: Callable[[bool], object]) -> Any:
    """Return a check box."""
    return _heard(ipywidgets.Checkbox(description=words, value=value, indent=False, layout={"width": "auto"}), act)


def player(act: Callable[[int], object], hook: str) -> Any:
    """Return buttons that count up in time: play, pause, stop."""
    return _heard(ipywidgets.Play(min=0, max=1, interval=100, show_repeat=False), act, hook)


def pick_field(act: Callable[[str], object]) -> tuple[Any, Any]:
    """Return a hidden field that hears where a picture is clicked, and what makes the page write into it.

    `act` takes what is written: the place as shares of width and height from the top left, ``add`` or ``only``,
    and a number that makes two clicks on one place differ.
    """
    field = ipywidgets.Text(continuous_update=False, layout={"display": "none"})
    script = ipywidgets.HTML(f'<style onload="{PICK}"></style>', layout={"display": "none"})
    return _heard(field, act, "kit-pick"), script


def _heard(control: Any, act: Callable[[Any], object], hook: str = "") -> Any:
    control.observe(lambda change: act(change.new), "value")
    return hooked(control, hook) if hook else control
