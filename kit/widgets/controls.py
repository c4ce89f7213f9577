"""One labelled control for one declared parameter, chosen by its type and bounds.

A truth is a check box, a choice is a drop-down list; everything else is a text field in which a value is
written as on the command line. Numbers are text, too: the number fields of a front end drop or clamp what they
do not like, and a person would not hear why.
"""

from __future__ import annotations

import html
import math
import typing
from typing import Any, Literal

import ipywidgets
import traitlets
from pydantic.fields import FieldInfo

from kit import wording
from kit.parameters import Parameters
from kit.widgets.look import hooked
from kit.widgets.texts import same, text_of

__all__ = ["Control", "label_of"]

SMALL_RANGE = 100  # steps of an int, and units of a float: a slider's pixel is finer than what is wanted there
FLOAT_STEPS = 100
SNAP = 0.500001  # steps; a front end moves a slider no further by itself


class Exactly(traitlets.Any):
    """Any value; a change from 1 to 1.0 or to True is a change, too: a parameter's type counts."""

    def set(self, obj: Any, value: Any) -> None:
        """Set the value and tell the observers, where it is another one."""
        values, name = obj._trait_values, str(self.name)  # noqa: SLF001 - as the base class does
        old = values.get(name, self.default_value)
        values[name] = value
        if not same(old, value):
            obj._notify_trait(name, old, value)  # noqa: SLF001


class Control(ipywidgets.HBox):
    """A row: label, field, and beside it what the parameter means, or what is wrong with it.

    Parameters
    ----------
    model : type of Parameters
        Where the parameter is declared.
    name : str
        The parameter.
    value : object
        What it starts with.
    label_width : int
        Width of the column of labels, in characters.

    Attributes
    ----------
    field, slider : widgets
        The labelled control; the slider beside it, or None.
    """

    value = Exactly(help="the value that the control shows; need not be one that can be used")
    fault = traitlets.Unicode(help="what is wrong with the value, in words")

    def __init__(self, model: type[Parameters], name: str, value: Any, label_width: int = 20) -> None:
        self.model, self.name = model, name
        self.declaration = model.model_fields[name]
        self._showing = False
        self._source: Any = None
        self.field = self._make_field(label_width)
        self.slider = _slider(self.declaration)
        self.note = hooked(ipywidgets.HTML(layout={"flex": "1 1 16em", "min_width": "12em"}), "kit-note")
        pair = [self.field, self.slider] if self.slider else [self.field]
        super().__init__([*pair, self.note], layout={"align_items": "center", "grid_gap": "8px"})
        hooked(self, "kit-control", f"kit-parameter-{name}")
        self.field.observe(self._read_field, "value")
        if self.slider:
            self.slider.observe(self._read_slider, "value")
        self._say()
        self.value = value

    def _make_field(self, label_width: int) -> Any:
        annotation, meaning = self.declaration.annotation, wording.explain(self.declaration)
        look = {
            "description": label_of(self.name, self.declaration),
            "tooltip": meaning,
            "style": {"description_width": f"{label_width}ch"},
            "layout": {"width": f"calc({label_width}ch + 17em)", "flex": "0 1 auto"},
        }
        if annotation is bool:
            return ipywidgets.Checkbox(indent=True, value=False, **look)
        if typing.get_origin(annotation) is Literal:
            choices = [(str(choice), choice) for choice in typing.get_args(annotation)]
            return ipywidgets.Dropdown(options=choices, value=None, **look)
        return ipywidgets.Text(continuous_update=False, **look)

    def _read_field(self, change: Any) -> None:
        """Take over what a person has written or chosen."""
        if not self._showing and change.new is not None:
            written = isinstance(self.field, ipywidgets.Text)
            self._take(self.model.from_text(self.name, change.new) if written else change.new, self.field)

    def _read_slider(self, change: Any) -> None:
        if not self._showing and not self._is_snapped(change.new):
            digits = max(0, 1 - math.floor(math.log10(self.slider.step)))
            self._take(change.new if isinstance(change.new, int) else round(change.new, digits), self.slider)

    def _is_snapped(self, place: Any) -> bool:
        """Tell whether a slider is only where a front end has put it: it knows no values between its steps."""
        if not isinstance(place, float) or not isinstance(self.value, int | float):
            return False
        return bool(abs(place - self.value) <= self.slider.step * SNAP)

    def _take(self, value: Any, source: Any) -> None:
        """Set the value from one of the two controls, which stays as it is; the other follows."""
        self._source = source
        try:
            self.value = value
        finally:
            self._source = None

    @traitlets.observe("value")
    def _show(self, change: Any) -> None:
        source, self._source = self._source, None
        self._showing = True
        try:
            if self.field is not source:
                self._show_in_field(change.new)
            if self.slider and self.slider is not source and _is_number(change.new):
                self.slider.value = min(max(change.new, self.slider.min), self.slider.max)
        finally:
            self._showing = False

    def _show_in_field(self, value: Any) -> None:
        if isinstance(self.field, ipywidgets.Checkbox):
            self.field.value = value is True
        elif isinstance(self.field, ipywidgets.Dropdown):
            known = [choice for _, choice in self.field.options]
            self.field.value = value if value in known else None
        else:
            self.field.value = text_of(self.declaration.annotation, value)

    @traitlets.observe("fault")
    def _say(self, _change: Any = None) -> None:
        unit = wording.unit_of(self.declaration)
        meaning = wording.explain(self.declaration).removeprefix(f"{unit}, ")
        if self.fault:
            self.note.value = f'<div class="kit-fault">✗ {html.escape(self.fault)}</div>'
            hooked(self, "kit-faulty")
        else:
            self.note.value = html.escape(meaning)
            self.remove_class("kit-faulty")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def label_of(name: str, declaration: FieldInfo) -> str:
    """Return a parameter's name with its unit, as forms label it."""
    unit = wording.unit_of(declaration)
    return f"{name} [{unit}]" if unit else name


def _slider(declaration: FieldInfo) -> Any:
    """Return a slider where a number has both bounds and they are near each other, else None."""
    bounds, kind = wording.bounds_of(declaration), declaration.annotation
    lowest, highest = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if kind not in (int, float) or lowest is None or highest is None or highest - lowest > SMALL_RANGE:
        return None
    step = 1 if kind is int else (highest - lowest) / FLOAT_STEPS
    limits = {
        "min": lowest if "ge" in bounds else lowest + step,  # a slider has no open ends
        "max": highest if "le" in bounds else highest - step,
    }
    made = ipywidgets.IntSlider if kind is int else ipywidgets.FloatSlider
    return made(readout=False, step=step, layout={"width": "12em"}, **limits)
