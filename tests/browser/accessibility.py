"""What somebody without eyes or mouse meets in our own part of a page: by axe-core, and by the Tab key."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

OURS = ".kit-panel"
CONTROLS = "input, select, textarea, button, [role=slider], a[href], [tabindex='0']"
VISIBLE = """element => {
  const box = element.getBoundingClientRect(), style = getComputedStyle(element);
  return box.width > 0 && box.height > 0 && style.visibility === 'visible' && !element.disabled
    && element.tabIndex >= 0 && !element.closest('[inert]');
}"""
ABOUT = """element => [element.tagName, element.getAttribute('role') || element.type || '', element.ariaLabel
  || element.labels?.[0]?.innerText || element.innerText || element.title || ''].join(' ').trim()"""


def violations(page: Any) -> list[str]:
    """Return what axe-core finds serious or critical inside our panels, in words."""
    folder = importlib.util.find_spec("axe_playwright_python")
    assert folder is not None, "axe-core comes with the extra `browser`"
    assert folder.origin is not None
    page.add_script_tag(path=Path(folder.origin).with_name("axe.min.js"))
    found = page.evaluate(
        """async ours => {
          const panels = [...document.querySelectorAll(ours)].filter(one => !one.parentElement.closest(ours));
          if (!panels.length) return [];
          const rules = {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'], resultTypes: ['violations']};
          const found = (await axe.run(panels, rules)).violations;
          return found.filter(one => ['serious', 'critical'].includes(one.impact))
            .map(one => [one.id, one.nodes.length, one.nodes.slice(0, 3).map(node => node.html.slice(0, 300))]);
        }""",
        OURS,
    )
    return [f"{name} at {number} places: {'; '.join(places)}" for name, number, places in found]


def reach_by_tab(page: Any, panel: Any) -> tuple[list[str], list[str]]:
    """Go through a panel by the Tab key; return the controls never reached, and those without visible focus."""
    controls = [one for one in panel.locator(CONTROLS).element_handles() if one.evaluate(VISIBLE)]
    for number, control in enumerate(controls):
        control.evaluate("(element, number) => element.dataset.kitNumber = number", number)
    reached, unseen = set(), []
    controls[0].focus()
    for _ in range(3 * len(controls) + 20):
        here = page.evaluate_handle("() => document.activeElement").as_element()
        number = here.evaluate("element => element.dataset.kitNumber")
        if number is not None and int(number) not in reached:
            reached.add(int(number))
            style = here.evaluate(
                "e => { const s = getComputedStyle(e); return [s.outlineStyle, s.outlineWidth, s.boxShadow] }"
            )
            if style[0] == "none" and style[2] == "none":
                unseen.append(here.evaluate(ABOUT))
        if len(reached) == len(controls) or (
            reached and not panel.evaluate("(one) => one.contains(document.activeElement)")
        ):
            break
        page.keyboard.press("Tab")
    missed = [one for number, one in enumerate(controls) if number not in reached and one.is_visible()]
    # of radio buttons and the like one alone is reached by Tab, the others by arrows
    return [one.evaluate(ABOUT) for one in missed if one.get_attribute("type") != "radio"], unseen
