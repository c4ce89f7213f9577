"""The second window of the panel."""

from kit.ecal import display
from kit.ecal.panel_beside import Beside
from kit.ecal.panel_pictures import View, caption, draw_views
from kit.ecal.window_files import WindowFiles
from kit.widgets import LiveFigure
from tests.ecal.test_access import paths, windows  # noqa: F401 - fixtures


def test_it_is_there_only_when_there_is_a_second_window(paths):  # noqa: F811
    with WindowFiles(paths) as files:
        one, other = (display.shown(files.one(number)) for number in (0, 1))
    beside = Beside(LiveFigure(draw_views, columns=3, caption=caption, interactive=False), interactive=False)
    assert beside.static() == {"text/plain": ""}
    beside.show(one, View(other))
    assert beside.static()["text/plain"].splitlines()[1].split()[-2:] == [
        f"{each.part.window['et_seed'][0]:.3f}" for each in (one, other)
    ]
    assert beside.picture.caption == caption(View(other))
    assert "image/png" in beside.static()
    drawn = beside.picture.drawn
    beside.show(other, beside._drawn)
    assert beside.picture.drawn == drawn
    beside.show(one, None)
    assert beside.layout.display == "none"
