"""Clicks on a picture: where in it somebody has clicked, told to the kernel.

A picture is no button: the page writes the place of a click into a hidden field, which the kernel reads. Where a
page forbids such a script, whatever else a panel offers does the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from kit.widgets.look import hooked

__all__ = ["Pick"]

SCRIPT = """this.closest('.{panel}')?.addEventListener('click', event => {{
  const image = event.target.closest('.{picture} img');
  const field = event.target.closest('.{panel}')?.querySelector('.{picture}-pick input');
  if (!image || !field) return;
  const box = image.getBoundingClientRect();
  field.value = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height,
    event.shiftKey || event.ctrlKey || event.metaKey ? 'add' : 'only', Date.now()].join(' ');
  field.dispatchEvent(new Event('change', {{bubbles: true}}));
}})"""


class Pick(ipywidgets.VBox):
    """Something invisible to put beside a picture.

    Parameters
    ----------
    panel, picture : str
        Classes of the panel, and of the picture within it.
    act : callable
        Takes the place, as shares of width and height from the top left, and whether a key was held that adds.
    """

    def __init__(self, panel: str, picture: str, act: Callable[[float, float, bool], object]) -> None:
        self._act = act
        self.field = ipywidgets.Text(continuous_update=False)
        script = SCRIPT.format(panel=panel, picture=picture)
        style = ipywidgets.HTML(f'<style onload="{script}"></style>')
        super().__init__([self.field, style], layout={"display": "none"})
        hooked(self, f"{picture}-pick")
        self.field.observe(self._read, "value")

    def _read(self, change: Any) -> None:
        x, y, how, _ = change.new.split()  # the last word makes two clicks on one place differ
        self._act(float(x), float(y), how == "add")
