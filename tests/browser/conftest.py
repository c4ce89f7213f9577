"""A JupyterLab and a Chromium of the tests' own, started once, and a notebook opened in them for each test.

Everything stays on this machine: the server listens on the loopback with a token, the browser resolves no other
name, and all configuration lives in a temporary folder. These tests are marked slow.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parent.parent.parent
PATIENCE = float(os.environ.get("KIT_PATIENCE", "60"))  # s; for one thing to happen on a busy machine
SETTINGS = {  # the news pop-up would cover the page, and cells out of sight would not be drawn
    "config/labconfig/page_config.json": {
        "disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}
    },
    "settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {"windowingMode": "none"},
}
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
FRONT_ENDS = {  # where each shows a notebook
    "lab": "/doc/tree/{}?reset&token={}",
    "notebook": "/notebooks/{}?token={}",
    "voila": "/voila/render/{}?token={}",
}
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status"
FAULTS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type='application/vnd.jupyter.stderr']"

BAR = re.compile(r"(?:[^\n]*\d+%\|[^\n]*\]\s*)+")  # a library's own progress bar is no fault

outcome = pytest.StashKey[bool]()


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its token, and the folder that it serves."""

    address: str
    token: str
    root: Path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(PROJECT / "tests" / "browser"):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report: Any = yield
    if report.when == "call":
        item.stash[outcome] = report.failed
    return report


def need(there: object, what: str) -> None:
    """Skip, or fail where everything must run, unless `what` is there."""
    if not there:
        reason = f"no {what}: tests in a browser need chromium, jupyterlab and playwright"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Return where the system's Chromium is."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    need(path, "chromium")
    return str(path)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, chromium_path: str) -> Iterator[Lab]:
    """Start a JupyterLab that knows nothing of the user's own, and end it with all its kernels."""
    need(importlib.util.find_spec("jupyterlab"), "jupyterlab")
    home, root = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("notebooks")
    for name, content in SETTINGS.items():
        (home / name).parent.mkdir(parents=True)
        (home / name).write_text(json.dumps(content))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(f"http://127.0.0.1:{port}", secrets.token_hex(16), root)
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            server_command(port, root),
            cwd=root,
            env=server_environment(home, lab),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_for(lab, server, home / "server.log")
            yield lab
        finally:
            end(server)


def server_command(port: int, root: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={root}", "--ServerApp.terminals_enabled=False"),
        "--LabApp.expose_app_in_browser=True",
        "--JupyterNotebookApp.expose_app_in_browser=True",
    ]


def server_environment(home: Path, lab: Lab) -> dict[str, str]:
    own = {
        "JUPYTER_TOKEN": lab.token,
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "IPYTHONDIR": home / "ipython",
        "PYTHONPATH": PROJECT,
        "KIT_HOME": lab.root,
    }
    return {**os.environ, **{name: str(value) for name, value in own.items()}}


def wait_for(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    request = urllib.request.Request(f"{lab.address}/api/status", headers={"Authorization": f"token {lab.token}"})
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(request, timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"JupyterLab has not come up:\n{log.read_text()[-2000:]}")


def end_kernels(lab: Lab) -> None:
    """End all kernels, those of Voilà, too, which no page ends."""
    headers = {"Authorization": f"token {lab.token}"}
    with urllib.request.urlopen(urllib.request.Request(f"{lab.address}/api/kernels", headers=headers)) as answer:
        kernels = json.load(answer)
    for kernel in kernels:
        address = f"{lab.address}/api/kernels/{kernel['id']}"
        with contextlib.suppress(OSError):  # it may have gone by itself
            urllib.request.urlopen(urllib.request.Request(address, headers=headers, method="DELETE")).close()


def end(server: subprocess.Popen[bytes]) -> None:
    """End the server with its kernels, which are of its process group or die with it."""
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Any]:
    """Start the browser."""
    need(importlib.util.find_spec("playwright"), "playwright")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(SWITCHES))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(request: pytest.FixtureRequest) -> Path:
    """Return the folder of screenshots, which outlives the tests."""
    return Path(str(request.config.cache.mkdir("pictures")))


@pytest.fixture
def open_place(
    lab: Lab, chromium: Any, pictures: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Any]]:
    """Give a function that opens a notebook of the folder that is served, and returns when all cells have run.

    It takes the notebook's place in the folder and one of `FRONT_ENDS`. After the test no cell may show an error;
    a test that fails leaves a screenshot in `pictures`.
    """
    pages = []

    def open_one(place: str, front_end: str = "lab") -> Any:
        need(importlib.util.find_spec("jupyterlab" if front_end == "lab" else front_end), front_end)
        page = chromium.new_page(viewport={"width": 1200, "height": 1500})
        pages.append(page)
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(lab.address + FRONT_ENDS[front_end].format(place, lab.token))
        if front_end == "voila":  # which runs all cells by itself before it shows any
            ready = "() => !document.querySelector('#loading') && document.querySelector('.jp-Cell')"
            page.wait_for_function(ready, timeout=6e3 * PATIENCE)
        else:
            page.wait_for_function(f"() => {KERNEL} === 'idle'")
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        return page

    yield open_one
    for number, page in enumerate(pages):
        if request.node.stash.get(outcome, False):
            name = re.sub(r"[^\w.-]+", "_", request.node.name)
            page.screenshot(path=pictures / f"failed_{name}_{number}.png")
        faults = [text for text in page.locator(FAULTS).all_inner_texts() if not BAR.fullmatch(text)]
        page.close()
        end_kernels(lab)
        assert faults == []


@pytest.fixture
def open_notebook(lab: Lab, open_place: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Give a function that opens the path of a notebook, or the sources of code cells, as `open_place` does."""
    opened = []

    def open_one(notebook: Path | list[str], front_end: str = "lab") -> Any:
        name = f"{request.node.name}_{len(opened)}.ipynb"
        opened.append(name)
        content = notebook.read_text() if isinstance(notebook, Path) else json.dumps(as_notebook(notebook))
        (lab.root / name).write_text(content)
        return open_place(name, front_end)

    return open_one


@pytest.fixture(scope="session")
def project(lab: Lab) -> Path:
    """Let the folder that is served be a project: with the notebooks and parameters of this one."""
    copy_project(lab.root)
    return lab.root


def copy_project(folder: Path) -> None:
    """Copy notebooks and parameters; each notebook has the values of its demo, as somebody writes them into it."""
    for name in ("notebooks", "parameters"):
        shutil.copytree(PROJECT / name, folder / name, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*"))
    for path in (folder / "notebooks").glob("*/*.ipynb"):
        demo = folder / "parameters" / path.parent.name / f"{path.stem}.yaml"
        content = json.loads(path.read_text())
        tagged = next(one for one in content["cells"] if one["metadata"].get("tags") == ["parameters"])
        lines = "".join(tagged["source"]).splitlines()
        for name, value in yaml.safe_load(demo.read_text()).items():
            place = next(number for number, line in enumerate(lines) if line.startswith(f"{name}:"))
            head, _, note = lines[place].partition("  #")
            lines[place] = f"{head.partition(' = ')[0]} = {value!r}  #{note}"
        tagged["source"] = "\n".join(lines)
        path.write_text(json.dumps(content))


def as_notebook(cells: list[str]) -> dict[str, Any]:
    spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    code = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {}, "source": s, "outputs": [], "execution_count": None}
        for n, s in enumerate(cells)
    ]
    return {"cells": code, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
