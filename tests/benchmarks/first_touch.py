"""The first five minutes: what starts how fast, and how much memory it takes, beside plain Jupyter.

    python tests/benchmarks/first_touch.py [--repeats 3] [--notebooks NAME ...] [--json FILE]

imports    CPU seconds of a process that imports what a command or a notebook needs; python alone taken off
command    `kit --help` and `kit stages`, CPU seconds and wall seconds, start included
plot       git clone, then `kit run opendata/masses` on its demo until its first picture is there; the environment
           is there: installing it is the network's time
page       JupyterLab: from the address to the panel of each notebook, all cells run, beside the same for one that
           computes 1 + 1; wall seconds, alternately in the same browser
memory     most resident memory of a notebook's kernel, all cells run, beside that of one that computes 1 + 1
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))

SYSTEMS = ("opendata", "smartpixels", "ecal", "mu2e", "hgcroc", "batch")
MODULES = ("kit.cli", "kit.parameters", "kit.run", "kit.widgets", *(f"kit.{system}.panel" for system in SYSTEMS))
PLAIN_CELL = ["1 + 1"]
TARGETS = {  # meaning, bound, whether it is a least
    "kit --help, wall": ("kit --help, s", 0.5, False),
}
PEAK = "import re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"


def spent(words: list[str], folder: Path) -> tuple[float, float]:
    """Return CPU and wall seconds of a process with its children."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "KIT_HOME": str(folder)}
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - begun


def imports(folder: Path, repeats: int) -> dict[str, float]:
    programs = {"python": "pass"} | {name: f"import {name}" for name in MODULES}
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(repeats):
        for name, program in programs.items():
            best[name] = min(best[name], spent([sys.executable, "-c", program], folder)[0])
    return {name: seconds - (best["python"] if name != "python" else 0) for name, seconds in best.items()}


def commands(folder: Path, repeats: int) -> dict[str, float]:
    found = {}
    for words in (["--help"], ["stages"]):
        tries = [spent([sys.executable, "-m", "kit", *words], folder) for _ in range(repeats)]
        cpu, wall = (min(each) for each in zip(*tries, strict=True))
        found |= {f"kit {words[0]}, CPU": cpu, f"kit {words[0]}, wall": wall}
    return found


def first_plot(folder: Path) -> dict[str, float]:
    begun, clone = time.monotonic(), folder / "clone"
    subprocess.run(["git", "clone", "--quiet", "--no-local", str(PROJECT), str(clone)], check=True)
    cloned = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(clone), "KIT_HOME": str(clone)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (folder / "first.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kit", "run", "opendata/masses"],
            cwd=clone,
            env=environment,
            stdout=log,
            stderr=log,
        )
        while process.poll() is None and not any((clone / "outputs").glob("opendata/masses/*/plots/*.png")):
            time.sleep(0.02)
        seen = time.monotonic()
        assert process.wait() == 0, (folder / "first.log").read_text()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"clone": cloned - begun, "first picture after the clone": seen - cloned, "whole run, CPU": cpu}


def project(folder: Path) -> list[str]:
    """Copy notebooks and parameters, and return the notebooks' places, the plain one first."""
    from tests.browser.conftest import as_notebook, copy_project

    copy_project(folder)
    (folder / "notebooks" / "plain.ipynb").write_text(json.dumps(as_notebook(PLAIN_CELL)))
    stages = sorted(str(path.relative_to(folder)) for path in (folder / "notebooks").glob("*/*.ipynb"))
    return ["notebooks/plain.ipynb", *stages]


def memory(folder: Path, places: list[str]) -> dict[str, float]:
    """Return MB of each notebook's kernel, all cells run."""
    import nbformat
    from nbclient import NotebookClient

    os.environ.update(KIT_HOME=str(folder), PYTHONPATH=str(PROJECT))
    found = {}
    for place in places:
        notebook = nbformat.read(folder / place, as_version=4)
        notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
        quiet = ["--IPKernelApp.log_level=40"]
        place_of = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, timeout=600, resources=place_of, extra_arguments=quiet)
        client.execute()
        found[place] = int(notebook.cells[-1].outputs[-1]["text"]) / 1024
    return found


def pages(folder: Path, places: list[str], repeats: int) -> dict[str, float]:
    """Return seconds from a page's address to all cells run and the panel, where there is one, in sight."""
    from playwright.sync_api import sync_playwright

    from tests.browser import conftest

    home = folder / "jupyter"
    for name, content in conftest.SETTINGS.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(json.dumps(content))
    lab = conftest.Lab(f"http://127.0.0.1:{(port := free_port())}", "token", folder)
    with (home / "log").open("w") as log:
        server = subprocess.Popen(conftest.server_command(port, folder), cwd=folder, stdout=log, stderr=log,
                                  env=conftest.server_environment(home, lab), start_new_session=True)  # fmt: skip
        try:
            conftest.wait_for(lab, server, home / "log")
            with sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=list(conftest.SWITCHES))
                found = dict.fromkeys(places, float("inf"))
                for _ in range(repeats):
                    for place in places:
                        found[place] = min(found[place], opened(browser, lab, place))
                        conftest.end_kernels(lab)
                browser.close()
        finally:
            conftest.end(server)
    return found


def opened(browser: Any, lab: Any, place: str) -> float:
    from tests.browser.conftest import FRONT_ENDS, KERNEL

    page = browser.new_page(viewport={"width": 1200, "height": 1500})
    page.set_default_timeout(600e3)
    begun = time.monotonic()
    page.goto(lab.address + FRONT_ENDS["lab"].format(place, lab.token))
    page.wait_for_function(f"() => {KERNEL} === 'idle'")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    if "panel import" in (lab.root / place).read_text():
        page.locator(".kit-panel").first.wait_for()
    seconds = time.monotonic() - begun
    page.close()
    return seconds


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def show(title: str, unit: str, figures: dict[str, float], plain: str = "") -> None:
    sys.stdout.write(f"\n{title}\n")
    for name, value in figures.items():
        beside = f"  {value / figures[plain]:5.1f} x plain" if plain and name != plain else ""
        sys.stdout.write(f"  {name:<42} {value:8.2f} {unit}{beside}\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="of each; the best counts")
    parser.add_argument(
        "--notebooks", nargs="*", default=[], help="only those with one of these words in the name"
    )
    parser.add_argument("--json", type=Path, help="write all figures to this file, too")
    options, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory(prefix="first_touch_") as name:
        folder = Path(name)
        places = project(folder)
        words = options.notebooks
        places = [
            place for place in places if not words or "plain" in place or any(word in place for word in words)
        ]
        found: dict[str, dict[str, float]] = {}
        found["imports"] = imports(folder, options.repeats)
        show("imports, CPU beyond python itself", "s", found["imports"])
        found["command"] = commands(folder, options.repeats)
        show("the command", "s", found["command"])
        found["plot"] = first_plot(folder)
        show("from nothing to the first picture", "s", found["plot"])
        found["memory"] = memory(folder, places)
        show("most memory of a kernel", "MB", found["memory"], places[0])
        if os.environ.get("CHROMIUM") or shutil.which("chromium"):
            found["page"] = pages(folder, places, options.repeats)
            show("JupyterLab, address to panel, wall", "s", found["page"], places[0])
    if options.json:
        found["targets"] = {key: found["command"][key] for key in TARGETS}
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
