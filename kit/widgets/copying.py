"""What was set, as the text of a parameter file, ready to be copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from kit.widgets.look import hooked
from kit.widgets.panel import Panel

__all__ = ["copying"]


def copying(panel: Panel, yaml: Callable[[], str]) -> tuple[Any, Any]:
    """Return a button of `panel`, and the text that it shows.

    Parameters
    ----------
    panel : Panel
        Which tells what `yaml` refuses.
    yaml : callable
        Returns the parameter file; empty where every value is the default.
    """
    text = ipywidgets.Textarea(
        description="as YAML",
        placeholder="every value is the default",
        rows=6,
        layout={"width": "100%", "display": "none"},
    )

    def show() -> None:
        text.layout.display = "none"  # of values that cannot be used nothing is left to copy
        text.value = yaml()
        text.layout.display = ""

    meaning = "show the changed values as YAML, ready to be copied"
    return panel.button("Copy as parameters", show, meaning), hooked(text, "kit-yaml")
