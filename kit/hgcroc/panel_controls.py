"""The controls of the panel of scans, each tied to an attribute or a method of it."""

from __future__ import annotations

from typing import Any

import ipywidgets
import traitlets

from kit.hgcroc.building import range_of
from kit.hgcroc.registers import register_table
from kit.widgets import Words
from kit.widgets.look import hooked, line

__all__ = ["QUANTITIES", "lay_out"]

QUANTITIES = ("adc_median", "adc_mean", "adc_stdd", "tot_median", "toa_median", "toa_efficiency", "tot_efficiency")


def lay_out(panel: Any) -> None:
    """Put all controls into a `kit.hgcroc.panel.ScanPanel`, from top to bottom."""
    found = ipywidgets.Dropdown(description="register")
    search = ipywidgets.Text(description="search", continuous_update=False)
    values = ipywidgets.Text(description="values", value="0:2048:128")
    numbers = ipywidgets.Text(description="numbers", value="all")
    name = ipywidgets.Text(description="name", value="panel_scan")
    limits, listed = Words("kit-range"), Words("kit-axes")
    traitlets.link((panel, "search"), (search, "value"))

    def refresh(_change: Any = None) -> None:
        found.options = names = panel.find()
        found.value = names[0] if names else None

    def tell(_change: Any = None) -> None:
        if found.value:
            limits.text = range_of(register_table(panel.form.checked().board), found.value)

    def list_axes(_change: Any = None) -> None:
        listed.text = "\n".join(
            f"axis {k}: {axis['key'][2]}.{axis['key'][4]}, {len(axis['values'])} values"
            for k, axis in enumerate(panel.axes, 1)
        )

    panel.observe(panel.guarded(refresh), "search")
    found.observe(panel.guarded(tell), "value")
    panel.observe(list_axes, "axes")
    add = panel.button(
        "Add axis", lambda: panel.add_axis(found.value, values.value, numbers=numbers.value), "a faster axis"
    )
    remove = panel.button("Remove axis", panel.remove_axis, "take the last axis away")
    build = panel.button("Build", lambda: panel.build(name.value), "write the axes as a procedure, and choose it")
    controls = [
        panel.button("Pause", panel.pause, "hold after this point"),
        panel.button("Resume", panel.resume, "go on"),
        panel.button("Abort", panel.abort, "end; started again it goes on where it was"),
    ]
    scans = ipywidgets.Dropdown(description="history", layout={"width": "60%"})
    differing = Words("kit-differences", role="status")

    def look_up() -> None:
        scans.options = found = panel.history()
        scans.value = found[0] if found else None

    def compare_shown() -> None:
        differing.text = "\n".join(panel.differences(scans.value)) or "no setting differs"

    history = [
        scans,
        panel.button("Look up", look_up, "list all scans, newest first"),
        panel.button("Show", lambda: panel.look_at(scans.value), "look at this scan"),
        panel.button("Compare", compare_shown, "in what the scan that is shown differs from this one"),
    ]
    quantity = ipywidgets.Dropdown(description="quantity", options=QUANTITIES)
    point = ipywidgets.BoundedIntText(description="point", min=-1, max=10**9)
    axis = ipywidgets.IntText(description="axis")
    state = Words("kit-session", role="status")
    traitlets.dlink((panel, "state"), (state, "text"))
    for trait, control in (("quantity", quantity), ("point", point), ("axis", axis)):
        traitlets.link((panel, trait), (control, "value"))
    panel.contain(
        panel.form,
        hooked(ipywidgets.VBox([line(search, found, limits), line(numbers, values, add, remove), listed,
                                line(name, build)]), "kit-build"),
        panel.told, panel.preview, panel.runner, line(*controls, state), panel.trouble,
        line(quantity, axis, point), line(panel.curve, panel.board), line(*history), differing, panel.footer,
    )  # fmt: skip
    refresh()
    tell()
