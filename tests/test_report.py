"""The page about runs shows each with its numbers, and its links hold wherever the folder goes."""

import re
import shutil
import urllib.parse

import pytest

from kit import manifest
from kit.parameters import Parameters
from kit.report import write_page
from kit.run import Run


@pytest.fixture
def runs(tmp_path):
    with Run("beam/scan", Parameters(output="demo/beam/scan 100% #1")) as run:
        run.summary = {"four_leptons": 12345}
        run.notice("2 of 3 wires <b>answer</b>")
        with run.writing("masses & more.txt") as part:
            part.write_text("a")
    for name in ("plots/lepton_mass.png", "scan.ipynb"):
        (run.directory / name).parent.mkdir(exist_ok=True)
        (run.directory / name).touch()
    with pytest.raises(ZeroDivisionError), Run("beam/dump", Parameters(output="demo/beam/dump")) as failed:
        message = "a < b"
        raise ZeroDivisionError(message)
    return [manifest.load(run.directory), manifest.load(failed.directory)]


@pytest.fixture
def page(runs, tmp_path):
    write_page(tmp_path / "demo" / "index.html", "Demo <of> today", "All of it.", runs)
    return tmp_path / "demo" / "index.html"


def links(page):
    found = re.findall(r'(?:href|src)="([^"#]+)"', page.read_text())
    return [urllib.parse.unquote(link.replace("&amp;", "&")) for link in found]


def test_each_run_is_shown_with_state_numbers_notices_and_fault(page):
    shown = page.read_text()
    assert shown.index("beam/scan <span") < shown.index("beam/dump <span")
    assert "<td>four leptons</td><td>12 345</td>" in shown
    assert '<p class="notice">2 of 3 wires &lt;b&gt;answer&lt;/b&gt;</p>' in shown
    assert '<span class="state failed">failed</span>' in shown
    assert '<p class="fault">a &lt; b</p>' in shown
    assert "<title>Demo &lt;of&gt; today</title>" in shown


def test_it_links_notebook_outputs_manifest_and_pictures_also_after_a_move(page, tmp_path):
    shutil.move(page.parent, tmp_path / "moved")
    moved = tmp_path / "moved" / "index.html"
    names = {link.rpartition("/")[2] for link in links(moved)}
    assert names == {"scan.ipynb", "masses & more.txt", "manifest.json", "lepton_mass.png"}
    assert all((moved.parent / link).is_file() for link in links(moved))


def test_a_picture_says_what_it_is_to_those_who_cannot_see_it(page):
    assert 'alt="beam/scan: lepton mass"' in page.read_text()


def test_a_page_about_nothing_can_be_written(tmp_path):
    write_page(tmp_path / "index.html", "Empty", "Nothing.", [])
    assert "<h1>Empty</h1>" in (tmp_path / "index.html").read_text()
