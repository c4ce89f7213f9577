"""Every notebook in every front end: it opens, all cells run, no error is shown, all can use its panel."""

import json
from pathlib import Path

import pytest

from tests.browser.accessibility import OURS, reach_by_tab, violations

PROJECT = Path(__file__).resolve().parent.parent.parent
PLACES = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "notebooks").rglob("[!.]*.ipynb"))
PANELS = [place for place in PLACES if "panel import" in (PROJECT / place).read_text()]


def code_cells(place):
    return [cell for cell in json.loads((PROJECT / place).read_text())["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("place", PLACES)
def test_in_jupyterlab_it_runs_and_its_panel_can_be_used_without_eyes_and_without_a_mouse(
    place, open_place, project, pictures
):
    page = open_place(place)
    counts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert [one for one in counts if one.strip("[]: ").isdigit()] == counts
    assert len(counts) == len(code_cells(place))
    if place not in PANELS:
        return
    panel = page.locator(OURS).first
    panel.wait_for()
    page.set_viewport_size({"width": 1200, "height": 4000})  # the whole panel in one picture
    panel.screenshot(path=pictures / f"panel_{Path(place).stem}.png")
    assert violations(page) == []
    missed, unseen = reach_by_tab(page, panel)
    assert (missed, unseen) == ([], [])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("front_end", ["notebook", "voila"])
def test_elsewhere_it_runs_and_its_panel_is_there(front_end, place, open_place, project, pictures):
    page = open_place(place, front_end)
    if place in PANELS:
        panel = page.locator(OURS).first
        panel.wait_for()
        picture = panel.locator("img.kit-picture").first
        picture.wait_for()
        page.wait_for_function("image => image.naturalWidth > 100", arg=picture.element_handle())
        panel.screenshot(path=pictures / f"{front_end}_{Path(place).stem}.png")
