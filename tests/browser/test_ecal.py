"""The panel of windows in a real JupyterLab, by mouse and by keyboard."""

import re

import pytest

SEED = 0.187, 0.636  # where it is in the picture of the first window that passes the filter below
CELLS = [
    """
from kit.ecal import plots
from kit.ecal.demo import demo
from kit.ecal.panel import WindowPanel
from kit.ecal.windows import WindowParameters, make_windows
from kit.run import Run

demo("pairs.root", 12, "pairs", 1)
p = WindowParameters(inputs=["pairs.root"], unmatched=2, both_labels=True)
with Run("ecal/windows", p) as run:
    run.summary = make_windows(p, run)
""",
    "panel = WindowPanel(plots.window_files(run))\npanel",
]


@pytest.fixture
def page(open_notebook):
    from playwright.sync_api import expect

    page = open_notebook(CELLS)
    page.set_viewport_size({"width": 1500, "height": 2400})
    expect(page.locator(".kit-windows .kit-heading").first).to_contain_text("1 of")
    return page


def first_picture(page):
    return page.locator(".kit-windows .kit-figure").first.locator("img.kit-picture")


def settled(page, act):
    """Do something, and wait until the picture is another one."""
    before = first_picture(page).get_attribute("src")
    act()
    page.wait_for_function(
        "before => document.querySelector('.kit-windows .kit-figure img.kit-picture').src !== before", arg=before
    )


def click(page, across, down):
    """Click into the picture, at shares of its width and height."""
    picture = first_picture(page)
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    picture.click(position={"x": across * box["width"], "y": down * box["height"]})


def test_windows_are_chosen_looked_into_and_compared_by_mouse(page, pictures):
    from playwright.sync_api import expect

    panel = page.locator(".kit-windows")
    heading, told = panel.locator(".kit-heading").first, panel.locator(".kit-told").first
    page.get_by_role("textbox", name="filter").fill("ncls>3 and (diffcalo=yes or differ=yes)")
    page.keyboard.press("Enter")
    expect(panel.locator(".kit-error").last).to_be_empty()
    expect(heading).not_to_contain_text("of 0")
    panel.screenshot(path=pictures / "windows_first.png")

    clusters = page.get_by_role("listbox", name="clusters")
    settled(page, lambda: clusters.select_option(index=2))
    expect(told).to_contain_text(":")
    by_list = told.inner_text()
    settled(page, lambda: click(page, *SEED))
    expect(told).to_contain_text("it is the seed")
    assert by_list != told.inner_text()
    expect(clusters.locator("option:checked")).to_contain_text("it is the seed")

    before = heading.inner_text()
    page.get_by_role("button", name="Compare").click()
    expect(panel.locator(".kit-beside .kit-columns")).to_contain_text("the other")
    page.get_by_role("button", name="Next").click()
    expect(heading).not_to_have_text(before)
    page.get_by_role("textbox", name="mustache at").fill("5")
    page.keyboard.press("Enter")
    page.get_by_role("checkbox", name="working point of the file").uncheck()
    expect(page.get_by_role("spinbutton", name="threshold")).to_be_enabled()
    slider = panel.locator(".noUi-handle, [role=slider]").first
    slider.hover()
    box = slider.bounding_box()
    page.mouse.down()
    page.mouse.move(box["x"] + 90, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    expect(panel.locator(".kit-figure .kit-caption").last).to_contain_text("against the file")
    name = heading.inner_text().split(": ")[1].split(",")[0]
    expect(panel.locator(".kit-figure .kit-caption").first).to_contain_text(name)
    expect(panel.locator(".kit-beside .kit-caption")).to_contain_text("at working point")
    panel.screenshot(path=pictures / "windows_mouse.png")
    page.get_by_role("button", name="Export").click()
    expect(told).to_contain_text("written: outputs/exports/window_1_")

    footer = panel.locator(".kit-footer")
    footer.get_by_role("button", name="Copy as parameters").click()
    moved = re.compile(r"both_labels: true(.|\n)*working_point: outputs/exports/working_point_|"
                       r"working_point: outputs/exports/working_point_(.|\n)*both_labels: true")  # fmt: skip
    expect(footer.get_by_role("textbox", name="as YAML")).to_have_value(moved)
    footer.screenshot(path=pictures / "windows_footer.png")


def test_windows_are_walked_through_by_keyboard_and_faults_are_told(page, pictures):
    from playwright.sync_api import expect

    panel = page.locator(".kit-windows")
    heading, error = panel.locator(".kit-heading").first, panel.locator(".kit-error").last
    page.get_by_role("textbox", name="filter").focus()
    page.keyboard.type("ett>3")
    page.keyboard.press("Enter")
    expect(error).to_contain_text("ett is no column, should be one of et")
    page.keyboard.press("Control+A")
    page.keyboard.type("ncls>3")
    page.keyboard.press("Enter")
    expect(error).to_be_empty()
    expect(heading).to_contain_text("1 of")
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    expect(heading).to_contain_text("2 of")
    page.get_by_role("listbox", name="clusters").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(panel.locator(".kit-told").first).to_contain_text(":")
    name = heading.inner_text().split(": ")[1].split(",")[0]
    expect(panel.locator(".kit-figure .kit-caption").first).to_contain_text(name)
    panel.screenshot(path=pictures / "windows_keyboard.png")
