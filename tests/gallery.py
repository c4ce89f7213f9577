"""The pictures of README.md, made anew: from a demo, from its page, from the panel of clusters in a real browser.

`./run gallery` calls it. What needs public data is made where the environment's KIT_SHARED_DATA names them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
GALLERY = PROJECT / "outputs" / "gallery"
OF_THE_DEMO = {  # picture: figure of a stage's demo
    "ecal_energy": "ecal/windows/plots/energy",
    "hgcroc_map": "hgcroc/acquisition/plots/map",
    "mu2e_spectrum": "mu2e/yields/plots/spectrum",
    "opendata_bumpnet": "opendata/histograms/plots/spectra",
}
PAGE = "demo"  # the page of the demo, as far as its cards go
PANELS = {"smartpixels_panel": "convolution", "ecal_panel": "windows"}  # as the slow tests of notebooks see them
FOUR_LEPTONS = "opendata_four_leptons"  # of two public files
PICTURES = (*OF_THE_DEMO, PAGE, *PANELS, FOUR_LEPTONS)
CARDS = {"width": 1300, "height": 1160}


def main() -> None:
    """Make all pictures that can be made here, and say which cannot."""
    folder = PROJECT / "outputs" / "demo_of_the_gallery"
    kit("demo", "--output", str(folder))
    for name, figure in OF_THE_DEMO.items():
        shutil.copy(folder / f"{figure}.png", GALLERY / f"{name}.png")
    data = Path(os.environ.get("KIT_SHARED_DATA") or "/nowhere") / "opendata"
    if paths := sorted(data.rglob("data_[AB].4lep.root")):
        run = folder / "four_leptons"
        inputs = ", ".join(f'"{path}"' for path in paths)
        stage = ("opendata/masses", "-f", "parameters/opendata/masses_fourleptons.yaml")
        kit("run", *stage, "-p", f"inputs=[{inputs}]", "-p", f"output={run}")
        shutil.copy(run / "plots" / "four_leptons.png", GALLERY / f"{FOUR_LEPTONS}.png")
    else:
        say(f"{FOUR_LEPTONS}: KIT_SHARED_DATA names no folder with data_A.4lep.root; the old picture stays")
    if importlib.util.find_spec("playwright") and (chromium := shutil.which("chromium")):
        picture_of_the_page(folder / "index.html", chromium)
        pictures_of_panels()
    else:
        say(f"{PAGE}, {', '.join(PANELS)}: no chromium here; the old pictures stay")


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def kit(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "kit", *words], cwd=PROJECT, check=True)


def picture_of_the_page(page: Path, chromium: str) -> None:
    """Take the cards of the demo's page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        view = browser.new_page(viewport=CARDS)  # type: ignore[arg-type]
        view.goto(page.as_uri())
        cards = view.locator("nav").bounding_box()
        assert cards is not None
        view.screenshot(path=GALLERY / f"{PAGE}.png", clip={"x": 0, "y": 0, "width": CARDS["width"],
                        "height": cards["y"] + cards["height"] + 20}, full_page=True)  # fmt: skip
        browser.close()


def pictures_of_panels() -> None:
    """Let the tests of the notebooks open them, and take what they have seen."""
    words = f"jupyterlab and ({' or '.join(PANELS.values())})"
    command = [sys.executable, "-m", "pytest", "--slow", "-q", "tests/browser/test_notebooks.py", "-k", words]
    subprocess.run(command, cwd=PROJECT, check=True)
    for name, stage in PANELS.items():
        shutil.copy(PROJECT / ".pytest_cache/d/pictures" / f"panel_{stage}.png", GALLERY / f"{name}.png")


if __name__ == "__main__":
    main()
