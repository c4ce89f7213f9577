"""Clicks into a picture: where, as shares of its width and height.

A picture is no button: where it is clicked is written into a hidden field, which the kernel reads. Where a page
forbids such a script, a list of the same things must do.
"""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from kit.widgets.live import LiveFigure
from kit.widgets.look import hooked

__all__ = ["listen", "pixel_of"]

PICK = """this.closest('.kit-figure')?.addEventListener('click', event => {
  const figure = event.target.closest('.kit-figure'), image = event.target.closest('img.kit-picture');
  const field = figure?.querySelector('.kit-pick input');
  if (!image || !field) return;
  const box = image.getBoundingClientRect();
  const across = (event.clientX - box.left) / box.width, down = (event.clientY - box.top) / box.height;
  const how = event.shiftKey || event.ctrlKey || event.metaKey ? 'add' : 'only';
  field.value = [across, down, how, Date.now()].join(' ');
  field.dispatchEvent(new Event('change', {bubbles: true}));
})"""


def listen(picture: LiveFigure, act: Callable[[float, float, bool], object]) -> None:
    """Let `act` be called with the place of every click into a picture, and whether a key was held that adds.

    The place is in shares of width and height from the top left. Faults go to the picture's own `error`.
    """
    field = hooked(ipywidgets.Text(continuous_update=False, layout={"display": "none"}), "kit-pick")
    script = ipywidgets.HTML(f'<style onload="{PICK}"></style>', layout={"display": "none"})

    def hear(words: str) -> None:
        x, y, how, _time = words.split()  # the time makes two clicks at one place differ
        act(float(x), float(y), how == "add")

    guarded = picture.guarded(hear)
    field.observe(lambda change: guarded(change.new), "value")
    picture.children = (*picture.children, field, script)


def pixel_of(picture: LiveFigure, x: float, y: float) -> tuple[float, float]:
    """Return a place in a picture as matplotlib has it: in pixels from the bottom left."""
    box = picture.figure.bbox
    return x * box.width, (1 - y) * box.height
