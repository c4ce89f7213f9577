"""The pieces of panels in a real JupyterLab, driven as a person does: by keyboard and by mouse."""

import pytest

CELLS = [
    """
import time
from typing import Literal

import numpy as np

from kit.parameters import Parameters, parameter
from kit.widgets import Browser, LiveFigure, Panel, ParameterForm, Runner


class ScanParameters(Parameters):
    gain: float = parameter(2.5, "gain of the amplifier", unit="mV/fC", gt=0, le=10)
    points: int = parameter(400, "points of the scan", ge=1)
    channels: list[int] = parameter([0, 1, 2], "channels that are read", min_length=1)
    shape: Literal["sine", "step"] = parameter("sine", "form of the injected pulse")
    pedestals: bool = parameter(True, "whether pedestals are subtracted")
    noise: dict[str, float] = parameter({"adc": 0.05}, "noise of each part", unit="mV")


def draw(axes, scan):
    axes.set(xlim=(0, 1), ylim=(-12, 12), xlabel="phase", ylabel="voltage [mV]")
    return axes.plot(*scan, marker=".", label="measured")


def move(artists, scan):
    artists[0].set_data(*scan)


def measure(stop, report):
    p = form.checked()
    phases = np.linspace(0, 1, p.points)
    for point in range(p.points):
        if stop.is_set():
            return point
        time.sleep(0.02)
        done = phases[: point + 1]
        picture.show((done, p.gain * np.sin(2 * np.pi * done)))
        report(point + 1, p.points, f"point {point + 1}")
    return p.points
""",
    """
form = ParameterForm(ScanParameters, groups={"Readout": ["channels", "noise"]})
picture = LiveFigure(draw, update=move, size=(6, 3), caption=lambda scan: f"{len(scan[0])} points measured")
runner = Runner(measure)
Panel([form, runner, picture])
""",
    """
records = [{"name": f"{n % 5}e{n % 3}m", "entries": n * n, "kept": n % 2 == 0} for n in range(10_000)]
Browser(records, noun="spectra")
""",
]


@pytest.fixture
def page(open_notebook):
    return open_notebook(CELLS)


def test_a_scan_is_set_up_started_watched_and_stopped(page, pictures):
    from playwright.sync_api import expect

    gain, alert = (
        page.get_by_role("textbox", name="gain [mV/fC]"),
        page.locator(".kit-faults").get_by_role("alert"),
    )
    panel = page.locator(".kit-panel").first
    picture, state = page.locator("img.kit-picture"), page.locator(".kit-runner .kit-state")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") == 600

    gain.fill("-1")
    gain.press("Enter")
    expect(alert).to_contain_text("gain is -1 mV/fC, not above 0.0 mV/fC")
    expect(page.locator(".kit-parameter-gain.kit-faulty")).to_be_visible()
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator(".kit-runner .kit-error")).to_contain_text("gain is -1 mV/fC")
    expect(state).to_have_text("✗ failed")
    panel.screenshot(path=pictures / "fault.png")

    gain.fill("7.5")
    gain.press("Enter")
    expect(alert).to_have_count(0)
    before = picture.get_attribute("src")
    page.get_by_role("button", name="Start", exact=True).press("Enter")
    expect(state).to_have_text("▶ running")
    expect(page.locator(".kit-message")).to_contain_text("point 1")
    expect(picture).not_to_have_attribute("src", before)
    expect(page.locator(".kit-caption")).to_contain_text("points measured")
    page.wait_for_function(
        "() => parseFloat(document.querySelector('.kit-progress .progress-bar').style.width) > 15"
    )
    panel.screenshot(path=pictures / "running.png")

    page.get_by_role("button", name="Stop").click()
    expect(state).to_have_text("○ idle")
    expect(page.locator(".kit-message")).to_contain_text("stopped; point")
    panel.screenshot(path=pictures / "stopped.png")


def test_every_control_has_a_name_that_is_read_out(page):
    from playwright.sync_api import expect

    form = page.locator(".kit-form")
    for role, name in [
        ("textbox", "gain [mV/fC]"),
        ("textbox", "points"),
        ("combobox", "shape"),
        ("checkbox", "pedestals"),
        ("textbox", "channels"),
        ("textbox", "noise [mV]"),
        ("textbox", "output"),
        ("checkbox", "interactive"),
        ("textbox", "file"),
        ("button", "Reset"),
        ("button", "Copy as parameters"),
        ("button", "Load"),
    ]:
        expect(form.get_by_role(role, name=name, exact=True)).to_be_visible()


def test_changed_values_can_be_copied(page):
    from playwright.sync_api import expect

    page.get_by_role("combobox", name="shape").select_option("step")
    page.get_by_role("checkbox", name="pedestals").uncheck()
    page.get_by_role("button", name="Copy as parameters").click()
    expect(page.get_by_role("textbox", name="as YAML")).to_have_value("shape: step\npedestals: false\n")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("combobox", name="shape")).to_have_value("sine")


def test_slider_and_field_go_together(page):
    from playwright.sync_api import expect

    gain = page.get_by_role("textbox", name="gain [mV/fC]")
    page.locator(".kit-parameter-gain").get_by_role("slider").press("End")
    expect(gain).to_have_value("10.0")
    gain.fill("5")
    gain.press("Enter")
    expect(page.locator(".kit-parameter-gain").get_by_role("slider")).to_have_attribute("aria-valuenow", "5.0")


def test_records_are_found_by_keyboard_alone(page, pictures):
    from playwright.sync_api import expect

    browser = page.locator(".kit-browser")
    state, spectra = browser.locator(".kit-state"), browser.get_by_role("listbox", name="spectra")
    expect(state).to_have_text("1 of 10000 spectra")
    browser.get_by_role("textbox", name="filter").fill("2e kept=yes entries>1000000")
    expect(state).to_have_text("1 of 900 spectra, chosen from 10000")
    spectra.press("ArrowDown")
    expect(state).to_have_text("2 of 900 spectra, chosen from 10000")
    browser.get_by_role("spinbutton", name="number").fill("100")
    browser.get_by_role("spinbutton", name="number").press("Enter")
    expect(state).to_have_text("100 of 900 spectra, chosen from 10000")
    browser.get_by_role("spinbutton", name="number").press("ArrowDown")
    expect(state).to_have_text("99 of 900 spectra, chosen from 10000")
    browser.get_by_role("spinbutton", name="number").press("ArrowUp")
    expect(state).to_have_text("100 of 900 spectra, chosen from 10000")
    browser.get_by_role("button", name="Next").press("Enter")
    expect(state).to_have_text("101 of 900 spectra, chosen from 10000")
    assert spectra.locator("option").count() == 100
    browser.screenshot(path=pictures / "browser.png")
    browser.get_by_role("textbox", name="filter").fill("entriez>3")
    expect(browser.locator(".kit-error").get_by_role("alert")).to_contain_text("did you mean entries?")
