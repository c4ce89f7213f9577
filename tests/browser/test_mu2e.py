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


def test_an_ensemble_shows_pulls_and_who_uses_which_events(page, pictures, lab):
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
    expect(panel.get_by_role("alert").first).to_contain_text("files of ensemble demo are still there")
    for path in lab.root.rglob("nts.mu2e.ensemble*.root"):
        path.unlink()
    page.keyboard.press("Enter")
    expect(panel.locator(".kit-ensemble")).to_contain_text("events given back")
    expect(panel.locator(".kit-list")).to_contain_text("released")
    panel.screenshot(path=str(pictures / "mu2e_ensemble.png"))


def test_another_ensemble_is_set_taken_back_put_back_and_submitted(page, pictures, lab, project):
    from playwright.sync_api import expect

    panel = page.locator(".kit-mu2e-ensemble")
    footer = panel.locator(".kit-footer")
    undo, told = footer.get_by_role("button", name="Undo"), footer.locator(".kit-keeper .kit-told")
    expect(undo).to_be_disabled()
    panel.get_by_text("Another ensemble").first.click()
    name = panel.locator(".kit-parameter-ensemble input[type=text]")
    name.fill("second")
    name.press("Enter")
    footer.get_by_role("button", name="Save state").click()
    expect(told).to_have_text("saved in outputs/panels/mu2e_mixture.json")
    undo.press("Enter")
    expect(name).to_have_value("")
    footer.get_by_role("button", name="Put back").click()
    expect(name).to_have_value("second")
    seed = panel.locator(".kit-parameter-seed input")
    seed.fill("-1")
    seed.press("Enter")
    footer.get_by_role("button", name="Submit as job").click()
    expect(footer.locator(".kit-runner .kit-error")).to_contain_text("seed is -1")
    seed.fill("2")
    seed.press("Enter")
    footer.get_by_role("combobox", name="where").select_option("local")
    footer.get_by_role("button", name="Submit as job").click()
    expect(footer.locator(".kit-handover > .kit-told")).to_contain_text(
        "outputs/mu2e/mixture/panel_", timeout=60_000
    )
    panel.screenshot(path=str(pictures / "mu2e_another.png"))
    (values,) = (lab.root / "outputs" / "panels").glob("panel_*.yaml")
    written = values.read_text()
    assert "ensemble: second" in written
    assert "seed: 2" in written
