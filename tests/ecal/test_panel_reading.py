"""Questions about all windows, at once or in the background."""

import threading

import pytest

from kit.ecal import panel_reading
from kit.ecal.inspection import Inspection
from kit.ecal.panel_reading import Reading
from kit.widgets import Words
from tests.ecal.test_inspection import paths, windows  # noqa: F401 - fixtures


@pytest.fixture
def reading(paths):  # noqa: F811
    made = Reading(Inspection(paths), Words("kit-told"), lambda action: action, interactive=True)
    yield made
    made.close()


def test_few_windows_are_asked_at_once(reading):
    found = []
    reading.match("ncls>3", found.append)
    reading.find("no" if not found else reading.inspection.one(5).window["window_index"][0], found.append)
    assert (found[0] == reading.inspection.matching("ncls>3")).all()
    assert found[1] == 5
    with pytest.raises(ValueError, match="no window is called nobody"):
        reading.find("nobody", found.append)


def test_many_are_asked_by_another_thread_which_tells_how_far_it_is(reading, monkeypatch):
    monkeypatch.setattr(panel_reading, "MANY", 10)
    said, who = [], []
    reading.told.observe(lambda change: said.append(change.new), "text")
    reading.match("ncls>3", lambda _: who.append(threading.current_thread()))
    reading.flush()
    assert who != [threading.current_thread()]
    assert said[0] == "reading all windows …"
    assert any(text.endswith("%") for text in said)
    assert said[-1] == ""


def test_what_is_known_needs_no_reading(reading, monkeypatch):
    reading.match("ncls>3", len)
    monkeypatch.setattr(panel_reading, "MANY", 10)
    who = []
    reading.match("ncls>4", lambda _: who.append(threading.current_thread()))
    assert who == [threading.current_thread()]
