"""The page of the acquisition in a real JupyterLab: a scan built, aborted and gone on with by mouse and keys."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = PROJECT / "notebooks" / "hgcroc" / "acquisition.ipynb"
VALUES = {"procedure": '"pedestal_scan"', "n_events": "20", "fault": '["slow_run 0.2"]', "order": '"serpentine"'}


@pytest.fixture
def page(open_notebook, tmp_path):
    """Open the page with a board that takes its time."""
    content = json.loads(PAGE.read_text())
    tagged = next(one for one in content["cells"] if one["metadata"].get("tags") == ["parameters"])
    source = "".join(tagged["source"])
    for name, value in VALUES.items():
        source = re.sub(rf"^({name}: .*?) = .*?(  #)", rf"\1 = {value}\2", source, flags=re.M)
    tagged["source"] = source
    path = tmp_path / "acquisition.ipynb"
    path.write_text(json.dumps(content))
    return open_notebook(path)


def pick(panel, register, values):
    """Search a register, choose it, and add it as an axis."""
    search = panel.get_by_role("textbox", name="search", exact=True)
    search.fill(register.partition(".")[2])
    search.press("Enter")
    panel.get_by_role("combobox", name="register", exact=True).select_option(register)
    field = panel.get_by_role("textbox", name="values", exact=True)
    field.fill(values)
    field.press("Enter")
    panel.get_by_role("button", name="Add axis").click()


def test_a_scan_in_two_dimensions_is_built_started_aborted_and_gone_on_with(page, pictures):
    from playwright.sync_api import expect

    panel = page.locator(".kit-scan").last
    expect(panel.locator(".kit-told")).to_contain_text("32 points, ")
    pick(panel, "Top.phase_strobe", "2, 8")
    pick(panel, "ReferenceVoltage.Calib", "0:1501:300")
    expect(panel.locator(".kit-axes")).to_contain_text("axis 2: ReferenceVoltage.Calib, 6 values")
    panel.get_by_role("button", name="Build").click()
    expect(panel.locator(".kit-told")).to_contain_text("12 points, ")
    expect(panel.locator(".kit-preview")).to_contain_text("7: phase_strobe 8, Calib 300")

    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".kit-message")).to_contain_text("point")
    expect(panel.locator(".kit-session")).to_contain_text("running")
    panel.get_by_role("button", name="Abort").click()
    expect(panel.locator(".kit-state")).to_contain_text("idle")
    panel.screenshot(path=pictures / "hgcroc_aborted.png")

    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".kit-session")).to_contain_text("running")
    panel.get_by_role("button", name="Pause").click()
    expect(panel.locator(".kit-session")).to_contain_text("paused")
    panel.get_by_role("button", name="Resume").click()
    expect(panel.locator(".kit-state")).to_contain_text("done")
    expect(panel.locator(".kit-caption").first).to_contain_text("6 points against Calib")
    expect(panel.locator(".kit-trouble")).to_contain_text("goes on with")
    panel.get_by_role("combobox", name="quantity", exact=True).select_option("toa_efficiency")
    expect(panel.locator(".kit-caption").last).to_contain_text("TOA efficiency")
    page.set_viewport_size({"width": 1400, "height": 2200})
    panel.screenshot(path=pictures / "hgcroc_done.png")


def test_a_graded_board_is_looked_through(open_notebook, pictures):
    from playwright.sync_api import expect

    page = open_notebook(PROJECT / "notebooks" / "hgcroc" / "distillation.ipynb")
    panel = page.locator(".kit-grade").last
    expect(panel.locator(".kit-told")).to_contain_text("board ld demo: good")
    panel.get_by_role("combobox", name="analysis", exact=True).select_option("toa_curves")
    panel.get_by_role("textbox", name="filter", exact=True).fill("chip=1 channel=3 kind=channel")
    panel.get_by_role("textbox", name="filter", exact=True).press("Enter")
    expect(panel.locator(".kit-caption").first).to_contain_text("toa_curves, chip 1, channel 3")
    panel.get_by_role("combobox", name="on the board", exact=True).select_option("sigma")
    expect(panel.locator(".kit-caption").nth(1)).to_contain_text("toa_curves: sigma")
    page.set_viewport_size({"width": 1400, "height": 2200})
    panel.screenshot(path=pictures / "hgcroc_grades.png")
