"""Every picture of the README can be made anew by one command, and every picture that is kept is shown."""

import re
import struct

import pytest

from tests.conftest import PROJECT
from tests.gallery import GALLERY, OF_THE_DEMO, PICTURES

README = (PROJECT / "README.md").read_text()


def test_every_picture_of_the_readme_is_made_by_the_gallery_and_every_one_is_shown():
    shown = set(re.findall(r"outputs/gallery/(\w+)\.png", README))
    assert shown == set(PICTURES) == {path.stem for path in GALLERY.glob("*.png")}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_large_enough_to_read_and_small_enough_to_keep(name):
    content = (GALLERY / f"{name}.png").read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    assert width >= 500
    assert height >= 300
    assert len(content) < 400_000


@pytest.mark.parametrize("figure", OF_THE_DEMO.values())
def test_the_figures_are_of_stages_that_have_a_demo(figure):
    system, stage, _, name = figure.split("/")
    assert (PROJECT / "parameters" / system / f"{stage}.yaml").is_file()
    assert re.search(
        rf'"{name}"', "".join(path.read_text() for path in (PROJECT / "kit" / system).rglob("*plots.py"))
    )


def test_every_picture_of_the_readme_says_what_it_shows():
    assert [text for text in re.findall(r"!\[([^\]]*)\]\(outputs", README) if len(text) < 8] == []
