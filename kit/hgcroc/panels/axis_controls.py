"""The controls of the procedure's part of the panel, each tied to an attribute or a method of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import ipywidgets
import traitlets

from kit.widgets.look import hooked, line

__all__ = ["lay_out", "make_controls"]

WIDE = {"description_width": "7em"}
ROW = {"width": "56em"}


def make_controls(panel: Any) -> SimpleNamespace:
    """Return all fields and lists of a `kit.hgcroc.panels.axis_panel.AxisPanel`, which do what a person sets."""
    wide = {"style": WIDE, "layout": {"width": "32em"}}
    here = SimpleNamespace(
        procedure=ipywidgets.Dropdown(description="procedure", **wide),
        file=ipywidgets.Text(description="main file", continuous_update=False, **wide),
        search=ipywidgets.Text(description="search", continuous_update=False, **wide),
        register=hooked(ipywidgets.Select(description="register", rows=7, **wide), "kit-list"),
        rocs=ipywidgets.SelectMultiple(description="ROCs", rows=3, tooltip="none chosen: all", **wide),
        numbers=ipywidgets.Text(description="numbers", continuous_update=False, **wide),
        values=ipywidgets.Text(description="values", continuous_update=False, **wide),
        template=ipywidgets.Textarea(description="template", rows=5, continuous_update=False, **wide),
        default=ipywidgets.Textarea(description="below it", rows=3, continuous_update=False, **wide),
        axes=hooked(
            ipywidgets.Select(description="axes", rows=5, style=WIDE, layout={"width": "56em"}), "kit-axes"
        ),
        name=ipywidgets.Text(description="name", continuous_update=False, **wide),
    )

    def hear(control: Any, act: Callable[[Any], object]) -> None:
        guarded = panel.guarded(act)
        control.observe(lambda change: None if panel.showing else guarded(change.new), "value")

    for name in ("search", "numbers", "values", "template", "default", "name"):
        traitlets.link((panel, name), (getattr(here, name), "value"))
    hear(here.procedure, lambda name: name and panel.choose(name))
    hear(here.file, panel.open_file)
    hear(here.register, lambda name: panel.set_trait("register", name or ""))
    hear(here.rocs, lambda rocs: panel.set_trait("rocs", tuple(rocs)))
    hear(here.axes, lambda place: None if place is None else panel.set_trait("chosen", place))
    panel.observe(panel.guarded(lambda _: panel.refresh()), ["search", "programs"])
    panel.observe(panel.guarded(lambda _: panel.follow()), ["register", "rocs", "chosen"])
    return here


def lay_out(panel: Any) -> None:
    """Put the controls and buttons into the panel, from top to bottom."""
    here, button = panel.controls, panel.button
    pick = ipywidgets.VBox([here.search, here.register, panel.range])
    fan = ipywidgets.VBox(
        [here.rocs, here.numbers, here.values,
         line(button("Add axis", panel.add, "a faster axis", button_style="primary"),
              button("Couple", panel.couple, "let it step together with the chosen axis"))]
    )  # fmt: skip
    text = ipywidgets.VBox(
        [line(here.template, here.default),
         line(button("Add template", panel.add_template, "an axis of this text, with the values above"))]
    )  # fmt: skip
    panel.contain(
        line(here.file, here.procedure, panel.dialect),
        here.axes,
        line(button("Slower", lambda: panel.move(-1), "move the chosen axis up"),
             button("Faster", lambda: panel.move(1), "move the chosen axis down"),
             button("Remove axis", panel.remove, "take the chosen axis away"),
             here.name, button("Save", panel.save, "write the procedure, and choose it")),
        line(pick, fan),
        ipywidgets.Accordion([text], titles=["A text as axis: all that YAML can say"], selected_index=None),
    )  # fmt: skip
