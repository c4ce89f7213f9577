"""The page of the acquisition in a real JupyterLab: from connect to a finished scan, by mouse and keyboard."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = PROJECT / "notebooks" / "hgcroc" / "acquisition.ipynb"
VALUES = {"procedure": '"injection_scan"', "n_events": "20"}


@pytest.fixture
def open_page(open_notebook, tmp_path):
    """Return a function that opens the page with other parameters, and returns it with its panel."""

    def open_with(**values):
        content = json.loads(PAGE.read_text())
        tagged = next(one for one in content["cells"] if one["metadata"].get("tags") == ["parameters"])
        source = "".join(tagged["source"])
        for name, value in (VALUES | values).items():
            source = re.sub(rf"^({name}: .*?) = .*?(  #)", rf"\1 = {value}\2", source, flags=re.M)
        tagged["source"] = source
        path = tmp_path / "acquisition.ipynb"
        path.write_text(json.dumps(content))
        page = open_notebook(path)
        return page, page.locator(".kit-scan").last

    return open_with


def turn_to(panel, page):
    panel.locator(".kit-pages .lm-TabBar-tab", has_text=page).click()


def fill(panel, name, text):
    field = panel.get_by_role("textbox", name=name, exact=True)
    field.fill(text)
    field.press("Enter")


def pick(panel, register, values):
    """Search a register, choose it from the list, and add it as an axis."""
    fill(panel, "search", register.partition(".")[2])
    panel.get_by_role("listbox", name="register", exact=True).select_option(register)
    fill(panel, "values", values)
    panel.get_by_role("button", name="Add axis").click()


def empty(panel, axes):
    for _ in range(axes):
        panel.get_by_role("button", name="Remove axis").click()


def test_connect_build_run_hold_abort_go_on_and_look(open_page, pictures):
    from playwright.sync_api import expect

    page, panel = open_page()
    expect(panel.locator(".kit-plan .kit-told")).to_contain_text("84 points, ")
    turn_to(panel, "Board")
    expect(panel.locator(".kit-lights")).to_contain_text("slow control not connected")
    panel.get_by_role("button", name="Connect", exact=True).click()
    expect(panel.locator(".kit-lights")).to_contain_text("server answers, created")
    expect(panel.locator(".kit-described")).to_contain_text("ld_hexaboard: 3 ROCs (roc_s0, roc_s1, roc_s2)")
    panel.get_by_role("button", name="Read back").click()
    expect(panel.locator(".kit-readback")).to_contain_text("7875 registers read from the chips")
    panel.get_by_role("combobox", name="fault", exact=True).select_option("slow_run")
    fill(panel, "how", "0.3")
    panel.get_by_role("button", name="Inject").click()
    expect(panel.locator(".kit-injected")).to_contain_text("faults now: slow_run 0.3")
    panel.screenshot(path=pictures / "hgcroc_board.png")

    turn_to(panel, "Scan")
    empty(panel, 2)
    pick(panel, "Top.phase_strobe", "2, 8")
    pick(panel, "ReferenceVoltage.Calib", "0:1501:300")
    expect(panel.locator(".kit-plan .kit-told")).to_contain_text("12 points, ")
    expect(panel.locator(".kit-preview")).to_contain_text("1500")
    expect(panel.locator(".kit-dialect")).to_contain_text("dialect 1.0.15, changed")
    panel.screenshot(path=pictures / "hgcroc_built.png")

    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".kit-run .kit-message")).to_contain_text("left")
    expect(panel.locator(".kit-session")).to_contain_text("running")
    panel.get_by_role("button", name="Abort").click()
    expect(panel.locator(".kit-run .kit-state")).to_contain_text("idle")
    expect(panel.locator(".kit-session")).to_contain_text("aborted")

    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".kit-session")).to_contain_text("running")
    panel.get_by_role("button", name="Pause").click()
    expect(panel.locator(".kit-session")).to_contain_text("paused")
    turn_to(panel, "Board")
    panel.get_by_role("button", name="Clear").click()
    expect(panel.locator(".kit-injected")).to_contain_text("faults now: none")
    panel.get_by_role("button", name="Resume").click()
    expect(panel.locator(".kit-run .kit-state")).to_contain_text("done")
    expect(panel.locator(".kit-trouble")).to_contain_text("goes on with")
    expect(panel.locator(".kit-measured")).to_contain_text("panel_scan: 12 of 12 points")
    caption = panel.locator(".kit-view .kit-caption")
    expect(caption.first).to_contain_text("phase_strobe 8: 6 points against Calib")

    panel.get_by_role("combobox", name="quantity", exact=True).select_option("tot_median")
    expect(caption.nth(1)).to_contain_text("median TOT [counts], point 11")
    panel.get_by_role("spinbutton", name="phase_strobe", exact=True).fill("0")
    panel.get_by_role("spinbutton", name="phase_strobe", exact=True).press("Enter")
    expect(caption.nth(1)).to_contain_text("point 5, phase_strobe 2, Calib 1500")
    picture = panel.locator(".kit-map img")
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] * 0.42, "y": box["height"] * 0.3})
    channels = panel.get_by_role("textbox", name="channels", exact=True)
    expect(channels).to_have_value(re.compile(r"^\d\.(calib)?\d+$"))
    picture.click(position={"x": box["width"] * 0.3, "y": box["height"] * 0.7}, modifiers=["Shift"])
    expect(channels).to_have_value(re.compile(r"^\S+ \S+$"))
    fill(panel, "channels", "0.10 0.20 1.40 2.50")
    expect(caption.first).to_contain_text(
        "chip 0, channel 10; chip 0, channel 20; chip 1, channel 40; chip 2, channel 50"
    )
    panel.get_by_role("combobox", name="fit", exact=True).select_option("by quantity")
    expect(caption.first).to_contain_text(re.compile(r"chip 0, channel 10: slope [\d.]+"))
    turn_to(panel, "Scan")
    page.set_viewport_size({"width": 1500, "height": 2200})
    panel.screenshot(path=pictures / "hgcroc_done.png")

    turn_to(panel, "History")
    panel.get_by_role("button", name="Look up").click()
    expect(panel.locator(".kit-chosen option")).to_have_count(3)
    panel.locator(".kit-other select").select_option(index=2)
    panel.get_by_role("button", name="Compare").click()
    expect(panel.locator(".kit-differences")).to_contain_text(
        "axes: phase_strobe (4: 2 to 8) by Calib (21: 0 to 2000), then phase_strobe (2: 2 to 8)"
    )
    panel.locator(".kit-chosen select").select_option(index=2)
    panel.get_by_role("button", name="Show").click()
    expect(panel.locator(".kit-measured")).to_contain_text("injection_scan: 84 of 84 points")
    panel.screenshot(path=pictures / "hgcroc_history.png")


def test_every_event_a_coupled_axis_and_points_tried_again(open_page, pictures):
    from playwright.sync_api import expect

    page, panel = open_page(mode='"full"', procedure='"injection_scan"', max_retries="0", n_events="200")
    empty(panel, 1)
    pick(panel, "ReferenceVoltage.Calib", "200, 800")
    fill(panel, "search", "Toa_vref")
    fill(panel, "values", "380, 420")
    panel.get_by_role("button", name="Couple").click()
    expect(panel.locator(".kit-axes")).to_contain_text("Calib with Toa_vref: 2 values")
    expect(panel.locator(".kit-plan .kit-told")).to_contain_text("8 points, ")
    turn_to(panel, "Board")
    panel.get_by_role("button", name="Connect", exact=True).click()
    expect(panel.locator(".kit-teaching")).to_be_visible()
    panel.get_by_role("combobox", name="fault", exact=True).select_option("lost_event")
    fill(panel, "how", "0.3 runs=1")
    panel.get_by_role("button", name="Inject").click()
    expect(panel.locator(".kit-injected")).to_contain_text("lost_event 0.3 for 1 run")
    panel.get_by_role("button", name="Start").click()
    expect(panel.locator(".kit-run .kit-state")).to_contain_text("failed")
    expect(panel.locator(".kit-trouble")).to_contain_text("point 0: fewer events than asked for")
    panel.get_by_role("button", name="Try again").click()
    expect(panel.locator(".kit-run .kit-state")).to_contain_text("done")
    caption = panel.locator(".kit-spectra .kit-caption")
    panel.get_by_role("spinbutton", name="phase_strobe", exact=True).fill("3")
    panel.get_by_role("spinbutton", name="phase_strobe", exact=True).press("Tab")
    expect(caption).to_contain_text("200 events of point 6, phase_strobe 8, Calib 200, Toa_vref 380")
    event = panel.get_by_role("spinbutton", name="event (−1 all)", exact=True)
    event.fill("17")
    event.press("Tab")
    expect(panel.locator(".kit-view .kit-caption").nth(1)).to_contain_text("event 17 of 200")
    page.set_viewport_size({"width": 1500, "height": 2400})
    panel.screenshot(path=pictures / "hgcroc_events.png")


def test_a_graded_board_is_looked_at_taken_back_and_distilled_again(open_place, project, lab, pictures):
    from playwright.sync_api import expect

    page = open_place("notebooks/hgcroc/distillation.ipynb")
    panel = page.locator(".kit-grade").last
    panel.wait_for()
    expect(panel.locator(".kit-told").first).to_contain_text("chip 2: good")
    analysis, footer = panel.get_by_role("combobox", name="analysis", exact=True), panel.locator(".kit-footer")
    captions = panel.locator(".kit-caption")
    analysis.select_option("toa_curves")
    expect(captions.filter(has_text="toa_curves: q50 [fC]")).to_have_count(1)
    panel.get_by_role("combobox", name="result", exact=True).select_option("sigma")
    expect(captions.filter(has_text="toa_curves: sigma [fC]")).to_have_count(1)
    fill(panel, "filter", "chip=1 channel=3 kind=channel")
    expect(captions.filter(has_text="toa_curves, chip 1, channel 3")).to_have_count(1)
    page.set_viewport_size({"width": 1300, "height": 2600})
    panel.screenshot(path=pictures / "hgcroc_grade.png")

    footer.get_by_role("button", name="Save state").click()
    expect(footer.locator(".kit-keeper .kit-told")).to_have_text(
        "saved in outputs/panels/hgcroc_distillation.json"
    )
    analysis.select_option("gain")
    expect(captions.filter(has_text="gain, chip")).to_have_count(1)
    footer.get_by_role("button", name="Put back").click()
    expect(captions.filter(has_text="toa_curves: sigma [fC]")).to_have_count(1)

    heading = panel.get_by_role("button", name="Distil again, with other values")
    heading.press("Enter")
    target = panel.get_by_role("textbox", name="toa_target [fC]", exact=True)
    target.fill("15")
    target.press("Enter")
    footer.get_by_role("combobox", name="where").select_option("local")
    footer.get_by_role("button", name="Submit as job").click()
    expect(footer.locator(".kit-handover > .kit-told")).to_contain_text("outputs/hgcroc/distillation/panel_")
    (values,) = (lab.root / "outputs" / "panels").glob("panel_*.yaml")
    assert "toa_target: 15" in values.read_text()
