"""The controls of the board's part of the panel, and the lights of the roles."""

from __future__ import annotations

import html
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import ipywidgets
import traitlets

__all__ = ["lights_of", "make_controls"]

ROLES = ("slow control", "server", "data client", "data")
LIGHTS = {"answers": ("●", "#1a7f37"), "silent": ("✗", "#b00020"), "off": ("○", "#6e7781")}


def lights_of(troubles: Mapping[str, str], states: Mapping[str, str]) -> str:
    """Return the lights as HTML, each with its meaning in words.

    Parameters
    ----------
    troubles : mapping
        What is wrong with each role, nothing where it answers; empty while not connected.
    states : mapping
        What roles tell of themselves.
    """
    lights = " &nbsp; ".join(_light(name, troubles.get(name), states.get(name, "")) for name in ROLES)
    return f'<div role="status">{lights}</div>'


def _light(name: str, trouble: str | None, state: str) -> str:
    kind = "off" if trouble is None else "silent" if trouble else "answers"
    sign, colour = LIGHTS[kind]
    told = {"off": "not connected", "silent": trouble, "answers": "answers" + (f", {state}" if state else "")}[
        kind
    ]
    words = f"{name} {html.escape(str(told))}"
    return f'<span class="kit-light kit-{kind}"><b style="color:{colour}">{sign}</b> {words}</span>'


def make_controls(panel: Any) -> SimpleNamespace:
    """Return all fields and buttons of a `kit.hgcroc.panels.stand_panel.StandPanel`, tied to what they do."""
    wide = {"description_width": "initial"}
    here = SimpleNamespace(
        connect=panel.button(
            "Connect", panel.connect, "connect, or start an emulated board", button_style="primary"
        ),
        disconnect=panel.button("Disconnect", panel.disconnect, "leave the board; an emulated one ends"),
        describe=panel.button("Describe", panel.describe, "ask the board which registers and ranges it has"),
        read=panel.button("Read back", panel.read_back, "read all registers from the chips, and compare"),
        reset=panel.button("Reset chips", panel.reset, "put all registers to their reset values"),
        fault=ipywidgets.Dropdown(description="fault", options=(panel.fault_name,), style=wide),
        words=ipywidgets.Text(description="how", style=wide, placeholder="value, name=value"),
        inject=panel.button("Inject", panel.inject, "let the emulated board have this fault"),
        clear=panel.button("Clear", panel.clear, "end all faults"),
    )
    traitlets.link((panel, "fault_words"), (here.words, "value"))
    here.fault.observe(lambda change: change.new and panel.set_trait("fault_name", change.new), "value")
    return here
