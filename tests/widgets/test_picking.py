"""Clicks into a picture, without a browser; tests/browser clicks with a mouse."""

import pytest

from kit.widgets import LiveFigure
from kit.widgets.picking import listen, pixel_of


@pytest.fixture
def picture():
    made = LiveFigure(
        lambda axes, points: axes.plot(*points, "o"), ([1, 2], [3, 4]), size=(4, 3), interactive=False
    )
    yield made
    made.close()


def field_of(picture):
    return next(child for child in picture.children if "kit-pick" in getattr(child, "_dom_classes", ()))


def test_what_the_page_writes_is_heard_also_twice_at_one_place(picture):
    heard = []
    listen(picture, lambda x, y, add: heard.append((x, y, add)))
    field_of(picture).value = "0.25 0.5 only 1"
    field_of(picture).value = "0.25 0.5 add 2"
    assert heard == [(0.25, 0.5, False), (0.25, 0.5, True)]


def test_the_page_is_told_to_write_it(picture):
    listen(picture, print)
    assert any(".kit-pick input" in str(getattr(child, "value", "")) for child in picture.children)


def test_what_goes_wrong_is_said(picture):
    def refuse(x, y, add):
        message = "nothing is there"
        raise ValueError(message)

    picture.interactive = True
    listen(picture, refuse)
    field_of(picture).value = "0 0 only 1"
    assert picture.error == "nothing is there"


def test_a_place_is_that_of_the_data(picture):
    axes = picture.figure.axes[0]
    across, up = axes.transData.transform((2, 4))
    box = picture.figure.bbox
    assert pixel_of(picture, across / box.width, 1 - up / box.height) == pytest.approx((across, up))
