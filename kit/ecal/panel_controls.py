"""The controls of the panel of windows: each is a labelled field that a mouse and a keyboard reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets

from kit.ecal.access import Part
from kit.ecal.cluster_table import TABLE, row_line
from kit.ecal.window_columns import COLUMNS
from kit.widgets.look import hooked, line

__all__ = ["RINGS", "Controls", "arrangement", "energy_of", "threshold_of", "within"]

LEAST = 1e-4  # end of the slider
USUAL = 0.01  # least score
RINGS = [("in the mustache", "mustache"), ("in its shape", "shape")]
WIDE = {"layout": {"width": "28em"}}


class Controls:
    """What a person can set.

    Parameters
    ----------
    act : callable
        Takes the name of what a person has set, and its value: ``filter``, ``number`` from 1 on, ``name`` of a
        window, ``selected``, ``order``, ``fixed``, ``threshold``, ``outline``, ``ringed``, ``logarithmic``.
    """

    def __init__(self, act: Callable[[str, Any], object]) -> None:
        conditions = "; ".join(f"{name}: {column.meaning}" for name, column in COLUMNS.items())
        self._showing = False
        self.fields: dict[str, Any] = {
            "filter": ipywidgets.Text(
                description="filter",
                placeholder="et>20 and (diffcalo=yes or ncls>=3)",
                tooltip=conditions,
                continuous_update=False,
                **WIDE,
            ),
            "number": ipywidgets.BoundedIntText(description="number", value=1, min=1, max=1),
            "name": ipywidgets.Text(
                description="go to", placeholder="run:lumi:event:seed", continuous_update=False
            ),
            "table": hooked(
                ipywidgets.Select(description="clusters", rows=10, layout={"width": "auto"}), "kit-list"
            ),
            "order": ipywidgets.Dropdown(description="sort by", options=TABLE, value="et"),
            "fixed": ipywidgets.Checkbox(description="working point of the file", value=True, indent=False),
            "slider": ipywidgets.FloatLogSlider(
                description="threshold", min=-4, max=0, step=0.02, value=LEAST, **WIDE
            ),
            "value": ipywidgets.BoundedFloatText(
                description="threshold", min=LEAST, max=1, step=1e-4, value=LEAST
            ),
            "outline": ipywidgets.Text(
                description="mustache at",
                placeholder="GeV; else the selected cluster's",
                style={"description_width": "initial"},
                tooltip="energy that the outline of the mustache is drawn for, in GeV",
                continuous_update=False,
            ),
            "ringed": ipywidgets.Dropdown(description="ringed", options=RINGS),
            "logarithmic": ipywidgets.Checkbox(description="crystals logarithmic", value=True, indent=False),
        }
        names = {"table": "selected", "slider": "threshold", "value": "threshold"}
        for field, control in self.fields.items():
            self._listen(control, names.get(field, field), act)

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]

    def show(self, view: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], count: int) -> None:
        """Show a view of one of `count` windows and the rows of its table, without doing anything."""
        threshold = view["threshold"]
        own = {"disabled": threshold is None, "value": min(max(threshold or LEAST, LEAST), 1.0)}
        options = [(row_line(row), row["cluster"]) for row in rows]
        traits: dict[str, dict[str, Any]] = {
            **{name: {"value": view[name]} for name in ("filter", "order", "ringed", "logarithmic")},
            "number": {"max": max(count, 1), "value": view["place"] + 1},
            "table": {"options": options, "value": view["selected"]},
            "fixed": {"value": threshold is None},
            "slider": own,
            "value": own,
            "outline": {"value": "" if view["outline"] is None else f"{view['outline']:g}"},
        }
        self._showing = True
        try:
            for name, values in traits.items():
                for trait, value in values.items():
                    setattr(self.fields[name], trait, value)
        finally:
            self._showing = False

    def _listen(self, control: Any, name: str, act: Callable[[str, Any], object]) -> None:
        """Tell what a person, not the panel itself, has put into a control."""
        control.observe(lambda change: None if self._showing else act(name, change.new), "value")


def arrangement(panel: Any) -> list[Any]:
    """Return what a panel of windows shows, from top to bottom: its controls, pictures, words and buttons."""
    here = panel.controls
    buttons = [
        panel.button("Previous", panel.previous, "show the window before"),
        panel.button("Next", panel.next, "show the window after"),
        panel.button("Random", panel.random, "show any window that passes the filter"),
        panel.button("Compare", panel.compare, "keep this window beside those that come; again: no more"),
        panel.button("Export", panel.export, "write picture, table and window"),
    ]
    return [
        line(here["filter"], here["number"], here["name"]),
        line(*buttons, here["ringed"], here["outline"], here["logarithmic"]),
        panel.heading,
        panel.picture,
        line(here["table"], here["order"]),
        panel.told,
        panel.beside,
        line(here["fixed"], here["slider"], here["value"]),
        panel.spectrum,
        panel.footer,
    ]


def threshold_of(part: Part | None) -> float:
    """Return the working point of a window, or a usual one where it does not say."""
    return float(part.window["simfraction_wp"][0]) if part and "simfraction_wp" in part.window else USUAL


def energy_of(text: str) -> float | None:
    """Return an energy in GeV as a person writes it; None of an empty text.

    Raises
    ------
    ValueError
        If it is no number above 0.
    """
    try:
        energy = float(text) if text.strip() else None
    except ValueError:
        energy = -1.0
    if energy is not None and not 0 < energy < math.inf:
        message = f"the energy of the mustache is {text.strip()}, should be a number above 0 GeV, or nothing"
        raise ValueError(message)
    return energy


def within(name: str, value: float | None, windows: int) -> float | None:
    """Return a value of ``threshold``, ``outline`` or ``compared`` that can be shown, None as it is.

    Raises
    ------
    ValueError
        If it is outside its range, or NaN.
    """
    if value is None:
        return value
    good, range_ = {
        "threshold": (0 <= value <= 1, "within 0 and 1"),
        "outline": (0 < value < math.inf, "a number above 0 GeV"),
        "compared": (0 <= value < windows, f"a number from 0 to below {windows}, the windows that there are"),
    }[name]
    if not good:
        message = f"{name} is {value:g}, should be {range_}, or None"
        raise ValueError(message)
    return value
