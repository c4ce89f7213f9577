"""The page of submissions in a real JupyterLab: planned, tried, submitted, mended and collected by mouse."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
PAGE = PROJECT / "notebooks" / "batch" / "submission.ipynb"
CHECK = "import json\nfrom pathlib import Path\n\nassert x <= limit or Path('MENDED').exists(), f'{x} is above 4'"
TOY = (
    "x: float = 1.0  # the x\nlimit: float = 100.0  # the limit",
    CHECK,
    "_ = Path('summary.json').write_text(json.dumps({'square': x * x}))\nx",
)
VALUES = {
    "notebook": '"beam/toy"',
    "points": '{"grid": {"x": [1.0, 2.0, 3.0, 4.0]}}',
    "profile": '"local"',
    "memory_mb": "500",
}


def cell(number, source, **metadata):
    return {
        "cell_type": "code", "id": f"c{number}", "metadata": metadata, "source": source, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


@pytest.fixture
def page(lab, open_notebook, tmp_path):
    """Open the page with a small notebook of four points in place of the demo."""
    mended = lab.root / "mended"
    mended.unlink(missing_ok=True)
    sources = [source.replace("MENDED", str(mended)) for source in TOY]
    cells = [cell(n, source, **({} if n else {"tags": ["parameters"]})) for n, source in enumerate(sources)]
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    toy = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    place = lab.root / "notebooks" / "beam" / "toy.ipynb"
    place.parent.mkdir(parents=True, exist_ok=True)
    (lab.root / "parameters").mkdir(exist_ok=True)
    place.write_text(json.dumps(toy))
    content = json.loads(PAGE.read_text())
    tagged = next(one for one in content["cells"] if one["metadata"].get("tags") == ["parameters"])
    source = "".join(tagged["source"])
    for name, value in VALUES.items():
        source = re.sub(rf"^({name}: .*?) = .*?(  #)", rf"\1 = {value}\2", source, flags=re.M)
    tagged["source"] = source
    path = tmp_path / "submission.ipynb"
    path.write_text(json.dumps(content))
    return open_notebook(path)


def test_a_sweep_is_planned_tried_submitted_watched_mended_and_collected(page, pictures, lab):
    from playwright.sync_api import expect

    panel = page.locator(".kit-batch").last
    first = panel.locator(".kit-batch-run").first
    expect(first.locator(".kit-counts")).to_contain_text("4/4 done")
    expect(first.locator(".kit-caption").last).to_contain_text("4/4 done")
    page.set_viewport_size({"width": 1200, "height": 3600})  # the whole panel in one picture
    panel.screenshot(path=pictures / "batch_begun.png")

    points = panel.get_by_role("textbox", name="points", exact=True)
    points.fill("{grid: {x: {range: [1, 6]}}}")
    points.press("Enter")
    values = panel.get_by_role("textbox", name="values", exact=True)
    values.fill("{limit: 4}")
    values.press("Enter")
    panel.get_by_role("button", name="Plan").click()
    expect(panel.locator(".kit-told")).to_contain_text("points: 6")
    expect(panel.locator(".kit-browser .kit-list")).to_contain_text("6.0")

    panel.get_by_role("button", name="Try one point").click()
    expect(panel.locator(".kit-told")).to_contain_text("the first point took")

    panel.get_by_role("button", name="Submit").click()
    expect(panel.locator(".kit-batch-run")).to_have_count(2)
    run = panel.locator(".kit-batch-run").first
    expect(run.locator(".kit-counts")).to_contain_text("4/6 done, 2 failed")
    expect(run.locator(".kit-failures")).to_contain_text("2 failed: cell 3: AssertionError: 5.0 is above 4")
    link = run.locator(".kit-failures a").first.get_attribute("href")
    assert link.endswith("toy.ipynb#papermill-error-cell")
    assert (lab.root / "notebooks" / "batch" / link.partition("#")[0]).resolve().is_file()
    run.get_by_text("last lines").first.click()
    expect(run.locator(".kit-failures pre").first).to_contain_text("AssertionError: 5.0 is above 4")
    expect(run.locator(".kit-chunks tbody tr")).to_have_count(6)
    run.screenshot(path=pictures / "batch_failed.png")

    (lab.root / "mended").touch()
    run.get_by_role("button", name="Retry").click()
    expect(run.locator(".kit-question")).to_contain_text("the 2 that failed once more")
    run.get_by_role("button", name="Do it").click()
    expect(run.locator(".kit-counts")).to_contain_text("6/6 done")

    run.get_by_role("button", name="Collect").click()
    expect(run.locator(".kit-question")).to_contain_text("unpack the files of 6 points")
    run.get_by_role("button", name="Do it").click()
    expect(run.locator(".kit-message").last).to_contain_text("collect is done")
    directory = lab.root / run.locator(".kit-run").inner_text().strip()
    assert len(list(directory.glob("outputs/*/summary.json"))) == 6
    panel.screenshot(path=pictures / "batch.png")


def test_a_value_that_cannot_be_used_is_told_and_nothing_is_submitted(page, lab):
    from playwright.sync_api import expect

    panel = page.locator(".kit-batch").last
    before = set((lab.root / "outputs" / "beam" / "toy").iterdir())
    points = panel.get_by_role("textbox", name="points", exact=True)
    points.fill("{grid: {y: [1, 2]}}")
    points.press("Enter")
    panel.get_by_role("button", name="Submit").click()
    expect(panel.locator(".kit-error").filter(has_text="y is not known")).to_be_visible()
    assert set((lab.root / "outputs" / "beam" / "toy").iterdir()) == before
