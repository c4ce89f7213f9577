"""The panels of Mu2e in a real JupyterLab, by mouse and by keyboard."""

import pytest

CELLS = [
    """
from kit.mu2e import demo
from kit.mu2e.mixture import MixtureParameters, mix
from kit.mu2e.panel import EnsemblePanel, YieldPanel
from kit.mu2e.yield_options import YieldParameters
from kit.run import Run

p = YieldParameters(**demo.DEMO_YIELDS)
demo.prepare(p)
m = MixtureParameters(subruns=4, ledger="mixed.sqlite", interactive=False)
with Run("mu2e/mixture", m) as run:
    run.summary = mix(m, run)
""",
    "yields = YieldPanel(p)\nyields",
    "ensemble = EnsemblePanel(run.directory, m.ledger)\nensemble",
]


@pytest.fixture
def page(open_notebook):
    from playwright.sync_api import expect

    page = open_notebook(CELLS)
    page.set_viewport_size({"width": 1500, "height": 2400})
    expect(page.locator(".kit-mu2e-ensemble .kit-caption").first).to_contain_text("events drawn", timeout=90_000)
    return page


def test_expected_events_follow_sliders_switch_and_thresholds(page, pictures):
    from playwright.sync_api import expect

    panel = page.locator(".kit-mu2e-yields")
    words, table = panel.locator(".kit-exposure"), panel.locator(".kit-yields")
    expect(words).to_contain_text("1BB: 36000 s on spill, 111455 s wall")
    expect(table).to_contain_text("DIO *")
    picture = panel.locator(".kit-spectrum img.kit-picture")
    before = picture.get_attribute("src")
    page.get_by_role("button", name="Wall or on-spill").click()
    expect(words).to_contain_text("1BB: 36000 s on spill, 111455 s wall")
    expect(panel.locator(".kit-slide-seconds")).to_contain_text("wall s")
    panel.locator(".kit-slide-rate").get_by_role("slider").press("End")
    page.wait_for_function(
        "before => document.querySelector('.kit-spectrum img.kit-picture').src !== before", arg=before
    )
    expect(panel.locator(".kit-headroom .kit-caption")).to_contain_text("too few simulated events: CeMLL")
    conversions = page.get_by_role("textbox", name="conversions")
    conversions.fill("5")
    conversions.press("Enter")
    page.get_by_role("button", name="Rate from conversions").click()
    expect(panel.locator(".kit-headroom .kit-caption")).to_contain_text("no process has too few")
    page.get_by_role("button", name="2BB").click()  # by mouse; what follows by keyboard
    expect(words).to_contain_text("2BB: ")
    slider = panel.locator(".kit-slide-rpc_emin").get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(words).to_contain_text("before selection only, since samples are of another part of the spectrum: RPC")
    panel.get_by_text("All values").click()
    threshold = panel.locator(".kit-parameter-dio_emin input[type=text]")
    threshold.fill("97")
    threshold.press("Enter")
    expect(words).to_contain_text("another part of the spectrum: DIO")
    expect(panel.locator(".kit-headroom .kit-caption")).to_contain_text("too few simulated events: IPAMichel")
    page.get_by_role("button", name="Copy as parameters").click()
    panel.screenshot(path=str(pictures / "mu2e_yields.png"))
    panel.locator(".kit-mode").scroll_into_view_if_needed()
    page.screenshot(path=str(pictures / "mu2e_sliders.png"))
    assert page.locator(".jp-OutputArea-output[data-mime-type*=error]").count() == 0


def test_an_ensemble_shows_pulls_and_who_uses_which_events(page, pictures):
    from playwright.sync_api import expect

    panel = page.locator(".kit-mu2e-ensemble")
    expect(panel.locator(".kit-ensemble")).to_contain_text("ensemble demo: 36 000 s on spill")
    expect(panel.locator(".kit-caption").nth(1)).to_contain_text("χ² is")
    page.get_by_role("textbox", name="filter").fill("DIO")
    expect(panel.locator(".kit-list")).to_contain_text("DIO-standin")
    log = page.get_by_role("textbox", name="log")
    log.fill("nowhere.log")
    log.press("Enter")
    expect(panel.get_by_role("alert")).to_contain_text("nowhere.log")
    name = page.get_by_role("textbox", name="give back")
    name.fill("demo")
    name.press("Tab")  # to the button
    page.keyboard.press("Enter")
    expect(panel.locator(".kit-ensemble")).to_contain_text("events given back")
    expect(panel.locator(".kit-list")).to_contain_text("released")
    panel.screenshot(path=str(pictures / "mu2e_ensemble.png"))
