"""One look for all panels: spacing, colours, lines of words that a screen reader hears.

Colours follow JupyterLab's theme and never carry a meaning alone: every state and every fault is said in words.
The classes that begin with ``kit-`` are hooks for tests and for a page's own style.
"""

from __future__ import annotations

import html
from typing import Any, TypeVar

import ipywidgets
import traitlets

__all__ = ["Words", "hooked", "line", "style_sheet"]

Widget = TypeVar("Widget", bound=Any)

# In a list and on a slider, arrows and letters are for what has the focus: JupyterLab would take them as commands
# to the notebook, where d d deletes a cell. Elements with this attribute are left alone. No widget can set
# it; where a page forbids such a script, all else works as before.
KEYS = """const panel = this.closest('.kit-panel');
  panel?.addEventListener('focusin', ({target}) =>
    target.matches('select, [role=slider]') && target.setAttribute('data-lm-suppress-shortcuts', 'true'));"""
# What widgets give no name that is read out gets one: a slider that of the field beside it or its own tooltip, a
# picture that of what it is. Headings that fold can be reached and opened by keys.
NAMES = """const call = () => {
    for (const handle of panel.querySelectorAll('[role=slider]:not([aria-label])')) {
      const host = handle.closest('.jupyter-widgets'), row = host.parentElement;
      const own = host.querySelector('label'), beside = row.querySelector('label')?.innerText;
      handle.setAttribute('aria-label', host.title || own?.innerText || own?.title || beside || 'slider');
    }
    for (const image of panel.querySelectorAll('img.kit-picture:not([alt])'))
      image.alt = 'picture; the words below it say what it shows';
    for (const bar of panel.querySelectorAll('.kit-progress .progress:not([role])')) {
      bar.setAttribute('role', 'img'); bar.setAttribute('aria-label', 'progress; the words beside it say how far');
    }
    for (const [icon, name] of [['play', 'play or pause'], ['stop', 'stop'], ['repeat', 'repeat']])
      panel.querySelector('.widget-play .fa-' + icon)?.parentElement.setAttribute('aria-label', name);
    for (const heading of panel.querySelectorAll('.jupyter-widget-Collapse-header:not([tabindex])')) {
      const tell = () => heading.setAttribute('aria-expanded',
        !heading.nextElementSibling?.classList.contains('lm-mod-hidden'));
      heading.tabIndex = 0; heading.setAttribute('role', 'button'); tell();
      heading.addEventListener('click', () => setTimeout(tell));
      heading.addEventListener('keydown', event => {
        if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); heading.click(); }
      });
    }
  };
  if (panel && !panel.parentElement.closest('.kit-panel')) {
    call();
    new MutationObserver(call).observe(panel, {childList: true, subtree: true});
  }"""
STYLE = f"""<style onload="{KEYS} {NAMES}">
.kit-panel {{max-width: 100%;}}
.kit-panel > .widget-html:empty {{display: none;}}
.kit-words .widget-html-content {{line-height: 1.45; white-space: pre-line;}}
.kit-note .widget-html-content {{line-height: 1.3; white-space: normal; color: var(--jp-ui-font-color1, #222);}}
.kit-heading .widget-html-content {{font-weight: 600;}}
.kit-error .widget-html-content > div, .kit-faults .widget-html-content > div, .kit-note .kit-fault {{
  border-left: 4px solid var(--jp-error-color1, #b00020); padding-left: 8px;}}
.kit-faulty input, .kit-faulty select {{border: 2px solid var(--jp-error-color1, #b00020) !important;}}
.kit-list select, .kit-columns .widget-html-content, .kit-yaml textarea {{
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px);}}
.kit-columns .widget-html-content {{
  white-space: pre; font-weight: 600; padding-left: calc(var(--jp-widgets-inline-label-width, 80px) + 10px);}}
.kit-panel.kit-panel.kit-panel :focus-visible {{
  outline: 3px solid var(--jp-brand-color1, #1565c0) !important; outline-offset: 1px;}}
.kit-figure {{overflow: hidden;}}
.kit-picture {{max-width: 100%; height: auto; align-self: flex-start;}}
</style>"""


class Words(ipywidgets.HTML):
    """A few lines of plain words that follow the state of a panel.

    Parameters
    ----------
    hook : str
        Class of the element in the page, such as ``kit-error``.
    role : str
        ``alert`` is read out at once when it changes, ``status`` when the reader pauses; empty is not read out.
    """

    text = traitlets.Unicode()

    def __init__(self, hook: str, role: str = "", text: str = "") -> None:
        self.role = role
        super().__init__()
        hooked(self, "kit-words", hook)
        self.text = text

    @traitlets.observe("text")
    def _say(self, _change: Any) -> None:
        live = {"alert": ' role="alert"', "status": ' role="status" aria-live="polite"'}.get(self.role, "")
        self.value = f"<div{live}>{html.escape(self.text)}</div>" if self.text else ""


def hooked(widget: Widget, *names: str) -> Widget:
    """Give `widget` the classes `names`, by which tests and style sheets find it, and return it."""
    for name in names:
        widget.add_class(name)
    return widget


def line(*widgets: Any) -> Any:
    """Return `widgets` side by side, in as many lines as the page's width needs."""
    return ipywidgets.HBox(
        widgets, layout={"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 8px"}
    )


def style_sheet() -> Any:
    """Return the style sheet as an invisible widget."""
    return ipywidgets.HTML(STYLE, layout={"display": "none"})
