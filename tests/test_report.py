"""The page about runs shows each with its numbers, and its links hold wherever the folder goes."""

import base64
import re
import shutil
import struct
import urllib.parse

import pytest

from kit import manifest
from kit.parameters import Parameters
from kit.report import _cover, write_page
from kit.run import Run


def png(width, height):
    """Return the beginning of a PNG of this size."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)


@pytest.fixture
def runs(tmp_path):
    with Run("beam/scan", Parameters(output="demo/beam/scan 100% #1")) as run:
        run.summary = {"four_leptons": 12345}
        run.notice("2 of 3 wires <b>answer</b>")
        with run.writing("masses & more.txt") as part:
            part.write_text("a")
    for name in ("plots/strip.png", "plots/lepton_mass.png", "scan.ipynb"):
        (run.directory / name).parent.mkdir(exist_ok=True)
        (run.directory / name).write_bytes(png(1000, 100 if "strip" in name else 800))
    with pytest.raises(ZeroDivisionError), Run("beam/dump", Parameters(output="demo/beam/dump")) as failed:
        message = "a < b"
        raise ZeroDivisionError(message)
    return [manifest.load(run.directory), manifest.load(failed.directory)]


@pytest.fixture
def page(runs, tmp_path):
    about = {"beam/scan": ("Scan", "A scan of the beam.")}
    write_page(tmp_path / "demo" / "index.html", "Demo <of> today", "All of it.", runs, about)
    return tmp_path / "demo" / "index.html"


def links(page):
    found = re.findall(r'(?:href|src)="(?!data:)([^"#]+)"', page.read_text())
    return [urllib.parse.unquote(link.replace("&amp;", "&")) for link in found]


def test_each_run_is_shown_with_state_numbers_notices_and_fault(page):
    shown = page.read_text()
    assert shown.index("<h2>Scan <small>beam/scan</small>") < shown.index("<h2>beam/dump <small>")
    assert "<p>A scan of the beam.</p>" in shown
    assert "2 stages in " in shown
    assert "<td>four leptons</td><td>12 345</td>" in shown
    assert '<p class="notice">2 of 3 wires &lt;b&gt;answer&lt;/b&gt;</p>' in shown
    assert '<span class="state failed">failed</span>' in shown
    assert '<p class="fault">a &lt; b</p>' in shown
    assert "<title>Demo &lt;of&gt; today</title>" in shown


def test_it_links_notebook_outputs_manifest_and_pictures_also_after_a_move(page, tmp_path):
    shutil.move(page.parent, tmp_path / "moved")
    moved = tmp_path / "moved" / "index.html"
    names = {link.rpartition("/")[2] for link in links(moved)}
    assert names == {"scan.ipynb", "masses & more.txt", "manifest.json", "lepton_mass.png", "strip.png"}
    assert all((moved.parent / link).is_file() for link in links(moved))


def test_a_picture_says_what_it_is_to_those_who_cannot_see_it(page):
    assert 'alt="beam/scan: lepton mass"' in page.read_text()


def test_pictures_lie_inside_so_that_the_page_alone_can_be_sent(page):
    sources = re.findall(r'src="([^"]+)"', page.read_text())
    assert len(sources) == 3  # two, and one of them on the card
    assert all(source.startswith("data:image/png;base64,") for source in sources)


def test_the_picture_on_a_card_is_neither_a_strip_nor_a_tower(page):
    (cover,) = re.findall(r'class="cover"><img src="data:image/png;base64,([^"]+)"', page.read_text())
    assert base64.b64decode(cover) == png(1000, 800)


def test_where_all_are_strips_or_towers_it_is_the_least_slim(tmp_path):
    pictures = []
    for width, height in [(1200, 100), (1000, 400), (100, 900)]:
        pictures.append(tmp_path / f"{width}.png")
        pictures[-1].write_bytes(png(width, height))
    assert _cover(pictures) == pictures[1]
    assert _cover([]) is None


def test_no_long_word_makes_the_page_wider_than_a_narrow_screen(page):
    style = page.read_text()
    for place in (".fault, .notice", "section small a", "td:last-child"):
        assert re.search(rf"^ {re.escape(place)} {{[^}}]*overflow-wrap: anywhere", style, re.M)


def test_a_page_about_nothing_can_be_written(tmp_path):
    write_page(tmp_path / "index.html", "Empty", "Nothing.", [])
    assert "<h1>Empty</h1>" in (tmp_path / "index.html").read_text()
